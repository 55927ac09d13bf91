from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backmarket.money import Money
from backmarket.states import IllegalMove
from catalog.models import Unit
from catalog.passports import names_of, passport, what_is_missing
from catalog.services import units
from catalog.services.units import CannotList, CannotRecycle, UnitInStock
from tests.factories import ListingFactory, MemberFactory, UserFactory, imei

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


def test_nothing_is_recycled_before_its_data_are_gone(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    with pytest.raises(CannotRecycle):
        units.recycle_unit(unit, by=BY, at=now)
    assert Unit.objects.get(pk=unit.pk).status == Unit.Status.IN_WORKSHOP
    prepare(unit, now)
    units.recycle_unit(unit, by=BY, at=now + HOUR)
    assert Unit.objects.get(pk=unit.pk).status == Unit.Status.RECYCLED


@pytest.mark.parametrize("lost", [{"erasure_standard": ""}, {"erasure_tool": ""}, {"erased_by": None}])
@pytest.mark.parametrize("status", ["in_workshop", "ready"])
def test_the_database_refuses_half_an_erasure(
    listing: object, now: datetime, lost: dict[str, Any], status: str
) -> None:
    unit = take_in(listing, now)
    prepare(unit, now)
    if status == "ready":
        units.list_unit(unit, listing, by=BY, at=now + 2 * HOUR)
    with pytest.raises(IntegrityError, match="unit_erasure_is_whole"), transaction.atomic():
        Unit.objects.filter(pk=unit.pk).update(**lost)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"erased_at": None}, "unit_ready_only_tested_and_erased"),
        ({"tested_at": None}, "unit_ready_only_tested_and_erased"),
        ({"repaired_at": datetime(2030, 1, 1, tzinfo=UTC)}, "unit_tested_after_repair"),
    ],
)
def test_the_database_keeps_what_is_not_fit_off_the_shelf(
    listing: object, now: datetime, facts: dict[str, Any], rule: str
) -> None:
    unit = take_in(listing, now)
    prepare(unit, now)
    Unit.objects.filter(pk=unit.pk).update(**facts)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Unit.objects.filter(pk=unit.pk).update(status="ready")


def test_what_is_missing_is_said_in_the_order_in_which_it_is_done(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    assert what_is_missing(unit) == ["its erasure, with standard, tool and operator", "its test"]
    prepare(unit, now)
    assert what_is_missing(unit) == []
    units.repair_unit(unit, parts=["battery"], by=BY, at=now + 2 * HOUR)
    assert what_is_missing(unit) == ["a new test, for parts were changed after the last one"]


def test_a_passport_keeps_every_erasure_part_and_test(listing: object, now: datetime) -> None:
    unit = take_in(listing, now)
    operator = MemberFactory(plant=listing.plant).user
    for hour, standard in enumerate(("IEEE 2883-2022", "NIST SP 800-88 Purge")):
        units.erase_unit(unit, standard=standard, tool="Reset", operator=operator, by=BY, at=now + hour * HOUR)
    for hour, part in enumerate(("battery", "screen"), 2):
        units.repair_unit(unit, parts=[part], by=BY, at=now + hour * HOUR)
    units.record_test(unit, grade="good", battery_percent=97, by=operator, at=now + 4 * HOUR)
    stamps = passport(unit)
    assert [(str(stamp.title), stamp.detail) for stamp in stamps] == [
        ("Taken into the workshop", ""),
        ("Data erased", "IEEE 2883-2022, Reset"),
        ("Data erased", "NIST SP 800-88 Purge, Reset"),
        ("Parts changed", "battery"),
        ("Parts changed", "screen"),
        ("Tested", "Good, battery 97 %"),
    ]
    assert [stamp.by for stamp in stamps] == [None, operator.pk, operator.pk, None, None, operator.pk]
    assert names_of(unit, stamps) == {operator.pk: operator.full_name}
    unit.refresh_from_db()
    assert unit.parts_changed == ["battery", "screen"]


def test_a_seller_whose_answer_made_the_unit_has_no_name_in_its_passport(listing: object, now: datetime) -> None:
    seller = UserFactory()
    facts = {"purchase": Money(20000, "EUR"), "vat_scheme": "MARGINAL", "by": seller, "at": now}
    unit = units.take_in_unit(listing.variant, listing.plant, identifier=imei(), **facts)
    stamps = passport(unit)
    assert ([stamp.by for stamp in stamps], names_of(unit, stamps)) == ([seller.pk], {})
