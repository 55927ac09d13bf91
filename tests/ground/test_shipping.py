from datetime import datetime, timedelta

import pytest

from backmarket.events.models import Event
from backmarket.shipping import services
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.labels import printable
from backmarket.shipping.models import Parcel, Pickup, SandboxShipment, TrackingPoint
from backmarket.states import IllegalMove
from tests.factories import AddressFactory
from tests.ground.parcel_steps import FAR, PARIS, kinds, parcel_of, paris, scan, scans, with_pickup

pytestmark = pytest.mark.django_db


# Slots


def test_slots_are_two_hour_windows_on_the_next_five_business_days(now: datetime) -> None:
    slots = services.available_slots(postcode="75011", country="FR", at=now)
    assert len(slots) == 30
    assert (slots[0].start, slots[0].end) == (paris(2026, 11, 24, 8), paris(2026, 11, 24, 10))
    assert slots[-1].end == paris(2026, 11, 30, 20)
    assert {slot.start.astimezone(PARIS).day for slot in slots} == {24, 25, 26, 27, 30}


def test_after_the_cut_off_tomorrow_is_too_soon(now: datetime) -> None:
    assert services.available_slots(postcode="1", country="FR", at=now.replace(hour=12, minute=59))[0].start.day == 24
    assert services.available_slots(postcode="1", country="FR", at=now.replace(hour=13))[0].start.day == 25


def test_slots_skip_weekends_and_holidays() -> None:
    slots = services.available_slots(postcode="1", country="FR", at=paris(2026, 12, 24, 15))
    assert slots[0].start == paris(2026, 12, 28, 8)


# The script of a parcel's life


def test_a_collected_parcel_arrives_the_next_business_day(now: datetime) -> None:
    parcel = with_pickup(now)
    assert services.advance_sandbox_courier(now + FAR) == 4
    parcel.refresh_from_db()
    assert scans(parcel) == [
        ("collected", paris(2026, 11, 24, 10, 30)),
        ("in_transit", paris(2026, 11, 24, 20)),
        ("out_for_delivery", paris(2026, 11, 25, 8)),
        ("delivered", paris(2026, 11, 25, 11)),
    ]
    assert (parcel.status, parcel.in_transit_at, parcel.delivered_at) == (
        "delivered",
        paris(2026, 11, 24, 10, 30),
        paris(2026, 11, 25, 11),
    )
    assert parcel.pickups.get().collected_at == paris(2026, 11, 24, 10, 30)
    assert kinds(parcel) == ["pickup.collected", "parcel.in_transit", "parcel.delivered"]


def test_a_parcel_handed_over_at_once_leaves_two_hours_later(now: datetime) -> None:
    parcel = parcel_of(now, purpose="sale")
    services.book_couriers(now)
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert (parcel.in_transit_at, parcel.delivered_at) == (now + timedelta(hours=2), paris(2026, 11, 24, 11))


def test_only_what_is_due_happens(now: datetime) -> None:
    parcel = with_pickup(now)
    assert services.advance_sandbox_courier(paris(2026, 11, 24, 10, 29)) == 0
    assert services.advance_sandbox_courier(paris(2026, 11, 24, 10, 30)) == 1
    assert services.advance_sandbox_courier(paris(2026, 11, 24, 10, 30)) == 0
    parcel.refresh_from_db()
    assert parcel.status == "in_transit"


def test_postcode_991_misses_the_first_visit(now: datetime) -> None:
    parcel = with_pickup(now, "75991")
    services.advance_sandbox_courier(now + FAR)
    pickup = parcel.pickups.get()
    assert (pickup.status, pickup.attempts, pickup.attempted_at) == ("collected", 1, paris(2026, 11, 24, 10, 30))
    assert pickup.collected_at == paris(2026, 11, 25, 10, 30)
    assert kinds(parcel) == ["pickup.attempted", "pickup.collected", "parcel.in_transit", "parcel.delivered"]


