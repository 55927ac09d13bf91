"""Payments: requested, opened at the gateway, settled by asking it."""

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
from backmarket.payments.gateways import gateway
from backmarket.payments.gateways.base import Report, State
from backmarket.payments.models import LedgerEntry, Payment
from backmarket.payments.services.ledger import book
from backmarket.states import IllegalMove, move

log = structlog.get_logger(__name__)

ACTIVE = (Payment.Status.PENDING, Payment.Status.AUTHORISED, Payment.Status.CAPTURED)
OPEN = (Payment.Status.PENDING, Payment.Status.AUTHORISED)
GIVEN_UP = (Payment.Status.FAILED, Payment.Status.CANCELLED)
# A webhook usually comes within seconds; after this long we ask ourselves.
ASK_AFTER = timedelta(minutes=5)
# Nobody pays a page opened so long ago: the providers close it within a day.
ASK_UNTIL = timedelta(days=3)


class CannotPay(DomainError):
    """There is nothing (left) to pay."""

    code = "cannot_pay"
    default_message = _("This has been paid or cancelled already.")


def request_payment(*, purpose: str, reference: UUID, amount: Money, by: Actor, at: datetime) -> Payment:
    """The row of one payment, without asking any provider. A pending one of the same amount is used again;
    a pending one of another amount is cancelled first. Raises CannotPay when it is paid already."""
    if amount.minor <= 0:
        raise CannotPay(_("There is nothing to pay."))
    with transaction.atomic():
        active = lock(Payment.objects.filter(purpose=purpose, reference=reference, status__in=ACTIVE)).first()
        if active is not None and active.status != Payment.Status.PENDING:
            raise CannotPay
        if active is not None and active.amount == amount:
            return active
        if active is not None:
            cancel_payment(active, by=by, at=at)
        return _create_payment(purpose, reference, amount, by=by, at=at)


def _create_payment(purpose: str, reference: UUID, amount: Money, *, by: Actor, at: datetime) -> Payment:
    try:
        with transaction.atomic():
            payment = Payment.objects.create(
                purpose=purpose,
                reference=reference,
                amount_minor=amount.minor,
                currency=amount.currency,
                gateway=settings.PAYMENT_GATEWAY,
                created_at=at,
            )
    except IntegrityError:
        raise CannotPay(_("Another payment for this was started a moment ago.")) from None
    record("payment.requested", payment, by=by, at=at, data=_subject(payment))
    return payment


def open_payment(payment: Payment, *, return_url: str, at: datetime) -> str:
    """The address at which the buyer pays; opened at the provider the first time. Network: outside transactions.

    Raises CannotPay unless the payment is pending, GatewayError when the provider does not answer.
    """
    if payment.status != Payment.Status.PENDING:
        raise CannotPay
    if not payment.checkout_url:
        checkout = gateway(payment.gateway).checkout(payment, return_url=return_url)
        payment.gateway_id, payment.checkout_url = checkout.gateway_id, checkout.url
        payment.save(update_fields=["gateway_id", "checkout_url"])
        if not Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING).exists():
            _tell_gateway(payment)  # cancelled while the provider was opening it
            raise CannotPay
    return payment.checkout_url


def settle_payment(payment_id: UUID, *, at: datetime) -> Payment:
    """Ask the provider and write down what it says: the one function for browser returns, webhooks and the clock.

    Losing a race is no error: whoever comes second finds nothing to do. Raises GatewayError; changes nothing then.
    """
    payment = Payment.objects.get(pk=payment_id)
    if payment.status in GIVEN_UP and payment.gateway_id:
        # Whoever hears of it again was not told, or too late: money that came all the same goes back.
        gateway(payment.gateway).cancel(payment)
    if payment.status not in OPEN or not payment.gateway_id:
        return payment
    report = gateway(payment.gateway).status(payment)
    with transaction.atomic():
        payment = lock(Payment.objects.filter(pk=payment_id)).get()
        _apply(payment, report, at=at)
    return payment


def _apply(payment: Payment, report: Report, *, at: datetime) -> None:
    """Move a locked payment as the report says. Never captured unless the provider has exactly our amount."""
    target, facts = report.state, {}
    if target in (State.AUTHORISED, State.CAPTURED) and report.amount != payment.amount:
        log.error("payment_amount_mismatch", payment=str(payment.pk))
        target, report = State.FAILED, Report(State.FAILED, report.amount, "amount_mismatch")
        transaction.on_commit(partial(_tell_gateway, payment), robust=True)
    if target == payment.status or target == State.PENDING:
        return
    if target == State.FAILED:
        facts["failure"] = report.failure[:200]
    try:
        move(payment, target, by=f"gateway:{payment.gateway}", at=at, data=_subject(payment), **facts)
    except IllegalMove:
        return
    if target == State.CAPTURED:
        _book_capture(payment, at=at)


def _book_capture(payment: Payment, *, at: datetime) -> None:
    book(
        f"capture:{payment.pk}",
        kind="capture",
        reference=payment.reference,
        entries=[
            (LedgerEntry.Account.GATEWAY, "", -payment.amount),
            (LedgerEntry.Account.BUYER, "", payment.amount),
        ],
        at=at,
    )


def cancel_payment(payment: Payment, *, by: Actor, at: datetime) -> None:
    """Give up a pending payment; raises IllegalMove otherwise. The provider is told after the commit."""
    if payment.status != Payment.Status.PENDING:
        raise IllegalMove
    with transaction.atomic():
        fresh = lock(Payment.objects.filter(pk=payment.pk)).get()
        if fresh.status != Payment.Status.PENDING:
            raise IllegalMove
        move(payment, Payment.Status.CANCELLED, by=by, at=at, data=_subject(payment))
        if fresh.gateway_id:
            transaction.on_commit(partial(_tell_gateway, payment), robust=True)


def _tell_gateway(payment: Payment) -> None:
    from backmarket.payments.tasks import cancel_at_gateway

    cancel_at_gateway.delay(str(payment.pk))


def _subject(payment: Payment) -> dict[str, str]:
    return {"purpose": payment.purpose, "reference": str(payment.reference)}


def settle_pending_payments(at: datetime) -> int:
    """Ask about payments that nobody has told us of: a closed browser and a lost webhook lose no money."""
    waiting = Payment.objects.filter(
        status__in=OPEN, created_at__lt=at - ASK_AFTER, created_at__gt=at - ASK_UNTIL
    ).exclude(gateway_id="")
    return each("settle_payments", waiting.values_list("pk", "status"), partial(_try_to_settle, at))


def _try_to_settle(at: datetime, known: tuple[UUID, str]) -> bool:
    """The provider may well answer the next time."""
    payment_id, status = known
    try:
        return settle_payment(payment_id, at=at).status != status
    except GatewayError:
        log.warning("payment_not_settled", payment=str(payment_id))
        return False
