"""Parcels of the past and of today: what was scanned, and what the courier will do next."""

import uuid
from datetime import datetime, time, timedelta

from django.conf import settings

from backmarket import market
from backmarket.accounts.models import Address
from backmarket.management.seeding.base import Rows, stable_uuid
from backmarket.shipping.couriers.sandbox import tariff, tracking_number
from backmarket.shipping.models import Parcel, Pickup, SandboxShipment, TrackingPoint
from refurbishers.models import Refurbisher
from refurbishers.services.addresses import plant_address

Code = TrackingPoint.Code
DELIVERY_HOUR, EVENING = time(11), time(20)
# Created, on its way, delivered.
Times = tuple[datetime, datetime | None, datetime | None]


def next_delivery(sent_at: datetime) -> datetime:
    """11:00 of the business day after."""
    calendar = market.calendar()
    return calendar.instant(calendar.business_day_after(calendar.local(sent_at).date(), 1), DELIVERY_HOUR)


class Courier:
    """Makes parcels as the house courier would have left them at the anchor `at`."""

    def __init__(self, rows: Rows, at: datetime, part: str) -> None:
        self.rows, self.at, self.part, self.made = rows, at, part, 0

    def parcel(
        self, purpose: str, reference: uuid.UUID, ends: tuple[Address, Address], insured: int, times: Times,
        lost_at: datetime | None = None, turned_back_at: datetime | None = None,
    ) -> Parcel:  # fmt: skip
        """`times`: created, on its way (or None), delivered (or None); what lies after the anchor is only planned."""
        created_at, leaves_at, arrives_at = times
        sent_at = leaves_at if leaves_at and leaves_at <= self.at else None
        delivered_at = arrives_at if sent_at and arrives_at and arrives_at <= self.at and not lost_at else None
        ended = lost_at or turned_back_at or delivered_at
        self.made += 1
        parcel = Parcel(
            id=stable_uuid(f"parcel-{self.part}", self.made), purpose=purpose, reference=reference,
            courier=settings.COURIER_GATEWAY, sender=ends[0], recipient=ends[1], insured_minor=insured,
            currency=settings.DEFAULT_CURRENCY, created_at=created_at, booked_at=created_at, in_transit_at=sent_at,
            delivered_at=delivered_at, lost_at=lost_at, returned_at=turned_back_at,
            status=_status(sent_at, delivered_at, lost_at, turned_back_at),
        )  # fmt: skip
        parcel.tracking_number, label = (
            tracking_number(parcel),
            tariff(ends[0].country, ends[1].country, parcel.service),
        )
        parcel.label_minor, parcel.label_currency = label.minor, label.currency
        self.rows.add(parcel)
        self._scan(parcel, Code.IN_TRANSIT, sent_at, ends[0].city)
        self._scan(parcel, Code.DELIVERED, delivered_at, ends[1].city)
        self._scan(parcel, Code.LOST, lost_at, "")
        if turned_back_at:
            self._scan(parcel, Code.RETURNING, turned_back_at - timedelta(days=1), ends[1].city)
            self._scan(parcel, Code.DELIVERED, turned_back_at, ends[0].city)
        if leaves_at and not ended:
            steps: list[tuple[str, datetime]] = [
                (Code.IN_TRANSIT, leaves_at),
                (Code.DELIVERED, arrives_at or next_delivery(leaves_at)),
            ]
            self._plan(parcel, steps[1:] if sent_at else steps)
        return parcel

    def pickup(
        self, parcel: Parcel, visit_at: datetime, *, missed: bool = False, cancelled_at: datetime | None = None
    ) -> Pickup:
        """The visit that collected the parcel, or will, or was called off."""
        start = visit_at - timedelta(minutes=30)
        collected_at = visit_at if parcel.status != Parcel.Status.CREATED else None
        pickup = Pickup(
            id=stable_uuid(f"pickup-{self.part}", self.made), parcel=parcel, window_start=start,
            window_end=start + timedelta(hours=2), confirmation=f"PU-{parcel.pk.hex[:8].upper()}",
            attempts=int(missed), created_at=parcel.created_at, collected_at=collected_at, cancelled_at=cancelled_at,
            attempted_at=visit_at - timedelta(days=1) if missed else None,
        )  # fmt: skip
        if cancelled_at:
            pickup.status = Pickup.Status.CANCELLED
        elif collected_at:
            pickup.status = Pickup.Status.COLLECTED
        else:
            evening = market.calendar().instant(market.calendar().local(visit_at).date(), EVENING)
            delivered = (Code.DELIVERED, next_delivery(evening))
            self._plan(parcel, [(Code.COLLECTED, visit_at), (Code.IN_TRANSIT, evening), delivered], pickup)
        self.rows.add(pickup)
        self._scan(parcel, Code.PICKUP_ATTEMPTED, pickup.attempted_at, parcel.sender.city)
        self._scan(parcel, Code.COLLECTED, collected_at, parcel.sender.city)
        return pickup

    def _plan(self, parcel: Parcel, steps: list[tuple[str, datetime]], pickup: Pickup | None = None) -> None:
        """What the sandbox courier will do as time passes."""
        visit = str(pickup.pk) if pickup else ""
        script = [[str(code), instant.isoformat(), visit] for code, instant in steps]
        self.rows.add(SandboxShipment(tracking_number=parcel.tracking_number, script=script, next_at=steps[0][1]))

    def _scan(self, parcel: Parcel, code: str, happened_at: datetime | None, place: str) -> None:
        if happened_at:
            self.rows.add(
                TrackingPoint(
                    parcel=parcel, external_id=f"seed:{parcel.tracking_number}-{code}", code=code, place=place,
                    happened_at=happened_at,
                )
            )  # fmt: skip


def _status(
    sent_at: datetime | None, delivered_at: datetime | None, lost_at: datetime | None, turned_back_at: datetime | None
) -> str:
    if lost_at or turned_back_at:
        return Parcel.Status.LOST if lost_at else Parcel.Status.RETURNED
    if delivered_at:
        return Parcel.Status.DELIVERED
    return Parcel.Status.IN_TRANSIT if sent_at else Parcel.Status.CREATED


def plant_addresses() -> dict[uuid.UUID, Address]:
    """Each plant's place as a postal address, one row for all its parcels."""
    return {plant.pk: plant_address(plant) for plant in Refurbisher.objects.order_by("slug")}
