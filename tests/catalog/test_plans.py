"""How PostgreSQL reads the shop's pages: by index, whatever is asked, on a catalogue of thousands.

The statements are those that the pages themselves send, explained on a database of this test's own making; nothing of
the planner is switched off. Lists of every size must pass, so only what is small by nature may be read whole.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backmarket.management.seeding import catalogue, plants, scale
from backmarket.management.seeding.base import analyze
from catalog.models import (
    Buyable,
    Category,
    FacetValue,
    Listing,
    Product,
    Remainder,
    StockReservation,
    Title,
    Variant,
    Word,
)
from catalog.reading import kept_remains_of
from catalog.selectors.lists import FEW
from refurbishers.models import Measurement, Refurbisher

pytestmark = pytest.mark.django_db

BUYABLES, LISTINGS, TITLES = 4_000, 24_000, 6_000
# In a category of a thousand, what lies before page 50 is most of it: reading it whole would be right.
DEEP = 12
# A row or some dozens in any shop, and the queue of stale buyables, which is emptied every 15 seconds.
SMALL = {
    "catalog_category", "catalog_stalebuyable", "catalog_shopfigures", "catalog_gradingspecification",
    "catalog_collection", "refurbishers_refurbisher", "refurbishers_specification", "refurbishers_clause",
    "refurbishers_signature",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """The bench's catalogue, smaller, and gone at the end; tables of a fresh shop, without what earlier tests left in
    them, whose pages would count in a plan's cost."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("catalog_", "refurbishers_")):
                cursor.execute(f"VACUUM FULL {connection.ops.quote_name(table)}")
    with django_db_blocker.unblock(), transaction.atomic():
        at = datetime(2026, 11, 23, 9, tzinfo=UTC)
        catalogue.load(at)
        plants.load(at)
        for _ in scale.load(BUYABLES, LISTINGS, at):
            pass
        _sold_out()
        _measured(at.date())
        _reserved(at)
        with connection.cursor() as cursor:
            # As autovacuum does in any shop, moments after so many rows came.
            for index in ("title_search", "buyable_search"):
                cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
        analyze()
        yield Client()
        transaction.set_rollback(True)


def _sold_out() -> None:
    """Models that nobody has any more: thousands of titles, words and facet values besides those of the catalogue."""
    model = Product.objects.select_related("category").earliest("pk")
    names = [f"{scale.STARTS[n % 25]}{scale.ENDS[n // 25 % 25]}{scale.ENDS[n // 625 % 25]}" for n in range(TITLES)]
    rows = Product.objects.bulk_create(
        Product(category=model.category, slug=f"gone-{n}", brand="Old", name=name, form=model.form, released_year=2015)
        for n, name in enumerate(names)
    )
    Title.objects.bulk_create(
        Title(product=row, title=str(row), slug=row.slug, search_text=f"old {row.name.lower()}") for row in rows
    )
    nothing = "0" * len(FacetValue.objects.filter(category=model.category)[0].slots)
    FacetValue.objects.bulk_create(
        FacetValue(category=model.category, key="model", value=row.slug, label=str(row), parent="Old", slots=nothing)
        for row in rows
    )
    words = sorted({name.lower() for name in names})
    Word.objects.bulk_create([Word(word=word) for word in words], ignore_conflicts=True)
    remainders = [Remainder(text=text, word=word) for word in words[::10] for text in kept_remains_of(word)]
    Remainder.objects.bulk_create(remainders, ignore_conflicts=True)


def _measured(today: date) -> None:
    """Every plant's measures of a year."""
    measures = [f"measure_{n}" for n in range(8)]
    Measurement.objects.bulk_create(
        [
            Measurement(plant=plant, measure=measure, measured_date=today - timedelta(days=day), value=1, sample=1)
            for plant in Refurbisher.objects.all()
            for measure in measures
            for day in range(2, 90)
        ],
        batch_size=2_000,
    )


def _reserved(at: datetime) -> None:
    """A year of checkouts, all sold."""
    listings = list(Listing.objects.values_list("pk", flat=True)[:500])
    StockReservation.objects.bulk_create(
        [
            StockReservation(holder=uuid4(), listing_id=listings[n % 500], quantity=1, expires_at=at, sold_at=at)
            for n in range(TITLES)
        ],
        batch_size=2_000,
    )


def largest() -> Category:
    return max(Category.objects.all(), key=lambda row: Buyable.objects.in_stock().filter(category=row).count())


def facets(count: int) -> dict[str, str]:
    row = Buyable.objects.in_stock().filter(category=largest()).earliest("pk")
    chosen = {"brand": row.brand, "grade": row.grade, "storage_gb": str(row.attributes.get("storage_gb", ""))}
    return dict(list(chosen.items())[:count])


