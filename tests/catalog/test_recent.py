"""What was looked at last: in this browser's cookie, shown as a piece of a page or as a page, and forgotten."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Listing, Product
from tests.factories import ListingFactory, ProductFactory

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def products(count: int) -> list[Product]:
    made: list[Listing] = [ListingFactory(variant__product__name=f"Device {n}") for n in range(count)]
    return [listing.variant.product for listing in made]


def look(client: Client, product: Product) -> str:
    response = client.get(f"/recent/?seen={product.slug}", **HTMX)
    assert response.status_code == 200
    return response.content.decode()


def test_a_piece_shows_what_was_seen_before_and_remembers_this_one(client: Client) -> None:
    first, second = products(2)
    assert "stand here, in this browser only" in look(client, first)
    piece = look(client, second)
    assert "<html" not in piece
    assert "Device 0" in piece
    assert "Device 1" not in piece
    assert "Device 1" in look(client, first)


def test_it_remembers_ten_shows_eight_and_the_latest_first(client: Client) -> None:
    seen = products(12)
    for product in seen:
        look(client, product)
    assert client.cookies["seen"].value.split(".") == [str(product.pk) for product in reversed(seen[2:])]
    page = client.get("/recent/").content.decode()
    places = [page.find(f">{product}<") for product in reversed(seen)]
    assert places[:8] == sorted(places[:8])
    assert [place > 0 for place in places] == [True] * 8 + [False] * 4


def test_the_cookie_is_for_this_site_alone_and_ends_after_30_days(client: Client) -> None:
    (product,) = products(1)
    look(client, product)
    cookie = client.cookies["seen"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 30 * 24 * 3600)
    assert cookie.value == str(product.pk)


def test_forgetting_empties_the_cookie_with_and_without_javascript(client: Client) -> None:
    first, second = products(2)
    look(client, first)
    assert "Device 0" not in client.post("/recent/forget/", **HTMX).content.decode()
    assert client.cookies["seen"].value == ""
    look(client, second)
    page = client.post("/recent/forget/", follow=True).content.decode()
    assert "Nothing seen yet" in page


@pytest.mark.parametrize("cookie", ["x", "1.x.99999999999999999999999", "....", "-1", "12345678901234567.2"])
def test_a_cookie_that_somebody_wrote_breaks_nothing(client: Client, cookie: str) -> None:
    (product,) = products(1)
    client.cookies["seen"] = cookie
    assert client.get("/recent/").status_code == 200
    look(client, product)


def test_an_unknown_or_never_offered_device_is_passed_over(client: Client) -> None:
    never = ProductFactory(name="Never")
    assert client.get("/recent/?seen=nothing", **HTMX).status_code == 200
    assert "seen" not in client.cookies
    look(client, never)
    assert "Nothing seen yet" in client.get("/recent/").content.decode()


def test_it_costs_the_same_for_one_and_for_eight(client: Client) -> None:
    seen = products(10)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/recent/", **HTMX)
        return len(queries)

    look(client, seen[0])
    cost()
    alone = cost()
    for product in seen:
        look(client, product)
    assert cost() == alone
