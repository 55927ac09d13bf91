"""The courier's scans, in whatever order they come."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from backmarket import market
from backmarket.db import fitting, lock, storable
from backmarket.errors import GatewayError
from backmarket.events import inbox
from backmarket.events.services import Actor, record
from backmarket.shipping.couriers import follower, known_courier, sandbox
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.models import OPEN_PICKUP, Parcel, Pickup, TrackingPoint
from backmarket.shipping.selectors import WITH_COURIER, silent_parcels
from backmarket.shipping.services.common import subject
from backmarket.shipping.services.rounds import ask_all
from backmarket.states import IllegalMove, move

log = structlog.get_logger(__name__)

TRACKED_AT_ONCE, TRACKED_EVERY, KEY_LENGTH = 200, timedelta(hours=1), 120
Code = TrackingPoint.Code
# What the courier has at the door is on its way, for nobody can call it back.
PARCEL_MOVES = {
    Code.COLLECTED: Parcel.Status.IN_TRANSIT,
    Code.IN_TRANSIT: Parcel.Status.IN_TRANSIT,
    Code.OUT_FOR_DELIVERY: Parcel.Status.IN_TRANSIT,
    Code.HELD: Parcel.Status.IN_TRANSIT,
    Code.DAMAGED: Parcel.Status.IN_TRANSIT,
    Code.RETURNING: Parcel.Status.IN_TRANSIT,
    Code.DELIVERED: Parcel.Status.DELIVERED,
    Code.LOST: Parcel.Status.LOST,
}
# A parcel on its way has been collected, even when that scan comes late.
PICKUP_MOVES = {
    Code.PICKUP_ATTEMPTED: Pickup.Status.ATTEMPTED,
    Code.PICKUP_FAILED: Pickup.Status.FAILED,
    Code.COLLECTED: Pickup.Status.COLLECTED,
    Code.IN_TRANSIT: Pickup.Status.COLLECTED,
    Code.OUT_FOR_DELIVERY: Pickup.Status.COLLECTED,
    Code.HELD: Pickup.Status.COLLECTED,
    Code.DAMAGED: Pickup.Status.COLLECTED,
    Code.RETURNING: Pickup.Status.COLLECTED,
    Code.DELIVERED: Pickup.Status.COLLECTED,
}
# A carrier uses its numbers again after years: what happened before the parcel was made is another one's.
LATEST_START = timedelta(days=1)
# Said of one parcel, true of the whole visit: nobody opened the door.
OF_THE_VISIT = (Code.PICKUP_ATTEMPTED, Code.PICKUP_FAILED)


def record_scan(name: str, scan: Scan) -> bool:
    """Keep a courier's scan once and follow it, in whatever order scans come; False for a parcel unknown (yet).

    The instant of the scan, not of its arrival, is when things happened.
    """
    scan = replace(scan, tracking_number=storable(scan.tracking_number), place=storable(scan.place))
    with transaction.atomic():
        parcels = _meant(scan)
        if not parcels:
            return False
        parcel = next(row for row in parcels if row.tracking_number == scan.tracking_number)
        if scan.happened_at >= parcel.created_at - LATEST_START and _keep(name, parcel, scan):
            for row in parcels:
                _follow_pickup(row, scan, by=f"courier:{name}")
            _follow_parcel(parcel, scan, by=f"courier:{name}")
    return True


def _meant(scan: Scan) -> list[Parcel]:
    """The parcel of a scan, locked, and the others of its visit when the scan is about the visit."""
    ids = set(Parcel.objects.filter(tracking_number=scan.tracking_number).values_list("pk", flat=True))
    if scan.code in OF_THE_VISIT:
        visits = _visits_at(scan.happened_at).filter(parcel__in=ids).values("visit")
        ids |= set(_visits_at(scan.happened_at).filter(visit__in=visits).values_list("parcel", flat=True))
    return list(lock(Parcel.objects.filter(pk__in=ids)))


def _visits_at(at: datetime) -> QuerySet[Pickup]:
    """The visits that were awaited at this instant: an earlier scan is not about a later booking."""
    return Pickup.objects.filter(status__in=OPEN_PICKUP, created_at__lte=at)


def _keep(name: str, parcel: Parcel, scan: Scan) -> bool:
    """Whether this scan is new; it is kept as it came."""
    facts = {"parcel": parcel, "code": scan.code, "place": scan.place[:80], "happened_at": scan.happened_at}
    key = fitting(f"{name}:{scan.external_id}", KEY_LENGTH)
    return TrackingPoint.objects.get_or_create(external_id=key, defaults=facts)[1]


def _follow_parcel(parcel: Parcel, scan: Scan, *, by: Actor) -> None:
    target = PARCEL_MOVES.get(Code(scan.code))
    if target == Parcel.Status.DELIVERED and _turned_back(parcel, scan):
        target = Parcel.Status.RETURNED
    if target is not None:
        with suppress(IllegalMove):
            move(parcel, target, by=by, at=scan.happened_at, data=subject(parcel) | _unexpected(parcel))
    if parcel.status == Parcel.Status.LOST and scan.code in WITH_COURIER and _scans(parcel, *WITH_COURIER) == 1:
        # It came late, and shows that what is lost had been handed over.
        record("parcel.loss_proved", parcel, by=by, at=scan.happened_at, data=subject(parcel))
    if scan.code == Code.DAMAGED and _scans(parcel, Code.DAMAGED) == 1:
        record("parcel.damaged", parcel, by=by, at=scan.happened_at, data=subject(parcel))


def _scans(parcel: Parcel, *codes: str) -> int:
    return parcel.points.filter(code__in=codes).count()


def _turned_back(parcel: Parcel, scan: Scan) -> bool:
    """Was it on its way back to its sender, so that the door at which it was left is the sender's?"""
    return parcel.points.filter(code=Code.RETURNING, happened_at__lte=scan.happened_at).exists()


