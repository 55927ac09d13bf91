"""The money of an order has come: its devices are sold, and its plants told, unless somebody has to look first."""

from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid5

from django.db.models import QuerySet

from backmarket.db import lock
from backmarket.payments.models import Payment
from backmarket.prepared import prepared_objects
from backmarket.states import move
from catalog.services.stock import OutOfStock, ReservationLost, release_stock, reserve_stock, sell_reserved
from orders.models import Order, OrderLine
from orders.services.cart import take_out
from orders.services.holds import hand_over, hold_captured
from orders.services.refunds import refund_line
from orders.services.waiting import JOB, RESERVED_FOR

Status = OrderLine.Status


def capture_order(order: Order, payment: Payment, at: datetime) -> None:
    """A locked order is paid by this payment."""
    move(order, Order.PaymentStatus.CAPTURED, by=JOB, at=at)
    lines = _unpaid(order=order.pk)
    if hold_captured(order, payment, at=at):
        _keep_held(lines, at)
    else:
        hand_over(order, lines, by=JOB, at=at)
    _sell(order, lines, at)
    if order.cart_id:
        take_out(order.cart_id, Counter(line.listing_id for line in lines))


@prepared_objects
def _unpaid(order: Any) -> "QuerySet[OrderLine]":
    return lock(OrderLine.objects.filter(order=order, status__in=[Status.PENDING, Status.ON_HOLD]))


def _keep_held(lines: list[OrderLine], at: datetime) -> None:
    """Paid, but no plant hears of it."""
    for line in lines:
        if line.status == Status.PENDING:
            move(line, Status.ON_HOLD, by=JOB, at=at, due_at=None)
        line.paid_at = at
        line.save(update_fields=["paid_at"])


def _sell(order: Order, lines: list[OrderLine], at: datetime) -> None:
    """Sell what was reserved. Where the bank was so slow that the stock went elsewhere, that line is paid back."""
    with suppress(ReservationLost):
        return sell_reserved(order.pk, at=at)
    release_stock(order.pk, at=at)
    # Another holder: what the first one lost must not be asked for again.
    holder, demand = uuid5(order.pk, "again"), Counter(line.listing_id for line in lines)
    while demand:
        try:
            reserve_stock(holder=holder, demand=dict(demand), expires_at=at + RESERVED_FOR, at=at)
            return sell_reserved(holder, at=at)
        except OutOfStock as short:
            for line in lines:
                if line.listing_id in short.listing_ids:
                    refund_line(line, reason="out_of_stock", by=JOB, at=at)
                    demand.pop(line.listing_id, None)
    return None