def address(page: str) -> str:
    category, row = f"/c/{largest().slug}/", Buyable.objects.in_stock().order_by("-offer_count", "pk")[0]
    words = row.title.lower()
    longest = max(words.split(), key=len)
    misspelt = words.replace(longest, longest[0] + longest[2] + longest[1] + longest[3:])
    skus = list(Variant.objects.filter(product__category=row.category).values_list("sku", flat=True)[:4])
    return {
        "category": category,
        "category, deep by price": f"{category}?{urlencode({'sort': 'price', 'page': DEEP})}",
        "category by saving": f"{category}?sort=saving",
        "category, one facet": f"{category}?{urlencode(facets(1))}",
        "category, three facets": f"{category}?{urlencode(facets(3))}",
        "category, prices": f"{category}?price_min=130&price_max=260",
        "search": f"/search/?q={quote(words)}",
        "search, a common word": f"/search/?q={quote('black good')}",
        "search, misspelt": f"/search/?q={quote(misspelt)}",
        "search, a facet": f"/search/?q={quote(words)}&grade=good",
        "search, nothing found": f"/search/?q={quote(f'{words} zeppelin')}",
        "search, no words": "/search/",
        "product": row.url,
        "suggestion": f"/search/suggest/?q={quote(words[: len(words) * 2 // 3])}",
        "suggestion, misspelt": f"/search/suggest/?q={quote(misspelt)}",
        "ranking": "/ranking/",
        "home": "/",
        "compare": f"/compare/?{urlencode({'v': skus}, doseq=True)}",
    }[page]


PAGES = (
    "category", "category, deep by price", "category by saving", "category, one facet", "category, three facets",
    "category, prices", "search", "search, a common word", "search, misspelt",
    "search, a facet", "search, nothing found", "search, no words", "product", "suggestion", "suggestion, misspelt",
    "ranking", "home", "compare",
)  # fmt: skip


def test_nothing_of_the_planner_is_switched_off() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name LIKE 'enable%' AND setting <> boot_val")
        assert cursor.fetchall() == []


def statements(client: Client, url: str) -> list[str]:
    """What the page asks of the database, once warm."""
    client.get(url)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    asked = [each["sql"] for each in found.captured_queries]
    return [sql for sql in asked if sql.lstrip().upper().startswith(("SELECT", "WITH", "EXECUTE"))]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def plan_of(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        return list(nodes(cursor.fetchone()[0][0]["Plan"]))


def read_whole(sql: str) -> set[str]:
    """The tables that a statement reads from the first row to the last."""
    return {node["Relation Name"] for node in plan_of(sql) if node["Node Type"] == "Seq Scan"}


def indexes(sql: str) -> set[str]:
    return {node["Index Name"] for node in plan_of(sql) if "Index Name" in node}


@pytest.mark.parametrize("page", PAGES)
def test_no_page_reads_a_large_table_whole(shop: Client, page: str) -> None:
    found = {table: sql for sql in statements(shop, address(page)) for table in read_whole(sql) - SMALL}
    assert found == {}


def test_the_catalogue_is_large_enough_to_tell(shop: Client) -> None:
    assert Buyable.objects.count() == BUYABLES
    assert Listing.objects.count() > 20_000
    assert FacetValue.objects.count() > 6_000
    assert Measurement.objects.count() > 20_000
    assert Buyable.objects.in_stock().filter(category=largest()).count() > 2 * DEEP * 24 > FEW
    assert min(Title.objects.count(), Word.objects.count(), Remainder.objects.count()) > 5_000


@pytest.mark.parametrize(
    ("page", "index"),
    [
        ("category", "buyable_best"),
        ("category, deep by price", "buyable_price"),
        ("category by saving", "buyable_saving"),
        ("category, three facets", "buyable_slot_once"),
        ("category", "facet_few"),
        ("category", "facet_models"),
        ("category, one facet", "facet_of_brand"),
        ("search", "title_search"),
        ("search, a common word", "buyable_search"),
        ("search, misspelt", "remainder_once"),
        ("suggestion", "title_search"),
        ("product", "measured_once_a_day"),
    ],
)
def test_each_page_is_read_by_the_index_made_for_it(shop: Client, page: str, index: str) -> None:
    used = {each for sql in statements(shop, address(page)) for each in indexes(sql)}
    assert index in used


def test_what_a_choice_passes_over_is_not_read(shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.selectors.lists.FEW", 0)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # As vacuum leaves it, which cannot run in this test's transaction.
            cursor.execute("UPDATE pg_class SET relallvisible = relpages WHERE relname = 'catalog_buyable'")
        plans = [plan_of(sql) for sql in statements(shop, address("category, three facets"))]
        transaction.set_rollback(True)
    walked = [node["Node Type"] for plan in plans for node in plan if node.get("Index Name") == "buyable_best"]
    assert walked == ["Index Only Scan"]


@pytest.mark.parametrize(
    ("page", "table", "index"),
    [
        ("search, a common word", "catalog_buyable", "buyable_search"),
        ("search", "catalog_title", "title_search"),
        ("suggestion", "catalog_buyable", "title_search"),
    ],
)
def test_without_its_index_a_page_is_caught(shop: Client, page: str, table: str, index: str) -> None:
    """A protection that could not fail would protect nothing."""
    asked = statements(shop, address(page))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
        caught = {name for sql in asked for name in read_whole(sql)}
        transaction.set_rollback(True)
    assert table in caught
