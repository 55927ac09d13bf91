"""What people type, on the demo's whole catalogue: spacing, numbers, colours, grades, inches, and where nothing is."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backmarket.management.seeding import catalogue
from catalog.models import Buyable, Grade, Listing, Product, Variant
from catalog.reading import reading, spellings, tokens
from catalog.search import products_matching
from catalog.services.buyables import rebuild_buyables
from catalog.services.facet_index import index_stale
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """Every variant of the demo on sale, once, in one of the grades; gone at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        catalogue.load(AT)
        first, *others = Variant.objects.order_by("pk")
        listed = _columns(ListingFactory(variant=first, grade="fair"))
        grades = cycle(["good", "excellent", "premium", "fair"])
        Listing.objects.bulk_create(
            Listing(**{**listed, "variant_id": other.pk, "grade": grade, "price_minor": 30_000 + number})
            for number, (other, grade) in enumerate(zip(others, grades, strict=False))
        )
        rebuild_buyables()
        index_stale()
        yield Client()
        transaction.set_rollback(True)


def _columns(row: Model) -> dict[str, Any]:
    columns = (field.attname for field in row._meta.concrete_fields)
    return {name: getattr(row, name) for name in columns if name not in {"id", "number"}}


def page(client: Client, words: str) -> str:
    return client.get(f"/search/?q={quote(words)}").content.decode()


def cards(client: Client, words: str) -> list[Buyable]:
    """The offers of a search page, in its order."""
    shown = re.findall(r'href="/p/[\w-]+/\?variant=([^"&]+)&amp;grade=(\w+)"', page(client, words))
    rows = {(row.sku, row.grade): row for row in Buyable.objects.filter(sku__in=[sku for sku, _ in shown])}
    return [rows[key] for key in dict.fromkeys(shown)]


def titles(client: Client, words: str) -> list[str]:
    return list(dict.fromkeys(row.title for row in cards(client, words)))


AIRPODS = {
    "Apple AirPods (2nd generation)", "Apple AirPods (3rd generation)", "Apple AirPods Pro",
    "Apple AirPods Pro (2nd generation)", "Apple AirPods Max",
}  # fmt: skip
PLAYSTATIONS = {
    "Sony PlayStation 4 Slim", "Sony PlayStation 4 Pro", "Sony PlayStation 5", "Sony PlayStation 5 Digital Edition",
}  # fmt: skip
PLAYSTATION_5 = {"Sony PlayStation 5", "Sony PlayStation 5 Digital Edition"}
THINKPADS = {"Lenovo ThinkPad T480", "Lenovo ThinkPad T14 Gen 1", "Lenovo ThinkPad X1 Carbon Gen 9"}
PAPERWHITES = {"Amazon Kindle Paperwhite (2018)", "Amazon Kindle Paperwhite (2021)"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("air pods", AIRPODS),
        ("think pad", THINKPADS),
        ("play station", PLAYSTATIONS),
        ("play station 5", PLAYSTATION_5),
        ("play staton 5", PLAYSTATION_5),
        ("ps 5", PLAYSTATION_5),
        ("wh 1000 xm4", {"Sony WH-1000XM4"}),
        ("kindle paper white", PAPERWHITES),
        ("samsung galaxy watch 5", {"Samsung Galaxy Watch5"}),
        ("s 22 ultra", {"Samsung Galaxy S22 Ultra"}),
        ("s22ultra", {"Samsung Galaxy S22 Ultra"}),
        ("surfacelaptop", {"Microsoft Surface Laptop 4 13.5", "Microsoft Surface Laptop 5 13.5"}),
        ("xps13", {"Dell XPS 13 9310"}),
        ("iphone12pro", {"Apple iPhone 12 Pro"}),
        ("12pro", {"Apple iPhone 12 Pro", "Apple iPhone 12 Pro Max"}),
        ("12tpro", set()),
        ("go pro", {"GoPro HERO9 Black", "GoPro HERO11 Black"}),
        ("s21+", {"Samsung Galaxy S21+ 5G"}),
        ("s21 plus", {"Samsung Galaxy S21+ 5G"}),
        ('kobo 7"', {"Kobo Libra 2"}),
        ("kobo 8 pouces", set()),
        ("kobo 32 go", {"Kobo Libra 2"}),
        ("kindle 6,8 pouces", {"Amazon Kindle Paperwhite (2021)"}),
        ("ipad pro 12.9", {"Apple iPad Pro 12.9-inch (2021)"}),
        ("imac 24 inch", {"Apple iMac 24-inch M1 (2021)"}),
        ("ifone 12 mini", {"Apple iPhone 12 mini"}),
        ("sony headphones noise", {"Sony WH-1000XM3", "Sony WH-1000XM4", "Sony WH-1000XM5", "Sony WF-1000XM4"}),
    ],
)
def test_what_people_type_finds_these_models_alone(words: str, found: set[str], shop: Client) -> None:
    shown = re.split("Newest for|Best offers today", page(shop, words))[0]
    slugs = set(re.findall(r'href="/p/([\w-]+)/\?variant=', shown))
    assert set(Buyable.objects.filter(slug__in=slugs).values_list("title", flat=True)) == found


