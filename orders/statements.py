"""A plant's account with the house, as its bank would print it: opening balance, line by line, closing balance.

Every line is an entry of the ledger, told from the plant's side: what the plant's account gained in a movement is what
the other accounts of that movement gave. So a sale is three lines (the price, the commission, its VAT), and the
closing balance is the ledger's sum, whatever happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from backmarket.payments.models import LedgerEntry, LedgerMovement
from backmarket.templatetags.ui import money
from orders.models import Earning, Settlement
from orders.selectors import Statement
from refurbishers.models import Refurbisher

Account = LedgerEntry.Account
# (kind of movement, the other account) -> what it is to a plant.
WHAT: Mapping[tuple[str, str], str | Promise] = {
    ("sale", Account.BUYER): _("Order line sold"),
    ("sale", Account.COMMISSION): _("Commission"),
    ("sale", Account.COMMISSION_VAT): _("VAT on commission"),
    ("unsale", Account.BUYER): _("Refund to the customer"),
    ("unsale", Account.COMMISSION): _("Commission given back"),
    ("unsale", Account.COMMISSION_VAT): _("VAT on commission given back"),
    ("label", Account.SHIPPING): _("Label of our courier"),
    ("unsale", Account.COMPENSATION): _("Refund to the customer, which we had made in part"),
    ("part", Account.BUYER): _("Refund to the customer in part"),
    ("part", Account.COMMISSION): _("Commission given back"),
    ("part", Account.COMMISSION_VAT): _("VAT on commission given back"),
    ("express_back", Account.BUYER): _("Express delivery that came late, given back to the customer"),
    ("trade", Account.CONSUMER): _("Device bought"),
    ("payout", Account.BANK): _("Paid to your account"),
    ("payout-bounced", Account.BANK): _("Sent back by your bank"),
    ("payout", Account.GATEWAY): _("Paid to your account"),
    ("reversed", Account.GATEWAY): _("Taken back from your account"),
    ("dispute-borne", Account.DISPUTE): _("Payment taken back by the buyer's bank"),
    ("dispute-borne", Account.COMPENSATION): _("Borne by us"),
    ("dispute-regained", Account.DISPUTE): _("Payment that came back, as the dispute was won after all"),
    ("dispute-regained", Account.COMPENSATION): _("What we had borne of it"),
    ("received", Account.BANK): _("Your transfer to us"),
}


# Kind of movement -> the page, on either admin site, of what moved the money.
PAGES: Mapping[str, str] = {
    **dict.fromkeys(("sale", "label", "unsale", "part", "express_back", "lost_sale", "found_sale"), "orders_orderline"),
    **dict.fromkeys(("payout", "payout-bounced"), "orders_settlement"),
    "trade": "buyback_trade",
}


@dataclass(frozen=True)
class Line:
    """`amount` is what the plant's account gained, `balance` what it stood at afterwards; `kind` and `reference` are
    the movement's: what moved it."""

    at: datetime
    kind: str
    reference: UUID
    what: str | Promise
    about: str
    amount: Money
    balance: Money

    def url(self, site: str = "plant") -> str:
        """Where the plant (or the desk) sees what moved the money; empty for a transfer of the plant's own."""
        page = PAGES.get(self.kind)
        return reverse(f"{site}:{page}_change", args=[self.reference]) if page else ""


@dataclass(frozen=True)
class AccountStatement:
    """From `start` (None: from the beginning) to before `end`."""

    plant: Refurbisher
    start: datetime | None
    end: datetime
    opening: Money
    lines: list[Line]

    @property
    def closing(self) -> Money:
        return self.lines[-1].balance if self.lines else self.opening


def account_statement(plant: Refurbisher, *, start: datetime | None, end: datetime, currency: str) -> AccountStatement:
    """What moved the plant's account in a period, oldest first."""
    mine = LedgerEntry.objects.filter(account=Account.PLANT, party=str(plant.pk), currency=currency)
    before = mine.filter(movement__happened_at__lt=start) if start else mine.none()
    opening = Money(before.aggregate(minor=Sum("amount_minor"))["minor"] or 0, currency)
    since = Q(happened_at__gte=start) if start else Q()
    movements = LedgerMovement.objects.filter(
        since, happened_at__lt=end, entries__account=Account.PLANT, entries__party=str(plant.pk)
    )
    ordered = movements.distinct().order_by("happened_at", "pk").prefetch_related("entries")
    return AccountStatement(plant, start, end, opening, list(_lines(ordered, plant, opening)))


def _lines(movements: Iterable[LedgerMovement], plant: Refurbisher, balance: Money) -> Iterable[Line]:
    for movement in movements:
        for what, amount in _told(movement, plant, balance.currency):
            balance = balance + amount
            yield Line(movement.happened_at, movement.kind, movement.reference, what, movement.label, amount, balance)


def _told(movement: LedgerMovement, plant: Refurbisher, currency: str) -> Iterable[tuple[str | Promise, Money]]:
    """The other sides of a movement, turned round; where several parties share it, the plant's own entry alone."""
    entries = [entry for entry in movement.entries.all() if entry.currency == currency]
    own = [entry for entry in entries if entry.account == Account.PLANT]
    if [entry.party for entry in own] != [str(plant.pk)]:
        mine = [entry for entry in own if entry.party == str(plant.pk)]
        return [(_word(movement, Account.PLANT), entry.amount) for entry in mine]
    others = [entry for entry in entries if entry.account != Account.PLANT]
    return [(_word(movement, entry.account), -entry.amount) for entry in others]


def _word(movement: LedgerMovement, account: str) -> str | Promise:
    return WHAT.get((movement.kind, account), movement.kind.replace("-", " ").capitalize())


def statement_of(settlement: Settlement) -> AccountStatement:
    """The account between the settlement before this one and this one: each statement begins where one ended."""
    start = _previous(settlement.plant, settlement.currency, settlement.created_at)
    return account_statement(settlement.plant, start=start, end=settlement.created_at, currency=settlement.currency)


def settlement_facts(made: Statement) -> list[tuple[Any, str]]:
    """How a settlement is known, what it pays, to where, and which invoice it deducts: the same on page and paper."""
    settlement, payout = made.settlement, made.settlement.payout
    pairs = [
        (_("Settlement"), settlement.number),
        (_("Total"), money(settlement.total)),
        (_("Paid to the account"), made.paid_to),
        (_("Transfer"), str(payout.get_status_display()) if payout else ""),
        (_("Invoice of our commission"), made.paper_codes),
    ]
    return [(name, value) for name, value in pairs if value]


def statement_until(plant: Refurbisher, at: datetime, currency: str) -> AccountStatement:
    """The account since the latest settlement."""
    return account_statement(plant, start=_previous(plant, currency, at), end=at, currency=currency)


def _previous(plant: Refurbisher, currency: str, before: datetime) -> datetime | None:
    earlier = Settlement.objects.filter(plant=plant, currency=currency, created_at__lt=before)
    return earlier.order_by("-created_at").values_list("created_at", flat=True).first()


def still_owed(plant: Refurbisher, currency: str) -> Money:
    """What earlier settlements left for the plant to pay, less what it has paid and what its sales bring in soon.

    Never below zero. What it has bought since then is not asked for yet: that is for the next settlement.
    """
    rows = Earning.objects.filter(plant=plant, currency=currency, settlement=None)
    left = rows.filter(kind__in=Earning.LEFT_OVER).aggregate(minor=Sum("amount_minor"))["minor"] or 0
    whole = rows.aggregate(minor=Sum("amount_minor"))["minor"] or 0
    return Money(max(0, min(-left, -whole)), currency)
