"""What the ledger says: a balance is a sum, never a column."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from backmarket.accounts.models import User
from backmarket.money import Money, total
from backmarket.payments import sepa
from backmarket.payments.gateways import BY_FILE, CONNECT
from backmarket.payments.models import (
    Approval,
    ConnectAccount,
    Dispute,
    LedgerEntry,
    Payment,
    Payout,
    Refund,
    TransferReversal,
)
from backmarket.payments.reasons import PAYEE

# What stands before a transfer's reference in the `gateway_id` of a refund that our bank paid, not the provider.
BY_BANK = "bank:"


# And what begins that of one which the buyer's bank has made, by a dispute.
BY_DISPUTE = "dispute:"


def by_dispute(dispute: Dispute) -> str:
    """The same, by this dispute."""
    return f"{BY_DISPUTE}{dispute.pk}:"


def balance(account: str, party: str | None = "", currency: str = "EUR") -> Money:
    """What the party's account stands at; `party` None sums over all parties."""
    entries = LedgerEntry.objects.filter(account=account, currency=currency)
    if party is not None:
        entries = entries.filter(party=party)
    return Money(entries.aggregate(total=Sum("amount_minor"))["total"] or 0, currency)


def credit_of(person: User, currency: str = settings.DEFAULT_CURRENCY) -> Money:
    """The person's credit as the ledger has it, whatever it is promised to."""
    return balance(LedgerEntry.Account.CREDIT, str(person.pk), currency)


def available_credit(person: User, currency: str, at: datetime, *, apart_from: Payment | None = None) -> Money:
    """What of the credit may be used: not what is promised to a payment, nor what is ordered to be paid out.

    A promise ends by itself where nobody has paid the rest in time. `apart_from` names a payment whose own is free.
    """
    promised = Payment.objects.filter(promising(at), credit_of=person, currency=currency)
    if apart_from:
        promised = promised.exclude(pk=apart_from.pk)
    leaving = Payout.objects.filter(
        account=LedgerEntry.Account.CREDIT, party=str(person.pk), currency=currency, status=Payout.Status.ORDERED
    )
    taken = promised.aggregate(minor=Sum("credit_minor"))["minor"] or 0
    ordered = leaving.aggregate(minor=Sum("amount_minor"))["minor"] or 0
    return credit_of(person, currency) - Money(taken + ordered, currency)


def promising(at: datetime) -> Q:
    """Payments that keep credit for themselves and have not taken it."""
    waiting = Q(status=Payment.Status.PENDING, credit_until__gt=at) | Q(status=Payment.Status.AUTHORISED)
    return waiting & Q(credit_minor__gt=0, credit_at=None)


def credit_entries(person: User) -> QuerySet[LedgerEntry]:
    """Every movement of the person's credit, the newest first."""
    own = LedgerEntry.objects.filter(account=LedgerEntry.Account.CREDIT, party=str(person.pk))
    return own.select_related("movement").order_by("-movement__happened_at", "-pk")


def given_back_before(refund: Refund) -> Money:
    """What earlier tries of a refund have given back to the buyer's credit: the provider refused only the rest."""
    tries = Refund.objects.filter(reference=refund.reference, status=Refund.Status.FAILED).exclude(pk=refund.pk)
    return Money(tries.aggregate(minor=Sum("credit_minor"))["minor"] or 0, refund.currency)


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


def not_taken_back() -> Q:
    """The transfers of which somebody wanted (a part) back, the last time in vain: the provider has refused it."""
    later = TransferReversal.objects.filter(payout=OuterRef("payout"), created_at__gt=OuterRef("created_at"))
    failed = TransferReversal.objects.filter(~Exists(later), payout=OuterRef("pk"), status="failed")
    return Q(Exists(failed))


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


def waiting_approvals(subject: tuple[str, str], at: datetime) -> QuerySet[Approval]:
    """What waits for a second person about one row ("app.model", key)."""
    label, key = subject
    asked = Approval.objects.filter(subject=label, subject_id=key, status=Approval.Status.ASKED, expires_at__gt=at)
    return asked.select_related("asked_by")
