"""Payments: requested, opened at the gateway, settled by asking it."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.db import Change, lock, together
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, insert_and_record, record
from backmarket.jobs import each
from backmarket.money import Money
from backmarket.payments.gateways import BY_CREDIT, gateway
from backmarket.payments.gateways.base import Checkout, Report, State
from backmarket.payments.models import LedgerEntry, Payment
from backmarket.payments.services.credit import Credit, is_credit_there, promise_credit
from backmarket.payments.services.ledger import Movement, book_all
from backmarket.payments.services.refunds import request_refund
from backmarket.prepared import prepared_objects
from backmarket.states import IllegalMove, move

log = structlog.get_logger(__name__)

ACTIVE = (Payment.Status.PENDING, Payment.Status.AUTHORISED, Payment.Status.CAPTURED)
OPEN = (Payment.Status.PENDING, Payment.Status.AUTHORISED)
GIVEN_UP = (Payment.Status.FAILED, Payment.Status.CANCELLED)
# A webhook usually comes within seconds; after this long we ask ourselves.
ASK_AFTER = timedelta(minutes=5)
# Nobody pays a page opened so long ago: the reservation is over within the hour, and the payment cancelled.
ASK_UNTIL = timedelta(days=3)
# A provider may know its fee some hours after it took the money.
ASK_FEE_UNTIL = timedelta(days=30)
LATE, MISMATCH, CREDIT_GONE = "came_late", "amount_mismatch", "credit_gone"


class CannotPay(DomainError):
    """There is nothing (left) to pay."""

    code = "cannot_pay"
    default_message = _("This has been paid or cancelled already.")


class CannotCapture(DomainError):
    """Only money that is authorised, and not being released, can be taken."""

    code = "cannot_capture"
    default_message = _("There is no authorised money to take: it has been released, or the bank has.")


def request_payment(
    *,
    purpose: str,
    reference: UUID,
    amount: Money,
    by: Actor,
    at: datetime,
    capture: str = Payment.Capture.AUTOMATIC,
    credit: Credit | None = None,
    is_first: bool = False,
) -> Payment:
    """The row of one payment, without asking any provider. A pending one of the same amounts is used again;
    another pending one is cancelled first. `credit` comes on top of `amount`, and may pay all. `is_first`: the
    reference has just been written in this transaction, so nobody else can have asked for its money.

    Raises CannotPay when it is paid already, NotEnoughCredit.
    """
    by_credit = credit.amount if credit else Money(0, amount.currency)
    if amount.minor < 0 or (amount + by_credit).minor <= 0:
        raise CannotPay(_("There is nothing to pay."))
    with together():
        active = None if is_first else _active(purpose, reference)
        if active is not None and active.status != Payment.Status.PENDING:
            raise CannotPay
        wanted = (amount, by_credit, capture)
        if active is not None and (active.amount, active.credit, active.capture) == wanted:
            return active
        if active is not None:
            cancel_payment(active, by=by, at=at)
        payment = Payment(
            purpose=purpose, reference=reference, amount_minor=amount.minor, currency=amount.currency,
            gateway=settings.PAYMENT_GATEWAY if amount else BY_CREDIT, capture=capture, created_at=at,
        )  # fmt: skip
        if credit:
            promise_credit(payment, credit, at=at)
        if not insert_and_record(payment, "payment.requested", by=by, at=at, data=_subject(payment)):
            raise CannotPay(_("Another payment for this was started a moment ago."))
        return payment


def _active(purpose: str, reference: UUID) -> Payment | None:
    """The payment of this that is under way, locked."""
    return lock(Payment.objects.filter(purpose=purpose, reference=reference, status__in=ACTIVE)).first()


def open_payment(payment: Payment, *, return_url: str, at: datetime) -> str:
    """The address at which the buyer pays, empty where it is a page of ours (see card_form); opened at the provider
    the first time. Network: outside transactions.

    Raises CannotPay unless the payment is pending, GatewayError when the provider does not answer.
    """
    if payment.status != Payment.Status.PENDING:
        raise CannotPay
    if not payment.gateway_id:
        checkout = gateway(payment.gateway).checkout(payment, return_url=return_url)
        opened = {"gateway_id": checkout.gateway_id, "checkout_url": checkout.url}
        unopened = {"pk": payment.pk, "gateway_id": ""}
        if Change(Payment, unopened | {"status": Payment.Status.PENDING.value}, opened).made():
            payment.gateway_id, payment.checkout_url = checkout.gateway_id, checkout.url
            return payment.checkout_url
        # Whoever comes second forgets what was opened for them: nobody has seen it, so nobody can pay it.
        Change(Payment, unopened, opened).made()
        payment.refresh_from_db(fields=["gateway_id", "checkout_url", "status"])
        if payment.status in GIVEN_UP:
            _settle_soon(payment)  # cancelled while the provider was opening it
            raise CannotPay
    return payment.checkout_url


def card_form(payment: Payment) -> Checkout:
    """What our own payment page needs for the provider's card fields. Network: outside transactions.

    Raises CannotPay unless the payment is pending and waits for a card there, GatewayError when the provider does not
    answer.
    """
    if payment.status != Payment.Status.PENDING or not payment.gateway_id or payment.checkout_url:
        raise CannotPay
    form = gateway(payment.gateway).checkout(payment, return_url="")
    if not form.secret:
        raise CannotPay
    return form


def settle_payment(payment_id: UUID, *, at: datetime, known: Payment | None = None) -> Payment:
    """Have the provider do what we have decided, and write down what it says: the one function for browser returns,
    webhooks and the clock. `known` is the payment, if the caller has just read it.

    Losing a race is no error: whoever comes second finds nothing to do. Raises GatewayError; changes nothing then.
    """
    payment = known or Payment.objects.get(pk=payment_id)
    if not payment.gateway_id or payment.closed_at or (payment.status in Payment.TAKEN and _knows_fee(payment)):
        return payment
    provider = gateway(payment.gateway)
    if payment.status in GIVEN_UP:
        report = provider.cancel(payment)
    elif payment.capturing_at:
        report = provider.capture(payment)
    else:
        report = provider.status(payment)
    with transaction.atomic():
        [payment] = _locked(pk=payment_id)
        _apply(payment, report, at=at)
        _note_fee(payment, report, at=at)
    return payment


@prepared_objects
def _locked(pk: Any) -> "QuerySet[Payment]":
    return lock(Payment.objects.filter(pk=pk))


def _knows_fee(payment: Payment) -> bool:
    return payment.fee_minor is not None


def _note_fee(payment: Payment, report: Report, *, at: datetime) -> None:
    """What the provider keeps of what it took, once it says so: the house bears it, and a refund brings none back."""
    if payment.status in Payment.TAKEN and not _knows_fee(payment) and (fee := _fee_of(payment, report)) is not None:
        _write(payment, fee_minor=fee.minor)
        book_all([_fee(payment)], at=at)


def _fee_of(payment: Payment, report: Report) -> Money | None:
    """What the provider says it keeps, where it says so in the payment's own currency."""
    if report.fee is None or report.fee.currency == payment.currency:
        return report.fee
    log.error("payment_fee_in_another_currency", payment=str(payment.pk))
    return None


