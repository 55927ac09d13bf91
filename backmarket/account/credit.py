"""What a person's credit page says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments.models import LedgerEntry, Payout
from backmarket.payments.selectors import available_credit, credit_of
from backmarket.payments.services import payouts_of_credit
from orders.models import Order


@dataclass(frozen=True)
class CreditState:
    """`whole` is the balance; `free` of it may be used or paid out now."""

    whole: Money
    free: Money

    @property
    def kept(self) -> Money:
        """For orders that wait for the rest of their money, and for transfers that have not left."""
        return self.whole - self.free


@dataclass(frozen=True)
class CreditRow:
    """One movement, with the page of the sale or order that it comes from."""

    at: datetime
    title: str
    amount: Money
    url: str = ""


def credit_state(person: User, at: datetime) -> CreditState:
    return CreditState(credit_of(person), available_credit(person, settings.DEFAULT_CURRENCY, at))


def leaving(person: User) -> QuerySet[Payout]:
    """Transfers of the person's credit that are ordered and have not left."""
    return payouts_of_credit(person).filter(status=Payout.Status.ORDERED).order_by("created_at")


def is_stoppable(payout: Payout) -> bool:
    """Has the bank certainly not got it yet?"""
    return payout.status == Payout.Status.ORDERED and payout.sending_at is None


def credit_rows(entries: Iterable[LedgerEntry]) -> list[CreditRow]:
    """The rows of some entries; two queries for all of them."""
    entries = list(entries)
    numbers = dict(Order.objects.filter(pk__in=[e.movement.reference for e in entries]).values_list("pk", "number"))
    return [_row(entry, numbers) for entry in entries]


def _row(entry: LedgerEntry, numbers: dict[UUID, int]) -> CreditRow:
    movement = entry.movement
    words = {"sale": movement.label, "order": numbers.get(movement.reference, "")}
    title, page = {
        "credit_left": (_("Left of sale %(sale)s"), "trade"),
        "credit_undone": (_("Transferred after all: sale %(sale)s"), "trade"),
        "capture": (_("Used for order %(order)s"), "order"),
        "credit_back": (_("Back from order %(order)s"), "order"),
        "payout": (_("Paid out to your account"), ""),
        "payout-bounced": (_("Sent back by your bank"), ""),
    }.get(movement.kind, (movement.kind, ""))
    url = reverse(page, args=[movement.reference]) if page else ""
    return CreditRow(movement.happened_at, title % words, entry.amount, url)
