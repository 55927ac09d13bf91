"""What happens to orders when nobody does anything."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.jobs import each
from backmarket.payments.models import Payment
from backmarket.payments.services import cancel_payment
from backmarket.states import move
from orders.express import late_express
from orders.models import Hold, Order, OrderLine
from orders.services.checkout import fail_order
from orders.services.fulfilment import refund_when_late
from orders.services.holds import lapse_hold
from orders.services.promises import watch_promise
from orders.services.returns import refund_sent_return, sent_back, withdraw_until
from orders.services.waiting import PURPOSE

JOB = "system:deadlines"
# Five business days are never fewer than five days: older payments only are looked at one by one.
LATE_AT_THE_EARLIEST = timedelta(days=OrderLine.CANCEL_AFTER_BUSINESS_DAYS)

logger = logging.getLogger(__name__)


def watch_order_deadlines(at: datetime) -> int:
    """Fail unpaid orders, let go what nobody has checked, cancel what was never shipped, give back what late
    express cost, refund late returns, close what is 30 days old."""
    unpaid = Order.objects.filter(payment_status=Order.PaymentStatus.PENDING, reserved_until__lte=at)
    unshipped = OrderLine.objects.to_ship().filter(paid_at__lte=at - LATE_AT_THE_EARLIEST).order_by("consignment_id")
    parcels = unshipped.values_list("consignment_id", flat=True).distinct()
    old = OrderLine.objects.filter(
        status=OrderLine.Status.DELIVERED, delivered_at__lte=at - timedelta(days=OrderLine.WITHDRAW_WITHIN_DAYS)
    )
    unchecked = Order.objects.filter(hold__status=Hold.Status.OPEN, hold__expires_at__lte=at)
    done = _each(unpaid, lambda order: _give_up(order, at))
    done += _each(unchecked, lambda order: lapse_hold(order, at=at))
    done += each("watch_order_deadlines", parcels, partial(_refund_late_parcel, at))
    done += each("watch_promises", late_express(at), partial(watch_promise, at=at))
    done += _each(sent_back(at), lambda withdrawal: refund_sent_return(withdrawal, at=at))
    return done + _each(old, lambda line: _close(line, at))


def _refund_late_parcel(at: datetime, consignment_id: UUID) -> int:
    """What has not left of a parcel, in one transaction, so that its buyer is told of all of it at once. How many
    devices were refunded."""
    waiting = OrderLine.objects.to_ship().filter(consignment=consignment_id)
    with transaction.atomic():
        # All of them before the first one's payment, as whoever sends them; a row that cannot be read is only locked.
        list(lock(waiting.only("pk")))
        return _each(waiting, lambda line: refund_when_late(line, at=at))


def _each(found: Any, act: Callable[[Any], bool]) -> int:
    """Do it for every row, each in a transaction (or savepoint) of its own: neither a refusal nor a broken row stops
    another."""
    return each("watch_order_deadlines", found.values_list("pk", flat=True), partial(_try, found.model, act))


def _try(model: type[Model], act: Callable[[Any], bool], pk: Any) -> bool:
    try:
        with transaction.atomic():
            row = lock(model._default_manager.filter(pk=pk)).first()
            return bool(row and act(row))
    except DomainError:
        logger.warning("deadline refused", extra={"model": model.__name__, "pk": str(pk)})
        return False


def _give_up(order: Order, at: datetime) -> bool:
    """The ten minutes are over without money: the payment is cancelled first, so that none can come any more."""
    if order.payment_status != Order.PaymentStatus.PENDING or order.reserved_until > at:
        return False
    payments = Payment.objects.filter(purpose=PURPOSE, reference=order.pk)
    for payment in payments.filter(status=Payment.Status.PENDING):
        cancel_payment(payment, by=JOB, at=at)
    fail_order(order.pk, at=at)
    return True


def _close(line: OrderLine, at: datetime) -> bool:
    until = withdraw_until(line)
    if line.status != OrderLine.Status.DELIVERED or until is None or at < until:
        return False
    move(line, OrderLine.Status.CLOSED, by=JOB, at=at)
    return True
