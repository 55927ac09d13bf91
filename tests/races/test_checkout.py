"""Many buyers at the same instant, on real threads and a real PostgreSQL."""

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from backmarket.errors import DomainError
from backmarket.payments.models import Payment, SandboxIntent
from backmarket.payments.services import open_payment, settle_payment
from catalog.models import Listing
from orders.models import Cart, Order, OrderLine
from orders.services.cart import add_to_cart, open_cart
from orders.services.checkout import place_order, settle_order
from tests.factories import AddressFactory, ListingFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

BUYERS = 20


def at_once(act: Callable[[int], Any], times: int) -> list[Any]:
    """What each of so many threads got or raised, all let go at the same moment."""
    gate = Barrier(times)

    def run(number: int) -> Any:
        try:
            gate.wait(timeout=30)
            return act(number)
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def carts(listing: Listing, count: int, at: datetime) -> list[Cart]:
    made = [open_cart(None, None) for _buyer in range(count)]
    for cart in made:
        add_to_cart(cart, listing, quantity=1, at=at)
    return made


def order_from(cart: Cart, at: datetime, key: uuid.UUID | None = None) -> Order:
    return place_order(
        cart,
        address=AddressFactory(),
        email="guest@example.com",
        buyer=None,
        language="en",
        checkout_key=key or uuid.uuid4(),
        conditions_version="2026-11",
        by="guest",
        at=at,
    )


def test_twenty_buyers_of_the_last_device_make_one_order(now: datetime) -> None:
    listing = ListingFactory(on_hand=1)
    waiting = carts(listing, BUYERS, now)

    results = at_once(lambda number: order_from(waiting[number], now), BUYERS)

    assert Counter(type(result).__name__ for result in results) == {"Order": 1, "OutOfStock": BUYERS - 1}
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (1, 1)
    assert (Order.objects.count(), OrderLine.objects.count(), Payment.objects.count()) == (1, 1, 1)


def test_control_without_the_check_in_the_update_the_last_device_is_promised_to_many(now: datetime) -> None:
    """The same race, looked at before it is taken: what the conditional UPDATE protects from."""
    listing = ListingFactory(on_hand=1)
    looked = Barrier(5)

    def naive(_number: int) -> bool:
        free = Listing.objects.get(pk=listing.pk).available > 0
        looked.wait(timeout=30)
        return free

    assert sum(at_once(naive, 5)) == 5
    with pytest.raises(Exception, match="listing_never_oversold"):
        Listing.objects.filter(pk=listing.pk).update(reserved=F("reserved") + 5)


def test_ten_clicks_on_one_checkout_make_one_order(now: datetime) -> None:
    listing, key = ListingFactory(on_hand=10), uuid.uuid4()
    (cart,) = carts(listing, 1, now)

    results = at_once(lambda _number: order_from(cart, now, key), 10)

    assert len({result.pk for result in results}) == 1
    listing.refresh_from_db()
    assert (Order.objects.count(), Payment.objects.count(), listing.reserved) == (1, 1, 1)


def test_webhook_and_browser_settle_a_payment_once(now: datetime) -> None:
    from backmarket.payments.gateways import sandbox

    listing = ListingFactory(on_hand=10)
    (cart,) = carts(listing, 1, now)
    order = order_from(cart, now)
    payment = Payment.objects.get()
    open_payment(payment, return_url="http://testserver/", at=now)
    sandbox.pay(SandboxIntent.objects.get(), "4242 4242 4242 4242")

    def settle(_number: int) -> None:
        settle_payment(payment.pk, at=now)
        settle_order(order.pk, at=now)

    assert at_once(settle, 8) == [None] * 8
    listing.refresh_from_db()
    order.refresh_from_db()
    assert (order.payment_status, order.lines.get().status) == ("captured", "paid")
    assert (listing.on_hand, listing.reserved) == (9, 0)