def _fee(payment: Payment) -> Movement:
    fee = Money(payment.fee_minor or 0, payment.currency)
    sides = [(LedgerEntry.Account.GATEWAY, "", fee), (LedgerEntry.Account.GATEWAY_FEE, "", -fee)]
    return Movement(f"fee:{payment.pk}", "fee", payment.reference, sides)


def _apply(payment: Payment, report: Report, *, at: datetime) -> None:
    """Move a locked payment as the report says. Never captured unless the provider has exactly our amount."""
    by = f"gateway:{payment.gateway}"
    fits = report.amount == payment.amount
    if payment.status in Payment.TAKEN:
        return
    if report.country and report.country != payment.card_country:
        _write(payment, card_country=report.country)
    if report.state == State.CAPTURED and (payment.status in GIVEN_UP or not fits):
        reason = LATE if fits else MISMATCH
        stray_payment(payment, reason=reason, by=by, at=at, received=report.amount)
    elif payment.status in GIVEN_UP:
        if report.state in (State.CANCELLED, State.FAILED):
            _write(payment, closed_at=at)
    elif report.state == State.AUTHORISED and not fits:
        _refuse(payment, MISMATCH, by=by, at=at)
    elif report.state in (State.AUTHORISED, State.CAPTURED) and not is_credit_there(payment, at=at):
        if report.state == State.CAPTURED and payment.amount:
            stray_payment(payment, reason=CREDIT_GONE, by=by, at=at)
        else:
            _refuse(payment, CREDIT_GONE, by=by, at=at)
    elif report.state in (State.PENDING, payment.status):
        if payment.failure != report.failure[:200]:
            _write(payment, failure=report.failure[:200])
    else:
        _follow(payment, report, by=by, at=at)


def _refuse(payment: Payment, reason: str, *, by: Actor, at: datetime) -> None:
    """Nothing was taken, and nothing will be: what is authorised is released."""
    log.error("payment_refused", payment=str(payment.pk), reason=reason)
    move(payment, Payment.Status.FAILED, by=by, at=at, data=_subject(payment), failure=reason)
    transaction.on_commit(partial(_settle_soon, payment), robust=True)


