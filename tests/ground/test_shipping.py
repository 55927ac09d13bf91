from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from backmarket.events.models import Event
from backmarket.shipping import selectors, services
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.labels import printable
from backmarket.shipping.models import Parcel, Pickup, SandboxShipment, TrackingPoint
from backmarket.states import IllegalMove
from tests.factories import AddressFactory
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
FAR = timedelta(days=30)


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)  # type: ignore[misc,arg-type]


def parcel_of(at: datetime, postcode: str = "75011", **changes: Any) -> Parcel:
    facts: dict[str, Any] = {
        "purpose": "trade",
        "reference": uuid4(),
        "sender": AddressFactory(postcode=postcode),
        "recipient": AddressFactory(postcode="69007", city="Lyon"),
        "insured": eur(30_000),
    }
    return services.create_parcel(**facts | changes, by="guest", at=at)


def with_pickup(at: datetime, postcode: str = "75011") -> Parcel:
    """A parcel to be collected tomorrow between 10 and 12."""
    parcel = parcel_of(at, postcode)
    services.book_pickup(parcel, start=paris(2026, 11, 24, 10), end=paris(2026, 11, 24, 12), by="guest", at=at)
    services.book_couriers(at)
    parcel.refresh_from_db()
    return parcel


def scans(parcel: Parcel) -> list[tuple[str, datetime]]:
    return list(parcel.points.order_by("happened_at", "id").values_list("code", "happened_at"))


def kinds(parcel: Parcel) -> list[str]:
    moves = Event.objects.filter(data__parcel=str(parcel.pk)).order_by("id")
    return [event.kind for event in moves if not event.kind.endswith(("created", "booked"))]


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


def scan(parcel: Parcel, number: int, code: str, at: datetime) -> bool:
    return services.record_scan("sandbox", Scan(f"scan-{number}", parcel.tracking_number, code, "Lyon", at))


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
    assert (parcel.status, parcel.delivered_at) == ("in_transit", None)
    assert kinds(parcel)[-1] == "parcel.returned"
    assert not Event.objects.filter(kind="parcel.delivered").exists()


def test_a_lost_parcel_may_turn_up(now: datetime) -> None:
    parcel = with_pickup(now)
    scan(parcel, 1, "lost", paris(2026, 11, 28, 12))
    scan(parcel, 2, "delivered", paris(2026, 11, 30, 12))
    parcel.refresh_from_db()
    assert (parcel.status, kinds(parcel)) == ("delivered", ["parcel.lost", "pickup.collected", "parcel.delivered"])


def test_a_scan_of_an_unknown_parcel_is_not_understood() -> None:
    assert services.record_scan("sandbox", Scan("1", "BM0", "delivered", "", paris(2026, 1, 1))) is False


# Several parcels in one visit


def two_in_one_visit(at: datetime, postcode: str = "75011") -> tuple[Parcel, Parcel]:
    first = with_pickup(at, postcode)
    second = parcel_of(at + timedelta(minutes=1), postcode, sender=first.sender)
    services.join_pickup(second, pickup=first.pickups.get(), by="guest", at=at + timedelta(minutes=1))
    services.book_couriers(at)
    second.refresh_from_db()
    return first, second


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
