"""The bits say what the rows say: whatever is stale, however often it changes."""

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict

from catalog.facet_options import Facet
from catalog.facets import Choice, chosen_in, groups_of
from catalog.models import Buyable, Category, FacetValue, Listing, StaleBuyable
from catalog.selectors.lists import category_page, search_page
from catalog.selectors.narrowing import narrowed
from catalog.services import facet_index
from catalog.services.facet_index import index_stale
from catalog.services.listings import change_listing, pause_listing
from tests.factories import CategoryFactory, ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
BY = "system:test"
GRADES, BRANDS, STORAGES = ("fair", "good", "excellent"), ("Apple", "Samsung", "Nokia"), (64, 128, 256)


@pytest.fixture
def shelf(db: None) -> Category:
    """27 phones: every brand in every storage and grade, each at a price of its own."""
    price = 10_000
    for brand in BRANDS:
        product = ProductFactory(brand=brand, name=f"{brand} One")
        for storage in STORAGES:
            variant = VariantFactory(product=product, attributes={"storage_gb": storage})
            for grade in GRADES:
                price += 1_300
                ListingFactory(variant=variant, grade=grade, price_minor=price, on_hand=3)
    return CategoryFactory()


def counted(category: Category, address: str) -> tuple[int, dict[str, dict[str, int]]]:
    choice = chosen_in(QueryDict(address), groups_of(category))
    left = narrowed([category], choice)
    found = {key: {v: n for v, n in counts.items() if n} for key, counts in left.counts.items()}
    return left.total, {key: counts for key, counts in found.items() if counts}


def by_hand(category: Category, address: str) -> tuple[int, dict[str, dict[str, int]]]:
    """The same, by asking every row."""
    choice = chosen_in(QueryDict(address), groups_of(category))
    rows = list(Buyable.objects.in_stock().filter(category=category))
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        for facet in row.facets:
            key, _, value = facet.partition("=")
            if choice.admits(row.facets, row.price_minor, but=key):
                counts.setdefault(key, Counter())[value] += 1
    total = sum(choice.admits(row.facets, row.price_minor) for row in rows)
    return total, {key: dict(found) for key, found in counts.items()}