def test_postcode_992_misses_three_visits_and_a_rebooked_one_succeeds(now: datetime) -> None:
    parcel = with_pickup(now, "75992")
    services.advance_sandbox_courier(now + FAR)
    pickup = parcel.pickups.get()
    assert (pickup.status, pickup.attempts, pickup.failed_at) == ("failed", 3, paris(2026, 11, 26, 10, 30))
    assert kinds(parcel) == ["pickup.attempted", "pickup.attempted", "pickup.failed"]
    later = paris(2026, 11, 26, 15)
    start, end = paris(2026, 11, 30, 8), paris(2026, 11, 30, 10)
    services.rebook_pickup(parcel, start=start, end=end, by="guest", at=later)
    services.book_couriers(later)
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert (parcel.status, parcel.delivered_at) == ("delivered", paris(2026, 12, 1, 11))


def test_postcode_993_is_lost_and_994_is_late(now: datetime) -> None:
    lost, late = with_pickup(now, "75993"), with_pickup(now, "75994")
    services.advance_sandbox_courier(now + FAR)
    lost.refresh_from_db()
    late.refresh_from_db()
    assert (lost.status, late.status, late.delivered_at) == ("lost", "delivered", paris(2026, 11, 30, 11))


def test_postcode_987_takes_no_parcel_in_and_sends_them_like_any_other(now: datetime) -> None:
    back, sent = parcel_of(now, recipient=AddressFactory(postcode="75987")), parcel_of(now, "75987")
    services.book_couriers(now)
    services.advance_sandbox_courier(now + FAR)
    back.refresh_from_db()
    sent.refresh_from_db()
    assert (back.status, back.returned_at, sent.status) == ("returned", paris(2026, 11, 26, 11), "delivered")
    assert [point.code for point in back.points.order_by("happened_at")][-2:] == ["returning", "delivered"]


# Booking


def test_the_courier_is_asked_once_and_its_number_stays(now: datetime) -> None:
    parcel = parcel_of(now)
    assert (services.book_couriers(now), services.book_couriers(now)) == (1, 0)
    parcel.refresh_from_db()
    assert (len(parcel.tracking_number), parcel.tracking_number[:2], parcel.booked_at) == (13, "BM", now)
    assert SandboxShipment.objects.count() == 1
    assert Event.objects.filter(kind="parcel.booked").count() == 1


def test_another_couriers_number_is_followed(now: datetime) -> None:
    parcel = parcel_of(now, courier="colissimo", tracking_number="8q 1234 5678 9012")
    services.book_couriers(now)
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert (parcel.tracking_number, parcel.courier, parcel.status) == ("8Q123456789012", "colissimo", "delivered")


@pytest.mark.parametrize("number", ["12", "a b", "x" * 41, "ABC/123456", "ééééééé"])
def test_a_wrong_tracking_number_is_refused_by_its_field(now: datetime, number: str) -> None:
    with pytest.raises(services.TrackingNumberRefused) as refusal:
        parcel_of(now, courier="x", tracking_number=number)
    assert refusal.value.field == "tracking_number"
    assert Parcel.objects.count() == 0


def test_another_parcels_number_is_refused(now: datetime) -> None:
    parcel_of(now, courier="colissimo", tracking_number="ABC123456")
    with pytest.raises(services.TrackingNumberRefused, match="Another parcel"):
        parcel_of(now, courier="ups", tracking_number="abc123456")


def test_a_window_in_the_past_or_a_second_pickup_is_refused(now: datetime) -> None:
    parcel = with_pickup(now)
    for start in (now, paris(2026, 11, 25, 8)):
        with pytest.raises(services.CannotBookPickup):
            services.book_pickup(parcel, start=start, end=start + timedelta(hours=2), by="guest", at=now)
    assert Pickup.objects.count() == 1


def test_a_rebooked_pickup_replaces_the_open_one(now: datetime) -> None:
    parcel = with_pickup(now)
    services.rebook_pickup(
        parcel, start=paris(2026, 11, 26, 8), end=paris(2026, 11, 26, 10), by="guest", at=now + timedelta(minutes=5)
    )
    services.book_couriers(now)
    services.advance_sandbox_courier(now + FAR)
    assert list(parcel.pickups.order_by("window_start").values_list("status", flat=True)) == ["cancelled", "collected"]
    assert scans(parcel)[0] == ("collected", paris(2026, 11, 26, 8, 30))


