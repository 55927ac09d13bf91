"""What the courier is asked for: its times, a label, a visit. All of it on the network, so never in a transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from backmarket.errors import GatewayError
from backmarket.events.services import record
from backmarket.shipping.couriers import courier as courier_named
from backmarket.shipping.couriers.base import Slot
from backmarket.shipping.models import Parcel, Pickup
from backmarket.shipping.services.common import subject

log = structlog.get_logger(__name__)


def available_slots(*, postcode: str, country: str, at: datetime) -> list[Slot]:
    """When the house courier can come to the door, soonest first. Network: outside transactions; GatewayError."""
    return courier_named().slots(postcode=postcode, country=country, at=at)


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
        record("parcel.booked", parcel, by=f"courier:{parcel.courier}", at=at, data=subject(parcel))
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