ADDRESSES = (
    "", "brand=Apple", "brand=Apple&brand=Nokia&grade=good", "storage_gb=128&grade=fair&brand=Samsung",
    "price_min=150", "price_max=237&brand=Apple", "price_min=180&price_max=391&storage_gb=64", "brand=Fairphone",
    "price_min=9999", "model=unknown&grade=good",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_bits_count_what_the_rows_hold_whatever_is_stale(shelf: Category, seed: int, now: datetime) -> None:
    dice = random.Random(seed)
    for _ in range(4):
        for listing in dice.sample(list(Listing.objects.filter(status="online")), 5):
            if dice.random() < 0.3:
                pause_listing(listing, by=BY, at=now)
            else:
                changes = dice.choice([{"on_hand": 0}, {"on_hand": 4}, {"guarantee_months": 24}])
                change_listing(listing, by=BY, at=now, **changes)
        if dice.random() < 0.5:
            index_stale()
        for address in ADDRESSES:
            assert counted(shelf, address) == by_hand(shelf, address), address


def test_what_is_indexed_is_no_longer_stale_and_stays_where_it_is(shelf: Category, now: datetime) -> None:
    assert index_stale() == StaleBuyable.objects.count() + 27 == 27
    slots = dict(Buyable.objects.values_list("pk", "slot"))
    assert sorted(slots.values()) == list(range(27))
    listing = Listing.objects.earliest("number")
    change_listing(listing, by=BY, at=now, on_hand=0)
    assert (index_stale(), index_stale()) == (1, 0)
    assert dict(Buyable.objects.values_list("pk", "slot")) == slots
    sold = Buyable.objects.get(variant=listing.variant, grade=listing.grade)
    brand = FacetValue.objects.get(key="brand", value="Apple")
    assert (brand.count, brand.slots[sold.slot]) == (8, "0")


def test_a_change_that_moves_no_facet_makes_nothing_stale(shelf: Category, now: datetime) -> None:
    index_stale()
    change_listing(Listing.objects.earliest("number"), by=BY, at=now, on_hand=2)
    assert not StaleBuyable.objects.exists()


def test_the_bits_grow_with_the_shelf(monkeypatch: pytest.MonkeyPatch, shelf: Category) -> None:
    monkeypatch.setattr(facet_index, "STEP", 4)
    monkeypatch.setattr(facet_index, "AT_ONCE", 5)
    assert index_stale() == 27
    assert {len(slots) for slots in FacetValue.objects.values_list("slots", flat=True)} == {28}
    for address in ADDRESSES:
        assert counted(shelf, address) == by_hand(shelf, address)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_shows_the_rows_that_were_counted(shelf: Category, address: str) -> None:
    index_stale()
    asked = chosen_in(QueryDict(address), groups_of(shelf))
    there = {facet for facets in Buyable.objects.values_list("facets", flat=True) for facet in facets}
    known = {key: [value for value in values if f"{key}={value}" in there] for key, values in asked.values.items()}
    choice = Choice({key: values for key, values in known.items() if values}, asked.price)
    page = category_page(shelf, QueryDict(f"{address}&sort=price"))
    wanted = [row for row in Buyable.objects.in_stock().order_by("price_minor", "id")
              if choice.admits(row.facets, row.price_minor)]  # fmt: skip
    assert (page.total, [row.id for row in page.page]) == (len(wanted), [row.pk for row in wanted[:24]])


@pytest.mark.parametrize("sort", ["best", "price"])
@pytest.mark.parametrize("stale", [False, True])
def test_long_lists_are_read_in_their_order_and_hold_the_same_rows(
    shelf: Category, sort: str, stale: bool, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    index_stale()
    for listing in Listing.objects.order_by("number")[: 9 * stale : 2]:
        change_listing(listing, by=BY, at=now, guarantee_months=36)

    def shown() -> dict[str, list[int]]:
        return {
            each: [row.id for row in category_page(shelf, QueryDict(f"{each}&sort={sort}")).page] for each in ADDRESSES
        }

    short = shown()
    monkeypatch.setattr("catalog.selectors.lists.FEW", 0)
    assert shown() == short


def test_bits_are_kept_as_they_are(shelf: Category, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facet_index, "STEP", 40_000)
    index_stale()
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT pg_column_compression(slots), pg_column_size(slots) FROM catalog_facetvalue")
        assert cursor.fetchall() == [(None, 40_000 // 8 + 8)]


def test_what_a_search_found_is_counted_as_the_bits_count_it(shelf: Category, monkeypatch: pytest.MonkeyPatch) -> None:
    index_stale()
    pause_listing(Listing.objects.earliest("number"), by=BY, at=datetime(2026, 11, 23, 9, tzinfo=UTC))

    def shown(words: str) -> tuple[int, list[Facet], list[int]]:
        page = search_page(words, QueryDict(), [shelf])
        return page.total, page.facets, [row.id for row in page.page]

    few = {words: shown(words) for words in ("apple", "good one", "nokai", "zeppelin")}
    assert [total for total, _facets, _rows in few.values()] == [8, 9, 9, 0]
    monkeypatch.setattr("catalog.selectors.narrowing.FEW_ROWS", 0)
    assert {words: shown(words) for words in few} == few


@pytest.mark.django_db(transaction=True)
def test_bits_that_grow_between_two_statements_count_the_same(shelf: Category, now: datetime) -> None:
    index_stale()
    pause_listing(Listing.objects.earliest("number"), by=BY, at=now)
    grown: list[int] = []

    def growing(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not grown and any(str(value).startswith("{") for value in params or ()):
            grown.append(facet_index._lengthen(shelf, 2 * facet_index.STEP))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(growing):
        found = counted(shelf, "brand=Apple&grade=good")
    assert (found, grown) == (by_hand(shelf, "brand=Apple&grade=good"), [2 * facet_index.STEP])
