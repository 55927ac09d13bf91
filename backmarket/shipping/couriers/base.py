"""What a courier does for us, whoever it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from backmarket.shipping.models import Parcel, Pickup


@dataclass(frozen=True)
class Slot:
    """A window in which the courier can come to the door."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Scan:
    """One point of a parcel's journey as the courier tells it; `code` is a TrackingPoint.Code."""

    external_id: str
    tracking_number: str
    code: str
    place: str
    happened_at: datetime


class Courier(Protocol):
    """Every call carries our row's id: repeating it changes nothing and answers the same.

    All raise GatewayError; `retry` says whether the same call may work later. None is called inside a transaction.
    """

    def slots(self, *, postcode: str, country: str, at: datetime) -> list[Slot]:
        """When it can collect at this address, soonest first."""

    def book(self, parcel: "Parcel") -> str:
        """Have a label made; returns the tracking number."""

    def register(self, parcel: "Parcel") -> None:
        """Follow a parcel that already has a number, of this or another courier."""

    def book_pickup(self, pickup: "Pickup") -> str:
        """Have it collected at the door; returns a confirmation for people."""

    def cancel_pickup(self, pickup: "Pickup") -> None:
        """Do not come."""

    def cancel(self, parcel: "Parcel") -> None:
        """Forget a parcel that has not left."""
