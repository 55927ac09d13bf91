"""The sandbox courier: no parcel moves, but each plays a script of scans as time passes.

Collected at the door: 30 minutes into the window, on its way at 20:00, delivered at 11:00 of the next business day.
Handed over by the sender: on its way two hours after the label, delivered at 11:00 of the next business day.
A postcode with one of the endings below, of the sender or the recipient, changes that.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket import market
from backmarket.db import lock
from backmarket.events import inbox
from backmarket.shipping.couriers.base import Scan, Slot
from backmarket.shipping.models import Parcel, Pickup, SandboxShipment, TrackingPoint

NOBODY_ONCE, NOBODY, LOST, LATE = "991", "992", "993", "994"
# The last three digits of a postcode -> what happens, in words.
POSTCODES = {
    NOBODY_ONCE: _("Nobody is in at the first visit; the courier comes again on the next business day."),
    NOBODY: _("Nobody is in at all three visits of the first pickup; a rebooked one succeeds."),
    LOST: _("The parcel is lost on its way."),
    LATE: _("The parcel takes four business days instead of one."),
}
WINDOWS = [(time(hour), time(hour + 2)) for hour in range(8, 20, 2)]
SLOT_DAYS = 5
CUT_OFF = time(13)

Code = TrackingPoint.Code
Step = list[str]


class Courier:
    """See base.Courier."""

    def slots(self, *, postcode: str, country: str, at: datetime) -> list[Slot]:
        """Two-hour windows on the next five business days; tomorrow only when asked before 13:00 market time."""
        calendar = market.calendar()
        now = calendar.local(at)
        day = calendar.business_day_after(now.date(), 1)
        if now.time() >= CUT_OFF and day == now.date() + timedelta(days=1):
            day = calendar.business_day_after(day, 1)
        days = [day]
        while len(days) < SLOT_DAYS:
            days.append(calendar.business_day_after(days[-1], 1))
        return [
            Slot(calendar.instant(day, opens), calendar.instant(day, closes))
            for day in days
            for opens, closes in WINDOWS
        ]

    def book(self, parcel: Parcel) -> str:
        number = tracking_number(parcel)
        awaited = parcel.pickups.filter(status=Pickup.Status.BOOKED).exists()
        _plan(number, [] if awaited else _handed_over(parcel))
        return number

    def register(self, parcel: Parcel) -> None:
        _plan(parcel.tracking_number, _handed_over(parcel))

    def book_pickup(self, pickup: Pickup) -> str:
        _replan(pickup.parcel.tracking_number, _collected(pickup))
        return f"PU-{pickup.pk.hex[:8].upper()}"

    def cancel_pickup(self, pickup: Pickup) -> None:
        shipment = SandboxShipment.objects.filter(pk=pickup.parcel.tracking_number).first()
        if shipment and any(step[2] == str(pickup.pk) for step in shipment.script[shipment.position :]):
            _replan(shipment.pk, [])

    def cancel(self, parcel: Parcel) -> None:
        _replan(parcel.tracking_number, [])


def tracking_number(parcel: Parcel) -> str:
    """ "BM", ten digits made of the parcel's id, and their check digit (modulo 10, weights 3 and 1)."""
    digits = f"{int(hashlib.sha256(parcel.pk.bytes).hexdigest(), 16) % 10**10:010}"
    check = -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits)) % 10
    return f"BM{digits}{check}"


def _magic(parcel: Parcel) -> set[str]:
    return {address.postcode.strip()[-3:] for address in (parcel.sender, parcel.recipient)} & set(POSTCODES)


def _step(code: str, at: datetime, place: str, pickup: Pickup | None = None) -> Step:
    return [str(code), at.isoformat(), str(pickup.pk) if pickup else "", place]


def _handed_over(parcel: Parcel) -> list[Step]:
    leaves_at = parcel.created_at + timedelta(hours=2)
    return [_step(Code.IN_TRANSIT, leaves_at, parcel.sender.city), *_arrival(parcel, leaves_at, None)]


