"""Two carts with the same two offers in opposite order never wait for each other in a circle.

Protected by `backmarket.db.lock`, which locks rows in primary-key order whatever the cart's order is. Locked in the
order of the cart, the two stand in a deadlock, as the control shows.
"""

import uuid
from collections import Counter
from datetime import datetime
from functools import partial
from threading import Barrier

import pytest
from django.db import OperationalError, transaction

from catalog.models import Listing
from orders.models import Cart, Order
from orders.services.cart import add_to_cart, open_cart
from orders.services.checkout import place_order
from tests.factories import AddressFactory, ListingFactory, RefurbisherFactory
from tests.races.together import PATIENCE, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 200
STOCK = 100


def cart_with(*listings: Listing, at: datetime) -> Cart:
    cart = open_cart(None, None)
    for listing in listings:
        add_to_cart(cart, listing, quantity=1, at=at)
    return cart


def buy(cart: Cart, at: datetime) -> Order:
    return place_order(
        cart,
        address=AddressFactory(),
        email="guest@example.com",
        buyer=None,
        language="en",
        checkout_key=uuid.uuid4(),
        conditions_version="2026-11",
        by="guest",
        at=at,
    )


def test_carts_in_opposite_order_neither_deadlock_nor_oversell(now: datetime) -> None:
    plant = RefurbisherFactory()
    one, two = ListingFactory(plant=plant, on_hand=STOCK), ListingFactory(plant=plant, on_hand=STOCK)
    pairs = [(cart_with(one, two, at=now), cart_with(two, one, at=now)) for _round in range(ROUNDS)]

    results = [result for pair in pairs for result in at_once([partial(buy, cart, now) for cart in pair])]

    outcomes = Counter(type(result).__name__ for result in results)
    assert outcomes == {"Order": STOCK, "OutOfStock": 2 * ROUNDS - STOCK}
    assert list(Listing.objects.values_list("on_hand", "reserved")) == [(STOCK, STOCK)] * 2


def test_control_locking_in_the_order_of_the_cart_deadlocks() -> None:
    one, two, halfway = ListingFactory(), ListingFactory(), Barrier(2)

    def naive(first: Listing, second: Listing) -> None:
        with transaction.atomic():
            Listing.objects.select_for_update().get(pk=first.pk)
            halfway.wait(timeout=PATIENCE)
            Listing.objects.select_for_update().get(pk=second.pk)

    results = at_once([partial(naive, one, two), partial(naive, two, one)])

    (stuck,) = [result for result in results if isinstance(result, OperationalError)]
    assert "deadlock detected" in str(stuck)
