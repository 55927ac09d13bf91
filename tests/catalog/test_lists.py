"""Lists over HTTP: their addresses, what they tell search engines, and what narrowing sends of them."""

import json
import re

import pytest
from django.test import Client

from catalog.models import Category
from tests.factories import CategoryFactory, ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true", "HX-Target": "found"}
SITE = "http://127.0.0.1:8000"


@pytest.fixture
def phones(db: None) -> Category:
    for brand, grade in (("Apple", "fair"), ("Apple", "good"), ("Samsung", "good")):
        ListingFactory(variant=VariantFactory(product=ProductFactory(brand=brand)), grade=grade)
    return CategoryFactory()


def body(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


# Addresses


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("/c/smartphones/?sort=best&grade=fair&price_min=&price_max=", "/c/smartphones/?grade=fair"),
        ("/c/smartphones/?sort=&brand=", "/c/smartphones/"),
        ("/search/?q=iphone&sort=best&grade=fair&grade=&grade=good", "/search/?q=iphone&grade=fair&grade=good"),
        ("/search/?q=+", "/search/"),
    ],
)
def test_what_says_nothing_is_left_out_of_the_address(
    asked: str, address: str, phones: Category, client: Client
) -> None:
    response = client.get(asked)
    assert (response.status_code, response.headers["Location"]) == (302, address)
    assert client.get(address).status_code == 200


def test_the_default_order_sends_nothing(phones: Category, client: Client) -> None:
    orders = re.findall(r'<option value="(\w*)"( selected)?>([^<]+)<', body(client, "/search/?q=iphone"))
    assert orders == [
        ("", " selected", "Best match"), ("price", "", "Price, lowest first"), ("saving", "", "Saving, largest first"),
        ("newest", "", "Newest"), ("rating", "", "Plant&#x27;s rating"),
    ]  # fmt: skip


def test_a_value_that_nothing_has_is_told_and_in_no_address(phones: Category, client: Client) -> None:
    page = body(client, "/c/smartphones/?brand=<Nokia>&brand=apple&grade=fair")
    assert "Nothing here is “&lt;Nokia&gt;”: that was left out." in page
    chips = re.findall(r'class="chip" href="([^"]+)"[^>]*><span>([^<]+)', page)
    assert chips == [("/c/smartphones/?brand=Apple", "Fair"), ("/c/smartphones/?grade=fair", "Apple")]


# What narrowing sends


@pytest.mark.parametrize("address", ["/c/smartphones/?grade=fair", "/search/?q=iphone&grade=fair"])
def test_narrowing_sends_what_it_changes(address: str, phones: Category, client: Client) -> None:
    part = body(client, address, **PART)
    assert re.findall(r'<\w+ id="(found|narrow|count)"(?: data-hx-swap-oob="(\w+)")?', part) == [
        ("found", ""), ("narrow", "true"), ("count", "innerHTML"),
    ]  # fmt: skip
    assert ("<html" in part, "<header" in part, 'id="results"' in part) == (False, False, False)
    assert re.search(r'id="count"[^>]*>1 offer\s*<', part)


@pytest.mark.usefixtures("kept")
def test_the_page_and_its_part_are_kept_apart(phones: Category, client: Client) -> None:
    address = "/c/smartphones/?grade=fair"
    for _ in range(2):
        assert "<html" in body(client, address)
        assert "<html" not in body(client, address, **PART)
        # What the browser's history has forgotten it asks for by htmx, and whole.
        assert "<html" in body(client, address, **{"HX-Request": "true", "HX-History-Restore-Request": "true"})
        assert "<html" in body(client, address, **{"HX-Target": "found"})
    assert {"HX-Request", "HX-Target"} <= {*client.get(address).headers["Vary"].split(", ")}


# Search engines


def canonical(client: Client, address: str) -> str:
    found = re.findall(r'<link rel="canonical" href="([^"]+)"', body(client, address))
    assert len(found) == 1
    return found[0].removeprefix(SITE)


@pytest.mark.parametrize(
    ("query", "itself"),
    [("", ""), ("?page=2", "?page=2"), ("?page=9", "?page=2"), ("?grade=good", ""), ("?grade=good&page=2", ""),
     ("?sort=price&page=2", ""), ("?price_min=100&page=2", ""), ("?utm_source=x", "")],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/c/smartphones/", "/search/"])
def test_a_list_is_itself_and_a_narrowed_one_the_whole(path: str, query: str, itself: str, client: Client) -> None:
    product = ProductFactory()
    for number in range(25):
        ListingFactory(variant=VariantFactory(product=product, attributes={"storage_gb": number}), grade="good")
    assert canonical(client, path + query) == path + itself


def test_a_search_is_the_search_for_its_words(phones: Category, client: Client) -> None:
    assert canonical(client, "/search/?q=iphone+12&grade=good&sort=price") == "/search/?q=iphone+12"


@pytest.mark.parametrize(
    ("address", "is_open"),
    [("", True), ("?page=2", True), ("?sort=price", False), ("?grade=fair&page=2", False), ("?q=iphone", None),
     ("?q=iphone&page=2", None), ("?q=iphone&grade=fair", False)],
)  # fmt: skip
def test_robots_read_the_lists_that_are_themselves(address: str, is_open: bool | None, client: Client) -> None:
    """The longest rule that an address meets decides."""
    rules = [line.split(": ") for line in body(client, "/robots.txt").splitlines() if line[:3] in ("Dis", "All")]
    for path in ["/search/"] if is_open is None else ["/search/", "/c/smartphones/"]:
        met = [
            (len(rule), name) for name, rule in rules if re.match(re.escape(rule).replace(r"\*", ".*"), path + address)
        ]
        assert (max(met, default=(0, "Allow"))[1] == "Allow") is (is_open is not False)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/c/smartphones/", "Smartphones, refurbished: 3 offers in stock"),
        ("/c/smartphones/?grade=fair", "Smartphones, refurbished: 1 offer in stock"),
        ("/search/?q=apple", "apple, refurbished: 2 offers in stock"),
        ("/search/", "All devices, refurbished: 3 offers in stock"),
    ],
)
def test_every_list_describes_itself(address: str, words: str, phones: Category, client: Client) -> None:
    found = re.findall(r'<meta name="description" content="([^"]+)"', body(client, address))
    assert [text.partition(",")[0] + "," + text.partition(",")[2].partition(",")[0] for text in found] == [words]


def test_a_category_tells_the_way_to_it(phones: Category, client: Client) -> None:
    found = re.findall(r'<script type="application/ld\+json">(.+?)</script>', body(client, "/c/smartphones/"))
    assert [json.loads(text) for text in found] == [
        {
            "@context": "https://schema.org",
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": 1, "name": "Back Market", "item": f"{SITE}/"},
                {"@type": "ListItem", "position": 2, "name": "Smartphones", "item": f"{SITE}/c/smartphones/"},
            ],
        }
    ]
