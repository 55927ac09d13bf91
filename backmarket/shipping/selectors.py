"""What there is to say about parcels."""

from uuid import UUID

from django.db.models import QuerySet

from backmarket.shipping.models import Parcel, Pickup, SandboxShipment, TrackingPoint


def parcels_of(purpose: str, reference: UUID) -> QuerySet[Parcel]:
    """The parcels that travel for one thing, newest first."""
    return Parcel.objects.filter(purpose=purpose, reference=reference).select_related("sender", "recipient")


def journey(parcel: Parcel) -> QuerySet[TrackingPoint]:
    """The scans of a parcel in the order in which they happened."""
    return parcel.points.order_by("happened_at", "id")


def open_pickup(parcel: Parcel) -> Pickup | None:
    """The visit at the door that is still ahead."""
    return parcel.pickups.filter(status__in=(Pickup.Status.BOOKED, Pickup.Status.ATTEMPTED)).first()


def latest_pickup(parcel: Parcel) -> Pickup | None:
    return parcel.pickups.first()


def upcoming_shipments() -> QuerySet[SandboxShipment]:
    """The sandbox courier's parcels that still have something ahead, soonest first."""
    return SandboxShipment.objects.exclude(next_at=None).order_by("next_at", "pk")
