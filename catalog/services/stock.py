"""Stock: held for a checkout, sold, given back. `listing.reserved` is always the sum of its open reservations.

Reservations change only under the lock of their listing, and listings are locked in primary-key order.
A reservation past `expires_at` holds nothing any more, whether or not a job has swept it: whoever wants the
stock first releases it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.contention import is_contention
from backmarket.db import alone, lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.prepared import Row, prepared
from catalog.models import Listing, StockReservation
from catalog.querysets import ReservationQuerySet
from catalog.services.buyables import refresh_buyables
from refurbishers.models import Refurbisher

SWEEP_BATCH = 500


class OutOfStock(DomainError):
    """Less is left than was asked, or the listing is off. `listing_ids` names which; whoever can, names the devices."""

    code = "out_of_stock"
    default_message = _("Someone else was quicker: this device has just been sold. Nothing was taken from you.")

    def __init__(self, listing_ids: Iterable[UUID], message: str = "") -> None:
        self.listing_ids = list(listing_ids)
        super().__init__(message)


class ReservationLost(DomainError):
    """The reservation ran out and the stock is gone."""

    code = "reservation_lost"
    default_message = _("The time to pay ran out and the device has been sold to someone else.")


def reserve_stock(*, holder: UUID, demand: dict[UUID, int], expires_at: datetime, at: datetime) -> None:
    """Hold `demand` (listing id → pieces, summed per listing) for `holder` until `expires_at`: all of it or nothing.

    It replaces what the holder held before; a holder that has bought holds nothing more (ValueError).
    Raises OutOfStock, and changes nothing, if any listing is short or off.
    """
    held_before = StockReservation.objects.filter(holder=holder)
    ids = {*demand, *held_before.values_list("listing_id", flat=True)}
    with _locked(ids):
        if held_before.exclude(sold_at=None).exists():
            raise ValueError("This holder has bought already.")
        _give_back(StockReservation.objects.expired(at).filter(listing_id__in=ids), at)
        _give_back(held_before.open(), at)
        if short := [pk for pk in sorted(demand) if not _take(pk, demand[pk])]:
            raise OutOfStock(short)
        StockReservation.objects.bulk_create(
            [
                StockReservation(holder=holder, listing_id=pk, quantity=demand[pk], expires_at=expires_at)
                for pk in sorted(demand)
            ],
            update_conflicts=True,
            unique_fields=["holder", "listing"],
            update_fields=["quantity", "expires_at", "released_at"],
        )


def extend_reservation(holder: UUID, *, expires_at: datetime, at: datetime) -> int:
    """Hold what `holder` still holds until `expires_at`; returns how many listings. What has expired stays expired."""
    held = StockReservation.objects.open().filter(holder=holder, expires_at__gt=at)
    return held.update(expires_at=expires_at)


def release_stock(holder: UUID, *, at: datetime) -> None:
    """Give back all that `holder` holds; nothing happens when nothing is held."""
    held = StockReservation.objects.open().filter(holder=holder)
    with _locked(held.values_list("listing_id", flat=True)):
        _give_back(held, at)


def sell_reserved(holder: UUID, *, at: datetime) -> None:
    """Turn the holder's reservations into sales: stock and reserved go down together. Repeating it does nothing.

    What expired is taken again if it is still there. Raises ReservationLost, and sells nothing, if it is not,
    or if nothing was ever reserved.
    """
    rows = StockReservation.objects.filter(holder=holder)
    ids = set(rows.values_list("listing_id", flat=True))
    if not ids:
        raise ReservationLost
    with _locked(ids):
        _give_back(StockReservation.objects.expired(at).filter(listing_id__in=ids).exclude(holder=holder), at)
        if not all(_sell(row) for row in lock(rows.filter(sold_at=None))):
            raise ReservationLost
        rows.filter(sold_at=None).update(sold_at=at, released_at=None)


def restock(listing: Listing, quantity: int, *, by: Actor, at: datetime) -> None:
    """Put `quantity` (positive) pieces on the shelf."""
    if quantity <= 0:
        raise ValueError("Restock takes a positive quantity.")
    with _locked([listing.pk]):
        Listing.objects.filter(pk=listing.pk).update(on_hand=F("on_hand") + quantity)
        record("listing.restocked", listing, by=by, at=at, data={"quantity": quantity})
    listing.refresh_from_db(fields=["on_hand", "reserved"])


def release_expired_reservations(at: datetime) -> int:
    """Sweep what expired before `at`, in batches that each commit; returns how many reservations."""
    released = 0
    while ids := set(StockReservation.objects.expired(at).values_list("listing_id", flat=True)[:SWEEP_BATCH]):
        with _locked(ids):
            released += _give_back(StockReservation.objects.expired(at).filter(listing_id__in=ids), at)
    return released


def free_expired(at: datetime) -> None:
    """For whoever is about to show what can be bought: what has expired is given back now, though no job runs.

    Nobody waits for it: while another does it, or a checkout holds one of its listings, the page shows what there is.
    """
    if not _any_expired(at=at):
        return
    with alone("free_expired") as mine:
        if mine:
            try:
                release_expired_reservations(at)
            except OperationalError as error:
                if not is_contention(error):
                    raise


@prepared
def _any_expired(at: Any) -> "QuerySet[Any, Row]":
    return StockReservation.objects.expired(at).values_list("pk")[:1]


@contextmanager
def _locked(listing_ids: Iterable[UUID]) -> Iterator[None]:
    """A transaction with these listings locked; at its end the offers shown of those that sold out or came back
    are refreshed."""
    with transaction.atomic():
        rows = Listing.objects.filter(pk__in=set(listing_ids))
        before = {row.pk: row.available > 0 for row in lock(rows)}
        yield
        after = Listing.objects.filter(pk__in=before)
        refresh_buyables((row.variant_id, row.grade) for row in after if (row.available > 0) != before[row.pk])


def _take(listing_id: UUID, quantity: int) -> int:
    rows = Listing.objects.filter(
        pk=listing_id,
        status=Listing.Status.ONLINE,
        plant__in=Refurbisher.objects.trading(),
        on_hand__gte=F("reserved") + quantity,
    )
    return rows.update(reserved=F("reserved") + quantity)


def _sell(row: StockReservation) -> int:
    listing = Listing.objects.filter(pk=row.listing_id)
    if row.released_at is None:
        return listing.update(on_hand=F("on_hand") - row.quantity, reserved=F("reserved") - row.quantity)
    return listing.filter(on_hand__gte=F("reserved") + row.quantity).update(on_hand=F("on_hand") - row.quantity)


def _give_back(reservations: ReservationQuerySet, at: datetime) -> int:
    rows = list(lock(reservations))
    for row in rows:
        Listing.objects.filter(pk=row.listing_id).update(reserved=F("reserved") - row.quantity)
    return StockReservation.objects.filter(pk__in=[row.pk for row in rows]).update(released_at=at)
