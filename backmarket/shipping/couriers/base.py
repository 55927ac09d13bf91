"""What a courier does for us, whoever it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from backmarket.money import Money

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


@dataclass(frozen=True)
class Notice:
    """A webhook: the courier's own id of it, and what it tells."""

    external_id: str
    scans: tuple[Scan, ...]


@dataclass(frozen=True)
class Booked:
    """`code` is for people: a tracking number, or the confirmation of a visit. `gateway_id` is the courier's own key,
    empty when it only follows a number that it did not give. `price` is what it asks for a label."""

    code: str
    gateway_id: str
    price: Money | None = None


@dataclass(frozen=True)
class Level:
    """What a courier promises of a service: at the door so many business days after it was handed over, by an hour of
    the market's day (24: by its end). What it asks for it comes with each label (Booked.price)."""

    days: int
    hour: int = 24


@dataclass(frozen=True)
class Visit:
    """One visit at one door and all that it is to collect, in the order in which it was asked for; none is empty.

    `replaces` are the courier's keys under which the same visit was booked for fewer parcels.
    """

    pickups: tuple["Pickup", ...]
    replaces: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A parcel that joins makes another booking of it, with another key."""
        return str(self.pickups[-1].pk)


class Courier(Protocol):
    """Every call carries our row's id: repeating it changes nothing and answers the same.

    All raise GatewayError; `retry` says whether the same call may work later. None is called inside a transaction.
    `levels` are its services, by their names in Parcel.Service: what is not there cannot be ordered with it.
    """

    @property
    def levels(self) -> Mapping[str, Level]:
        """Known without asking it."""

    def slots(self, *, postcode: str, country: str, at: datetime) -> list[Slot]:
        """When it can collect at this address, soonest first."""

    def book(self, what: "Parcel | Visit") -> Booked:
        """Have a label of the parcel's service made, or a parcel followed that already has a number; have a visit come
        for all its parcels."""

    def cancel(self, what: "Parcel | Pickup") -> None:
        """Forget a parcel that has not left; do not collect one: the visit's last one calls off the visit."""

    def label(self, parcel: "Parcel") -> bytes:
        """The PDF to stick on a parcel whose label the courier made."""

    def track(self, parcel: "Parcel") -> list[Scan]:
        """The journey so far, for a parcel whose webhooks stay out; with the ids that the webhooks have."""

    def read_webhook(self, body: bytes, headers: Mapping[str, str] | None) -> Notice:
        """Raises inbox.BadSignature. `headers` is None for a webhook that was verified when it came, and kept."""
