"""Two tabs merge a guest's cart while a third adds to it: every device once, and one cart.

Protected by the lock on both carts; the control merges without it and counts devices twice.
"""

from datetime import datetime
from functools import partial

import pytest

from backmarket.accounts.models import User
from orders.models import Cart, CartItem
from orders.services import merging
from orders.services.cart import CannotAdd, add_to_cart, open_cart
from tests.factories import ListingFactory
from tests.races.together import at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_two_tabs_merge_at_once_while_a_third_adds(alice: User, now: datetime) -> None:
    listing, other = ListingFactory(on_hand=50), ListingFactory(on_hand=50)
    for _round in range(5):
        CartItem.objects.all().delete()
        add_to_cart(open_cart(alice, None), listing, quantity=1, at=now)
        guests = open_cart(None, None)
        add_to_cart(guests, listing, quantity=2, at=now)
        merge = partial(merging.merge_carts, guests, alice, at=now)

        merged = at_once([merge, merge, partial(add_to_cart, guests, other, quantity=1, at=now)])

        added = not isinstance(merged[2], Exception)
        assert added or isinstance(merged[2], CannotAdd)
        assert sorted(each.joined for each in merged[:2]) == [False, True]
        wanted = {(listing.pk, 3), (other.pk, 1)} if added else {(listing.pk, 3)}
        assert set(Cart.objects.get().items.values_list("listing_id", "quantity")) == wanted


def test_control_without_the_lock_what_was_added_meanwhile_is_lost(
    alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = ListingFactory(on_hand=50)
    guests = open_cart(None, None)
    add_to_cart(open_cart(alice, None), listing, quantity=1, at=now)
    add_to_cart(guests, listing, quantity=2, at=now)
    monkeypatch.setattr(merging, "lock", lambda rows: rows)
    merge = partial(merging.merge_carts, guests, alice, at=now)

    second = meanwhile(merge, merge)

    assert second.joined  # though the first had moved everything
