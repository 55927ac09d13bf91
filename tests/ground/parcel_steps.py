"""Parcels as tests need them: made, with a visit booked, two in one visit; and what was heard of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from backmarket.events.models import Event
from backmarket.shipping import services
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.models import Parcel
from tests.factories import AddressFactory
from tests.ground.money_steps import eur

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


def two_in_one_visit(at: datetime, postcode: str = "75011") -> tuple[Parcel, Parcel]:
    first = with_pickup(at, postcode)
    second = parcel_of(at + timedelta(minutes=1), postcode, sender=first.sender)
    services.join_pickup(second, pickup=first.pickups.get(), by="guest", at=at + timedelta(minutes=1))
    services.book_couriers(at)
    second.refresh_from_db()
    return first, second


def scan(parcel: Parcel, number: int, code: str, at: datetime) -> bool:
    return services.record_scan("sandbox", Scan(f"scan-{number}", parcel.tracking_number, code, "Lyon", at))
