"""What there is to say about parcels."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from backmarket.shipping.models import OPEN_PICKUP, Parcel, Pickup, SandboxShipment, TrackingPoint


def journey(parcel: Parcel) -> QuerySet[TrackingPoint]:
    """The scans of a parcel in the order in which they happened."""
    return parcel.points.order_by("happened_at", "id")


def latest_pickup(parcel: Parcel) -> Pickup | None:
    return parcel.pickups.first()


def open_pickups(visit: UUID) -> QuerySet[Pickup]:
    """What one visit still has to collect, in the order in which it was asked to."""
    return Pickup.objects.filter(visit=visit, status__in=OPEN_PICKUP).order_by("created_at", "pk")


def parcels_of_visit(visit: UUID) -> QuerySet[Parcel]:
    """The parcels that one visit collects or collected: not those whose pickup was cancelled or failed."""
    taken = (*OPEN_PICKUP, Pickup.Status.COLLECTED)
    return Parcel.objects.filter(pickups__visit=visit, pickups__status__in=taken).order_by("created_at", "pk")


def pickups_to_join(parcels: QuerySet[Parcel], at: datetime) -> QuerySet[Pickup]:
    """One pickup per visit that is still ahead of these parcels, soonest first: `join_pickup` adds another parcel."""
    ahead = Pickup.objects.filter(parcel__in=parcels, status=Pickup.Status.BOOKED, window_start__gt=at)
    one_each = ahead.order_by("visit", "created_at", "pk").distinct("visit").values("pk")
    return Pickup.objects.filter(pk__in=one_each).select_related("parcel__sender").order_by("window_start", "pk")


def upcoming_shipments() -> QuerySet[SandboxShipment]:
    """The sandbox courier's parcels that still have something ahead, soonest first."""
    return SandboxShipment.objects.exclude(next_at=None).order_by("next_at", "pk")
