"""The last unit under the production server: fifty people, eight threads in four processes, one device.

What tests/races/test_last_unit.py shows of threads in one process holds of processes that share nothing but the
database, with the server's own timeouts. Each person is a session of their own, over HTTP.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest
import requests
from bs4 import BeautifulSoup
from django.conf import settings

from backmarket import webserver
from backmarket.management.journey.stage import free_port
from backmarket.payments.models import Payment
from catalog.models import Listing, StockReservation
from orders.models import CartItem, Order, OrderLine
from tests.factories import ListingFactory
from tests.journeys.test_crash import environment
from tests.orders.test_views import ADDRESS
from tests.races.together import PATIENCE, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PEOPLE = 50


@pytest.fixture
def site() -> Iterator[str]:
    """The address of the production web server on this test's database."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *webserver.command(port, host="127.0.0.1")],
        cwd=settings.BASE_DIR, env=environment(ALLOWED_HOSTS="127.0.0.1", LOCK_TIMEOUT_MS="10000"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/livez")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def _wait_for(url: str) -> None:
    for _try in range(PATIENCE * 5):
        try:
            if requests.get(url, timeout=10).ok:
                return
        except requests.RequestException:  # not listening yet, or its processes still read the code
            time.sleep(0.2)
    raise AssertionError("The web server does not answer.")


class Guest:
    """A browser that has put the device in its cart and filled in the checkout."""

    def __init__(self, site: str, listing: Listing, number: int) -> None:
        self.url, self.browser = f"{site}/checkout/", requests.Session()
        start = self._fields(self.browser.get(f"{site}{listing.variant.product.get_absolute_url()}", timeout=PATIENCE))
        cart = {"listing": str(listing.pk), "quantity": 1, **start}
        self.browser.post(f"{site}/cart/add/", cart, timeout=PATIENCE).raise_for_status()
        hidden = self._fields(self.browser.get(self.url, timeout=PATIENCE))
        self.sent = {**hidden, "email": f"guest{number}@example.com", "accept": "on", **ADDRESS}

    @staticmethod
    def _fields(page: requests.Response) -> dict[str, str]:
        found = BeautifulSoup(page.text, "html.parser").select("form input[type=hidden]")
        wanted = ("csrfmiddlewaretoken", "checkout_key")
        return {str(one["name"]): str(one["value"]) for one in found if one["name"] in wanted}

    def buy(self) -> requests.Response:
        return self.browser.post(self.url, self.sent, timeout=PATIENCE, allow_redirects=False)


def test_fifty_checkouts_of_the_last_unit_make_one_order_and_forty_nine_clear_refusals(site: str) -> None:
    listing = ListingFactory(on_hand=1)
    guests = [Guest(site, listing, number) for number in range(PEOPLE)]
    assert CartItem.objects.filter(listing=listing).count() == PEOPLE

    pages = at_once([guest.buy for guest in guests])

    assert Counter(page.status_code for page in pages) == {302: 1, 422: PEOPLE - 1}
    refused = [page.text for page in pages if page.status_code == 422]
    assert all("Someone else was quicker" in page for page in refused)
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved, listing.available) == (1, 1, 0)
    counts = [model.objects.count() for model in (Order, OrderLine, Payment, StockReservation)]
    assert counts == [1, 1, 1, 1]
