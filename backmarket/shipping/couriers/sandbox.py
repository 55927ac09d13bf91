"""The sandbox courier: no parcel moves, but each plays a script of scans as time passes.

Collected at the door: 30 minutes into the window, on its way at 20:00, delivered at 11:00 of the next business day.
Handed over by the sender: on its way two hours after the label, delivered at 11:00 of the next business day.
Express: delivered at 9:00 of that day, before any standard parcel.
A postcode with one of the endings below changes that: of the door that it comes to, and for what happens on the road
that of the recipient too.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket import market
from backmarket.db import lock
from backmarket.errors import GatewayError
from backmarket.events import inbox
from backmarket.money import Money
from backmarket.shipping.couriers.base import Booked, Level, Notice, Scan, Slot, Visit
from backmarket.shipping.couriers.windows import two_hour_windows
from backmarket.shipping.labels import drawn_label
from backmarket.shipping.models import Parcel, Pickup, SandboxShipment, TrackingPoint

NO_ANSWER, NOBODY_ONCE, NOBODY, LOST, LATE = "990", "991", "992", "993", "994"
CALLED_OFF, NO_SLOTS, ANSWER_LOST, DAMAGED, WRONG_DAY = "995", "996", "997", "998", "999"
NOT_TAKEN, NO_LABEL, NO_VISIT = "987", "988", "989"
# The last three digits of a postcode -> what happens, in words.
POSTCODES = {
    NO_LABEL: _("The courier refuses the label for good, so nobody comes; when the desk asks again, it agrees."),
    NO_VISIT: _("The courier refuses the first visit for good; a rebooked one succeeds."),
    NO_ANSWER: _("The courier does not answer when it is asked for its times: the parcel can be dropped off."),
    NOBODY_ONCE: _("Nobody is in at the first visit; the courier comes again on the next business day."),
    NOBODY: _("Nobody is in at all three visits of the first pickup; a rebooked one succeeds."),
    LOST: _("The parcel is lost on its way."),
    LATE: _("The parcel takes four business days instead of one, an express one too."),
    NOT_TAKEN: _("The recipient does not take the parcel: it is back at its sender two business days later."),
    CALLED_OFF: _("The courier calls off its first visit two hours before; a rebooked one succeeds."),
    NO_SLOTS: _("The courier does not come to this postcode: the parcel can be dropped off."),
    ANSWER_LOST: _("The courier's first answer about a label gets lost; the next one comes within a minute."),
    DAMAGED: _("The parcel is damaged in the depot on the first evening; it is delivered nevertheless."),
    WRONG_DAY: _("The courier comes one business day too late, at the time that was booked."),
}
Service = Parcel.Service
LEVELS = {Service.STANDARD: Level(days=1, hour=11), Service.EXPRESS: Level(days=1, hour=9)}
# What a label costs, in cents: within one country, within the market's neighbours, and to anywhere else.
TARIFFS = {Service.STANDARD: (450, 890, 1490), Service.EXPRESS: (890, 1690, 2890)}
NEIGHBOURS = frozenset({"AT", "BE", "CH", "DE", "ES", "FR", "IE", "IT", "LU", "NL", "PT"})
LEAVES, LATEST = time(20), timedelta(minutes=1)

Code = TrackingPoint.Code
Step = list[str]


class Courier:
    """See base.Courier."""

    levels = LEVELS

    def slots(self, *, postcode: str, country: str, at: datetime) -> list[Slot]:
        """Two-hour windows on the next five business days; tomorrow only when asked before 13:00 market time."""
        if _ends(postcode, NO_ANSWER):
            raise GatewayError("NO_ANSWER", retry=True)
        return [] if _ends(postcode, NO_SLOTS) else two_hour_windows(at, first=8, last=20)

    def book(self, what: Parcel | Visit) -> Booked:
        if isinstance(what, Visit):
            if any(_is_first(p) and _ends(p.parcel.sender.postcode, NO_VISIT) for p in what.pickups):
                raise GatewayError("NO_VISIT_THERE")
            for pickup in what.pickups:
                _plan_visit(pickup)
            return Booked(f"PU-{what.pickups[0].visit.hex[:8].upper()}", what.key)
        number = what.tracking_number or tracking_number(what)
        if _ends(what.sender.postcode, NO_LABEL) and _plan(number, []):
            raise GatewayError("ADDRESS_UNKNOWN")
        awaited = what.pickups.filter(status=Pickup.Status.BOOKED).exists()
        is_new = _plan(number, [] if awaited else _handed_over(what))
        if is_new and _road(what, ANSWER_LOST):
            raise GatewayError("ANSWER_LOST", retry=True)
        if what.tracking_number:
            return Booked(number, "")
        return Booked(number, number, tariff(what.sender.country, what.recipient.country, what.service))

    def cancel(self, what: Parcel | Pickup) -> None:
        parcel = what if isinstance(what, Parcel) else what.parcel
        number = parcel.tracking_number or tracking_number(parcel)
        shipment = SandboxShipment.objects.filter(pk=number).first()
        steps = [step for step in shipment.script if _is_of(step, what)] if shipment else []
        if shipment is None or not steps:
            return
        if any(step[0] in ON_ITS_WAY for step in shipment.script[: shipment.position]):
            raise GatewayError("ALREADY_COLLECTED")
        _replan(number, [step for step in shipment.script[shipment.position :] if step not in steps])

    def label(self, parcel: Parcel) -> bytes:
        return drawn_label(parcel)

    def track(self, parcel: Parcel) -> list[Scan]:
        shipment = SandboxShipment.objects.filter(pk=parcel.tracking_number).first()
        return [_scan(_body(shipment, position)) for position in range(shipment.position)] if shipment else []

    def read_webhook(self, body: bytes, headers: Mapping[str, str] | None) -> Notice:
        if headers is not None:
            inbox.verify(body, headers.get(inbox.SIGNATURE_HEADER, ""), settings.SANDBOX_WEBHOOK_SECRET)
        try:
            told = json.loads(body)
            known = told.get("code") in Code.values
            return Notice(str(told["id"]), (_scan(told),) if known else ())
        except (ValueError, KeyError, TypeError, AttributeError):
            raise inbox.BadSignature from None


def tariff(sender: str, recipient: str, service: str) -> Money:
    """The price of a label of a service from one country to another."""
    at_home, nearby, far = TARIFFS[Service(service)]
    abroad = nearby if {sender, recipient} <= NEIGHBOURS else far
    return Money(at_home if sender == recipient else abroad, settings.DEFAULT_CURRENCY)


ON_ITS_WAY = {Code.COLLECTED, Code.IN_TRANSIT, Code.OUT_FOR_DELIVERY, Code.DELIVERED, Code.LOST}


def tracking_number(parcel: Parcel) -> str:
    """ "BM", ten digits made of the parcel's id, and their check digit (modulo 10, weights 3 and 1)."""
    digits = f"{int(hashlib.sha256(parcel.pk.bytes).hexdigest(), 16) % 10**10:010}"
    check = -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits)) % 10
    return f"BM{digits}{check}"


