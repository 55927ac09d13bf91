"""Every service of a parcel and its visit, and every scan, tried from every state: where both end, or the refusal."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from backmarket.errors import DomainError
from backmarket.events.models import Event
from backmarket.shipping import services
from backmarket.shipping.models import Parcel, Pickup, TrackingPoint
from tests.ground.parcel_steps import parcel_of, paris, scan, with_pickup

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AT = paris(2026, 11, 24, 11)
States = tuple[str, str]  # of the parcel, of its latest visit ("" when it has none)


def _scanned(*codes: str) -> Callable[[datetime], Parcel]:
    def make(at: datetime) -> Parcel:
        parcel = with_pickup(at)
        for number, code in enumerate(codes):
            assert scan(parcel, number, code, at + HOUR + number * DAY)
        return parcel

    return make


def _cancelled(at: datetime) -> Parcel:
    parcel = with_pickup(at)
    services.cancel_parcel(parcel, by="guest", at=at)
    return parcel


def _visit_cancelled(at: datetime) -> Parcel:
    parcel = with_pickup(at)
    services.cancel_pickup(parcel, by="guest", at=at)
    return parcel


def _dropped_off(at: datetime) -> Parcel:
    parcel = parcel_of(at)
    services.book_couriers(at)
    return parcel


MAKE: dict[States, Callable[[datetime], Parcel]] = {
    ("created", ""): _dropped_off,
    ("created", "booked"): with_pickup,
    ("created", "attempted"): _scanned("pickup_attempted"),
    ("created", "failed"): _scanned("pickup_failed"),
    ("created", "cancelled"): _visit_cancelled,
    ("in_transit", "collected"): _scanned("collected"),
    ("delivered", "collected"): _scanned("collected", "delivered"),
    ("returned", "collected"): _scanned("collected", "returning", "delivered"),
    ("lost", "collected"): _scanned("collected", "lost"),
    ("lost", "booked"): _scanned("lost"),
    ("cancelled", "cancelled"): _cancelled,
}


def _book(parcel: Parcel) -> None:
    services.book_pickup(parcel, start=AT + DAY, end=AT + DAY + 2 * HOUR, by="guest", at=AT)


def _rebook(parcel: Parcel) -> None:
    services.rebook_pickup(parcel, start=AT + DAY, end=AT + DAY + 2 * HOUR, by="guest", at=AT)


def _join(parcel: Parcel) -> None:
    mate = parcel_of(AT, sender=parcel.sender)
    services.book_pickup(mate, start=AT + DAY, end=AT + DAY + 2 * HOUR, by="guest", at=AT)
    services.join_pickup(parcel, pickup=mate.pickups.get(), by="guest", at=AT)


def _ask_again(parcel: Parcel) -> None:
    services.ask_again(parcel, by="guest", at=AT)


def _told(code: str) -> Callable[[Parcel], None]:
    return lambda parcel: scan(parcel, 99, code, AT + 9 * DAY)


OPEN = (("created", "booked"), ("created", "attempted"))
CREATED = (*OPEN, ("created", ""), ("created", "failed"), ("created", "cancelled"))
FREE = CREATED[2:]


def _to(parcel: str, visit: str = "", *, of: tuple[States, ...]) -> dict[States, States]:
    """Both end there; without `visit` it stays as it was."""
    return {states: (parcel or states[0], visit or states[1]) for states in of}


WITH_COURIER: dict[States, States] = (
    _to("in_transit", "collected", of=OPEN)
    | _to("in_transit", of=FREE)
    | {("cancelled", "cancelled"): ("in_transit", "cancelled"), ("lost", "booked"): ("lost", "collected")}
)
# what is tried → (from where it leads where, what it raises everywhere else; "": nothing moves)
TABLE: dict[str, tuple[Callable[[Parcel], Any], dict[States, States], str]] = {
    "cancel parcel": (
        lambda parcel: services.cancel_parcel(parcel, by="guest", at=AT),
        _to("cancelled", "cancelled", of=OPEN) | _to("cancelled", of=FREE),
        "IllegalMove",
    ),
    "cancel visit": (
        lambda parcel: services.cancel_pickup(parcel, by="guest", at=AT),
        _to("", "cancelled", of=(*OPEN, ("lost", "booked"))),
        "IllegalMove",
    ),
    "book visit": (_book, _to("", "booked", of=FREE), "CannotBookPickup"),
    "rebook visit": (_rebook, _to("", "booked", of=CREATED), "CannotBookPickup"),
    "join visit": (_join, _to("", "booked", of=FREE), "CannotBookPickup"),
    "ask again": (_ask_again, {}, "IllegalMove"),
    "scan pickup_attempted": (
        _told("pickup_attempted"),
        _to("", "attempted", of=(*OPEN, ("lost", "booked"))),
        "",
    ),
    "scan pickup_failed": (_told("pickup_failed"), _to("", "failed", of=(*OPEN, ("lost", "booked"))), ""),
    "scan delivered": (
        _told("delivered"),
        _to("delivered", "collected", of=(*OPEN, ("lost", "booked")))
        | _to("delivered", of=(*FREE, ("in_transit", "collected"), ("lost", "collected"), ("cancelled", "cancelled"))),
        "",
    ),
    "scan lost": (
        _told("lost"),
        _to("lost", of=(*CREATED, ("in_transit", "collected"), ("cancelled", "cancelled"))),
        "",
    ),
    "scan problem": (_told("problem"), {}, ""),
    **{
        f"scan {code}": (_told(code), WITH_COURIER, "")
        for code in ("collected", "in_transit", "out_for_delivery", "held", "damaged", "returning")
    },
}


def where(parcel: Parcel) -> States:
    latest = Pickup.objects.filter(parcel=parcel).order_by("-created_at").first()
    return Parcel.objects.get(pk=parcel.pk).status, latest.status if latest else ""


def world() -> list[Any]:
    rows = [*Parcel.objects.order_by("pk").values(), *Pickup.objects.order_by("pk").values()]
    return [rows, Event.objects.count(), TrackingPoint.objects.count()]


def outcome(what: Callable[[Parcel], Any], parcel: Parcel) -> States | str:
    """Where both end, or the refusal's name and nothing changed. All of it is undone."""
    before = world()
    with transaction.atomic():
        try:
            what(Parcel.objects.get(pk=parcel.pk))
            ended: States | str = where(parcel)
        except DomainError as refusal:
            ended = type(refusal).__name__
        changed = what is not _join and world() != before  # joining begins with the visit that is to be joined
        assert isinstance(ended, tuple) or not changed
        transaction.set_rollback(True)
    return ended


def test_the_table_knows_every_state_and_every_scan() -> None:
    assert {parcel for parcel, _visit in MAKE} == set(Parcel.Status.values)
    assert {visit for _parcel, visit in MAKE} - {""} == set(Pickup.Status.values)
    assert {name.removeprefix("scan ") for name in TABLE if name.startswith("scan ")} == set(TrackingPoint.Code.values)


@pytest.mark.parametrize("states", MAKE, ids="-".join)
def test_each_service_and_scan_does_its_own_step_and_nothing_else(states: States, now: datetime) -> None:
    parcel = MAKE[states](now)
    assert where(parcel) == states
    expected = {name: moves.get(states) or refusal or states for name, (_what, moves, refusal) in TABLE.items()}
    assert {name: outcome(what, parcel) for name, (what, _moves, _refusal) in TABLE.items()} == expected
