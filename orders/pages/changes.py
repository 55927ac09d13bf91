"""The page that asks before something is called off."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from backmarket.money import Money, total
from backmarket.payments.services.refunds import credit_in_refund
from orders.models import Order, OrderLine
from orders.selectors import payment_of, refund_arrives_by

Line = OrderLine.Status


@dataclass(frozen=True)
class CallingOff:
    """What is cancelled at once, what the plant is asked for, and the money that comes back: `set_aside` where none of
    it is charged yet, and `unheard` where no plant knows of it.
    `by_credit` of it is free again as the buyer's credit."""

    order_id: UUID
    at_once: list[OrderLine]
    by_plant: list[OrderLine]
    back: Money
    arrives_date: date
    set_aside: bool
    unheard: bool
    by_credit: Money

    @property
    def by_bank(self) -> Money:
        return self.back - self.by_credit


def calling_off(order_id: UUID, lines: Iterable[OrderLine], at: datetime) -> CallingOff:
    lines = list(lines)
    at_once = [line for line in lines if line.status in (Line.PAID, Line.ON_HOLD)]
    by_plant = [line for line in lines if line.status == Line.ACCEPTED and not hasattr(line, "cancel_request")]
    both = [*at_once, *by_plant]
    back = total((line.gross for line in both), both[0].currency)
    by_credit = _by_credit(both[0].order, back)
    return CallingOff(
        order_id, at_once, by_plant, back, refund_arrives_by(at),
        set_aside=any(line.paid_at is None for line in at_once),
        unheard=all(line.status == Line.ON_HOLD for line in at_once),
        by_credit=by_credit,
    )  # fmt: skip


def _by_credit(order: Order, back: Money) -> Money:
    """As the refund will split it; nothing is asked about an order that no credit has paid."""
    payment = payment_of(order) if order.credit else None
    if payment is None:
        return order.credit
    return credit_in_refund(payment, back) if payment.status == payment.Status.CAPTURED else order.credit


def cancelled_words(order: Order) -> str:
    """Said once something of a paid, or a held, order is cancelled: where its money is, or who is asked for it."""
    if not order.to_pay:
        return _("Cancelled. What you paid with your credit is yours to use again.")
    if order.payment_status == Order.PaymentStatus.CAPTURED:
        if order.credit:
            return _(
                "Cancelled. What you paid with your credit is yours to use again, and your bank has been asked to give"
                " you the rest back."
            )
        return _("Cancelled. Your bank has been asked to give you the money back.")
    if order.credit:
        return _(
            "Cancelled. Nothing was charged: your bank frees what it had set aside, and your credit is yours to use"
            " again."
        )
    return _("Cancelled. Nothing was charged: your bank frees what it had set aside.")
