"""What there is to say about parcels."""

from django.db.models import QuerySet

from backmarket.shipping.models import Parcel, Pickup, SandboxShipment, TrackingPoint


def journey(parcel: Parcel) -> QuerySet[TrackingPoint]:
    """The scans of a parcel in the order in which they happened."""
    return parcel.points.order_by("happened_at", "id")


def latest_pickup(parcel: Parcel) -> Pickup | None:
    return parcel.pickups.first()


def upcoming_shipments() -> QuerySet[SandboxShipment]:
    """The sandbox courier's parcels that still have something ahead, soonest first."""
    return SandboxShipment.objects.exclude(next_at=None).order_by("next_at", "pk")
