"""Two technicians at one device.

Protected by the compare-and-swap of `states.move` (deciding a trade), the lock on the unit (its list of parts, and
listing it), and the lock on the trade (its draft): each control shows what happens without.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.test import Client

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.money import Money
from backmarket.payments.models import LedgerMovement
from backmarket.payments.selectors import balance, ledger_sum
from buyback.models import Inspection, SheetDraft, Trade
from buyback.services.inspections import make_counter_offer, submit_inspection, suspend_trade, validate_trade
from buyback.services.sheets import SheetChanged, keep_draft
from catalog.models import Listing, Unit
from catalog.services.units import CannotList, erase_unit, list_unit, record_test, repair_unit
from refurbishers.models import Refurbisher
from tests.admin.rows import role, url
from tests.buyback import steps
from tests.factories import ListingFactory, UnitFactory, UserFactory
from tests.races.together import PATIENCE, at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
BY = "system:test"
SOME = 6


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def copies(trade: Trade, count: int) -> list[Trade]:
    """The same trade as each technician's page has read it."""
    return [Trade.objects.select_related("inspection").get(pk=trade.pk) for _ in range(count)]


def test_of_six_technicians_who_validate_at_once_one_wins_and_the_price_is_owed_once(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = steps.graded(plant, carol, now)

    results = at_once([partial(validate_trade, each, by=BY, at=now) for each in copies(trade, SOME)])

    assert Counter(type(result).__name__ for result in results) == {"NoneType": 1, "IllegalMove": SOME - 1}
    assert LedgerMovement.objects.filter(key=f"trade:{trade.pk}").count() == 1
    assert (balance("consumer", str(carol.pk)), ledger_sum()) == (Money(25_000, "EUR"), {"EUR": 0})
    assert Unit.objects.filter(identifier=trade.identifier).count() == 1
    assert Event.objects.filter(kind="trade.validated").count() == 1


def test_control_technicians_who_look_before_they_decide_all_decide(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    """The same without the compare-and-swap: everybody has seen an inspected trade, and everybody writes."""
    trade, looked = steps.graded(plant, carol, now), Barrier(SOME)

    def naive() -> int:
        seen = Trade.objects.get(pk=trade.pk)
        looked.wait(timeout=PATIENCE)
        if seen.status != "inspected":
            return 0
        return Trade.objects.filter(pk=trade.pk).update(status="validated", validated_at=now)

    assert at_once([naive] * SOME) == [1] * SOME


def test_validating_countering_and_suspending_at_once_do_one_of_the_three(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = steps.graded(plant, carol, now, screen_marks="cracked")
    one, other, third = copies(trade, 3)
    calls = [
        partial(validate_trade, one, by=BY, at=now),
        partial(make_counter_offer, other, **steps.offer(), at=now),
        partial(suspend_trade, third, reason="locked", by=BY, at=now),
    ]

    results = at_once(calls)

    # Countered and then suspended is not allowed either, so whoever is first decides.
    assert sum(isinstance(result, Exception) for result in results) == 2
    status = Trade.objects.get(pk=trade.pk).status
    owed = LedgerMovement.objects.filter(key=f"trade:{trade.pk}").count()
    assert owed == (1 if status == "validated" else 0)
    assert Event.objects.filter(kind__in=["trade.validated", "trade.countered", "trade.suspended"]).count() == 1


def test_the_slower_technicians_page_says_so_kindly(
    plant: Refurbisher, carol: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    trade = steps.graded(plant, carol, now)
    timetravel.travel_to(now)
    browsers = [client_of(role(plant, "technician")) for _ in range(2)]
    address = url("plant", trade, "step", "validate")

    answers = at_once([partial(browser.post, address, follow=True) for browser in browsers])

    assert sorted(answer.status_code for answer in answers) in ([200, 200], [200, 422])
    told = [answer for answer in answers if "something has changed meanwhile" in answer.content.decode()]
    assert len(told) == 1
    assert Trade.objects.get(pk=trade.pk).status == "validated"


def test_two_sheets_handed_in_at_once_are_one_inspection(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = steps.received(plant, carol, now)
    hand_in = [
        partial(submit_inspection, each, sheet=steps.sheet(), note="", by=UserFactory(), at=now)
        for each in copies(trade, 2)
    ]

    results = at_once(hand_in)

    assert sorted(type(result).__name__ for result in results) == ["IllegalMove", "Inspection"]
    assert (Inspection.objects.count(), SheetDraft.objects.count()) == (1, 0)


def test_a_draft_kept_while_the_sheet_is_handed_in_is_refused_and_leaves_nothing(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    """Without the lock on the trade the draft is written beside the inspection, and stays."""
    trade = steps.received(plant, carol, now)
    one, other = copies(trade, 2)
    hand_in = partial(submit_inspection, one, sheet=steps.sheet(), note="", by=BY, at=now)
    keep = partial(keep_draft, other, sheet={"touch": "fail"}, note="", seen=0, by=UserFactory(), at=now)

    assert type(meanwhile(hand_in, keep)).__name__ == "CannotInspect"

    assert (Inspection.objects.count(), SheetDraft.objects.count()) == (1, 0)


def test_two_colleagues_who_keep_one_draft_at_once_do_not_overwrite_each_other(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = steps.received(plant, carol, now)
    people = [UserFactory(), UserFactory()]
    keep_draft(trade, sheet={}, note="", seen=0, by=UserFactory(), at=now)
    values = ["pass", "fail"]
    calls = [
        partial(keep_draft, each, sheet={"touch": value}, note="", seen=1, by=person, at=now)
        for each, value, person in zip(copies(trade, 2), values, people, strict=True)
    ]

    results = at_once(calls)

    won = [place for place, result in enumerate(results) if isinstance(result, SheetDraft)]
    assert [type(result) for place, result in enumerate(results) if place not in won] == [SheetChanged]
    draft = SheetDraft.objects.get()
    assert (draft.sheet, draft.version, draft.saved_by) == ({"touch": values[won[0]]}, 2, people[won[0]])


# Units


@pytest.fixture
def unit(plant: Refurbisher, now: datetime) -> Unit:
    unit: Unit = UnitFactory(plant=plant)
    erase_unit(unit, standard="IEEE 2883-2022", tool="Reset", operator=UserFactory(), by=BY, at=now)
    record_test(unit, grade="good", battery_percent=91, by=BY, at=now)
    return unit


@pytest.fixture
def listing(unit: Unit) -> Listing:
    return ListingFactory(plant=unit.plant, variant=unit.variant, grade="good", on_hand=0)


def test_parts_noted_by_six_hands_at_once_are_all_there(unit: Unit, now: datetime) -> None:
    noted = [f"part {number}" for number in range(SOME)]

    at_once([partial(repair_unit, Unit.objects.get(pk=unit.pk), parts=[part], by=BY, at=now) for part in noted])

    assert sorted(Unit.objects.get(pk=unit.pk).parts_changed) == noted


def test_control_parts_added_to_a_list_that_was_read_before_are_lost(unit: Unit) -> None:
    looked = Barrier(SOME)

    def naive(part: str) -> int:
        seen = Unit.objects.get(pk=unit.pk)
        looked.wait(timeout=PATIENCE)
        return Unit.objects.filter(pk=unit.pk).update(parts_changed=[*seen.parts_changed, part])

    assert at_once([partial(naive, f"part {number}") for number in range(SOME)]) == [1] * SOME
    assert len(Unit.objects.get(pk=unit.pk).parts_changed) == 1


def test_a_part_changed_while_the_unit_is_being_listed_keeps_it_off_the_shelf(
    unit: Unit, listing: Listing, now: datetime
) -> None:
    """Without the lock the list sees the old test, and only the database's own rule refuses, with an error page."""
    repair = partial(repair_unit, unit, parts=["screen"], by=BY, at=now + timedelta(hours=1))
    sell = partial(list_unit, Unit.objects.get(pk=unit.pk), listing, by=BY, at=now + timedelta(hours=1))

    refusal = meanwhile(repair, sell)

    assert (type(refusal), str(refusal)) == (CannotList, "Test the device after its last repair, before listing it.")
    listing.refresh_from_db()
    assert (Unit.objects.get(pk=unit.pk).status, listing.on_hand) == ("in_workshop", 0)
