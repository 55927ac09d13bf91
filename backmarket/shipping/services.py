"""Parcels and pickups: the row first, the courier after the commit, and its scans as they come in any order."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.db import lock
from backmarket.errors import DomainError, GatewayError
from backmarket.events import inbox
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.shipping.couriers import courier as courier_named
from backmarket.shipping.couriers import sandbox
from backmarket.shipping.couriers.base import Scan, Slot
from backmarket.shipping.labels import LabelNotReady, label_pdf
from backmarket.shipping.models import Parcel, Pickup, TrackingPoint
from backmarket.states import IllegalMove, move

__all__ = [
    "CannotBookPickup",
    "LabelNotReady",
    "Slot",
    "TrackingNumberRefused",
    "advance_sandbox_courier",
    "available_slots",
    "book_couriers",
    "book_pickup",
    "book_with_courier",
    "cancel_parcel",
    "cancel_pickup",
    "create_parcel",
    "label_pdf",
    "rebook_pickup",
    "record_scan",
]

log = structlog.get_logger(__name__)

OPEN_PICKUP = (Pickup.Status.BOOKED, Pickup.Status.ATTEMPTED)


class TrackingNumberRefused(DomainError):
    """Not the shape of a tracking number, or another parcel's."""

    code = "tracking_number_refused"
    default_message = _("This is not a tracking number: it has 6 to 40 letters and digits.")


class CannotBookPickup(DomainError):
    """The window is over, a pickup is booked already, or the parcel has left."""

    code = "cannot_book_pickup"
    default_message = _("A pickup cannot be booked for this parcel any more.")


def available_slots(*, postcode: str, country: str, at: datetime) -> list[Slot]:
    """When the house courier can come to the door, soonest first. Network: outside transactions; GatewayError."""
    return courier_named().slots(postcode=postcode, country=country, at=at)


def create_parcel(
    *,
    purpose: str,
    reference: UUID,
    sender: Address,
    recipient: Address,
    insured: Money,
    by: Actor,
    at: datetime,
    courier: str = "",
    tracking_number: str = "",
) -> Parcel:
    """The row of a parcel. The house courier makes its label after the commit, or follows the number it has already.

    Raises TrackingNumberRefused (field "tracking_number").
    """
    number = _checked(tracking_number) if tracking_number else ""
    with transaction.atomic():
        parcel = Parcel.objects.create(
            purpose=purpose,
            reference=reference,
            courier=courier or settings.COURIER_GATEWAY,
            tracking_number=number,
            sender=sender,
            recipient=recipient,
            insured_minor=insured.minor,
            currency=insured.currency,
            created_at=at,
        )
        record("parcel.created", parcel, by=by, at=at, data=_subject(parcel))
        _book_soon(parcel)
    return parcel


def _checked(text: str) -> str:
    number = "".join(text.split()).upper()
    if not (number.isascii() and number.replace("-", "").isalnum() and 6 <= len(number) <= 40):
        raise TrackingNumberRefused(field="tracking_number")
    if Parcel.objects.filter(tracking_number=number).exists():
        raise TrackingNumberRefused(_("Another parcel has this tracking number."), field="tracking_number")
    return number


def book_pickup(parcel: Parcel, *, start: datetime, end: datetime, by: Actor, at: datetime) -> Pickup:
    """Have the parcel collected at the door in this window. Raises CannotBookPickup (field "slot")."""
    if start <= at or end <= start:
        raise CannotBookPickup(_("This window is over: choose another one."), field="slot")
    with transaction.atomic():
        parcel = lock(Parcel.objects.filter(pk=parcel.pk)).get()
        if parcel.status != Parcel.Status.CREATED or parcel.pickups.filter(status__in=OPEN_PICKUP).exists():
            raise CannotBookPickup
        pickup = Pickup.objects.create(parcel=parcel, window_start=start, window_end=end, created_at=at)
        record("pickup.booked", pickup, by=by, at=at, data=_subject(parcel))
        _book_soon(parcel)
    return pickup


def rebook_pickup(parcel: Parcel, *, start: datetime, end: datetime, by: Actor, at: datetime) -> Pickup:
    """Another window, free of charge: an open pickup is cancelled, a failed one replaced. Raises CannotBookPickup."""
    with transaction.atomic():
        if parcel.pickups.filter(status__in=OPEN_PICKUP).exists():
            cancel_pickup(parcel, by=by, at=at)
        return book_pickup(parcel, start=start, end=end, by=by, at=at)


def cancel_pickup(parcel: Parcel, *, by: Actor, at: datetime) -> None:
    """Tell the courier not to come; raises IllegalMove when no visit is ahead."""
    with transaction.atomic():
        pickup = lock(Pickup.objects.filter(parcel=parcel, status__in=OPEN_PICKUP)).first()
        if pickup is None:
            raise IllegalMove
        move(pickup, Pickup.Status.CANCELLED, by=by, at=at, data=_subject(parcel))
        transaction.on_commit(partial(_later, "cancel_pickup_with_courier", pickup.pk), robust=True)


def cancel_parcel(parcel: Parcel, *, by: Actor, at: datetime) -> None:
    """Give up a parcel that has not left, with its pickup; raises IllegalMove once it is on its way."""
    with transaction.atomic():
        move(parcel, Parcel.Status.CANCELLED, by=by, at=at, data=_subject(parcel))
        with suppress(IllegalMove):
            cancel_pickup(parcel, by=by, at=at)
        transaction.on_commit(partial(_later, "cancel_with_courier", parcel.pk), robust=True)


