"""Visits of the courier that collect several devices at one door."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from backmarket.accounts.models import User
from backmarket.shipping.models import Parcel, Pickup
from backmarket.shipping.selectors import parcels_of_visit, pickups_to_join
from buyback.models import Trade


@dataclass(frozen=True)
class Visit:
    """A booked visit at the seller's door, the postcode of that door, and the devices it collects already."""

    pickup: Pickup
    devices: tuple[Trade, ...]


def visits_to_join(seller: User, at: datetime) -> list[Visit]:
    """The visits ahead that collect this seller's devices, soonest first; another device may go along."""
    parcels = Parcel.objects.filter(pk__in=Trade.objects.filter(seller=seller, status="accepted").values("parcel"))
    pickups = list(pickups_to_join(parcels, at))
    devices: dict[UUID, list[Trade]] = defaultdict(list)
    together = Pickup.objects.filter(visit__in=[pickup.visit for pickup in pickups]).exclude(status="cancelled")
    visit_of = dict(together.values_list("parcel", "visit"))
    for trade in _with_names(Trade.objects.filter(seller=seller, parcel__in=visit_of)):
        devices[visit_of[trade.parcel_id]].append(trade)
    return [Visit(pickup, tuple(devices[pickup.visit])) for pickup in pickups]


def devices_of_visit(pickup: Pickup | None, seller: User) -> list[Trade]:
    """The seller's devices that the courier collects at that visit, in the order in which they were sold."""
    if pickup is None:
        return []
    return list(_with_names(Trade.objects.filter(seller=seller, parcel__in=parcels_of_visit(pickup.visit))))


def _with_names(trades: QuerySet[Trade]) -> QuerySet[Trade]:
    return trades.select_related("variant__product", "plant").order_by("number")
