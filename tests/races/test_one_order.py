"""Ten tabs of one checkout, each with a key of its own, confirmed in the same instant: one order and one payment.

Protected by the lock on the cart and the look for its waiting order under it, and by a constraint beneath; the control
places the orders without either.
"""

from collections import Counter
from datetime import datetime
from functools import partial

import pytest
from django.db import connection

from backmarket.payments.models import Payment
from orders.models import Cart, Order
from orders.services import checkout
from orders.services.cart import add_to_cart, open_cart
from tests.factories import AddressFactory, ListingFactory
from tests.orders.conftest import place_from
from tests.races.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

TABS = 10


def full_cart(at: datetime) -> Cart:
    cart = open_cart(None, None)
    add_to_cart(cart, ListingFactory(on_hand=50), quantity=2, at=at)
    return cart


def test_ten_tabs_make_one_order(now: datetime) -> None:
    cart, address = full_cart(now), AddressFactory()
    place = partial(place_from, cart, buyer=None, at=now, address=address)

    results = at_once([place] * TABS)

    assert {type(result) for result in results} == {Order}
    assert len({result.pk for result in results}) == 1
    assert (Order.objects.count(), Payment.objects.count(), Cart.objects.get().items.get().listing.reserved) == (
        1,
        1,
        2,
    )


def test_ten_different_checkouts_leave_one_order_waiting(now: datetime) -> None:
    cart = full_cart(now)
    calls = [partial(place_from, cart, buyer=None, at=now, email=f"{tab}@example.com") for tab in range(TABS)]

    at_once(calls)

    assert Counter(Order.objects.values_list("payment_status", flat=True)) == {"pending": 1, "cancelled": TABS - 1}
    assert Counter(Payment.objects.values_list("status", flat=True)) == {"pending": 1, "cancelled": TABS - 1}
    assert Cart.objects.get().items.get().listing.reserved == 2


def test_control_without_the_look_and_the_constraint_each_tab_makes_an_order(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    cart, address = full_cart(now), AddressFactory()
    monkeypatch.setattr(checkout, "same_order", lambda *_args, **_more: None)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX order_one_open_per_cart")
    try:
        at_once([partial(place_from, cart, buyer=None, at=now, address=address)] * TABS)
        assert (Order.objects.count(), Payment.objects.count()) == (TABS, TABS)
    finally:
        Order.objects.update(cart=None)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX order_one_open_per_cart ON orders_order (cart_id)"
                " WHERE payment_status IN ('pending', 'authorised')"
            )
