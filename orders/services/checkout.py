"""From a cart to a paid order: stock first, then money, then the plants are told."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address, User
from backmarket.db import insert, lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record_with
from backmarket.market import calendar
from backmarket.money import Money, total
from backmarket.payments.models import Payment
from backmarket.payments.services import cancel_payment, request_refund, stray_payment
from backmarket.prepared import prepared_objects
from backmarket.states import move
from backmarket.templatetags.ui import money
from catalog.models import Listing
from catalog.services.stock import OutOfStock, release_stock, reserve_stock
from orders.express import Express, still_offered
from orders.models import Cart, CartItem, Consignment, Order, OrderLine
from orders.selectors import is_offered
from orders.services.capturing import capture_order
from orders.services.holds import foresee_hold, hold_authorised, lapse_unpaid
from orders.services.promises import promise_express
from orders.services.taxation import taxes_of
from orders.services.waiting import (
    JOB,
    PURPOSE,
    RESERVED_FOR,
    CannotOrder,
    ask_for_money,
    capture_where,
    same_order,
    snapshot_of,
)
from refurbishers.models import Refurbisher
from refurbishers.selectors import commission_rate

log = structlog.get_logger(__name__)


class CartChanged(DomainError):
    """A price or an offer is not what the buyer last saw; nothing was reserved."""

    code = "cart_changed"
    default_message = _("Something in your cart has changed since you looked. Check it and confirm again.")


def place_order(
    cart: Cart,
    *,
    address: Address,
    email: str,
    buyer: User | None,
    language: str,
    checkout_key: UUID,
    conditions_version: str,
    by: Actor,
    at: datetime,
    credit_minor: int = 0,
    express: Mapping[UUID, Express] | None = None,
) -> Order:
    """Reserve the stock, and so much of the buyer's credit, for ten minutes, freeze prices and commissions, and write
    the payment to be made. Raises NotEnoughCredit. `express`: plant → what the buyer saw of the express delivery that
    they chose for its parcel; raises ExpressChanged when that is not offered so any more.

    A cart has one order that waits for money: the same checkout again, from whatever page, gives that order, and
    another one replaces it. Raises CartChanged when a price or an offer is not what the buyer last saw, OutOfStock
    when others were quicker, CannotOrder for an empty cart, a plant's daily cap, or while the bank confirms another.
    A new address is saved with the order.
    """
    with transaction.atomic():
        cart = _locked(cart)
        met = _met(cart=cart.pk, key=checkout_key)
        known = next((order for order in met if order.checkout_key == checkout_key), None)
        waits = next((order for order in met if order.cart_id == cart.pk and order.payment_status in Order.OPEN), None)
        if known and known.payment_status == Order.PaymentStatus.CAPTURED:
            return _same_buyer(known, buyer, email, address)
        items = _items_to_buy(cart, at)
        chosen = still_offered(items, express, at) if express else {}
        snapshot = snapshot_of(items, address, email=email, buyer=buyer, credit_minor=credit_minor, express=chosen)
        if waiting := waits and same_order(waits, snapshot, by=by, at=at):
            return _same_buyer(waiting, buyer, email, address)
        if known and not _hand_over_key(known, snapshot):
            return _same_buyer(known, buyer, email, address)
        _hold_to_trial_cap({item.listing.plant for item in items}, at)
        if address._state.adding:
            insert(address)
        order = Order(
            cart=cart, address=address, email=email, buyer=buyer, language=language, checkout_key=checkout_key,
            conditions_version=conditions_version, placed_at=at, reserved_until=at + RESERVED_FOR, snapshot=snapshot,
        )  # fmt: skip
        _reserve(order, items, at)
        _write_order(order, items, chosen, by=by)
        capture = capture_where(held=foresee_hold(order, at=at))
        order.asked = ask_for_money(order, credit_minor=credit_minor, capture=capture, by=by, at=at)
    return order


@prepared_objects
def _met(cart: Any, key: Any) -> "QuerySet[Order]":
    """The order of this page, and the one of this cart that waits for its money, locked."""
    return lock(Order.objects.filter(Q(checkout_key=key) | Q(cart=cart, payment_status__in=Order.OPEN)))


def _locked(cart: Cart) -> Cart:
    found = _carts(pk=cart.pk)
    if not found or found[0].user_id != cart.user_id:
        raise CannotOrder(_("Your cart has moved to your account meanwhile. Open it again."))
    return found[0]


@prepared_objects
def _carts(pk: Any) -> "QuerySet[Cart]":
    return lock(Cart.objects.filter(pk=pk))


def _same_buyer(order: Order, buyer: User | None, email: str, address: Address) -> Order:
    """The order again; what a guest has typed once more is not kept twice."""
    if order.buyer_id != (buyer.pk if buyer else None) or order.email != email:
        raise CannotOrder(_("This page has already been used for another order. Start again from the cart."))
    if address.user_id is None and address.pk not in (None, order.address_id):
        address.delete()
    return order


def _hand_over_key(known: Order, snapshot: str) -> bool:
    """The page's key goes to its new order, unless the one that had it failed as just this one, or still waits."""
    known.refresh_from_db(fields=["payment_status"])
    replaced = known.payment_status == Order.PaymentStatus.CANCELLED
    if not replaced and (known.payment_status in Order.OPEN or known.snapshot == snapshot):
        return False
    return bool(Order.objects.filter(pk=known.pk).update(checkout_key=uuid4()))


