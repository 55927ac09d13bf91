"""A shop with two plants, and orders brought to any point of their life through the services."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from backmarket.accounts.models import User
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import Payment, SandboxIntent
from backmarket.payments.services import open_payment, send_refunds, settle_payment
from backmarket.shipping.models import Parcel
from backmarket.states import move
from catalog.models import Listing
from orders.models import Cart, FraudRule, Order, OrderLine
from orders.services.cart import add_to_cart, open_cart
from orders.services.checkout import place_order
from orders.services.fulfilment import ship_consignment
from refurbishers.models import Refurbisher
from tests.factories import AddressFactory, ListingFactory, RefurbisherFactory, imei
from tests.ground.stripe_steps import bank  # noqa: F401

CARD = "4242 4242 4242 4242"


@pytest.fixture
def listing(plant: Refurbisher) -> Listing:
    """300.00 €, 4.90 € shipping, five in stock."""
    return ListingFactory(plant=plant, price_minor=30000, shipping_minor=490)


@pytest.fixture
def other_listing(db: None) -> Listing:
    """Another plant's: 199.99 €, free shipping."""
    return ListingFactory(plant=RefurbisherFactory(slug="loop", name="Loop"), price_minor=19999, shipping_minor=0)


@pytest.fixture
def no_rules(db: None) -> None:
    """Nobody has to look at an order first, however large it is."""
    FraudRule.objects.update(is_active=False)


@pytest.fixture
def place(now: datetime, alice: User) -> Callable[..., Order]:
    """Fill a cart with (listing, quantity) pairs and place the order."""

    def placed(*wanted: tuple[Listing, int], buyer: User | None = alice, at: datetime = now, **more: object) -> Order:
        cart = more.pop("cart", None) or open_cart(buyer, None)
        for offer, quantity in wanted:
            offer.refresh_from_db()
            add_to_cart(cart, offer, quantity=quantity, at=at)
        return place_from(cart, buyer=buyer, at=at, **more)

    return placed


def place_from(cart: Cart, *, buyer: User | None, at: datetime, **more: object) -> Order:
    details = {
        "address": AddressFactory(user=buyer),
        "email": buyer.email if buyer else "guest@example.com",
        "buyer": buyer,
        "language": "en",
        "checkout_key": uuid.uuid4(),
        "conditions_version": "2026-11",
        "by": buyer or "guest",
        "at": at,
    }
    return place_order(cart, **{**details, **more})


@pytest.fixture
def pay(drain: Callable[[], None], now: datetime) -> Callable[..., Order]:
    """The bank says yes (or, with another card, no), and everything reacts."""

    def paid(order: Order, *, at: datetime = now, card: str = CARD) -> Order:
        payment = Payment.objects.get(reference=order.pk)
        open_payment(payment, return_url="http://testserver/", at=at)
        sandbox.pay(SandboxIntent.objects.get(pk=f"pay_{payment.pk.hex}"), card)
        settle_payment(payment.pk, at=at)
        drain()
        order.refresh_from_db()
        return order

    return paid


@pytest.fixture
def deliver(drain: Callable[[], None], now: datetime) -> Callable[..., None]:
    """Ship every parcel of the order (or those `of` one plant) a day after `now` and deliver it two days after."""

    def delivered(order: Order, *, at: datetime = now, of: Refurbisher | None = None) -> None:
        for consignment in order.consignments.filter(plant=of) if of else order.consignments.all():
            numbers = {line.pk: imei() for line in consignment.lines.to_ship()}
            parcel = ship_consignment(
                consignment, identifiers=numbers, by="system:test", at=at + timedelta(days=1),
                courier="colissimo", tracking_number=uuid.uuid4().hex[:12],
            )  # fmt: skip
            carry(parcel, at=at + timedelta(days=2))
        drain()

    return delivered


def carry(parcel: Parcel, *, at: datetime, to: str = Parcel.Status.DELIVERED) -> None:
    """The courier's scan."""
    parcel.refresh_from_db()
    if not parcel.tracking_number:
        Parcel.objects.filter(pk=parcel.pk).update(tracking_number=uuid.uuid4().hex[:12].upper())
    data = {"purpose": parcel.purpose, "reference": str(parcel.reference)}
    move(parcel, to, by="courier:sandbox", at=at, data=data)


@pytest.fixture
def delivered_line(
    place: Callable[..., Order], pay: Callable[..., Order], deliver: Callable[..., None], listing: Listing
) -> OrderLine:
    """One device of `listing`, delivered on Wednesday 25 November 2026 at 10:00."""
    order = pay(place((listing, 1)))
    deliver(order)
    return OrderLine.objects.get(order=order)


@pytest.fixture
def settle_refunds(drain: Callable[[], None]) -> Callable[[datetime], None]:
    """The bank sends back what was asked."""

    def settled(at: datetime) -> None:
        send_refunds(at)
        drain()

    return settled
