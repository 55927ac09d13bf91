"""What the ledger says: a balance is a sum, never a column."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Sum

from backmarket.money import Money, total
from backmarket.payments import sepa
from backmarket.payments.gateways import BY_FILE, CONNECT
from backmarket.payments.models import ConnectAccount, LedgerEntry, Payout, Refund
from backmarket.payments.reasons import PAYEE

# What stands before a transfer's reference in the `gateway_id` of a refund that our bank paid, not the provider.
BY_BANK = "bank:"


def balance(account: str, party: str | None = "", currency: str = "EUR") -> Money:
    """What the party's account stands at; `party` None sums over all parties."""
    entries = LedgerEntry.objects.filter(account=account, currency=currency)
    if party is not None:
        entries = entries.filter(party=party)
    return Money(entries.aggregate(total=Sum("amount_minor"))["total"] or 0, currency)


def held(prefix: str = "") -> Q:
    """`Payout.is_held` as a condition on the payouts that a field named by the prefix leads to."""
    cancelled = Q(**{f"{prefix}status": Payout.Status.CANCELLED})
    bounced = Q(**{f"{prefix}status": Payout.Status.BOUNCED})
    return cancelled | bounced & ~Q(**{f"{prefix}failure__in": ["", *PAYEE]})


def payable_account(party: str) -> ConnectAccount | None:
    """The party's own account with the provider, where it can be paid now."""
    enabled = ConnectAccount.objects.filter(status=ConnectAccount.Status.ENABLED, party=party)
    return enabled.filter(gateway=CONNECT[settings.PAYMENT_GATEWAY]).first()


def account_of(party: str) -> ConnectAccount | None:
    return ConnectAccount.objects.filter(party=party, gateway=CONNECT[settings.PAYMENT_GATEWAY]).first()


def unanswered() -> Q:
    """The refunds that failed and that nobody has tried again since: the buyer's money is with us, and stays until
    somebody acts."""
    same = Refund.objects.filter(reference=OuterRef("reference"))
    later = same.filter(~Q(status=Refund.Status.FAILED) | Q(created_at__gt=OuterRef("created_at")))
    return Q(status=Refund.Status.FAILED) & ~Q(Exists(later))


def is_unanswered(refund: Refund) -> bool:
    return Refund.objects.filter(unanswered(), pk=refund.pk).exists()


def refunded_by_bank(reference: UUID) -> bool:
    """Did the money of this go back by a transfer, and not to the means it was paid with?"""
    back = Refund.objects.filter(reference=reference, status=Refund.Status.SUCCEEDED)
    return back.filter(gateway_id__startswith=BY_BANK).exists()


def ledger_sum() -> dict[str, int]:
    """The sum of all entries by currency, in minor units: always zero."""
    sums = LedgerEntry.objects.values_list("currency").annotate(total=Sum("amount_minor")).order_by("currency")
    return {currency: int(total) for currency, total in sums}


@dataclass(frozen=True)
class DueByFile:
    """What a file made now would hold, and what cannot go in, with the reason's code."""

    payouts: list[Payout]
    problems: list[tuple[Payout, str]]

    @property
    def total(self) -> Money:
        return total((payout.amount for payout in self.payouts), settings.DEFAULT_CURRENCY)


def due_by_file(at: datetime) -> DueByFile:
    waiting = Payout.objects.filter(gateway=BY_FILE, status=Payout.Status.ORDERED, due_at__lte=at, sending_at=None)
    judged = [(payout, sepa.problem(payout)) for payout in waiting.order_by("due_at", "pk")]
    return DueByFile([payout for payout, code in judged if not code], [pair for pair in judged if pair[1]])
