"""What the order page says of an order that somebody looks at first."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from orders.models import Hold, Order, OrderLine
from orders.pages.parts import Next, state_words
from orders.services.holds import LAPSED, REFUSED
from orders.services.waiting import REPLACED


def is_open(order: Order) -> bool:
    """Does somebody look at it? `hold` is read with the order."""
    hold: Hold | None = getattr(order, "hold", None)
    return hold is not None and hold.status == Hold.Status.OPEN


def state_of(order: Order) -> str:
    """Of an order of which nothing goes back: is it being checked, is it paid?"""
    if is_open(order):
        return state_words(OrderLine.Status, OrderLine.Status.ON_HOLD)
    return state_words(Order.PaymentStatus, order.payment_status)


def next_of_held(order: Order, reasons: Collection[str] = ()) -> Next | None:
    """What a person looks at, and what was decided; None for an order that was never held, that is released and paid,
    or whose devices were all refunded before. `reasons` are those for which its lines were cancelled."""
    hold: Hold | None = getattr(order, "hold", None)
    if hold is None or hold.status == Hold.Status.FORESEEN:
        return None
    charged = order.payment_status == Order.PaymentStatus.CAPTURED
    if hold.status == Hold.Status.OPEN:
        text = _("Your payment has arrived, and goes back whole if we cannot take the order.")
        if not charged:
            text = _("Nothing is charged yet: your bank has only set the amount aside, and your devices are kept.")
            if not order.to_pay:
                text = _("Your credit is only kept for it until then, and so are your devices.")
        first = _("A person looks at it before the plant is told. You need not do anything.")
        return Next(_("We check your order"), f"{first} {text}", icon="clock", deadline=hold.expires_at)
    if hold.status == Hold.Status.RELEASED:
        if charged:
            return None
        return Next(
            _("Your order is confirmed"), _("Your bank completes the payment, and the plant is told."), icon="card"
        )
    if not {REFUSED, LAPSED} & {*reasons}:
        return _called_off(order) if REPLACED in reasons else None
    back = _goes_back(order) if charged else _("Nothing was charged.")
    text = _("We are sorry. If you still want the devices, order again, or write to us: a person answers.")
    return Next(_("We could not take this order"), f"{back} {text}", icon="info")


def _goes_back(order: Order) -> str:
    if not order.to_pay:
        return _("All of it is your credit again.")
    return _("All of it goes back to the means you paid with.")


def _called_off(order: Order) -> Next:
    text = _("Nothing was charged. Your bank frees what it has set aside; it may take a few days until it shows that.")
    if order.payment_status == Order.PaymentStatus.CAPTURED or not order.to_pay:
        text = _goes_back(order)
    return Next(_("You cancelled this order"), text, icon="info")
