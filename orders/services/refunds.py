"""Money back for a line: the books first, then the row, then (after the commit) the gateway."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor
from backmarket.payments.models import Payment, Refund
from backmarket.payments.services import request_refund
from backmarket.states import IllegalMove, move
from catalog.services.stock import restock
from orders.models import CancelRequest, Claim, Guarantee, Hold, OrderLine, Withdrawal
from orders.services.earnings import reverse_sale

JOB = "system:refunds"
# Cancelled before it was sent, and not because of the device: it stands where it stood, and is for sale again.
STAYS_ON_THE_SHELF = ("buyer", "hold_refused", "hold_lapsed", "address", "goodwill", "mistake")
# Why a hold ends that nobody has decided, and whose time is not over.
UNNEEDED = "refunded"
Status = OrderLine.Status


class CannotRefundLine(DomainError):
    code = "cannot_refund_line"
    default_message = _("This device cannot be refunded: it is not paid, or its refund is already on its way.")


def refund_line(line: OrderLine, *, reason: str, by: Actor, at: datetime) -> Refund:
    """Give the buyer the whole price and shipping share back, less what they have back already; what was not shipped
    is cancelled.

    After delivery the plant's proceeds and the house's commission are taken back as well. The line becomes refunded
    when the gateway has done it. What the gateway refused may be asked again: nothing is booked twice.
    Raises CannotRefundLine when unpaid, or when a refund is already under way.
    """
    with transaction.atomic():
        hold = open_hold(line.order_id)
        locked = lock(OrderLine.objects.filter(pk=line.pk)).get()
        payment = _captured_payment(locked)
        if locked.status in (Status.ON_HOLD, Status.PAID, Status.ACCEPTED):
            _cancel(locked, reason, by, at)
            end_hold(hold, at=at)
        elif locked.status in (Status.DELIVERED, Status.CLOSED):
            reverse_sale(locked, at=at)
        elif locked.status not in (Status.SHIPPED, Status.CANCELLED):
            raise CannotRefundLine
        refund = request_refund(payment, reference=locked.pk, amount=locked.rest, reason=reason, by=by, at=at)
    line.refresh_from_db()
    return refund


def _cancel(line: OrderLine, reason: str, by: Actor, at: datetime) -> None:
    move(line, Status.CANCELLED, by=by, at=at, cancel_reason=reason, due_at=None)
    # Whoever cancelled it has done what its buyer asked for.
    _close(CancelRequest.objects.filter(line=line), CancelRequest.Status.GRANTED, at)
    if reason in STAYS_ON_THE_SHELF:
        restock(line.listing, 1, by=by, at=at)


def open_hold(order_id: UUID) -> Hold | None:
    """Locked before the lines, as by whoever decides: so of two who refund its last devices at once, one ends it."""
    return lock(Hold.objects.filter(order_id=order_id, status=Hold.Status.OPEN)).first()


def end_hold(hold: Hold | None, *, at: datetime) -> None:
    """Where none of its devices waits any more there is nothing left to decide. Its buyer is told of each device."""
    if hold and not OrderLine.objects.filter(order_id=hold.order_id, status=Status.ON_HOLD).exists():
        move(hold, Hold.Status.LAPSED, by=JOB, at=at, data={"order": str(hold.order_id), "reason": UNNEEDED})


def is_refundable(line: OrderLine) -> bool:
    """Paid, and its money neither back nor on its way: also a cancelled line whose refund the bank refused."""
    paid = line.paid_at is not None and line.status not in (Status.PENDING, Status.ON_HOLD, Status.REFUNDED)
    return paid and not refund_requested(line)


def _captured_payment(line: OrderLine) -> Payment:
    payment = Payment.objects.filter(purpose="order", reference=line.order_id, status=Payment.Status.CAPTURED).first()
    if payment is None or line.paid_at is None or refund_requested(line):
        raise CannotRefundLine
    return payment


def refund_requested(line: OrderLine) -> bool:
    """Is the line's money on its way back, or back?"""
    return Refund.objects.filter(reference=line.pk).exclude(status=Refund.Status.FAILED).exists()


def refund_refused(line: OrderLine) -> bool:
    """Did the bank refuse it? Then people ask again, not the clock, which would do so at every beat."""
    return Refund.objects.filter(reference=line.pk, status=Refund.Status.FAILED).exists()


def close_refunded_line(refund: Refund, *, at: datetime) -> None:
    """The money is back: the line, its guarantee, its withdrawal and its claim say so. Repeating it changes nothing."""
    with transaction.atomic():
        line = lock(OrderLine.objects.filter(pk=refund.reference)).first()
        if line is None or line.status == Status.REFUNDED:
            return
        if line.status in (Status.DELIVERED, Status.CLOSED):
            reverse_sale(line, at=at)  # delivered after all, while the refund was on its way
        move(line, Status.REFUNDED, by=JOB, at=at, due_at=None)
        _close(Guarantee.objects.filter(line=line), Guarantee.Status.VOID, at)
        _close(Withdrawal.objects.filter(line=line), Withdrawal.Status.REFUNDED, at)
        _close(Claim.objects.open().filter(line=line), Claim.Status.REFUNDED, at)


def _close(found: QuerySet[Any], status: str, at: datetime) -> None:
    for obj in lock(found):
        try:
            facts = {"due_at": None, "paused_at": None} if isinstance(obj, Claim) else {}
            move(obj, status, by=JOB, at=at, **facts)
        except IllegalMove:
            continue
