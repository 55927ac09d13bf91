"""What the sandbox courier does for the postcodes of its table; 991 to 994 are in test_shipping."""

from datetime import datetime, timedelta

import pytest

from backmarket.errors import GatewayError
from backmarket.events.models import Event
from backmarket.shipping import services
from backmarket.shipping.models import SandboxShipment
from tests.ground.parcel_steps import FAR, kinds, parcel_of, paris, scans, with_pickup

pytestmark = pytest.mark.django_db


def test_990_gets_no_answer_about_times_and_everything_else_works(now: datetime) -> None:
    with pytest.raises(GatewayError, match="NO_ANSWER") as failure:
        services.available_slots(postcode="75990", country="FR", at=now)
    assert failure.value.retry
    parcel = with_pickup(now, "75990")
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert (parcel.status, parcel.delivered_at) == ("delivered", paris(2026, 11, 25, 11))


def test_995_calls_off_its_first_visit_two_hours_before_and_a_rebooked_one_succeeds(now: datetime) -> None:
    parcel = with_pickup(now, "75995")
    services.advance_sandbox_courier(now + FAR)
    first = parcel.pickups.get()
    assert scans(parcel) == [("pickup_failed", paris(2026, 11, 24, 8))]
    assert (first.status, first.attempts, first.failed_at) == ("failed", 0, paris(2026, 11, 24, 8))
    assert Event.objects.get(kind="pickup.failed").data["reason"] == "called_off"
    later = paris(2026, 11, 24, 9)
    start = paris(2026, 11, 25, 10)
    services.rebook_pickup(parcel, start=start, end=start + timedelta(hours=2), by="guest", at=later)
    services.book_couriers(later)
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert kinds(parcel) == ["pickup.failed", "pickup.collected", "parcel.in_transit", "parcel.delivered"]
    assert (parcel.in_transit_at, parcel.delivered_at) == (paris(2026, 11, 25, 10, 30), paris(2026, 11, 26, 11))


def test_995_with_less_than_two_hours_left_is_called_off_a_minute_after_the_booking(now: datetime) -> None:
    at = paris(2026, 11, 24, 9)
    parcel = parcel_of(at, "75995")
    services.book_pickup(parcel, start=at + timedelta(hours=1), end=at + timedelta(hours=3), by="guest", at=at)
    services.book_couriers(at)
    services.advance_sandbox_courier(now + FAR)
    assert scans(parcel) == [("pickup_failed", at + timedelta(minutes=1))]


def test_996_has_no_times_and_a_parcel_that_is_dropped_off_arrives(now: datetime) -> None:
    assert services.available_slots(postcode="75996", country="FR", at=now) == []
    parcel = parcel_of(now, "75996")
    services.book_couriers(now)
    services.advance_sandbox_courier(now + FAR)
    assert scans(parcel) == [
        ("in_transit", now + timedelta(hours=2)),
        ("out_for_delivery", paris(2026, 11, 24, 8)),
        ("delivered", paris(2026, 11, 24, 11)),
    ]


@pytest.mark.parametrize("ends", ["sender", "recipient"])
def test_997_loses_its_first_answer_and_the_label_is_made_once(now: datetime, ends: str) -> None:
    parcel = parcel_of(now, "75997")
    if ends == "recipient":
        parcel.sender.postcode, parcel.recipient.postcode = "75011", "69997"
        parcel.sender.save()
        parcel.recipient.save()
    with pytest.raises(GatewayError, match="ANSWER_LOST") as failure:
        services.book_with_courier(parcel.pk, at=now)
    parcel.refresh_from_db()
    assert (failure.value.retry, parcel.tracking_number, parcel.refusal) == (True, "", "")
    later = now + timedelta(minutes=1)
    assert [services.book_couriers(later), services.book_couriers(later)] == [1, 0]
    parcel.refresh_from_db()
    assert (parcel.booked_at, SandboxShipment.objects.get().pk) == (later, parcel.tracking_number)


def test_998_is_damaged_in_the_depot_and_delivered_nevertheless(now: datetime) -> None:
    parcel = with_pickup(now, "75998")
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert scans(parcel) == [
        ("collected", paris(2026, 11, 24, 10, 30)),
        ("in_transit", paris(2026, 11, 24, 20)),
        ("damaged", paris(2026, 11, 24, 23)),
        ("out_for_delivery", paris(2026, 11, 25, 8)),
        ("delivered", paris(2026, 11, 25, 11)),
    ]
    assert kinds(parcel) == ["pickup.collected", "parcel.in_transit", "parcel.damaged", "parcel.delivered"]
    assert parcel.status == "delivered"


def test_999_comes_one_business_day_too_late_at_the_booked_time(now: datetime) -> None:
    parcel = with_pickup(now, "75999")
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    pickup = parcel.pickups.get()
    assert (pickup.status, pickup.attempts, pickup.collected_at) == ("collected", 0, paris(2026, 11, 25, 10, 30))
    assert (parcel.in_transit_at, parcel.delivered_at) == (paris(2026, 11, 25, 10, 30), paris(2026, 11, 26, 11))
    assert kinds(parcel) == ["pickup.collected", "parcel.in_transit", "parcel.delivered"]


@pytest.mark.parametrize("at_the_door", [True, False])
def test_988_refuses_the_label_and_agrees_when_the_desk_asks_again(now: datetime, at_the_door: bool) -> None:
    parcel = parcel_of(now, "75988")
    if at_the_door:
        start = paris(2026, 11, 25, 10)
        services.book_pickup(parcel, start=start, end=start + timedelta(hours=2), by="guest", at=now)
    assert services.book_couriers(now) == 0
    parcel.refresh_from_db()
    assert (parcel.refusal, parcel.tracking_number) == ("ADDRESS_UNKNOWN", "")
    assert [pickup.status for pickup in parcel.pickups.all()] == ["failed"] * at_the_door
    services.ask_again(parcel, by="guest", at=now)
    if at_the_door:
        services.rebook_pickup(parcel, start=start, end=start + timedelta(hours=2), by="guest", at=now)
    services.book_couriers(now)
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert (parcel.refusal, parcel.status) == ("", "delivered")


def test_989_refuses_the_first_visit_and_a_rebooked_one_succeeds(now: datetime) -> None:
    parcel = parcel_of(now, "75989")
    start = paris(2026, 11, 25, 10)
    services.book_pickup(parcel, start=start, end=start + timedelta(hours=2), by="guest", at=now)
    services.book_couriers(now)
    parcel.refresh_from_db()
    first = parcel.pickups.get()
    assert (first.status, first.refusal, parcel.tracking_number != "") == ("failed", "NO_VISIT_THERE", True)
    later = now + timedelta(minutes=1)
    services.rebook_pickup(parcel, start=start, end=start + timedelta(hours=2), by="guest", at=later)
    services.book_couriers(later)
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert (parcel.status, kinds(parcel)[-1]) == ("delivered", "parcel.delivered")