def _follow(payment: Payment, report: Report, *, by: Actor, at: datetime) -> None:
    """To where the provider is; what ended there needs no closing."""
    closed = at if report.state in (State.FAILED, State.CANCELLED) else None
    facts: dict[str, Any] = {"failure": report.failure[:200], "closed_at": closed}
    fee = _fee_of(payment, report) if report.state == State.CAPTURED else None
    if fee is not None:
        facts["fee_minor"] = fee.minor
    if report.state == State.CAPTURED and payment.credit:
        facts["credit_at"] = at
    move(payment, report.state, by=by, at=at, data=_subject(payment), **facts)
    if report.state == State.CAPTURED:
        book_all([_capture(payment), *([] if fee is None else [_fee(payment)])], at=at)


def _write(payment: Payment, **facts: Any) -> None:
    Change(Payment, {"pk": payment.pk}, facts).made()
    for name, value in facts.items():
        setattr(payment, name, value)


def stray_payment(payment: Payment, *, reason: str, by: Actor, at: datetime, received: Money | None = None) -> None:
    """Money that fits nothing goes back whole: the payment says so, the ledger has it, a refund is written, and then
    the provider is called. `received` is what it took. Raises IllegalMove when it is stray already."""
    with transaction.atomic():
        payment.refresh_from_db(from_queryset=lock(Payment.objects.all()))
        log.error("payment_stray", payment=str(payment.pk), reason=reason)
        other = received if received and received != payment.amount else None
        facts = {
            "failure": reason,
            "received_minor": other and other.minor,
            "captured_at": payment.captured_at or at,
        }
        move(payment, Payment.Status.STRAY, by=by, at=at, data=_subject(payment), **facts)
        book_all([_capture(payment)], at=at)
        if payment.refundable and not payment.disputes.exists():
            request_refund(payment, reference=payment.pk, amount=payment.refundable, reason=reason, by=by, at=at)


def _capture(payment: Payment) -> Movement:
    """What the provider took, and the credit that was taken with it, are the buyer's money now. Once."""
    credit = payment.credit if payment.credit_at else Money(0, payment.currency)
    sides = [
        (LedgerEntry.Account.GATEWAY, "", -payment.received),
        (LedgerEntry.Account.CREDIT, str(payment.credit_of_id), -credit),
        (LedgerEntry.Account.BUYER, "", payment.received + credit),
    ]
    return Movement(f"capture:{payment.pk}", "capture", payment.reference, sides)


def capture_payment(payment: Payment, *, by: Actor, at: datetime) -> None:
    """Take the money that is authorised: decided here, done by the provider after the commit, booked when it says so.

    Repeating it changes nothing. Raises CannotCapture when nothing is authorised (any more).
    """
    with transaction.atomic():
        fresh = lock(Payment.objects.filter(pk=payment.pk)).get()
        if fresh.capturing_at or fresh.status == Payment.Status.CAPTURED:
            return
        if fresh.status != Payment.Status.AUTHORISED:
            raise CannotCapture
        _write(payment, capturing_at=at)
        record("payment.capturing", payment, by=by, at=at, data=_subject(payment))
        transaction.on_commit(partial(_settle_soon, payment), robust=True)


def cancel_payment(payment: Payment, *, by: Actor, at: datetime) -> None:
    """Give up a payment that is pending, or release what is authorised; the provider is told after the commit.

    Raises IllegalMove once the money is taken, or is being taken.
    """
    with transaction.atomic():
        fresh = lock(Payment.objects.filter(pk=payment.pk)).get()
        if fresh.status not in OPEN or fresh.capturing_at:
            raise IllegalMove
        move(payment, Payment.Status.CANCELLED, by=by, at=at, data=_subject(payment))
        if fresh.gateway_id:
            transaction.on_commit(partial(_settle_soon, payment), robust=True)


def _settle_soon(payment: Payment) -> None:
    from backmarket.payments.tasks import settle_payment as task

    task.delay(str(payment.pk))


def _subject(payment: Payment) -> dict[str, str]:
    return {"purpose": payment.purpose, "reference": str(payment.reference)}


def settle_pending_payments(at: datetime) -> int:
    """Ask about payments that nobody has told us of: a closed browser and a lost webhook lose no money."""
    since = at - ASK_UNTIL
    waiting = Payment.objects.exclude(gateway_id="").filter(
        Q(status=Payment.Status.PENDING, created_at__lt=at - ASK_AFTER, created_at__gt=since)
        | Q(status=Payment.Status.AUTHORISED, created_at__lt=at - ASK_AFTER)
        | Q(status__in=GIVEN_UP, closed_at=None) & (Q(cancelled_at__gt=since) | Q(failed_at__gt=since))
        | Q(status__in=Payment.TAKEN, fee_minor=None, captured_at__gt=at - ASK_FEE_UNTIL)
    )
    return each("settle_payments", waiting.values_list("pk", "status"), partial(_try_to_settle, at))


def _try_to_settle(at: datetime, known: tuple[UUID, str]) -> bool:
    """The provider may well answer the next time."""
    payment_id, status = known
    try:
        return settle_payment(payment_id, at=at).status != status
    except GatewayError:
        log.warning("payment_not_settled", payment=str(payment_id))
        return False
