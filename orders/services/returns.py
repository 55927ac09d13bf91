"""Withdrawal from a contract: no reason asked, per line, refunded when the device is back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.market import calendar
from backmarket.shipping.models import Parcel
from backmarket.shipping.services import create_parcel
from backmarket.states import move
from catalog.services.units import take_back_unit
from orders.models import Claim, OrderLine, Withdrawal
from orders.services.cancelling import WHY_NOT
from orders.services.claims.cases import withdraw_claim
from orders.services.refunds import refund_line, refund_refused, refund_requested
from refurbishers.services.addresses import plant_address

COURIER = "system:courier"
MAX_SENDINGS = 3
NOT_SENT = (Parcel.Status.CREATED, Parcel.Status.CANCELLED)


CANCELLABLE = (OrderLine.Status.PAID, OrderLine.Status.ACCEPTED)
WITHDRAWABLE = (OrderLine.Status.SHIPPED, OrderLine.Status.DELIVERED, OrderLine.Status.CLOSED)


class CannotWithdraw(DomainError):
    code = "cannot_withdraw"
    default_message = _("This device cannot be returned any more: the 30 days after delivery are over.")


def withdraw_until(line: OrderLine) -> datetime | None:
    """The instant from which it is too late; None before delivery."""
    if line.delivered_at is None:
        return None
    return calendar().days_after(line.delivered_at, OrderLine.WITHDRAW_WITHIN_DAYS)


def require_withdrawable(line: OrderLine, *, at: datetime) -> None:
    """Raises CannotWithdraw, with the reason in words, unless the line may be withdrawn from now.

    The period ends 30 days after delivery; it begins with the contract (directive 2011/83, article 9), so that what is
    still on its way may be withdrawn from too.
    """
    until = withdraw_until(line)
    if line.status == OrderLine.Status.ON_HOLD:
        raise CannotWithdraw(WHY_NOT[line.status])
    if line.status in CANCELLABLE:
        raise CannotWithdraw(_("This device has not been sent yet: cancel it instead."))
    if line.status not in WITHDRAWABLE:
        raise CannotWithdraw(_("This device is not paid, or has already been refunded."))
    if until is not None and at >= until:
        raise CannotWithdraw
    if Withdrawal.objects.filter(line=line).exists() or refund_requested(line):
        raise CannotWithdraw(_("You have already withdrawn from this purchase."))


def confirm_withdrawal(line: OrderLine, *, name: str, by: Actor, at: datetime) -> Withdrawal:
    """The buyer's statement, dated; a prepaid parcel back to the plant is made, an open claim ends.

    Raises CannotWithdraw when it is too late, done before, or the device is at the plant for a repair.
    """
    with transaction.atomic():
        line = (
            lock(OrderLine.objects.filter(pk=line.pk))
            .select_related("consignment__order__address", "consignment__address", "order", "plant")
            .get()
        )
        require_withdrawable(line, at=at)
        _end_claim(line, by, at)
        withdrawal = Withdrawal(
            line=line,
            name=name,
            confirmed_at=at,
            refund_by=calendar().days_after(at, Withdrawal.REFUND_WITHIN_DAYS),
        )
        withdrawal.parcel = _label(withdrawal, by=by, at=at)
        withdrawal.save(force_insert=True)
        record("withdrawal.confirmed", withdrawal, by=by, at=at)
    return withdrawal


def _label(withdrawal: Withdrawal, *, by: Actor, at: datetime) -> Parcel:
    line = withdrawal.line
    return create_parcel(
        purpose=Parcel.Purpose.WITHDRAWAL,
        reference=withdrawal.pk,
        sender=line.consignment.destination,
        recipient=plant_address(line.plant),
        insured=line.price,
        by=by,
        at=at,
        mark=str(line.order.number),
    )


def _end_claim(line: OrderLine, by: Actor, at: datetime) -> None:
    claim = Claim.objects.open().filter(line=line).first()
    if claim is None:
        return
    if Claim.Status.WITHDRAWN not in Claim.MOVES.get(claim.status, set()):
        raise CannotWithdraw(_("The device is on its way to the plant or there for a claim: ask for the refund there."))
    withdraw_claim(claim, by=by, at=at)


def receive_return(withdrawal: Withdrawal, *, by: Actor, at: datetime) -> None:
    """The device is back at the plant: the money goes back to the buyer, the device to the workshop."""
    with transaction.atomic():
        move(withdrawal, Withdrawal.Status.RETURNED, by=by, at=at)
        line = withdrawal.line
        if not refund_requested(line):
            refund_line(line, reason="withdrawal", by=by, at=at)
        if line.unit:
            take_back_unit(line.unit, by=by, at=at)


def sent_back(at: datetime) -> QuerySet[Withdrawal]:
    """Those to be refunded by now whose device is on its way: whoever has used one of their labels has sent it."""
    used = Parcel.objects.filter(purpose=Parcel.Purpose.WITHDRAWAL, reference=OuterRef("pk")).exclude(
        status__in=NOT_SENT
    )
    late = Withdrawal.objects.filter(status=Withdrawal.Status.CONFIRMED, refund_by__lte=at)
    return late.filter(Q(parcel=None) | Exists(used))


def label_again(withdrawal: Withdrawal, parcel_id: UUID, *, by: Actor, at: datetime) -> None:
    """The courier could not hand the return to the plant, and the buyer has it again: a new label, and the news of it.

    Not for an earlier parcel, nor after the last sending: a wrong address does not mend itself. The refund does not
    wait for the second journey, for the buyer has sent the device once.
    """
    with transaction.atomic():
        locked = (
            lock(Withdrawal.objects.filter(pk=withdrawal.pk))
            .select_related("line__consignment__order__address", "line__plant")
            .get()
        )
        sent = Parcel.objects.filter(purpose=Parcel.Purpose.WITHDRAWAL, reference=locked.pk).count()
        if locked.status != Withdrawal.Status.CONFIRMED or locked.parcel_id != parcel_id or sent >= MAX_SENDINGS:
            return
        locked.parcel = _label(locked, by=by, at=at)
        locked.save(update_fields=["parcel"])
        record("withdrawal.turned_back", locked, by=by, at=at)


def refund_sent_return(withdrawal: Withdrawal, *, at: datetime) -> bool:
    """Refund a locked withdrawal whose device was handed to the courier in time but has not arrived in 14 days.

    Until the device is handed over the refund may wait (directive 2011/83, article 13.3). False when it waits, or
    is on its way already.
    """
    line = withdrawal.line
    if refund_requested(line) or refund_refused(line) or not sent_back(at).filter(pk=withdrawal.pk).exists():
        return False
    refund_line(line, reason="withdrawal", by="system:deadlines", at=at)
    return True


def refund_lost_return(withdrawal: Withdrawal, *, at: datetime) -> None:
    """The courier lost the return: that is not the buyer's loss."""
    refund_line(withdrawal.line, reason="withdrawal", by=COURIER, at=at)