def test_a_cancelled_parcel_never_moves(now: datetime) -> None:
    parcel = with_pickup(now)
    services.cancel_parcel(parcel, by="guest", at=now)
    assert services.book_couriers(now) == 2
    services.advance_sandbox_courier(now + FAR)
    parcel.refresh_from_db()
    assert (parcel.status, parcel.pickups.get().status) == ("cancelled", "cancelled")


def test_a_parcel_on_its_way_cannot_be_collected_again_or_cancelled(now: datetime) -> None:
    parcel = with_pickup(now)
    services.advance_sandbox_courier(now + FAR)
    for refused in (
        lambda: services.cancel_pickup(parcel, by="guest", at=now),
        lambda: services.cancel_parcel(parcel, by="guest", at=now),
    ):
        with pytest.raises(IllegalMove):
            refused()
    with pytest.raises(services.CannotBookPickup):
        services.rebook_pickup(parcel, start=now + FAR, end=now + FAR * 2, by="guest", at=now)


# Scans in any order


def test_scans_out_of_order_end_in_the_same_place(now: datetime) -> None:
    parcel = with_pickup(now)
    later = paris(2026, 11, 25, 11)
    for number, code in enumerate(["delivered", "collected", "in_transit", "pickup_attempted"]):
        assert scan(parcel, number, code, later) is True
    parcel.refresh_from_db()
    assert (parcel.status, parcel.pickups.get().status) == ("delivered", "collected")
    assert kinds(parcel) == ["pickup.collected", "parcel.delivered"]
    assert parcel.points.count() == 4


def test_a_repeated_scan_counts_once(now: datetime) -> None:
    parcel = with_pickup(now)
    for _time in range(4):
        scan(parcel, 1, "pickup_attempted", paris(2026, 11, 24, 11))
    assert (parcel.pickups.get().attempts, TrackingPoint.objects.count()) == (1, 1)


def test_a_scan_of_an_earlier_visit_does_not_touch_the_rebooked_one(now: datetime) -> None:
    parcel = with_pickup(now)
    at = paris(2026, 11, 24, 15)
    services.rebook_pickup(parcel, start=paris(2026, 11, 26, 8), end=paris(2026, 11, 26, 10), by="guest", at=at)
    scan(parcel, 1, "pickup_attempted", paris(2026, 11, 24, 10, 30))
    assert parcel.pickups.get(status="booked").attempts == 0


def test_what_went_back_to_its_sender_was_not_delivered(now: datetime) -> None:
    """Else the plant would be said to have, and to owe for, a device that lies at the seller's door."""
    parcel = with_pickup(now)
    for number, code in enumerate(("in_transit", "returning", "delivered")):
        assert scan(parcel, number, code, now + timedelta(days=number))
    parcel.refresh_from_db()
    assert (parcel.status, parcel.delivered_at, parcel.returned_at) == ("returned", None, now + timedelta(days=2))
    assert kinds(parcel) == ["pickup.collected", "parcel.in_transit", "parcel.returned"]
    assert not Event.objects.filter(kind="parcel.delivered").exists()


def test_a_lost_parcel_may_turn_up(now: datetime) -> None:
    parcel = with_pickup(now)
    scan(parcel, 1, "lost", paris(2026, 11, 28, 12))
    scan(parcel, 2, "delivered", paris(2026, 11, 30, 12))
    parcel.refresh_from_db()
    assert (parcel.status, kinds(parcel)) == ("delivered", ["parcel.lost", "pickup.collected", "parcel.delivered"])


def test_a_scan_of_an_unknown_parcel_is_not_understood() -> None:
    assert services.record_scan("sandbox", Scan("1", "BM0", "delivered", "", paris(2026, 1, 1))) is False


# Label and doors


def test_the_label_is_one_pdf_page_with_the_number(now: datetime) -> None:
    parcel = with_pickup(now)
    pdf = services.label_pdf(parcel)
    assert (pdf[:5], pdf == services.label_pdf(parcel)) == (b"%PDF-", True)
    assert parcel.tracking_number.encode() in pdf


def test_a_label_without_a_number_is_not_ready(now: datetime) -> None:
    with pytest.raises(services.LabelNotReady):
        services.label_pdf(parcel_of(now))


def test_names_lose_only_the_marks_that_the_label_cannot_print() -> None:
    assert printable("Élodie Łukasz Dvořák Ωμέγα €12") == "Élodie Lukasz Dvorák ????? €12"