def _reserve(order: Order, items: list[CartItem], at: datetime) -> None:
    demand = Counter[UUID]()
    for item in items:
        demand[item.listing_id] += item.quantity
    try:
        reserve_stock(holder=order.pk, demand=demand, expires_at=order.reserved_until, at=at)
    except OutOfStock as short:
        raise OutOfStock(short.listing_ids, _sold_out(items, short)) from short


def _sold_out(items: list[CartItem], short: OutOfStock) -> str:
    """Which devices others were quicker for: with several in the cart, "a device" helps nobody."""
    titles = {str(item.listing.variant) for item in items if item.listing_id in short.listing_ids}
    return _("Someone else was quicker, and not enough is left of this: %(devices)s. Nothing was taken from you.") % {
        "devices": ", ".join(sorted(titles))
    }


@prepared_objects
def _items(cart: Any, day: Any) -> "QuerySet[CartItem]":
    """With what the house takes of their plants' sales on this day of the market."""
    rows = CartItem.objects.filter(cart=cart).select_related("listing__plant", "listing__variant__product")
    # Nothing is paid out here, and an account number takes longer to decrypt than a row to read.
    return rows.defer("listing__plant__iban").annotate(commission_bps=commission_rate("listing__plant", day))


def _items_to_buy(cart: Cart, at: datetime) -> list[Any]:
    """The cart's items, by plant; raises CartChanged unless each can be bought at the price last seen."""
    items = _items(cart=cart.pk, day=calendar().local(at).date())
    if not items:
        raise CannotOrder(_("Your cart is empty."))
    for item in items:
        if not is_offered(item.listing) or item.listing.price_minor != item.seen_minor:
            raise CartChanged(_change_of(item))
    return sorted(items, key=lambda item: (str(item.listing.plant_id), item.pk))


def _change_of(item: CartItem) -> str:
    """What has changed since the buyer looked, in words."""
    listing = item.listing
    if not is_offered(listing):
        return _("%(device)s is not offered any more. Take it out of your cart and confirm again.") % {
            "device": listing.variant
        }
    before, now = Money(item.seen_minor, listing.currency), listing.price
    return _("The price of %(device)s has changed from %(before)s to %(now)s. Look at the sum and confirm again.") % {
        "device": listing.variant, "before": money(before), "now": money(now),
    }  # fmt: skip


def _hold_to_trial_cap(plants: Iterable[Refurbisher], at: datetime) -> None:
    """A plant on trial sends at most ten orders a day of the market."""
    trials = [plant.pk for plant in plants if plant.status == Refurbisher.Status.TRIAL]
    if not trials:
        return
    today = calendar().instant(calendar().local(at).date(), time())
    for plant in lock(Refurbisher.objects.filter(pk__in=trials)):
        placed = Consignment.objects.filter(plant=plant, order__placed_at__gte=today)
        lost = [Order.PaymentStatus.FAILED, Order.PaymentStatus.CANCELLED]
        if placed.exclude(order__payment_status__in=lost).count() >= Refurbisher.TRIAL_ORDERS_PER_DAY:
            raise CannotOrder(
                _("%(plant)s is new here and has reached its orders of today. Try tomorrow or another offer.")
                % {"plant": plant.name}
            )


def _write_order(order: Order, items: list[Any], chosen: Mapping[UUID, Express], *, by: Actor) -> None:
    """The order, a consignment per plant, a line per device, and that it was placed.

    Shipping: the dearest of a plant's offers, once, and what express costs where it was chosen.
    """
    currency = items[0].listing.currency
    parcels: list[Consignment] = []
    lines: list[OrderLine] = []
    for plant, group in groupby(items, key=lambda item: item.listing.plant_id):
        of_plant = list(group)
        shipping = max(item.listing.shipping for item in of_plant)
        consignment = Consignment(
            order=order, plant=of_plant[0].listing.plant, shipping_minor=shipping.minor, currency=currency
        )
        devices = [item.listing for item in of_plant for _device in range(item.quantity)]
        shares = shipping.split([1] * len(devices))
        rate = of_plant[0].commission_bps
        sent = [_frozen_line(consignment, *pair, commission_bps=rate) for pair in zip(devices, shares, strict=True)]
        if plant in chosen:
            promise_express(consignment, sent, chosen[plant])
        lines += sent
        parcels.append(consignment)
    order.total_minor, order.currency = total((line.gross for line in lines), currency).minor, currency
    record_with([order], parcels, lines, kind="order.placed", subject=order, by=by, at=order.placed_at)