def _ends(postcode: str, digits: str) -> bool:
    return postcode.strip().endswith(digits)


def _road(parcel: Parcel, digits: str) -> bool:
    """Whether this happens to the parcel, by where it comes from or goes to."""
    return any(_ends(address.postcode, digits) for address in (parcel.sender, parcel.recipient))


def _is_of(step: Step, what: Parcel | Pickup) -> bool:
    return isinstance(what, Parcel) or step[2] == str(what.pk)


def _step(code: str, at: datetime, place: str, pickup: Pickup | None = None) -> Step:
    return [str(code), at.isoformat(), str(pickup.pk) if pickup else "", place]


def _handed_over(parcel: Parcel) -> list[Step]:
    leaves_at = parcel.created_at + timedelta(hours=2)
    return [_step(Code.IN_TRANSIT, leaves_at, parcel.sender.city), *_arrival(parcel, leaves_at, None)]


def _visit(pickup: Pickup) -> list[Step]:
    """What happens at the door; only the first pickup of a parcel goes wrong."""
    calendar, door, place = market.calendar(), pickup.parcel.sender.postcode, pickup.parcel.sender.city
    first = _is_first(pickup)
    if first and _ends(door, CALLED_OFF):
        told_at = max(pickup.window_start - timedelta(hours=2), pickup.created_at + LATEST)
        return [_step(Code.PICKUP_FAILED, told_at, "", pickup)]
    misses = first * (Pickup.MAX_ATTEMPTS if _ends(door, NOBODY) else int(_ends(door, NOBODY_ONCE)))
    visits = [calendar.local(pickup.window_start + timedelta(minutes=30))]
    while len(visits) <= misses + _ends(door, WRONG_DAY):
        day = calendar.business_day_after(visits[-1].date(), 1)
        visits.append(calendar.local(calendar.instant(day, visits[-1].time())))
    steps = [_step(Code.PICKUP_ATTEMPTED, visit, place, pickup) for visit in visits[:misses]]
    return steps if misses == Pickup.MAX_ATTEMPTS else steps + _collected(pickup, visits[-1])