@pytest.mark.parametrize("words", ["mac book", "macbook", "macbok", "clavier azerty macbook", "macbook azerty"])
def test_every_spelling_of_macbook_finds_macbooks_alone(words: str, shop: Client) -> None:
    rows = cards(shop, words)
    assert len(rows) == 24
    assert all(row.title.startswith("Apple MacBook") for row in rows)
    assert all("AZERTY" in row.subtitle for row in rows) == ("azerty" in words)


@pytest.mark.parametrize(
    ("words", "colours"),
    [
        ("iphone 13 bleu nuit", {"Midnight"}),
        ("iphone 13 minuit", {"Midnight"}),
        ("iphone 13 mini bleu", {"Blue"}),
        ("iphone x gris sidéral", {"Space Grey"}),
        ("iphone 12 pro bleu pacifique", {"Pacific Blue"}),
        ("iphone 13 pro bleu alpin", {"Sierra Blue"}),
        ("iphone 15 pro titane naturel", {"Natural Titanium"}),
        ("iphone 14 pro violet intense", {"Deep Purple"}),
        ("iphone 13 lumière stellaire", {"Starlight"}),
    ],
)
def test_a_colour_goes_by_the_name_its_maker_gives_it_in_french(words: str, colours: set[str], shop: Client) -> None:
    assert {row.attributes["colour"] for row in cards(shop, words)} == colours


@pytest.mark.parametrize(
    ("words", "grade"),
    [("iphone excellent", "excellent"), ("iphone premium", "premium"), ("iphone fair", "fair"),
     ("iphone bon état", "good"), ("iphone état correct", "fair")],
)  # fmt: skip
def test_a_grade_is_a_word_too(words: str, grade: Grade, shop: Client) -> None:
    rows = cards(shop, words)
    assert len(rows) == 24
    assert {(row.grade, "iPhone" in row.title) for row in rows} == {(grade, True)}


@pytest.mark.parametrize("words", ["ecouteur sans fil", "wireless headphones", "casque bluetooth"])
def test_what_headphones_are_called(words: str, shop: Client) -> None:
    rows = cards(shop, words)
    assert len(rows) == 24
    assert {row.category.slug for row in rows} == {"headphones"}


@pytest.mark.parametrize("words", ["s21", "samsung s21", "samsung s21 violet"])
def test_the_exact_model_comes_before_longer_ones(words: str, shop: Client) -> None:
    found = titles(shop, words)
    assert found[0] == "Samsung Galaxy S21 5G"
    assert "Samsung Galaxy S21+ 5G" in found


def test_a_number_is_never_taken_for_another() -> None:
    assert spellings("12pro", {"13tpro", "12tpro", "11pro"}) == []
    assert spellings("ifone12pro", {"iphone13pro", "iphone12pro"}) == ["iphone12pro"]


def test_a_measure_is_one_word() -> None:
    assert tokens('13,3" 8 pouces 8 Go 1 To 24-inch') == ["13dot3in", "8in", "8gb", "1tb", "24in"]
    assert reading([]) is None


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("play station 5", "PlayStation 5"),
        ("mac book pro 16", "MacBook Pro 16 (2019)"),
        ("iphone12pro", "iPhone 12 Pro"),
        ("12pro", "iPhone 12 Pro"),
        ("iph 12", "iPhone 12"),
        ("ifone 12", "iPhone 12"),
        ("samsng galaxi s21+", "Galaxy S21+ 5G"),
        ("s21", "Galaxy S21 5G"),
        ("ipad pro 12.9", "iPad Pro 12.9-inch (2021)"),
        ("imac 24 pouces", "iMac 24-inch M1 (2021)"),
    ],
)
def test_who_sells_one_is_understood_as_well(words: str, first: str, shop: Client) -> None:
    assert products_matching(Product.objects.all(), words)[0].name == first