def _frozen_line(consignment: Consignment, listing: Listing, shipping: Money, *, commission_bps: int) -> OrderLine:
    """A line with everything that must not change after the sale copied onto it."""
    order, commission = consignment.order, listing.price.share(commission_bps)
    vat, commission_vat = taxes_of(listing, order.address.country, order.placed_at)
    return OrderLine(
        order=order,
        consignment=consignment,
        plant=listing.plant,
        listing=listing,
        title=str(listing.variant)[:250],
        grade=listing.grade,
        price_minor=listing.price_minor,
        shipping_minor=shipping.minor,
        currency=listing.currency,
        commission_bps=commission_bps,
        commission_minor=commission.minor,
        commission_vat_minor=commission.share(commission_vat.bps).minor,
        commission_vat_bps=commission_vat.bps,
        vat_scheme=listing.vat_scheme,
        vat_country=vat.country,
        vat_bps=vat.bps,
        guarantee_months=listing.guarantee_months,
    )


@prepared_objects
def _order(pk: Any) -> "QuerySet[Order]":
    return lock(Order.objects.select_related("hold").filter(pk=pk))


@prepared_objects
def _taken(order: Any) -> "QuerySet[Payment]":
    """Its latest payment that the bank has said yes to."""
    return Payment.objects.filter(purpose=PURPOSE, reference=order, status__in=["authorised", "captured"])[:1]


def settle_order(order_id: UUID, *, at: datetime) -> None:
    """Follow the payment: authorised waits, for the bank or for people; captured makes every line paid, unless
    somebody has to look at it first. Repeating it changes nothing.

    Money that comes for an order already failed goes back in full, and so does what is not the order's total.
    """
    with transaction.atomic():
        [order] = _order(pk=order_id)
        paid = next(iter(_taken(order=order_id)), None)
        if paid is None or order.payment_status == Order.PaymentStatus.CAPTURED:
            return
        if (paid.amount, paid.credit) != (order.to_pay, order.credit):
            _refuse_other_amount(paid, at)
        elif order.payment_status in (Order.PaymentStatus.FAILED, Order.PaymentStatus.CANCELLED):
            _return_late_money(order, paid, at)
        elif paid.status == Payment.Status.CAPTURED:
            capture_order(order, paid, at)
        elif order.payment_status == Order.PaymentStatus.PENDING:
            move(order, Order.PaymentStatus.AUTHORISED, by=JOB, at=at)
            if paid.capture == Payment.Capture.MANUAL:
                hold_authorised(order, paid, at=at)


def _refuse_other_amount(payment: Payment, at: datetime) -> None:
    """Never fulfilled: taken money comes astray, where staff see it, and what is only authorised is released."""
    if payment.status == Payment.Status.CAPTURED:
        stray_payment(payment, reason="order_mismatch", by=JOB, at=at)
    elif not payment.capturing_at:
        log.error("order_amount_mismatch", payment=str(payment.pk))
        cancel_payment(payment, by=JOB, at=at)


def _return_late_money(order: Order, payment: Payment, at: datetime) -> None:
    if payment.status == Payment.Status.AUTHORISED and not payment.capturing_at:
        cancel_payment(payment, by=JOB, at=at)
    if payment.status == Payment.Status.CAPTURED and not payment.refunds.exclude(status="failed").exists():
        request_refund(payment, reference=order.pk, amount=order.total, reason="paid_too_late", by=JOB, at=at)


def fail_order(order_id: UUID, *, at: datetime) -> None:
    """No money came: the stock is free again and the lines are cancelled. Repeating it changes nothing."""
    with transaction.atomic():
        order = lock(Order.objects.filter(pk=order_id)).get()
        active = Payment.objects.filter(purpose=PURPOSE, reference=order_id, status__in=["authorised", "captured"])
        if order.payment_status not in (Order.PaymentStatus.PENDING, "authorised") or active.exists():
            return
        if lapse_unpaid(order, at=at):
            return
        move(order, Order.PaymentStatus.FAILED, by=JOB, at=at)
        release_stock(order.pk, at=at)
        for line in lock(order.lines.filter(status=OrderLine.Status.PENDING)):
            move(line, OrderLine.Status.CANCELLED, by=JOB, at=at, cancel_reason="not_paid", due_at=None)