def _book_soon(parcel: Parcel) -> None:
    transaction.on_commit(partial(_later, "book_with_courier", parcel.pk), robust=True)


def _later(task: str, pk: UUID) -> None:
    from backmarket.shipping import tasks

    getattr(tasks, task).delay(str(pk))


def book_with_courier(parcel_id: UUID, *, at: datetime) -> bool:
    """Ask the courier for what a parcel still lacks: its label, its pickup. Network: outside transactions.

    Returns whether anything was new; raises GatewayError.
    """
    parcel = Parcel.objects.select_related("sender", "recipient").get(pk=parcel_id)
    if parcel.status != Parcel.Status.CREATED:
        return False
    is_new = parcel.booked_at is None and _book_label(parcel, at=at)
    for pickup in parcel.pickups.filter(status=Pickup.Status.BOOKED, confirmation=""):
        pickup.parcel = parcel
        confirmation = courier_named(parcel.courier).book_pickup(pickup)
        is_new |= bool(Pickup.objects.filter(pk=pickup.pk, confirmation="").update(confirmation=confirmation))
    return is_new


def _book_label(parcel: Parcel, *, at: datetime) -> bool:
    house = courier_named(parcel.courier)
    if parcel.tracking_number:
        house.register(parcel)
    else:
        parcel.tracking_number = house.book(parcel)
    with transaction.atomic():
        mine = Parcel.objects.filter(pk=parcel.pk, booked_at=None)
        if not mine.update(tracking_number=parcel.tracking_number, booked_at=at):
            return False
        record("parcel.booked", parcel, by=f"courier:{parcel.courier}", at=at, data=_subject(parcel))
    return True


def book_couriers(at: datetime) -> int:
    """Ask again for every label and pickup that the courier has not confirmed; returns how many it did."""
    unbooked = Q(booked_at=None) | Q(pickups__status=Pickup.Status.BOOKED, pickups__confirmation="")
    waiting = Parcel.objects.filter(unbooked, status=Parcel.Status.CREATED).order_by("created_at", "pk").distinct()
    return sum(_try(book_with_courier, pk, at) for pk in list(waiting.values_list("pk", flat=True)))


def _try(step: Callable[..., bool], pk: UUID, at: datetime) -> bool:
    try:
        return step(pk, at=at)
    except GatewayError:
        log.warning("courier_not_booked", parcel=str(pk))
        return False


def record_scan(name: str, scan: Scan) -> bool:
    """Keep a courier's scan once and follow it, in whatever order scans come; False for a parcel unknown (yet).

    The instant of the scan, not of its arrival, is when things happened.
    """
    with transaction.atomic():
        parcel = lock(Parcel.objects.filter(tracking_number=scan.tracking_number)).first()
        if parcel is None:
            return False
        _point, is_new = TrackingPoint.objects.get_or_create(
            external_id=f"{name}:{scan.external_id}",
            defaults={
                "parcel": parcel,
                "code": scan.code,
                "place": scan.place[:80],
                "happened_at": scan.happened_at,
            },
        )
        if is_new:
            _follow_pickup(parcel, scan, by=f"courier:{name}")
            _follow_parcel(parcel, scan, by=f"courier:{name}")
    return True


Code = TrackingPoint.Code
PARCEL_MOVES = {
    Code.IN_TRANSIT: Parcel.Status.IN_TRANSIT,
    Code.OUT_FOR_DELIVERY: Parcel.Status.IN_TRANSIT,
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
    Code.DELIVERED: Pickup.Status.COLLECTED,
}


def _follow_parcel(parcel: Parcel, scan: Scan, *, by: Actor) -> None:
    target = PARCEL_MOVES.get(Code(scan.code))
    if target is not None:
        with suppress(IllegalMove):
            move(parcel, target, by=by, at=scan.happened_at, data=_subject(parcel))


def _follow_pickup(parcel: Parcel, scan: Scan, *, by: Actor) -> None:
    """Scans are about the visit that was booked when they happened; the third miss is the last."""
    target = PICKUP_MOVES.get(Code(scan.code))
    pickup = parcel.pickups.filter(status__in=OPEN_PICKUP, created_at__lte=scan.happened_at).first()
    if target is None or pickup is None:
        return
    facts = {}
    if target == Pickup.Status.ATTEMPTED:
        facts["attempts"] = pickup.attempts + 1
        if facts["attempts"] >= Pickup.MAX_ATTEMPTS:
            target = Pickup.Status.FAILED
    with suppress(IllegalMove):
        move(pickup, target, by=by, at=scan.happened_at, data=_subject(parcel), **facts)


def _subject(parcel: Parcel) -> dict[str, str]:
    return {"purpose": parcel.purpose, "reference": str(parcel.reference), "parcel": str(parcel.pk)}


def advance_sandbox_courier(at: datetime) -> int:
    """Let every scan that is due by `at` happen, earliest first, through the inbox like any courier's webhook."""
    played = 0
    while (webhook_id := sandbox.play_next(at)) is not None:
        inbox.handle_webhook(webhook_id, at=at)
        played += 1
    return played