def _collected(pickup: Pickup) -> list[Step]:
    calendar, magic = market.calendar(), _magic(pickup.parcel)
    first = not Pickup.objects.filter(parcel=pickup.parcel, created_at__lt=pickup.created_at).exists()
    misses = Pickup.MAX_ATTEMPTS if NOBODY in magic and first else int(NOBODY_ONCE in magic and first)
    visit = calendar.local(pickup.window_start + timedelta(minutes=30))
    steps, place = [], pickup.parcel.sender.city
    for _miss in range(misses):
        steps.append(_step(Code.PICKUP_ATTEMPTED, visit, place, pickup))
        next_day = calendar.business_day_after(visit.date(), 1)
        visit = calendar.local(calendar.instant(next_day, visit.time()))
    if misses == Pickup.MAX_ATTEMPTS:
        return steps
    leaves_at = calendar.instant(visit.date(), time(20))
    steps += [_step(Code.COLLECTED, visit, place, pickup), _step(Code.IN_TRANSIT, leaves_at, place, pickup)]
    return steps + _arrival(pickup.parcel, leaves_at, pickup)


def _arrival(parcel: Parcel, leaves_at: datetime, pickup: Pickup | None) -> list[Step]:
    calendar, magic = market.calendar(), _magic(parcel)
    day = calendar.business_day_after(calendar.local(leaves_at).date(), 4 if LATE in magic else 1)
    if LOST in magic:
        return [_step(Code.LOST, _at(day + timedelta(days=3), 12), "", pickup)]
    place = parcel.recipient.city
    return [
        _step(Code.OUT_FOR_DELIVERY, _at(day, 8), place, pickup),
        _step(Code.DELIVERED, _at(day, 11), place, pickup),
    ]


def _at(day: date, hour: int) -> datetime:
    return market.calendar().instant(day, time(hour))


def _plan(number: str, script: list[Step]) -> None:
    """The script of a new parcel; one that has a script keeps it."""
    SandboxShipment.objects.get_or_create(
        tracking_number=number, defaults={"script": script, "next_at": _next_at(script, 0)}
    )


def _replan(number: str, script: list[Step]) -> None:
    """What happened stays, what lies ahead is written anew."""
    with transaction.atomic():
        shipment = lock(SandboxShipment.objects.filter(pk=number)).first()
        if shipment is None:
            return
        shipment.script = shipment.script[: shipment.position] + script
        shipment.next_at = _next_at(shipment.script, shipment.position)
        shipment.save()


def _next_at(script: list[Step], position: int) -> datetime | None:
    return datetime.fromisoformat(script[position][1]) if position < len(script) else None


def play_next(at: datetime) -> int | None:
    """Let the earliest scan due by `at` happen and post it, signed, into the inbox; the kept webhook's key, or None."""
    with transaction.atomic():
        due = SandboxShipment.objects.filter(next_at__lte=at).order_by("next_at", "pk")
        shipment = due.select_for_update(skip_locked=True).first()
        if shipment is None:
            return None
        body = _body(shipment)
        shipment.position += 1
        shipment.next_at = _next_at(shipment.script, shipment.position)
        shipment.save()
        headers = {inbox.SIGNATURE_HEADER: inbox.sign(body, settings.SANDBOX_WEBHOOK_SECRET)}
        webhook = inbox.receive("couriers.sandbox", read_webhook(body, headers), json.loads(body))
    return webhook.pk if webhook else 0


def _body(shipment: SandboxShipment) -> bytes:
    code, instant, _pickup, *place = shipment.script[shipment.position]
    scan = {
        "id": f"{shipment.pk}-{shipment.position}",
        "tracking_number": shipment.pk,
        "code": code,
        "place": place[0] if place else "",
        "happened_at": instant,
    }
    return json.dumps(scan).encode()


def read_webhook(body: bytes, headers: Mapping[str, str]) -> str:
    return inbox.event_id(body, headers, settings.SANDBOX_WEBHOOK_SECRET)


def scan_of(body: dict[str, Any]) -> Scan | None:
    if body.get("code") not in Code.values:
        return None
    return Scan(
        external_id=str(body["id"]),
        tracking_number=str(body["tracking_number"]),
        code=str(body["code"]),
        place=str(body.get("place", "")),
        happened_at=datetime.fromisoformat(str(body["happened_at"])),
    )