def _is_first(pickup: Pickup) -> bool:
    return not Pickup.objects.filter(parcel=pickup.parcel, created_at__lt=pickup.created_at).exists()


def _collected(pickup: Pickup, visit: datetime) -> list[Step]:
    place, leaves_at = pickup.parcel.sender.city, market.calendar().instant(visit.date(), LEAVES)
    steps = [_step(Code.COLLECTED, visit, place, pickup), _step(Code.IN_TRANSIT, leaves_at, place, pickup)]
    return steps + _arrival(pickup.parcel, leaves_at, pickup)


def _arrival(parcel: Parcel, leaves_at: datetime, pickup: Pickup | None) -> list[Step]:
    calendar = market.calendar()
    evening = calendar.local(leaves_at).date()
    level = LEVELS[Service(parcel.service)]
    day = calendar.business_day_after(evening, 4 if _road(parcel, LATE) else level.days)
    if _road(parcel, LOST):
        return [_step(Code.LOST, _at(day + timedelta(days=3), 12), "", pickup)]
    place = parcel.recipient.city
    harm = [_step(Code.DAMAGED, leaves_at + timedelta(hours=3), "", pickup)] if _road(parcel, DAMAGED) else []
    to_the_door = [*harm, _step(Code.OUT_FOR_DELIVERY, _at(day, 8), place, pickup)]
    if _ends(parcel.recipient.postcode, NOT_TAKEN):
        back = _step(Code.DELIVERED, _at(calendar.business_day_after(day, 2), 11), parcel.sender.city, pickup)
        return [*to_the_door, _step(Code.RETURNING, _at(day, 11), place, pickup), back]
    return [*to_the_door, _step(Code.DELIVERED, _at(day, level.hour), place, pickup)]


def _at(day: date, hour: int) -> datetime:
    return market.calendar().instant(day, time(hour))


def _plan(number: str, script: list[Step]) -> bool:
    """The script of a new parcel, and whether it is new; one that has a script keeps it."""
    shipment, is_new = SandboxShipment.objects.get_or_create(
        tracking_number=number, defaults={"script": script, "next_at": _next_at(script, 0)}
    )
    if not shipment.script:
        _replan(number, script)
    return is_new


def _plan_visit(pickup: Pickup) -> None:
    """What a booked visit will do; one that is booked again for more parcels does the same."""
    shipment = SandboxShipment.objects.filter(pk=pickup.parcel.tracking_number).first()
    if shipment and not any(_is_of(step, pickup) for step in shipment.script):
        _replan(shipment.pk, _visit(pickup))


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
        told = _body(shipment, shipment.position)
        shipment.position += 1
        shipment.next_at = _next_at(shipment.script, shipment.position)
        shipment.save()
        body = json.dumps(told).encode()
        headers = {inbox.SIGNATURE_HEADER: inbox.sign(body, settings.SANDBOX_WEBHOOK_SECRET)}
        webhook = inbox.receive("couriers.sandbox", Courier().read_webhook(body, headers).external_id, told)
    return webhook.pk if webhook else 0


def _body(shipment: SandboxShipment, position: int) -> dict[str, str]:
    """What its webhook says of one step."""
    code, instant, _pickup, *place = shipment.script[position]
    return {
        "id": f"{shipment.pk}-{position}",
        "tracking_number": shipment.pk,
        "code": code,
        "place": place[0] if place else "",
        "happened_at": instant,
    }


def _scan(told: dict[str, str]) -> Scan:
    return Scan(
        external_id=str(told["id"]),
        tracking_number=str(told["tracking_number"]),
        code=str(told["code"]),
        place=str(told.get("place", "")),
        happened_at=datetime.fromisoformat(str(told["happened_at"])),
    )
