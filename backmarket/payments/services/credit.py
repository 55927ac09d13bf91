"""A person's credit: left, promised to a payment, taken, given back, paid out. Its balance is what the ledger says.

Whoever promises or takes locks the person's CreditAccount first, and last of all rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor
from backmarket.money import Money
from backmarket.payments.models import CreditAccount, LedgerEntry, LedgerMovement, Payment, Payout, Refund
from backmarket.payments.selectors import available_credit
from backmarket.payments.services.ledger import book
from backmarket.payments.services.payouts import CannotPayOut, cancel_payout, order_payout

PURPOSE = "credit"
# Long enough to see a wrong account, or to read our e-mail about a transfer that somebody else has ordered.
STOP_WITHIN = timedelta(hours=1)
# The kinds of its movements, beside "capture" and "payout".
LEFT, TAKEN_BACK, GIVEN_BACK = "credit_left", "credit_undone", "credit_back"
CREDIT, CONSUMER, BUYER = LedgerEntry.Account.CREDIT, LedgerEntry.Account.CONSUMER, LedgerEntry.Account.BUYER


class NotEnoughCredit(DomainError):
    """The credit is smaller, or promised to something else."""

    code = "not_enough_credit"
    default_message = _("Your credit is smaller than this, or part of it is kept for an order you have not paid yet.")


@dataclass(frozen=True)
class Credit:
    """Whose credit pays how much of something, and until when it is promised while nobody has paid the rest."""

    person: User
    amount: Money
    until: datetime


def leave_credit(person: User, amount: Money, *, reference: UUID, label: str, at: datetime) -> None:
    """What we owe a person for a device becomes their credit. Its row is locked, so that this happens once."""
    CreditAccount.objects.get_or_create(person=person, defaults={"opened_at": at})
    _move(LEFT, (CONSUMER, CREDIT), person, amount, reference=reference, label=label, at=at)


def take_back_credit(person: User, amount: Money, *, reference: UUID, label: str, at: datetime) -> None:
    """The other way round: credit is owed by transfer again. Raises NotEnoughCredit."""
    require_credit(person, amount, at=at)
    _move(TAKEN_BACK, (CREDIT, CONSUMER), person, amount, reference=reference, label=label, at=at)


def _move(
    kind: str, sides: tuple[str, str], person: User, amount: Money, *, reference: UUID, label: str, at: datetime
) -> None:
    """From one of the person's accounts to another; a changed mind makes each turn a movement of its own."""
    turn = LedgerMovement.objects.filter(reference=reference, kind=kind).count() + 1
    entries = [(sides[0], str(person.pk), -amount), (sides[1], str(person.pk), amount)]
    book(f"{kind}:{reference}:{turn}", kind=kind, reference=reference, entries=entries, at=at, label=label)


def require_credit(person: User, amount: Money, *, at: datetime, apart_from: Payment | None = None) -> None:
    """Hold the person's credit still until the transaction ends; raises NotEnoughCredit unless `amount` is free.

    What is promised to the payment `apart_from` counts as free: it is that payment which asks.
    """
    list(lock(CreditAccount.objects.filter(person=person)))
    if available_credit(person, amount.currency, at, apart_from=apart_from) < amount:
        raise NotEnoughCredit(field="credit")


def promise_credit(payment: Payment, credit: Credit, *, at: datetime) -> None:
    """Write into a payment, not saved yet, what credit pays of it. Raises NotEnoughCredit."""
    require_credit(credit.person, credit.amount, at=at)
    payment.credit_minor, payment.credit_of, payment.credit_until = credit.amount.minor, credit.person, credit.until


def prolong_credit(payment: Payment, *, until: datetime, at: datetime) -> None:
    """Promise a pending payment's credit for longer. Raises NotEnoughCredit when it had run out and has gone since."""
    if payment.credit_of is not None:
        require_credit(payment.credit_of, payment.credit, at=at, apart_from=payment)
        Payment.objects.filter(pk=payment.pk).update(credit_until=until)


def is_credit_there(payment: Payment, *, at: datetime) -> bool:
    """Can a locked payment (still) take its credit? From here on until the transaction ends nobody else does."""
    if payment.credit_of is None:
        return True
    try:
        require_credit(payment.credit_of, payment.credit, at=at, apart_from=payment)
    except NotEnoughCredit:
        return False
    return True


def give_credit_back(refund: Refund, *, at: datetime) -> None:
    """Book what a refund gives back to the buyer's credit; its payment is locked, and counts it."""
    payment = refund.payment
    book(
        f"{GIVEN_BACK}:{refund.pk}",
        kind=GIVEN_BACK,
        reference=payment.reference,
        entries=[(BUYER, "", -refund.credit), (CREDIT, str(payment.credit_of_id), refund.credit)],
        at=at,
    )


def pay_credit_out(
    person: User, amount: Money, *, holder: str, iban: str, key: UUID, by: Actor, at: datetime
) -> Payout:
    """Order a transfer of credit to a checked account, to be sent after STOP_WITHIN. `key` makes a second click the
    same one, also once that was stopped.

    Raises NotEnoughCredit, and CannotPayOut when this was ordered before.
    """
    require_credit(person, amount, at=at)
    if Payout.objects.filter(purpose=PURPOSE, reference=key).exists():
        raise CannotPayOut
    return order_payout(
        purpose=PURPOSE, reference=key, label=str(_("credit")), account=CREDIT, party=str(person.pk), amount=amount,
        holder=holder, iban=iban, due_at=at + STOP_WITHIN, by=by, at=at,
    )  # fmt: skip


def payouts_of_credit(person: User) -> QuerySet[Payout]:
    """Every transfer of the person's credit to their bank, whatever became of it."""
    return Payout.objects.filter(purpose=PURPOSE, account=CREDIT, party=str(person.pk))


def stop_credit_payout(payout: Payout, *, by: Actor, at: datetime) -> None:
    """Its owner wants it to stay credit, or has given a wrong account: what was kept for it is free again. Repeating it
    changes nothing. Raises CannotCancelPayout once the bank may have it."""
    with transaction.atomic():
        if lock(Payout.objects.filter(pk=payout.pk)).get().status != Payout.Status.CANCELLED:
            cancel_payout(payout, by=by, at=at)
