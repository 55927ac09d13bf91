"""The one order of a cart that waits for its money: asked for, found again, held longer, or given up for another."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address, AddressFields, User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor
from backmarket.money import Money
from backmarket.payments.models import Payment
from backmarket.payments.services import Credit, cancel_payment, prolong_credit, request_payment
from backmarket.states import move
from backmarket.templatetags.ui import money
from catalog.services.stock import OutOfStock, extend_reservation, release_stock, reserve_stock
from orders.express import Express
from orders.models import CartItem, Hold, Order, OrderLine

RESERVED_FOR = timedelta(minutes=10)
# However often the buyer goes on, counted from when the order was placed.
RESERVED_AT_MOST = timedelta(minutes=60)
PURPOSE = "order"
JOB = "system:checkout"
REPLACED = "buyer"
GIVEN_UP = "given_up"


class CannotOrder(DomainError):
    code = "cannot_order"
    default_message = _("This order cannot be placed.")


class ReservationOver(DomainError):
    """The stock was held for as long as it may be."""

    code = "reservation_over"
    default_message = _(
        "Your devices were kept aside for an hour, which is over. Nothing was charged: check your cart and order again."
    )


class DevicesGone(DomainError):
    """The reservation had run out, and others have bought meanwhile."""

    code = "devices_gone"


def snapshot_of(
    items: Sequence[CartItem],
    address: Address,
    *,
    email: str,
    buyer: User | None,
    credit_minor: int = 0,
    express: Mapping[UUID, Express] | None = None,
) -> str:
    """A fingerprint of all that makes two checkouts the same: who buys what, at which price, sent where, how paid."""
    bought = sorted(
        [str(item.listing_id), item.quantity, item.listing.price_minor, item.listing.shipping_minor,
         item.listing.currency] for item in items
    )  # fmt: skip
    sent = [str(getattr(address, field.name)) for field in AddressFields._meta.get_fields()]
    more: list[object] = [credit_minor] if credit_minor else []
    if express:
        more.append(sorted([str(plant), promise.token] for plant, promise in express.items()))
    facts = json.dumps([str(buyer.pk) if buyer else "", email, sent, bought, *more])
    return hashlib.sha256(facts.encode()).hexdigest()


def same_order(waiting: Order, snapshot: str, *, by: Actor, at: datetime) -> Order | None:
    """The waiting order of a cart, both locked, if it is just this one, its stock held for ten more minutes.

    Another gives way. Raises CannotOrder while money for another is on its way, OutOfStock when the devices have gone.
    """
    same = waiting.snapshot == snapshot
    if is_being_paid(waiting):
        if not same:
            raise CannotOrder(_being_paid(waiting))
        return waiting
    if same and at < waiting.placed_at + RESERVED_AT_MOST:
        _hold(waiting, at)
        return waiting
    give_way(waiting, by=by, at=at)
    return None


def ask_for_money(
    order: Order, *, by: Actor, at: datetime, credit_minor: int = 0, capture: Payment.Capture | None = None
) -> Payment:
    """The payment of a waiting order: what the buyer's credit does not cover, and that credit kept until then.

    A new order, just written, is told how much credit it uses and how its money is asked for. Raises CannotPay when it
    is paid already, CannotOrder when it cannot use so much, NotEnoughCredit.
    """
    if credit_minor:
        _use_credit(order, credit_minor)
    credit = Credit(order.buyer, order.credit, order.reserved_until) if order.credit and order.buyer else None
    return request_payment(
        purpose=PURPOSE, reference=order.pk, amount=order.to_pay, by=by, at=at, credit=credit,
        capture=capture or capture_of(order), is_first=capture is not None,
    )  # fmt: skip


def capture_of(order: Order) -> Payment.Capture:
    """How its money is asked for: by hand where the order is to be held."""
    return capture_where(held=Hold.objects.filter(order=order).exists())


def capture_where(*, held: bool) -> Payment.Capture:
    return Payment.Capture.MANUAL if held else Payment.Capture.AUTOMATIC


def _use_credit(order: Order, credit_minor: int) -> None:
    if order.buyer is None or credit_minor > order.total_minor:
        raise CannotOrder(_("So much credit cannot be used for this order."), field="credit")
    if 0 < order.total_minor - credit_minor < Order.LEAST_BY_CARD_MINOR:
        least = money(Money(Order.LEAST_BY_CARD_MINOR, order.currency))
        text = _("Banks take no card payment below %(least)s: use all of your credit for this order, or less of it.")
        raise CannotOrder(text % {"least": least}, field="credit")
    order.credit_minor = credit_minor
    order.save(update_fields=["credit_minor"])


def is_being_paid(order: Order) -> bool:
    money = Payment.objects.filter(purpose=PURPOSE, reference=order.pk, status__in=["authorised", "captured"])
    return order.payment_status != Order.PaymentStatus.PENDING or money.exists()


def _being_paid(order: Order) -> str:
    text = _("Your bank is just confirming order %(number)s from this cart. Wait for it before you order again.")
    return text % {"number": order.number}


def give_up_order(order: Order, *, by: Actor, at: datetime) -> None:
    """The buyer does not want to pay after all: the stock is free at once. Repeating it changes nothing.

    Raises CannotOrder while the bank confirms the money, and once it has come.
    """
    with transaction.atomic():
        order = lock(Order.objects.filter(pk=order.pk)).get()
        if order.payment_status in (Order.PaymentStatus.CANCELLED, Order.PaymentStatus.FAILED):
            return
        if is_being_paid(order):
            raise CannotOrder(_("Your bank is just confirming this order. Once it is paid you may cancel each device."))
        give_way(order, by=by, at=at, reason=GIVEN_UP)


def give_way(order: Order, *, by: Actor, at: datetime, reason: str = REPLACED) -> None:
    """Give up a locked order that nobody has paid: its payment first, so that no money can come for it any more."""
    for payment in Payment.objects.filter(purpose=PURPOSE, reference=order.pk, status=Payment.Status.PENDING):
        cancel_payment(payment, by=by, at=at)
    move(order, Order.PaymentStatus.CANCELLED, by=by, at=at)
    release_stock(order.pk, at=at)
    for line in lock(order.lines.filter(status=OrderLine.Status.PENDING)):
        move(line, OrderLine.Status.CANCELLED, by=by, at=at, cancel_reason=reason, due_at=None)


def prolong_order(order: Order, *, at: datetime) -> None:
    """The buyer goes on to pay: ten more minutes for the stock, an hour in all.

    Raises CannotOrder once the order is not pending, ReservationOver after that hour, and DevicesGone when the
    reservation had run out and the stock has been taken.
    """
    with transaction.atomic():
        order = lock(Order.objects.filter(pk=order.pk)).get()
        if order.payment_status != Order.PaymentStatus.PENDING:
            raise CannotOrder(_("This order is not waiting for a payment."))
        if at >= order.placed_at + RESERVED_AT_MOST:
            raise ReservationOver
        try:
            _hold(order, at)
        except OutOfStock as short:
            raise DevicesGone(_gone(order, short)) from short


def _hold(order: Order, at: datetime) -> None:
    """Hold the order's stock for ten minutes from now, taking again what had run out; all of it or nothing."""
    until = min(at + RESERVED_FOR, order.placed_at + RESERVED_AT_MOST)
    demand = Counter(order.lines.values_list("listing_id", flat=True))
    if extend_reservation(order.pk, expires_at=until, at=at) < len(demand):
        reserve_stock(holder=order.pk, demand=demand, expires_at=until, at=at)
    for payment in lock(Payment.objects.filter(purpose=PURPOSE, reference=order.pk, status=Payment.Status.PENDING)):
        prolong_credit(payment, until=until, at=at)
    order.reserved_until = until
    order.save(update_fields=["reserved_until"])


def _gone(order: Order, short: OutOfStock) -> str:
    titles = order.lines.filter(listing_id__in=short.listing_ids).values_list("title", flat=True)
    return _(
        "Your time to pay ran out and this was sold meanwhile: %(devices)s. Nothing was charged: change your cart and "
        "order again."
    ) % {"devices": ", ".join(sorted(set(titles)))}
