from datetime import datetime, timedelta

import pytest

from backmarket.money import Money
from backmarket.states import IllegalMove
from catalog.models import Unit
from catalog.services import units
from catalog.services.units import CannotList, UnitInStock
from tests.factories import ListingFactory, UserFactory, imei

pytestmark = pytest.mark.django_db
BY = "system:test"
HOUR = timedelta(hours=1)


@pytest.fixture
def listing(db: None) -> object:
    return ListingFactory(on_hand=0)


def take_in(listing: object, now: datetime, identifier: str = "") -> Unit:
    facts = {"purchase": Money(20000, "EUR"), "vat_scheme": "MARGINAL", "by": BY, "at": now}
    return units.take_in_unit(listing.variant, listing.plant, identifier=identifier or imei(), **facts)


def prepare(unit: Unit, now: datetime) -> None:
    units.erase_unit(unit, standard="NIST 800-88", tool="Blancco 7.4", operator=UserFactory(), by=BY, at=now)
    units.record_test(unit, grade="good", battery_percent=91, by=BY, at=now + HOUR)


def test_a_unit_goes_from_purchase_to_the_shelf(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    prepare(unit, now)
    units.list_unit(unit, listing, by=BY, at=now + 2 * HOUR)
    unit.refresh_from_db()
    assert (unit.status, unit.listing, unit.ready_at) == (Unit.Status.READY, listing, now + 2 * HOUR)
    assert listing.on_hand == 1


def test_one_device_is_in_stock_once(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    with pytest.raises(UnitInStock):
        take_in(listing, now, unit.identifier)


@pytest.mark.parametrize("step", ["erase", "test"])
def test_what_is_not_erased_and_tested_is_not_listed(step: str, listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    if step == "erase":
        units.record_test(unit, grade="good", battery_percent=None, by=BY, at=now)
    else:
        units.erase_unit(unit, standard="NIST 800-88", tool="Blancco 7.4", operator=UserFactory(), by=BY, at=now)
        unit.grade = "good"
        unit.save()
    with pytest.raises(CannotList):
        units.list_unit(unit, listing, by=BY, at=now)


def test_a_part_changed_asks_for_a_new_test(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    prepare(unit, now)
    units.repair_unit(unit, parts=["battery"], by=BY, at=now + 2 * HOUR)
    with pytest.raises(CannotList):
        units.list_unit(unit, listing, by=BY, at=now + 3 * HOUR)
    units.record_test(unit, grade="good", battery_percent=100, by=BY, at=now + 3 * HOUR)
    units.list_unit(unit, listing, by=BY, at=now + 3 * HOUR)
    assert unit.parts_changed == ["battery"]


def test_a_unit_is_not_listed_as_another_grade(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    prepare(unit, now)
    fair = ListingFactory(variant=listing.variant, plant=listing.plant, grade="fair")
    with pytest.raises(CannotList):
        units.list_unit(unit, fair, by=BY, at=now)


def test_a_unit_that_comes_back_is_erased_and_tested_again(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    prepare(unit, now)
    units.list_unit(unit, listing, by=BY, at=now)
    units.sell_unit(unit, by=BY, at=now)
    units.take_back_unit(unit, by=BY, at=now + 9 * HOUR)
    unit.refresh_from_db()
    assert (unit.status, unit.erased_at, unit.tested_at, unit.listing) == (Unit.Status.IN_WORKSHOP, None, None, None)
    with pytest.raises(CannotList):
        units.list_unit(unit, listing, by=BY, at=now + 9 * HOUR)


def test_work_is_done_in_the_workshop_only(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    prepare(unit, now)
    units.list_unit(unit, listing, by=BY, at=now)
    with pytest.raises(IllegalMove):
        units.repair_unit(unit, parts=["screen"], by=BY, at=now)
    with pytest.raises(IllegalMove):
        units.recycle_unit(unit, by=BY, at=now)