def test_who_sells_what_nobody_knows_finds_nothing(shop: Client) -> None:
    assert list(products_matching(Product.objects.all(), "zeppelin 99")) == []


def ways(client: Client, words: str) -> list[tuple[str, int]]:
    """Where a page without results leads: the words and how many offers they are said to find."""
    said = re.findall(r"<strong>([^<]+)</strong></a> <span class=\"muted\">(\d+) offer", page(client, words))
    return [(found, int(count)) for found, count in said]


@pytest.mark.parametrize(
    ("words", "suggested", "nearest"),
    [
        ("iphone 99", ["iphone"], "Apple iPhone 1"),
        ("makbook 99", ["macbook"], "Apple MacBook"),
        ("iphone 14 pro max dyson", ["iphone 14 pro max"], "Apple iPhone 14 Pro Max"),
        ("kobo 8 pouces", ["kobo"], "Kobo"),
        ("surfacepro", ["surface", "pro"], "Microsoft Surface"),
        ("iphone 13 mini violet", ["iphone 13 mini"], "Apple iPhone 13 mini"),
    ],
)
def test_nothing_found_leads_to_what_comes_closest(
    words: str, suggested: list[str], nearest: str, shop: Client
) -> None:
    assert "Nothing for sale under these words" in page(shop, words)
    found = ways(shop, words)
    assert [each for each, _count in found] == suggested
    for each, count in found:
        assert re.search(rf">{count} offers\s*<", page(shop, each))
    shown = titles(shop, words)
    assert shown
    assert all(title.startswith(nearest) for title in shown)


def test_a_device_that_nobody_sells_is_no_other_one(shop: Client) -> None:
    assert ways(shop, "dyson") == []
    assert "Best offers today" in page(shop, "dyson")
    Buyable.objects.filter(brand="GoPro").update(in_stock=False)
    assert "Nothing for sale under these words" in page(shop, "go pro")


def suggested(client: Client, words: str) -> list[tuple[str, str]]:
    """Titles and addresses, in their order."""
    answer = client.get(f"/search/suggest/?q={quote(words)}").content.decode()
    return re.findall(r'data-value="([^"]+)" data-url="([^"]+)"', answer)


@pytest.mark.parametrize(
    ("words", "first", "all_are"),
    [
        ("ifon", "Apple iPhone 7", "Apple iPhone"),
        ("sams s2", "Samsung Galaxy S20", "Samsung Galaxy S2"),
        ("samsng", "Samsung Galaxy S8", "Samsung"),
        ("mac bo", "Apple MacBook Air 13 (2017)", "Apple MacBook"),
        ("maxbook", "Apple MacBook Air 13 (2017)", "Apple MacBook"),
        ("playst", "Sony PlayStation 5", "Sony PlayStation"),
        ("s 22", "Samsung Galaxy S22", "Samsung Galaxy S22"),
        ("iph", "Apple iPhone 7", "Apple iPhone"),
    ],
)
def test_what_is_begun_is_suggested_however_it_is_typed(words: str, first: str, all_are: str, shop: Client) -> None:
    found = [title for title, _url in suggested(shop, words)]
    assert found[0] == first
    assert all(title.startswith(all_are) for title in found)


def test_a_suggestion_leads_to_its_product_and_says_its_lowest_price(shop: Client) -> None:
    ((title, url), *_others) = suggested(shop, "ps5")
    lowest = Buyable.objects.in_stock().filter(title=title).order_by("price_minor")[0]
    assert url == f"/p/{lowest.slug}/"
    assert shop.get(url).status_code == 200
    answer = shop.get("/search/suggest/?q=ps5").content.decode()
    assert f'{title} <span class="muted">€{lowest.price_minor / 100:g}</span>' in answer


@pytest.mark.parametrize(("words", "most"), [("mac bo", 2), ("s 22", 2), ("sams s2", 3), ("ifon", 4)])
def test_a_suggestion_asks_little(words: str, most: int, shop: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert suggested(shop, words)
    assert len(asked) <= most
