"""What one statement decides from rows that somebody else holds is decided from the rows as they are afterwards.

PostgreSQL reads a statement's rows as they were when it began, and looks again only at the row it had to wait for: at
its own condition, not at what other parts of the statement have chosen or joined. Protected by locking first and
deciding then: within `orders.services.cart.TAKE_OUT`, and in a statement of its own in `catalog.services.stock`.
"""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from backmarket.db import lock
from catalog.models import Listing, StockReservation
from catalog.services.stock import OutOfStock, reserve_stock
from orders.models import CartItem
from orders.services.cart import add_to_cart, change_quantity, open_cart, take_out
from refurbishers.models import Refurbisher
from tests.factories import ListingFactory
from tests.races.together import meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("before", "meant", "left"), [(1, 3, [2]), (3, 1, []), (3, 2, [1]), (1, 1, [])])
def test_what_was_bought_leaves_a_cart_whose_quantity_is_just_being_changed(
    before: int, meant: int, left: list[int], now: datetime
) -> None:
    listing = ListingFactory(on_hand=9)
    cart = open_cart(None, None)
    item = add_to_cart(cart, listing, quantity=before, at=now)

    meanwhile(
        lambda: change_quantity(item, quantity=meant, at=now),
        lambda: transaction.atomic(take_out)(cart.pk, {listing.pk: 1}),
    )

    assert list(CartItem.objects.values_list("quantity", flat=True)) == left


def test_a_plant_suspended_while_a_buyer_waits_for_its_listing_sells_nothing(now: datetime) -> None:
    listing = ListingFactory(on_hand=9)

    refusal = meanwhile(
        lambda: lock(Listing.objects.filter(pk=listing.pk)).get(),
        lambda: reserve_stock(holder=uuid4(), demand={listing.pk: 1}, expires_at=now + timedelta(minutes=10), at=now),
        lambda: Refurbisher.objects.filter(pk=listing.plant_id).update(status=Refurbisher.Status.SUSPENDED),
    )

    assert isinstance(refusal, OutOfStock)
    assert not StockReservation.objects.exists()
