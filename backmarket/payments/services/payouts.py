"""Payouts: ordered, sent to the bank once, on the account or returned."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from backmarket.jobs import each
from backmarket.money import Money
from backmarket.payments.gateways import BY_FILE, payout_gateway
from backmarket.payments.gateways.base import Outcome, Transfer
from backmarket.payments.models import ConnectAccount, LedgerEntry, Payout
from backmarket.payments.reasons import BY_HAND, PAYEE, is_payees
from backmarket.payments.services.ledger import book
from backmarket.privacy import Why, record_reading
from backmarket.states import IllegalMove, move

log = structlog.get_logger(__name__)
Status = Payout.Status

# Providers forget idempotency keys after thirty days: from then on a repeated call could pay twice.
REPEAT_WITHIN = timedelta(days=25)


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
    label: str = "",
    to: ConnectAccount | None = None,
) -> Payout:
    """Write a transfer to a bank account, to be sent from `due_at` on; `to` is the payee's account with the provider,
    which is paid instead. `account` and `party` name whose claim it pays, `label` what people call what is paid.

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
                label=label,
                account=account,
                party=party,
                amount_minor=amount.minor,
                currency=amount.currency,
                holder=holder,
                iban=compact,
                iban_last4=compact[-4:],
                gateway=to.gateway if to else settings.PAYOUT_GATEWAY,
                destination=to.gateway_id if to else "",
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
        if fresh.status != Status.ORDERED or fresh.sending_at is not None:
            raise CannotCancelPayout
        move(payout, Status.CANCELLED, by=by, at=at, data=_subject(payout))


def send_due_payouts(at: datetime) -> int:
    """Send what is due to the bank, then ask about what was sent; returns how many payouts moved.

    Killed between the call and its note, the next run repeats the call under the same key: the bank pays once.
    What goes by file waits for the people who hand it over.
    """
    by_call = Payout.objects.exclude(gateway=BY_FILE)
    due = by_call.filter(status=Status.ORDERED, due_at__lte=at).order_by("due_at", "pk")
    moved = each("send_payouts", due.values_list("pk", flat=True), partial(_try, _send, at))
    sent = by_call.filter(status=Status.SENT).order_by("sent_at", "pk")
    return moved + each("send_payouts", sent.values_list("pk", flat=True), partial(_try, follow_payout, at))


def _try(step: Callable[[UUID, datetime], bool], at: datetime, payout_id: UUID) -> bool:
    """The provider may well answer the next time."""
    try:
        return step(payout_id, at)
    except GatewayError as error:
        log.warning("payout_not_moved", payout=str(payout_id), retry=error.retry)
        return False


def _send(payout_id: UUID, at: datetime) -> bool:
    claimed = _claim(payout_id, at)
    if claimed is None:
        return False
    payout, unanswered = claimed
    try:
        gateway_id = payout_gateway(payout.gateway).payout(payout)
    except GatewayError as error:
        if not error.retry:
            return _refused(payout, str(error), unanswered, at)
        raise
    return note_sent(payout, gateway_id=gateway_id, by=_gateway(payout), at=at)


def _claim(payout_id: UUID, at: datetime) -> tuple[Payout, bool] | None:
    """Commit that the call is about to be made, and say whether an earlier one has had no answer.

    None when the payout was cancelled or sent meanwhile, or when the first call is so long ago that the bank would not
    know it again.
    """
    with transaction.atomic():
        payout = lock(Payout.objects.filter(pk=payout_id, status=Status.ORDERED)).first()
        if payout is None:
            return None
        if payout.sending_at is not None and at - payout.sending_at > REPEAT_WITHIN:
            log.error("payout_unanswered", payout=str(payout_id))
            Payout.objects.filter(pk=payout_id).update(failure="unanswered")
            return None
        unanswered = payout.sending_at is not None
        payout.sending_at, payout.attempts = payout.sending_at or at, payout.attempts + 1
        payout.save(update_fields=["sending_at", "attempts"])
        record_reading(payout, what=("holder", "iban"), why=Why.TRANSFER, by=_gateway(payout), at=at)
    return payout, unanswered


