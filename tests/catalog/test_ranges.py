"""What concerns thousands of buyables is recomputed in batches: the first at once, the rest by whoever goes on."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Buyable, Category, Listing, StaleRange
from catalog.services import ranges
from catalog.services.ranges import finish_range, refresh_category_range, refresh_plant_range, refresh_stale_ranges
from refurbishers.models import Refurbisher
from refurbishers.services.ladder import move_plant
from tests.factories import ListingFactory, VariantFactory

pytestmark = pytest.mark.django_db
BY = "system:test"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "AT_ONCE", 4)


@pytest.fixture
def range_of_ten(plant: Refurbisher) -> Refurbisher:
    """Five variants, each in two grades, and somebody else's one."""
    ListingFactory()
    for _ in range(5):
        variant = VariantFactory()
        for grade in ("fair", "good"):
            ListingFactory(plant=plant, variant=variant, grade=grade)
    return plant


def shown(plant: Refurbisher) -> int:
    return Buyable.objects.in_stock().filter(plant_slug=plant.slug).count()


def test_a_plants_range_leaves_in_batches_that_go_on_after_a_crash(
    range_of_ten: Refurbisher, now: datetime, drain: Any
) -> None:
    move_plant(range_of_ten, Refurbisher.Status.SUSPENDED, reasons="Counterfeit parts", by=BY, at=now)
    drain()
    assert (shown(range_of_ten), StaleRange.objects.count()) == (6, 1)
    left = StaleRange.objects.get()
    assert ranges._step(left.pk) == 4  # and the worker dies
    assert shown(range_of_ten) == 2
    assert refresh_stale_ranges() == 2
    assert (shown(range_of_ten), StaleRange.objects.exists(), Buyable.objects.in_stock().count()) == (0, False, 1)
    assert refresh_stale_ranges() == finish_range(left.pk) == 0


def test_a_change_that_comes_meanwhile_begins_anew(range_of_ten: Refurbisher) -> None:
    refresh_plant_range(range_of_ten.pk)
    first = StaleRange.objects.get()
    refresh_stale_ranges()
    assert not StaleRange.objects.exists()
    refresh_plant_range(range_of_ten.pk)
    ranges._step(StaleRange.objects.get().pk)
    Refurbisher.objects.filter(pk=range_of_ten.pk).update(name="Renamed")
    refresh_plant_range(range_of_ten.pk)
    again = StaleRange.objects.get()
    assert again.after == first.after
    refresh_stale_ranges()
    assert Buyable.objects.filter(plant_name="Renamed").count() == 10


def test_variants_stay_whole_and_none_is_left_out(monkeypatch: pytest.MonkeyPatch, range_of_ten: Refurbisher) -> None:
    monkeypatch.setattr(ranges, "AT_ONCE", 3)
    left = StaleRange.objects.create(plant=range_of_ten)
    assert [ranges._step(left.pk) for _ in range(5)] == [4, 4, 2, 0, 0]


def test_a_whole_category_is_recomputed(range_of_ten: Refurbisher) -> None:
    category = Category.objects.get()
    Category.objects.update(synonyms="pocketphone")
    refresh_category_range(category.pk)
    assert 0 < Buyable.objects.filter(search_text__contains="pocketphone").count() < 11
    refresh_stale_ranges()
    assert Buyable.objects.filter(search_text__contains="pocketphone").count() == 11


def test_a_batch_costs_as_many_statements_for_1_as_for_50(monkeypatch: pytest.MonkeyPatch, plant: Refurbisher) -> None:
    monkeypatch.setattr(ranges, "AT_ONCE", 1_000)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            refresh_plant_range(plant.pk)
        return len(queries)

    ListingFactory(plant=plant)
    cost()
    alone = cost()
    for _ in range(50):
        ListingFactory(plant=plant)
    assert Listing.objects.count() == 51
    assert cost() == alone <= 30
