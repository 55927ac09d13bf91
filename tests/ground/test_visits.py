"""One visit of the courier for several parcels."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backmarket.shipping import selectors, services
from backmarket.shipping.models import Parcel, Pickup
from tests.factories import AddressFactory
from tests.ground.parcel_steps import FAR, kinds, parcel_of, paris, scan, scans, two_in_one_visit, with_pickup

pytestmark = pytest.mark.django_db


def test_a_parcel_joins_the_visit_that_another_one_has_booked(now: datetime) -> None:
    first, second = two_in_one_visit(now)
    one, other = first.pickups.get(), second.pickups.get()
    assert (other.visit, other.window_start, other.window_end) == (one.visit, one.window_start, one.window_end)
    assert list(selectors.parcels_of_visit(one.visit)) == [first, second]
    services.advance_sandbox_courier(now + FAR)
    for parcel in (first, second):
        parcel.refresh_from_db()
        assert (parcel.status, parcel.pickups.get().collected_at) == ("delivered", paris(2026, 11, 24, 10, 30))


def test_cancelling_one_parcel_of_a_visit_leaves_the_others(now: datetime) -> None:
    first, second = two_in_one_visit(now)
    services.cancel_parcel(first, by="guest", at=now)
    services.book_couriers(now)
    services.advance_sandbox_courier(now + FAR)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, scans(first), second.status) == ("cancelled", [], "delivered")
    assert list(selectors.parcels_of_visit(second.pickups.get().visit)) == [second]


@pytest.mark.parametrize("told", [(0,), (0, 1), (1, 0, 0)], ids=["of one", "of both", "of both, one twice"])
def test_an_attempt_of_the_visit_counts_once_for_each_parcel(now: datetime, told: tuple[int, ...]) -> None:
    both = two_in_one_visit(now)
    for day in (24, 25):
        for number, which in enumerate(told):
            scan(both[which], day * 10 + number, "pickup_attempted", paris(2026, 11, day, 10, 30 + number))
    assert [(p.status, p.attempts) for p in Pickup.objects.all()] == [("attempted", 2)] * 2
    for which in told:
        scan(both[which], 260 + which, "pickup_attempted", paris(2026, 11, 26, 10, 30))
    assert [(p.status, p.attempts) for p in Pickup.objects.all()] == [("failed", 3)] * 2
    assert [kinds(parcel) for parcel in both] == [["pickup.attempted", "pickup.attempted", "pickup.failed"]] * 2


def test_a_failed_visit_fails_for_every_parcel(now: datetime) -> None:
    both = two_in_one_visit(now)
    scan(both[1], 1, "pickup_failed", paris(2026, 11, 24, 12))
    assert [kinds(parcel) for parcel in both] == [["pickup.failed"]] * 2


def test_what_is_told_of_another_visit_stays_there(now: datetime) -> None:
    first, second = two_in_one_visit(now)
    later, start, end = now + timedelta(minutes=5), paris(2026, 11, 25, 8), paris(2026, 11, 25, 10)
    services.rebook_pickup(second, start=start, end=end, by="guest", at=later)
    scan(second, 1, "pickup_attempted", paris(2026, 11, 25, 8, 30))
    assert (first.pickups.get().attempts, second.pickups.first().attempts) == (0, 1)  # type: ignore[union-attr]


def test_a_parcel_that_left_the_visit_before_does_not_count_in_it(now: datetime) -> None:
    first, second = two_in_one_visit(now)
    later, start, end = now + timedelta(minutes=5), paris(2026, 11, 25, 8), paris(2026, 11, 25, 10)
    services.rebook_pickup(second, start=start, end=end, by="guest", at=later)
    scan(second, 1, "pickup_attempted", paris(2026, 11, 25, 8, 30))
    scan(first, 2, "pickup_attempted", paris(2026, 11, 26, 10, 30))
    assert first.pickups.get().attempts == 1


def refusal_of_joining(at: datetime, pickup: Pickup, **changes: Any) -> services.CannotBookPickup:
    parcel = parcel_of(at, **{"sender": pickup.parcel.sender} | changes)
    with pytest.raises(services.CannotBookPickup) as refusal:
        services.join_pickup(parcel, pickup=pickup, by="guest", at=at)
    assert (refusal.value.field, parcel.pickups.count()) == ("slot", 0)
    return refusal.value


def test_a_visit_that_is_over_cancelled_or_failed_is_not_joined(now: datetime) -> None:
    pickup = with_pickup(now).pickups.get()
    assert "no longer be joined" in str(refusal_of_joining(pickup.window_start, pickup))
    for status in ("attempted", "collected", "failed", "cancelled"):
        Pickup.objects.filter(pk=pickup.pk).update(status=status)
        refusal_of_joining(now, pickup)


def test_a_visit_at_another_address_is_not_joined_however_the_same_one_is_typed(now: datetime) -> None:
    pickup = with_pickup(now).pickups.get()
    there = pickup.parcel.sender
    assert "another address" in str(refusal_of_joining(now, pickup, sender=AddressFactory(postcode="75012")))
    same = AddressFactory(
        name="Somebody Else", line1=f" {there.line1.upper()}  ", line2=there.line2, postcode=there.postcode,
        city=there.city.lower(),
    )  # fmt: skip
    services.join_pickup(parcel_of(now, sender=same), pickup=pickup, by="guest", at=now)


def test_a_parcel_with_an_open_pickup_or_on_its_way_joins_nothing(now: datetime) -> None:
    pickup, other = with_pickup(now).pickups.get(), with_pickup(now)
    with pytest.raises(services.CannotBookPickup):
        services.join_pickup(other, pickup=pickup, by="guest", at=now)
    scan(other, 1, "in_transit", now + timedelta(minutes=1))
    with pytest.raises(services.CannotBookPickup):
        services.join_pickup(other, pickup=pickup, by="guest", at=now)


def test_visits_to_join_are_named_once_each_soonest_first(now: datetime) -> None:
    two_in_one_visit(now)
    later = with_pickup(now)
    services.rebook_pickup(later, start=paris(2026, 11, 26, 8), end=paris(2026, 11, 26, 10), by="guest", at=now)
    ahead = selectors.pickups_to_join(Parcel.objects.all(), now)
    assert [pickup.window_start for pickup in ahead] == [paris(2026, 11, 24, 10), paris(2026, 11, 26, 8)]
    assert [p.window_start for p in selectors.pickups_to_join(Parcel.objects.all(), paris(2026, 11, 25, 8))] == [
        paris(2026, 11, 26, 8)
    ]
