"""The race for the last unit, through HTTP: twenty guests press the button in the same instant.

Protected by the lock of the listing, under which `catalog.services.stock.reserve_stock` decides, and by the CHECK
`listing_never_oversold`. Without the condition the CHECK stops the others, and they get an error page instead of words;
without both, all twenty buy the one device, as the control shows.
"""

from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import F
from django.test import Client
from django.urls import reverse

from backmarket.payments.models import Payment
from catalog.models import Listing, StockReservation
from orders.models import CartItem, Order, OrderLine
from tests.factories import ListingFactory
from tests.orders.test_views import ADDRESS
from tests.races.together import PATIENCE, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

GUESTS = 20


def guest_at_checkout(listing: Listing, number: int) -> tuple[Client, dict[str, Any]]:
    """A browser with the device in its cart and the checkout filled in."""
    browser = Client(raise_request_exception=False)
    browser.post(reverse("cart-add"), {"listing": str(listing.pk), "quantity": 1})
    key = browser.get(reverse("checkout")).context["form"]["checkout_key"].value()
    return browser, {"checkout_key": str(key), "email": f"guest{number}@example.com", "accept": "on", **ADDRESS}


def test_twenty_checkouts_of_the_last_unit_make_one_order_and_nineteen_clear_refusals() -> None:
    listing = ListingFactory(on_hand=1)
    guests = [guest_at_checkout(listing, number) for number in range(GUESTS)]
    assert CartItem.objects.filter(listing=listing).count() == GUESTS

    pages = at_once([lambda b=browser, d=data: b.post(reverse("checkout"), d) for browser, data in guests])

    assert sorted(page.status_code for page in pages) == [302] + [422] * (GUESTS - 1)
    assert all("Someone else was quicker" in page.content.decode() for page in pages if page.status_code == 422)
    (winner,) = [page for page in pages if page.status_code == 302]
    assert winner["Location"] == Payment.objects.get().checkout_url
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved, listing.available) == (1, 1, 0)
    counts = [model.objects.count() for model in (Order, OrderLine, Payment, StockReservation)]
    assert counts == [1, 1, 1, 1]


def test_control_looking_first_and_writing_then_sells_the_last_unit_to_everybody() -> None:
    listing, looked = ListingFactory(on_hand=1), Barrier(GUESTS)

    def naive() -> bool:
        seen = Listing.objects.get(pk=listing.pk)
        looked.wait(timeout=PATIENCE)
        return seen.available > 0 and bool(Listing.objects.filter(pk=listing.pk).update(reserved=seen.reserved + 1))

    assert at_once([naive] * GUESTS) == [True] * GUESTS
    listing.refresh_from_db()
    assert listing.reserved == 1  # nineteen were promised what nobody has counted


def test_control_counting_without_looking_is_stopped_by_the_database_alone() -> None:
    listing = ListingFactory(on_hand=1)
    rows = Listing.objects.filter(pk=listing.pk)

    results = at_once([lambda: rows.all().update(reserved=F("reserved") + 1)] * GUESTS)

    refused = [result for result in results if isinstance(result, IntegrityError)]
    assert (results.count(1), len(refused)) == (1, GUESTS - 1)
    assert all("listing_never_oversold" in str(error) for error in refused)
