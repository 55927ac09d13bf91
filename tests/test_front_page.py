"""The front page: figures that a job counted, and the best offers by index however many there are."""

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backmarket.accounts.models import User
from backmarket.figures import refresh_figures
from catalog.models import Buyable, ShopFigures
from catalog.selectors.shelves import best_offers
from refurbishers.models import Refurbisher
from tests.factories import CategoryFactory, ListingFactory, ProductFactory, ReferencePriceFactory, VariantFactory
from tests.reviews.deals import delivered_line, paid_trade

pytestmark = pytest.mark.django_db

PHONE_GRAMS = {"co2e_g": 24_600, "years_gained": 2, "source": "ADEME 2022"}


def test_the_job_counts_what_has_come_to_pass(plant: Refurbisher, alice: User, carol: User, now: datetime) -> None:
    variant = VariantFactory(product__category=CategoryFactory(impact=PHONE_GRAMS))
    ReferencePriceFactory(variant=variant, price_minor=80_000)
    Refurbisher.objects.update(rating_sum=46, rating_count=10)
    ListingFactory(plant=plant, variant=variant, price_minor=32_000)
    delivered_line(plant, alice, now, variant=variant)
    delivered_line(plant, alice, now, variant=variant, status="refunded", refunded_at=now)
    paid_trade(plant, carol, now)
    assert refresh_figures(now) == 1
    assert ShopFigures.objects.values().get() == {
        "id": 1, "counted_at": now, "second_lives": 1, "offers": 1, "saving_bps": 6000, "plants": 1, "rating_sum": 46,
        "ratings": 10, "sellers_paid": 1, "paid_minor": 20_000, "currency": "EUR", "co2e_g": 49_200,
    }  # fmt: skip


def test_counting_again_replaces_the_one_row(plant: Refurbisher, alice: User, now: datetime) -> None:
    refresh_figures(now)
    delivered_line(plant, alice, now)
    refresh_figures(now)
    assert [row.second_lives for row in ShopFigures.objects.all()] == [1]


def test_the_front_page_prints_the_row_and_counts_nothing(client: Client, now: datetime) -> None:
    ShopFigures.objects.create(
        counted_at=now, second_lives=4_321, offers=7, saving_bps=5_200, plants=28, rating_sum=46, ratings=10,
        sellers_paid=3, paid_minor=12_345_67, currency="EUR", co2e_g=230_400_000,
    )  # fmt: skip
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get("/").content.decode()
    for words in ("one of 28 plants", "52% below", "4,321", "€12,345", "230 t", "4.6"):
        assert words in page, words
    assert [query["sql"] for query in queries if "COUNT(" in query["sql"] or "AVG(" in query["sql"]] == []


def test_before_the_first_count_the_front_page_promises_no_figure(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "let the plants bid" in page
    assert 'id="tally"' not in page


def shelve(*scores: tuple[str, int]) -> None:
    """One product in stock per (category's slug, score)."""
    for slug, score in scores:
        category = CategoryFactory(slug=slug, name=slug)
        listing = ListingFactory(variant=VariantFactory(product=ProductFactory(category=category)))
        Buyable.objects.filter(variant=listing.variant).update(score=score)


def test_the_best_of_every_category_come_before_the_second_best_of_any() -> None:
    shelve(("phones", 90), ("phones", 80), ("laptops", 50), ("watches", 60), ("phones", 70))
    assert [row.score for row in best_offers(4)] == [90, 60, 50, 80]


def test_a_product_stands_there_once(plant: Refurbisher) -> None:
    product = ProductFactory()
    for _number in range(3):
        ListingFactory(plant=plant, variant=VariantFactory(product=product))
    assert len(best_offers(10)) == 1


def test_the_best_offers_are_read_by_index_in_one_question() -> None:
    shelve(("phones", 90), ("laptops", 50))
    with CaptureQueriesContext(connection) as queries:
        best_offers(10)
    assert len(queries) == 2
    with connection.cursor() as cursor:
        # What other tests have had in the table must not count.
        cursor.execute("ANALYZE catalog_buyable")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {queries[1]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    # Of so few rows either index is right; tests/catalog/test_plans.py explains thousands.
    assert len(re.findall("Index Scan using buyable_(?:all_)?best", plan)) == 2
    assert "Sort" not in plan
