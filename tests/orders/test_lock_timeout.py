"""A row that somebody else holds: a kind page or answer after the wait, never a 500; a lost deadlock is tried again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.db import lock
from catalog.models import Listing
from orders.models import Cart, CartItem, Order
from tests.factories import ListingFactory, imei
from tests.orders.test_one_order import form
from tests.orders.test_views import fill
from tests.races.together import PATIENCE, until_blocked

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def soon(ask: Callable[[], Any]) -> Any:
    """Ask on a connection that waits a fifth of a second for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    try:
        return ask()
    finally:
        connection.close()


@pytest.fixture
def beside() -> Iterator[Callable[..., Any]]:
    with ThreadPoolExecutor(1) as pool:
        yield lambda ask: pool.submit(soon, ask)


def test_who_waits_for_a_lock_in_vain_reads_so_and_nothing_is_done(client: Client, beside: Callable[..., Any]) -> None:
    listing = ListingFactory()
    fill(client, listing)
    typed = form(client)
    client.raise_request_exception = False
    with transaction.atomic():
        lock(Listing.objects.all()).get()
        answer = beside(lambda: client.post(reverse("checkout"), typed)).result(PATIENCE)

    assert (answer.status_code, answer["Retry-After"]) == (409, "5")
    page = answer.content.decode()
    assert "Many people want this at the moment" in page
    assert "Nothing was done and nothing was charged" in page
    assert Order.objects.count() == 0
    assert client.post(reverse("checkout"), typed)["Location"].startswith("/sandbox/pay/")


def test_a_cart_that_is_held_is_no_500(client: Client, beside: Callable[..., Any]) -> None:
    listing = ListingFactory()
    fill(client, listing)
    client.raise_request_exception = False
    with transaction.atomic():
        lock(Cart.objects.all()).get()
        answer = beside(lambda: client.post(reverse("cart-add"), {"listing": str(listing.pk), "quantity": 1})).result(
            PATIENCE
        )
    assert answer.status_code == 409
    assert CartItem.objects.get().quantity == 1


def test_a_program_is_told_in_the_shape_of_every_refusal(
    place: Callable[..., Order],
    pay: Callable[..., Order],
    listing: Listing,
    bob: User,
    client_of: Callable[[User], Client],
    beside: Callable[..., Any],
) -> None:
    order = pay(place((listing, 1)))
    ship = reverse("api-plant-ship", args=[order.consignments.get().pk])
    body = {"identifiers": {str(order.lines.get().pk): imei()}, "courier": "colissimo", "tracking_number": "6A5555444"}
    program = client_of(bob)
    with transaction.atomic():
        lock(order.consignments.all()).get()
        lock(order.lines.all()).get()
        answer = beside(lambda: program.post(ship, body, "application/json")).result(PATIENCE)
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (409, "5", "busy")
    assert answer.json()["detail"] == (
        "Somebody else was changing the same thing. Nothing was done: send the same again."
    )
    assert program.post(ship, body, "application/json").status_code == 201


def test_control_without_the_middleware_it_is_a_500(client: Client, beside: Callable[..., Any], settings: Any) -> None:
    fill(client, ListingFactory())
    typed = form(client)
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith(".SayBusy")]
    bare = Client(raise_request_exception=False)
    bare.cookies = client.cookies
    with transaction.atomic():
        lock(Listing.objects.all()).get()
        assert beside(lambda: bare.post(reverse("checkout"), typed)).result(PATIENCE).status_code == 500


def test_a_checkout_that_loses_a_deadlock_is_tried_again(client: Client) -> None:
    """The checkout holds its cart and waits for the offer; we hold the offer and ask for the cart."""
    fill(client, ListingFactory())
    typed = form(client)

    def post() -> Any:
        try:
            return client.post(reverse("checkout"), typed)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock(Listing.objects.all()).get()
            waiting = pool.submit(post)
            until_blocked()
            lock(Cart.objects.all()).get()
        answer = waiting.result(PATIENCE)
    assert answer["Location"].startswith("/sandbox/pay/")
    assert Order.objects.get().payment_status == "pending"