def _unexpected(parcel: Parcel) -> dict[str, bool]:
    """It was called off, and the courier took it along nevertheless."""
    return {"called_off": True} if parcel.cancelled_at else {}


def _follow_pickup(parcel: Parcel, scan: Scan, *, by: Actor) -> None:
    """Scans are about the visit that was booked when they happened; the third miss is the last."""
    target = PICKUP_MOVES.get(Code(scan.code))
    pickup = _visits_at(scan.happened_at).filter(parcel=parcel).first()
    if target is None or pickup is None:
        return
    facts: dict[str, Any] = {}
    data: dict[str, str] = subject(parcel)
    if target == Pickup.Status.ATTEMPTED:
        facts["attempts"] = _attempts(pickup)
        if facts["attempts"] == pickup.attempts:
            return
        if facts["attempts"] >= Pickup.MAX_ATTEMPTS:
            target = Pickup.Status.FAILED
    if target == Pickup.Status.FAILED:
        why = Pickup.Failure.NOBODY_IN if facts else Pickup.Failure.CALLED_OFF
        facts["failure"], data["reason"] = why, why
    with suppress(IllegalMove):
        move(pickup, target, by=by, at=scan.happened_at, data=data, **facts)


def _attempts(pickup: Pickup) -> int:
    """On how many days the courier stood before the door, whichever of the visit's parcels it told that of.

    A courier comes at most once a day: its word about each of three parcels is one attempt, not three.
    """
    of_visit = Pickup.objects.filter(visit=pickup.visit).exclude(status=Pickup.Status.CANCELLED)
    told = TrackingPoint.objects.filter(
        parcel__pickups__in=of_visit, code=Code.PICKUP_ATTEMPTED, happened_at__gte=pickup.created_at
    )
    calendar = market.calendar()
    days = {calendar.local(at).date() for at in told.values_list("happened_at", flat=True)}
    return min(len(days), Pickup.MAX_ATTEMPTS)


def track_silent_parcels(at: datetime) -> int:
    """Ask the courier about parcels whose webhooks stay out; returns how many had moved. Network."""
    silent = silent_parcels(at).values_list("pk", flat=True)[:TRACKED_AT_ONCE]
    return ask_all([(pk, partial(_track, pk, at)) for pk in silent], at=at, every=TRACKED_EVERY)


def _track(pk: UUID, at: datetime) -> bool:
    """Whether there was news; a final no is an answer too, and is asked for again after a day."""
    parcel = Parcel.objects.get(pk=pk)
    name, known = follower(parcel.courier), parcel.points.count()
    try:
        for scan in known_courier(name).track(parcel):
            record_scan(name, scan)
    except GatewayError as error:
        if error.retry:
            raise
        log.warning("courier_not_tracked", parcel=str(pk), reason=str(error))
    Parcel.objects.filter(pk=pk).update(asked_at=at)
    return parcel.points.count() > known


def advance_sandbox_courier(at: datetime) -> int:
    """Let every scan that is due by `at` happen, earliest first, through the inbox like any courier's webhook."""
    played = 0
    while (webhook_id := sandbox.play_next(at)) is not None:
        inbox.handle_webhook(webhook_id, at=at)
        played += 1
    return played