def _refused(payout: Payout, failure: str, unanswered: bool, at: datetime) -> bool:
    """This call paid nothing. An account that cannot be paid asks for another one; the rest is ours to mend.

    While an earlier or a neighbouring call is unanswered the money may have left by it: nothing is given up then.
    """
    log.warning("payout_refused", payout=str(payout.pk), unanswered=unanswered)
    mine = Payout.objects.filter(pk=payout.pk, status=Status.ORDERED)
    alone = mine.filter(attempts=payout.attempts)
    if unanswered or not alone.exists():
        mine.update(failure=failure[:200])
        return False
    if failure in PAYEE:
        return settle_payout(payout.pk, Transfer("", Outcome.FAILED, failure), by=_gateway(payout), at=at)
    alone.update(sending_at=None, failure=failure[:200])
    return False


def note_sent(payout: Payout, *, gateway_id: str, by: Actor, at: datetime) -> bool:
    """The bank has the order: the payee's claim on us becomes the bank's. False when that was noted before."""
    facts = {"gateway_id": gateway_id, "failure": "", "sending_at": payout.sending_at or at}
    try:
        with transaction.atomic():
            move(payout, Status.SENT, by=by, at=at, data=_subject(payout), **facts)
            _book(payout, "payout", -payout.amount, at=at)
    except IllegalMove:  # another worker sent it under the same key
        return False
    return True


def follow_payout(payout_id: UUID, at: datetime) -> bool:
    """Ask the provider what became of a transfer, and settle it. True when that moved the payout.

    Network: outside transactions. A file's transfers are followed by the bank's report instead.
    """
    payout = Payout.objects.get(pk=payout_id)
    if payout.gateway == BY_FILE or payout.status not in (Status.SENT, Status.PAID):
        return False
    transfer = payout_gateway(payout.gateway).payout_status(payout, at=at)
    return settle_payout(payout_id, transfer, by=_gateway(payout), at=at)


def settle_payout(payout_id: UUID, transfer: Transfer, *, by: Actor, at: datetime) -> bool:
    """Write what became of a transfer, whoever says so: a job, a webhook, a bank's report, a person.

    Done is on the account; failed gives the payee the claim back, and its event says whose account is at fault.
    False when it had been written before, or when there is nothing to write.
    """
    if transfer.outcome == Outcome.PENDING:
        return False
    with transaction.atomic():
        payout = lock(Payout.objects.filter(pk=payout_id)).get()
        had_left = payout.status != Status.ORDERED
        try:
            if transfer.outcome == Outcome.DONE:
                move(payout, Status.PAID, by=by, at=at, data=_subject(payout))
            else:
                data = _subject(payout) | {"fault": "payee" if is_payees(transfer.failure) else "house"}
                move(payout, Status.BOUNCED, by=by, at=at, data=data, failure=transfer.failure[:200])
        except IllegalMove:
            return False
        if payout.status == Status.BOUNCED and had_left:
            _book(payout, "payout-bounced", payout.amount, at=at)
    return True


def return_payout(payout: Payout, *, reason: str, by: Actor, at: datetime) -> None:
    """Staff have seen the money come back on the bank's statement. Raises IllegalMove unless it had left."""
    payout.refresh_from_db()
    failed = Transfer(payout.gateway_id, Outcome.FAILED, reason)
    if payout.status == Status.ORDERED or not settle_payout(payout.pk, failed, by=by, at=at):
        raise IllegalMove
    payout.refresh_from_db()


def may_pay_again(payout: Payout) -> bool:
    """May what came back be sent once more by itself? Once, when the payee's account is not why, and no law is."""
    if payout.status != Status.BOUNCED or is_payees(payout.failure) or payout.failure in BY_HAND:
        return False
    before = Payout.objects.filter(purpose=payout.purpose, reference=payout.reference, status=Status.BOUNCED)
    return all(is_payees(failure) for failure in before.exclude(pk=payout.pk).values_list("failure", flat=True))


def _book(payout: Payout, kind: str, owed: Money, *, at: datetime) -> None:
    """`owed` is how much larger the payee's claim on us becomes: negative when the money leaves."""
    book(
        f"{kind}:{payout.pk}",
        kind=kind,
        reference=payout.reference,
        entries=[(payout.account, payout.party, owed), (_source(payout), "", -owed)],
        at=at,
        label=payout.label,
    )


def _source(payout: Payout) -> str:
    """Where the money lay: at the bank, or at the provider where it goes from account to account."""
    return LedgerEntry.Account.GATEWAY if payout.destination else LedgerEntry.Account.BANK


def _gateway(payout: Payout) -> str:
    return f"gateway:{payout.gateway}"


def _subject(payout: Payout) -> dict[str, str]:
    return {"purpose": payout.purpose, "reference": str(payout.reference)}
