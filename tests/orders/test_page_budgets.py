"""What the pages of a checkout ask of the database: the same for one device and for several of several plants."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from catalog.models import Listing
from catalog.services.stock import reserve_stock
from orders.models import Order
from orders.pages.reads import free_for, items_shown
from orders.selectors import free_stock
from orders.services.cart import cart_of
from tests.orders.test_views import check_out, fill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_cache")]
Place = Pay = Callable[..., Order]


@pytest.fixture
def page_cache(settings: Any) -> None:
    """As in production, where the categories of the header are kept."""
    settings.PAGE_CACHE = True


def cost(client: Client, address: str) -> int:
    """Statements of the page, warm."""
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize(("door", "most"), [("cart", 1), ("checkout", 1)])
def test_a_guests_cart_costs_the_same_with_one_device_and_with_several(
    client: Client, listing: Listing, other_listing: Listing, door: str, most: int
) -> None:
    fill(client, listing)
    assert cost(client, reverse(door)) == most
    fill(client, listing)
    fill(client, other_listing, 3)
    assert cost(client, reverse(door)) == most


@pytest.mark.usefixtures("no_rules")
def test_an_order_costs_the_same_with_one_device_and_with_several(
    client_of: Callable[[User], Client], alice: User, place: Place, pay: Pay, listing: Listing, other_listing: Listing
) -> None:
    """Four statements, and one for who is logged in."""
    one, several = pay(place((listing, 1))), pay(place((listing, 2), (other_listing, 2)))
    browser = client_of(alice)
    assert [cost(browser, reverse("order", args=[order.pk])) for order in (one, several)] == [5, 5]


@pytest.mark.usefixtures("no_rules")
def test_delivered_orders_cost_the_same_with_one_device_and_with_several(
    client_of: Callable[[User], Client], alice: User, place: Place, pay: Pay, deliver: Callable[[Order], None],
    listing: Listing, other_listing: Listing,
) -> None:  # fmt: skip
    one, several = pay(place((listing, 1))), pay(place((listing, 2), (other_listing, 2)))
    for order in (one, several):
        deliver(order)
    browser = client_of(alice)
    costs = {cost(browser, reverse("order", args=[order.pk])) for order in (one, several)}
    assert costs == {10}


def test_the_cart_counts_free_stock_as_the_services_do(client: Client, listing: Listing, now: datetime) -> None:
    """Five in stock: one held by the cart's own order, two by others for a minute, one by others for hours."""
    timetravel.travel_to(now)
    fill(client, listing)
    check_out(client)
    for quantity, held_for in ((2, timedelta(minutes=1)), (1, timedelta(hours=9))):
        reserve_stock(holder=uuid4(), demand={listing.pk: quantity}, expires_at=now + held_for, at=now)
    cart = cart_of(None, client.session["cart"])
    for at, free in ((now, 2), (now + timedelta(minutes=5), 4)):
        (item,) = items_shown(cart=cart.pk, at=at)
        assert (free_for(item), free_stock([item.listing], at, cart)) == (free, {listing.pk: free})


def test_a_page_opened_by_two_guests_has_a_key_and_a_token_of_its_own(listing: Listing) -> None:
    """What is said once for all guests is neither; and what one of them typed is not there for the next."""
    first, second = Client(), Client()
    for guest in (first, second):
        fill(guest, listing)
    refused = check_out(first, email="greta@example.com", postcode="nowhere")
    assert (refused.status_code, "greta@example.com" in refused.content.decode()) == (422, True)
    pages = [guest.get(reverse("checkout")).content.decode() for guest in (first, first, second)]
    assert "greta@example.com" not in "".join(pages)
    for hidden in ("checkout_key", "csrfmiddlewaretoken"):
        values = re.findall(rf'name="{hidden}" value="([^"]+)"', "".join(pages))
        assert (len(values), len(set(values))) == (3, 3)
