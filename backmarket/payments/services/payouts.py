"""Payouts: ordered, sent to the bank once, on the account or returned."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.payments.gateways import gateway
from backmarket.payments.gateways.base import Outcome
from backmarket.payments.models import LedgerEntry, Payout
from backmarket.payments.services.ledger import book
from backmarket.states import IllegalMove, move

log = structlog.get_logger(__name__)


class CannotPayOut(DomainError):
    """This is paid or being paid already, or there is nothing to pay."""

    code = "cannot_pay_out"
    default_message = _("This has been paid out already.")


class CannotCancelPayout(DomainError):
    """The bank has it, or may have it."""

    code = "cannot_cancel_payout"
    default_message = _("The bank is already working on this transfer.")


def order_payout(
    *,
    purpose: str,
    reference: UUID,
    amount: Money,
    holder: str,
    iban: str,
    account: str,
    party: str,
    due_at: datetime,
    by: Actor,
    at: datetime,
) -> Payout:
    """Write a transfer to a bank account, to be sent from `due_at` on. `account` and `party` name whose claim it pays.

    Raises CannotPayOut when one is on its way or paid, or when there is nothing to pay.
    """
    if amount.minor <= 0:
        raise CannotPayOut(_("There is nothing to pay out."))
    compact = "".join(iban.split()).upper()
    try:
        with transaction.atomic():
            payout = Payout.objects.create(
                purpose=purpose,
                reference=reference,
                account=account,
                party=party,
                amount_minor=amount.minor,
                currency=amount.currency,
                holder=holder,
                iban=compact,
                iban_last4=compact[-4:],
                gateway=settings.PAYMENT_GATEWAY,
                due_at=due_at,
                created_at=at,
            )
            record("payout.ordered", payout, by=by, at=at, data=_subject(payout))
    except IntegrityError:
        raise CannotPayOut from None
    return payout


def cancel_payout(payout: Payout, *, by: Actor, at: datetime) -> None:
    """Give up a transfer that the bank has certainly not got yet; raises CannotCancelPayout otherwise."""
    with transaction.atomic():
        fresh = lock(Payout.objects.filter(pk=payout.pk)).get()
        if fresh.status != Payout.Status.ORDERED or fresh.sending_at is not None:
            raise CannotCancelPayout
        move(payout, Payout.Status.CANCELLED, by=by, at=at, data=_subject(payout))


def send_due_payouts(at: datetime) -> int:
    """Send what is due to the bank, then ask about what was sent; returns how many payouts moved.

    Killed between the call and its note, the next run repeats the call under the same key: the bank pays once.
    """
    due = Payout.objects.filter(status=Payout.Status.ORDERED, due_at__lte=at).order_by("due_at", "pk")
    moved = sum(_try(_send, pk, at) for pk in list(due.values_list("pk", flat=True)))
    sent = Payout.objects.filter(status=Payout.Status.SENT).order_by("sent_at", "pk")
    return moved + sum(_try(_follow, pk, at) for pk in list(sent.values_list("pk", flat=True)))


def _try(step: Callable[[UUID, datetime], bool], payout_id: UUID, at: datetime) -> bool:
    """One payout's trouble is not the next one's."""
    try:
        return step(payout_id, at)
    except GatewayError as error:
        log.warning("payout_not_moved", payout=str(payout_id), retry=error.retry)
        return False


def _send(payout_id: UUID, at: datetime) -> bool:
    payout = _claim(payout_id, at)
    if payout is None:
        return False
    try:
        gateway_id = gateway(payout.gateway).payout(payout)
    except GatewayError as error:
        if not error.retry:  # the bank has certainly not got it
            Payout.objects.filter(pk=payout_id).update(sending_at=None, failure=str(error)[:200])
        raise
    try:
        with transaction.atomic():
            facts = {"gateway_id": gateway_id, "failure": ""}
            move(payout, Payout.Status.SENT, by=_gateway(payout), at=at, data=_subject(payout), **facts)
            _book(payout, "payout", -payout.amount, at=at)
    except IllegalMove:  # another worker sent it under the same key
        return False
    return True


def _claim(payout_id: UUID, at: datetime) -> Payout | None:
    """Commit that the call is about to be made; None when the payout was cancelled or sent meanwhile."""
    with transaction.atomic():
        payout = lock(Payout.objects.filter(pk=payout_id, status=Payout.Status.ORDERED)).first()
        if payout is not None:
            payout.sending_at = at
            payout.save(update_fields=["sending_at"])
    return payout


def _follow(payout_id: UUID, at: datetime) -> bool:
    payout = Payout.objects.get(pk=payout_id)
    outcome = gateway(payout.gateway).payout_status(payout, at=at)
    if outcome == Outcome.PENDING:
        return False
    target = Payout.Status.PAID if outcome == Outcome.DONE else Payout.Status.BOUNCED
    try:
        with transaction.atomic():
            move(payout, target, by=_gateway(payout), at=at, data=_subject(payout))
            if target == Payout.Status.BOUNCED:
                _book(payout, "payout-bounced", payout.amount, at=at)
    except IllegalMove:
        return False
    return True


def _book(payout: Payout, kind: str, owed: Money, *, at: datetime) -> None:
    """`owed` is how much larger the payee's claim on us becomes: negative when the money leaves."""
    book(
        f"{kind}:{payout.pk}",
        kind=kind,
        reference=payout.reference,
        entries=[(payout.account, payout.party, owed), (LedgerEntry.Account.BANK, "", -owed)],
        at=at,
    )


def _gateway(payout: Payout) -> str:
    return f"gateway:{payout.gateway}"


def _subject(payout: Payout) -> dict[str, str]:
    return {"purpose": payout.purpose, "reference": str(payout.reference)}
