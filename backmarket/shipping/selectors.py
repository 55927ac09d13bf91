"""What there is to say about parcels."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from backmarket.shipping.couriers import NAMES, courier
from backmarket.shipping.models import OPEN_PICKUP, Parcel, Pickup, SandboxShipment, TrackingPoint

Code = TrackingPoint.Code
# Scans that only a courier can make who has the parcel.
WITH_COURIER = (
    Code.COLLECTED, Code.IN_TRANSIT, Code.OUT_FOR_DELIVERY, Code.HELD, Code.DAMAGED, Code.RETURNING, Code.DELIVERED,
)  # fmt: skip
SILENCE, FORGOTTEN = timedelta(days=1), timedelta(days=60)


def journey(parcel: Parcel) -> QuerySet[TrackingPoint]:
    """The scans of a parcel in the order in which they happened."""
    return parcel.points.order_by("happened_at", "id")


def was_handed_over(parcel: Parcel | None) -> bool:
    """Whether any scan shows that the courier had it; that it is called lost shows nothing."""
    return parcel is not None and parcel.points.filter(code__in=WITH_COURIER).exists()


def is_house_couriers(parcel: Parcel) -> bool:
    """Whether a courier of ours carries it, and not one with whom its sender has a contract."""
    return parcel.courier in NAMES


def express_days() -> int | None:
    """Business days on the road of the house courier's express; None where it has none."""
    level = courier().levels.get(Parcel.Service.EXPRESS)
    return level.days if level else None


def has_our_label(parcel: Parcel | None) -> bool:
    """A label that we hand out: of a parcel of the house courier's that has its number."""
    return parcel is not None and bool(parcel.tracking_number) and is_house_couriers(parcel)


def latest_pickup(parcel: Parcel) -> Pickup | None:
    return parcel.pickups.first()


def open_pickups(visit: UUID) -> QuerySet[Pickup]:
    """What one visit still has to collect, in the order in which it was asked to."""
    open_ones = Pickup.objects.filter(visit=visit, status__in=OPEN_PICKUP).order_by("created_at", "pk")
    return open_ones.select_related("parcel__sender", "parcel__recipient")


def parcels_to_book() -> QuerySet[Parcel]:
    """Those whose number, or whose following, the courier has neither confirmed nor refused for good."""
    return Parcel.objects.filter(status=Parcel.Status.CREATED, booked_at=None, refusal="").order_by("created_at", "pk")


def pickups_to_book() -> QuerySet[Pickup]:
    """Those to which the courier has not agreed, of parcels that have not left."""
    waiting = Pickup.objects.filter(status=Pickup.Status.BOOKED, confirmation="", parcel__status=Parcel.Status.CREATED)
    return waiting.select_related("parcel").order_by("created_at", "pk")


def labels_to_fetch() -> QuerySet[Parcel]:
    """Parcels of which the courier has a label that we do not keep yet."""
    made = Parcel.objects.filter(status=Parcel.Status.CREATED, label="").exclude(gateway_id="")
    return made.order_by("created_at", "pk")


def parcels_to_call_off() -> QuerySet[Parcel]:
    """Cancelled ones of which the courier does not know, and has not said that it keeps them."""
    return Parcel.objects.filter(status=Parcel.Status.CANCELLED, void_at=None, refusal="").order_by("created_at", "pk")


def pickups_to_call_off() -> QuerySet[Pickup]:
    told = Pickup.objects.filter(status=Pickup.Status.CANCELLED, void_at=None, refusal="")
    return told.select_related("parcel").order_by("created_at", "pk")


def may_be_asked_again(row: Parcel | Pickup, at: datetime) -> bool:
    """Whether the courier refused for good what is still wanted; a visit only while its time lies ahead."""
    if not row.refusal or row.void_at:
        return False
    if isinstance(row, Parcel):
        return row.status == Parcel.Status.CANCELLED or (row.status == Parcel.Status.CREATED and not row.booked_at)
    if row.status != Pickup.Status.FAILED:
        return row.status == Pickup.Status.CANCELLED
    parcel = row.parcel
    waits = parcel.status == Parcel.Status.CREATED and not parcel.refusal and row.window_start > at
    return waits and not parcel.pickups.filter(status__in=OPEN_PICKUP).exists()


def silent_parcels(at: datetime) -> QuerySet[Parcel]:
    """Parcels under way of which nothing was heard for a day, and which nobody asked about since; not those whose
    visit lies ahead, nor those that have been forgotten for two months."""
    lately = at - SILENCE
    ahead = Pickup.objects.filter(parcel=OuterRef("pk"), status__in=OPEN_PICKUP, window_end__gt=at)
    heard = TrackingPoint.objects.filter(parcel=OuterRef("pk"), happened_at__gt=lately)
    under_way = Parcel.objects.filter(
        status__in=[Parcel.Status.CREATED, Parcel.Status.IN_TRANSIT], booked_at__range=(at - FORGOTTEN, lately)
    )
    unasked = under_way.filter(Q(asked_at=None) | Q(asked_at__lte=lately))
    return unasked.filter(~Exists(ahead), ~Exists(heard)).order_by("booked_at", "pk")


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
