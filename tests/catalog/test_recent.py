"""What was looked at last: in this browser's cookie, shown as a piece of a page or as a page, and forgotten."""

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Listing, Product
from catalog.services.listings import change_listing
from tests.factories import ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def products(count: int) -> list[Product]:
    made: list[Listing] = [ListingFactory(variant__product__name=f"Device {n}") for n in range(count)]
    return [listing.variant.product for listing in made]


def look(client: Client, product: Product, more: str = "") -> str:
    response = client.get(f"/recent/?seen={product.slug}{more}", **HTMX)
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
    kept = [part.split("-")[0] for part in client.cookies["seen"].value.split(".")]
    assert kept == [str(product.pk) for product in reversed(seen[2:])]
    page = client.get("/recent/").content.decode()
    places = [page.find(f">{product}<") for product in reversed(seen)]
    assert places[:8] == sorted(places[:8])
    assert [place > 0 for place in places] == [True] * 8 + [False] * 4


def test_the_cookie_is_for_this_site_alone_and_ends_after_30_days(client: Client) -> None:
    (product,) = products(1)
    look(client, product)
    cookie = client.cookies["seen"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 30 * 24 * 3600)
    assert cookie.value == f"{product.pk}-0-"


def test_the_version_and_the_looks_that_were_seen_come_back(client: Client) -> None:
    product, other = products(2)
    seen = VariantFactory(product=product, sku="SEEN", label="64 GB · Blue")
    ListingFactory(variant=product.variants.exclude(pk=seen.pk).get(), grade="premium", price_minor=10000)
    ListingFactory(variant=seen, grade="excellent", price_minor=40000)
    ListingFactory(variant=seen, grade="fair", price_minor=20000)
    look(client, product, "&variant=SEEN&grade=excellent")
    piece = look(client, other)
    assert f'/p/{product.slug}/?variant=SEEN&amp;grade=excellent"' in piece
    assert "€400 · Excellent" in piece
    look(client, product, "&variant=SEEN&grade=fair")
    assert "€200 · Fair" in look(client, other)
    look(client, product, "&variant=unknown&grade=premium")
    assert f"/p/{product.slug}/?variant=" in look(client, other)


def test_what_was_seen_and_is_sold_out_is_said_to_be(client: Client, now: datetime) -> None:
    product, other = products(2)
    variant = VariantFactory(product=product, sku="SEEN")
    change_listing(ListingFactory(variant=variant, grade="fair"), by="system:test", at=now, on_hand=0)
    look(client, product, "&variant=SEEN&grade=fair")
    assert "Sold out" in look(client, other)


def test_a_choice_on_the_page_is_remembered_without_an_answer(client: Client) -> None:
    (product,) = products(1)
    variant = product.variants.get()
    headers = {"HX-Request": "true", "HX-Target": "choice"}
    part = client.get(f"{product.get_absolute_url()}?variant={variant.sku}&grade=good", headers=headers)
    (address,) = re.findall(r'data-hx-get="(/recent/[^"]+)"', part.content.decode())
    response = client.get(address.replace("&amp;", "&"), **HTMX)
    assert (response.status_code, response.content) == (204, b"")
    assert client.cookies["seen"].value == f"{product.pk}-{variant.pk}-good"


def test_forgetting_empties_the_cookie_with_and_without_javascript(client: Client) -> None:
    first, second = products(2)
    look(client, first)
    assert "Device 0" not in client.post("/recent/forget/", **HTMX).content.decode()
    assert client.cookies["seen"].value == ""
    look(client, second)
    page = client.post("/recent/forget/", follow=True).content.decode()
    assert "Nothing seen yet" in page


@pytest.mark.parametrize(
    "cookie",
    [
        "x",
        "1.x.99999999999999999999999",
        "....",
        "-1",
        "12345678901234567.2",
        "1-2",
        "x-1-good",
        "1-x-good",
        "1-2-%00",
        "1--good",
        "12",
    ],
)
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
