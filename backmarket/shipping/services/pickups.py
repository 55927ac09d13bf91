"""Visits at the door: booked, joined by another parcel, moved, called off."""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.shipping.models import OPEN_PICKUP, Parcel, Pickup
from backmarket.shipping.services.common import after_commit, subject
from backmarket.states import IllegalMove, move


class CannotBookPickup(DomainError):
    """The window is over, a pickup is booked already, the parcel has left, or the visit is no longer to be joined."""

    code = "cannot_book_pickup"
    default_message = _("A pickup cannot be booked for this parcel any more.")


def book_pickup(parcel: Parcel, *, start: datetime, end: datetime, by: Actor, at: datetime) -> Pickup:
    """Have the parcel collected at the door in this window. Raises CannotBookPickup (field "slot")."""
    if start <= at or end <= start:
        raise CannotBookPickup(_("This window is over: choose another one."), field="slot")
    with transaction.atomic():
        return open_pickup(lock(Parcel.objects.filter(pk=parcel.pk)).get(), uuid4(), start, end, by=by, at=at)


def join_pickup(parcel: Parcel, *, pickup: Pickup, by: Actor, at: datetime) -> Pickup:
    """Have the parcel collected by the visit that another parcel's `pickup` has booked at the same door.

    The courier is told after the commit. Raises CannotBookPickup (field "slot") when that visit is over, cancelled,
    failed or at another address.
    """
    with transaction.atomic():
        both = lock(Parcel.objects.filter(pk__in=[parcel.pk, pickup.parcel_id]).select_related("sender"))
        joining = next(row for row in both if row.pk == parcel.pk)
        pickup = Pickup.objects.select_related("parcel__sender").get(pk=pickup.pk)
        ours = joining.courier == pickup.parcel.courier
        if not pickup.can_be_joined(at) or not ours:
            raise CannotBookPickup(_("This visit can no longer be joined: choose a time of its own."), field="slot")
        if _door(joining.sender) != _door(pickup.parcel.sender):
            raise CannotBookPickup(_("The courier of this visit comes to another address."), field="slot")
        return open_pickup(joining, pickup.visit, pickup.window_start, pickup.window_end, by=by, at=at)


def open_pickup(parcel: Parcel, visit: UUID, start: datetime, end: datetime, *, by: Actor, at: datetime) -> Pickup:
    """The row of a pickup of a parcel that is locked; raises CannotBookPickup."""
    if parcel.status != Parcel.Status.CREATED or parcel.pickups.filter(status__in=OPEN_PICKUP).exists():
        raise CannotBookPickup(field="slot")
    pickup = Pickup.objects.create(parcel=parcel, visit=visit, window_start=start, window_end=end, created_at=at)
    record("pickup.booked", pickup, by=by, at=at, data=subject(parcel))
    after_commit("book_with_courier", parcel.pk)
    return pickup


def _door(address: Address) -> tuple[str, ...]:
    """Where the courier rings, however it was typed; several people may live behind one door."""
    parts = (address.line1, address.line2, address.postcode, address.city, address.country)
    return tuple(" ".join(part.split()).casefold() for part in parts)


def rebook_pickup(parcel: Parcel, *, start: datetime, end: datetime, by: Actor, at: datetime) -> Pickup:
    """Another window, free of charge: an open pickup is cancelled, a failed one replaced. Raises CannotBookPickup."""
    with transaction.atomic():
        lock(Parcel.objects.filter(pk=parcel.pk)).get()
        if parcel.pickups.filter(status__in=OPEN_PICKUP).exists():
            cancel_pickup(parcel, by=by, at=at)
        return book_pickup(parcel, start=start, end=end, by=by, at=at)


def cancel_pickup(parcel: Parcel, *, by: Actor, at: datetime) -> None:
    """Tell the courier not to collect this parcel; the visit's other parcels stay booked.

    Raises IllegalMove when no visit is ahead.
    """
    with transaction.atomic():
        parcel = lock(Parcel.objects.filter(pk=parcel.pk)).get()
        pickup = lock(parcel.pickups.filter(status__in=OPEN_PICKUP)).first()
        if pickup is None:
            raise IllegalMove
        move(pickup, Pickup.Status.CANCELLED, by=by, at=at, data=subject(parcel))
        after_commit("cancel_pickup_with_courier", pickup.pk)
