"""Calling off what has not been sent: at once until the plant accepts, by a request afterwards.

What somebody looks at first may be called off at once too: by the device where its money has come, and as a whole where
the bank has only set it aside. What the buyer's bank is asked to take back waits for the bank.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.payments.models import Refund
from backmarket.states import move
from orders.models import CancelRequest, Consignment, Order, OrderLine
from orders.selectors import is_disputed
from orders.services.holds import call_off_held
from orders.services.refunds import open_hold, refund_line
from orders.services.waiting import give_up_order

# The buyer's own wish: the device stays on its shelf, and nothing is held against the plant.
BY_BUYER = "buyer"
Status = OrderLine.Status
# Where a line stands -> why it cannot be cancelled at once, and what may be done instead.
WHY_NOT: dict[str, str | Promise] = {
    Status.PENDING: _("This order is not paid yet: give it up as a whole."),
    Status.ON_HOLD: _("This order is being checked: it is cancelled as a whole or, once it is charged, by the device."),
    Status.ACCEPTED: _("The plant has accepted this device meanwhile. You may ask it to cancel."),
    Status.SHIPPED: _("This device is on its way already. You may withdraw from the contract instead."),
    Status.DELIVERED: _("This device has been delivered. You may withdraw from the contract instead."),
    Status.CANCELLED: _("This device is cancelled already."),
    Status.REFUNDED: _("This device is cancelled already."),
}


DISPUTED = _("Your bank looks into this payment. Until it has decided, nothing can be cancelled here.")
ASKED = _("You have asked the plant to cancel this device already.")


class CannotCancel(DomainError):
    """The line is not where it could be called off this way; the message says what may be done instead."""

    code = "cannot_cancel"
    default_message = _("This device cannot be cancelled any more.")


class CalledOff(NamedTuple):
    """What became of a parcel that its buyer called off."""

    cancelled: int
    asked: int


def cancel_line(line: OrderLine, *, by: Actor, at: datetime) -> Refund:
    """The buyer calls off a paid device that its plant has not accepted, or not even been told of: refunded in full,
    back on its shelf.

    Raises CannotCancel.
    """
    with transaction.atomic():
        open_hold(line.order_id)  # before the line, as whoever decides
        _require_undisputed(line.order_id)
        locked = lock(OrderLine.objects.filter(pk=line.pk)).get()
        if not is_free(locked):
            raise CannotCancel(WHY_NOT.get(locked.status, CannotCancel.default_message))
        return refund_line(locked, reason=BY_BUYER, by=by, at=at)


def is_free(line: OrderLine) -> bool:
    """May its buyer call it off without asking anybody?"""
    return line.status == Status.PAID or (line.status == Status.ON_HOLD and line.paid_at is not None)


def call_off_order(order: Order, *, by: Actor, at: datetime) -> None:
    """The whole of it, before anybody is told: given up where it waits for its money, and cancelled where somebody
    looks at it. Repeating it changes nothing.

    Raises CannotCancel once its plants are told, or while its payment is disputed; CannotOrder while its money comes.
    """
    with transaction.atomic():
        _require_undisputed(order.pk)
        if call_off_held(order, by=by, at=at):
            return
        order.refresh_from_db(fields=["payment_status"])
        if order.payment_status != Order.PaymentStatus.CAPTURED:
            give_up_order(order, by=by, at=at)
        elif order.lines.exclude(status__in=[Status.CANCELLED, Status.REFUNDED]).exists():
            raise CannotCancel(_("This order is paid, and its plants are told: cancel each device."))


def ask_to_cancel(line: OrderLine, *, by: Actor, at: datetime) -> CancelRequest:
    """The buyer asks the plant to call off what it has accepted; asking again gives the request there is.

    Raises CannotCancel.
    """
    with transaction.atomic():
        _require_undisputed(line.order_id)
        locked = _locked(line, Status.ACCEPTED)
        request, new = CancelRequest.objects.get_or_create(line=locked, defaults={"opened_at": at})
        if new:
            record("cancel_request.opened", request, by=by, at=at)
    return request


def take_back_request(line: OrderLine, *, by: Actor, at: datetime) -> None:
    """The buyer wants the device after all: as if they had not asked, so that they may ask again.

    Raises CannotCancel once the plant has answered, or sent it.
    """
    with transaction.atomic():
        locked = _locked(line, Status.ACCEPTED)
        request = lock(CancelRequest.objects.filter(line=locked, status=CancelRequest.Status.OPEN)).first()
        if request is None:
            raise CannotCancel(_("There is no open request for this device (any more)."))
        record("line.request_taken_back", locked, by=by, at=at)
        request.delete()


def call_off_consignment(consignment: Consignment, *, by: Actor, at: datetime) -> CalledOff:
    """The whole parcel: what is not accepted is cancelled at once, for the rest the plant is asked.

    Raises CannotCancel when there is nothing left to call off.
    """
    with transaction.atomic():
        open_hold(consignment.order_id)
        unsent = Q(status__in=[Status.PAID, Status.ACCEPTED]) | Q(status=Status.ON_HOLD, paid_at__isnull=False)
        lines = list(lock(consignment.lines.filter(unsent)))
        cancelled = [cancel_line(line, by=by, at=at) for line in lines if is_free(line)]
        asked = [ask_to_cancel(line, by=by, at=at) for line in lines if line.status == Status.ACCEPTED]
        if not lines:
            raise CannotCancel
    return CalledOff(len(cancelled), len(asked))


def grant_cancellation(request: CancelRequest, *, by: Actor, at: datetime) -> Refund:
    """The plant agrees: refunded in full, not held against it. Raises CannotCancel once it has been sent."""
    with transaction.atomic():
        line = _locked(request.line, Status.ACCEPTED)
        move(request, CancelRequest.Status.GRANTED, by=by, at=at)
        return refund_line(line, reason=BY_BUYER, by=by, at=at)


def refuse_cancellation(request: CancelRequest, *, answer: str, by: Actor, at: datetime) -> None:
    """The plant sends it all the same and says why, in words for the buyer, who may withdraw once it is on its way."""
    with transaction.atomic():
        _locked(request.line, Status.ACCEPTED)
        move(request, CancelRequest.Status.REFUSED, by=by, at=at, answer=answer)


def lapse_request(line: OrderLine, *, by: Actor, at: datetime) -> None:
    """It has been sent: an open request of a locked line is answered by that."""
    for request in lock(CancelRequest.objects.filter(line=line, status=CancelRequest.Status.OPEN)):
        move(request, CancelRequest.Status.LAPSED, by=by, at=at)


def require_cancellable(lines: Iterable[OrderLine]) -> None:
    """Raises CannotCancel, with what may be done instead, unless one of the lines can be called off or asked for."""
    why: str | Promise = CannotCancel.default_message
    for line in lines:
        if is_free(line) or (line.status == Status.ACCEPTED and not hasattr(line, "cancel_request")):
            return _require_undisputed(line.order_id)
        why = ASKED if line.status == Status.ACCEPTED else WHY_NOT.get(line.status, why)
    raise CannotCancel(why)


def require_held(lines: Iterable[OrderLine]) -> None:
    """Raises CannotCancel unless the order of these lines, all of them, is one that somebody looks at."""
    lines = list(lines)
    if not any(line.status == Status.ON_HOLD for line in lines):
        raise CannotCancel(_("This order is not looked at (any more): cancel each device."))
    _require_undisputed(lines[0].order_id)


def _require_undisputed(order_id: UUID) -> None:
    """The money would go back twice."""
    if is_disputed(order_id):
        raise CannotCancel(DISPUTED)


def _locked(line: OrderLine, wanted: str) -> OrderLine:
    """The line, locked; raises CannotCancel, with what may be done instead, when it is in another status."""
    locked = lock(OrderLine.objects.filter(pk=line.pk)).get()
    if locked.status != wanted:
        raise CannotCancel(WHY_NOT.get(locked.status, CannotCancel.default_message))
    return locked
