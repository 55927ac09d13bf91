"""Stock: held for a checkout, sold, given back. `listing.reserved` is always the sum of its open reservations.

Reservations change only under the lock of their listing, and listings are locked in primary-key order.
A reservation past `expires_at` holds nothing any more, whether or not a job has swept it: whoever wants the
stock first releases it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.contention import is_contention
from backmarket.db import alone, together
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.prepared import Row, execute, prepared
from catalog.models import Listing, StockReservation
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
    with together():
        shelf = _locked(demand, holder)
        known, trading = _reservations(shelf, holder, at)
        if any(row.sold_at for row in known if row.holder == holder):
            raise ValueError("This holder has bought already.")
        back = [row for row in known if row.released_at is None]
        given = _sums(back)
        offered = [row for pk, row in shelf.items() if row.status == Listing.Status.ONLINE and pk in trading]
        free = {row.pk: row.available + given[row.pk] for row in offered}
        if short := [pk for pk in sorted(demand) if free.get(pk, 0) < demand[pk]]:
            raise OutOfStock(short)
        _release([row for row in back if row.listing_id not in demand or row.holder != holder], at)
        changes = {pk: (0, demand.get(pk, 0) - given[pk]) for pk in {*demand, *given}}
        _shift(shelf, changes, HOLD, [holder, expires_at, list(demand), list(demand.values())])


def extend_reservation(holder: UUID, *, expires_at: datetime, at: datetime) -> int:
    """Hold what `holder` still holds until `expires_at`; returns how many listings. What has expired stays expired."""
    held = StockReservation.objects.open().filter(holder=holder, expires_at__gt=at)
    return held.update(expires_at=expires_at)


def release_stock(holder: UUID, *, at: datetime) -> None:
    """Give back all that `holder` holds; nothing happens when nothing is held."""
    with together():
        shelf = _locked([], holder)
        known, _trading = _reservations(shelf, holder, at)
        held = [row for row in known if row.holder == holder and row.released_at is None]
        _give_back(shelf, [row for row in held if row.sold_at is None], at)


def sell_reserved(holder: UUID, *, at: datetime) -> None:
    """Turn the holder's reservations into sales: stock and reserved go down together. Repeating it does nothing.

    What expired is taken again if it is still there. Raises ReservationLost, and sells nothing, if it is not,
    or if nothing was ever reserved.
    """
    with together():
        shelf = _locked([], holder)
        known, _trading = _reservations(shelf, holder, at)
        mine = [row for row in known if row.holder == holder]
        if not mine:
            raise ReservationLost
        sold = [row for row in mine if row.sold_at is None]
        others = [row for row in known if row.holder != holder]
        back = _sums(others)
        for row in sold:
            if row.released_at and shelf[row.listing_id].available + back[row.listing_id] < row.quantity:
                raise ReservationLost
        _release(others, at)
        changes = {pk: (0, -quantity) for pk, quantity in back.items()}
        for row in sold:
            held = row.quantity if row.released_at is None else 0
            changes[row.listing_id] = (-row.quantity, -held - back[row.listing_id])
        _shift(shelf, changes, SELL, [at, [row.pk for row in sold]])


def restock(listing: Listing, quantity: int, *, by: Actor, at: datetime) -> None:
    """Put `quantity` (positive) pieces on the shelf."""
    if quantity <= 0:
        raise ValueError("Restock takes a positive quantity.")
    with together():
        _shift(_locked([listing.pk]), {listing.pk: (quantity, 0)})
        record("listing.restocked", listing, by=by, at=at, data={"quantity": quantity})
    listing.refresh_from_db(fields=["on_hand", "reserved"])


def release_expired_reservations(at: datetime) -> int:
    """Sweep what expired before `at`, in batches that each commit; returns how many reservations."""
    released = 0
    while ids := set(StockReservation.objects.expired(at).values_list("listing_id", flat=True)[:SWEEP_BATCH]):
        with transaction.atomic():
            shelf = _locked(ids)
            expired, _trading = _reservations(shelf, None, at)
            released += _give_back(shelf, expired, at)
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


class Shelf(NamedTuple):
    """A locked listing, as far as its stock goes."""

    pk: UUID
    on_hand: int
    reserved: int
    status: str
    variant_id: int
    grade: str

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class Held(NamedTuple):
    """A locked reservation."""

    pk: int
    holder: UUID
    listing_id: UUID
    quantity: int
    released_at: datetime | None
    sold_at: datetime | None


# With each listing, whether its plant trades. Not read along with the lock: what is joined to a row that has to be
# waited for is as it was before the wait.
RESERVATIONS = """
    WITH held AS (
        SELECT id, holder, listing_id, quantity, released_at, sold_at FROM catalog_stockreservation
        WHERE listing_id = ANY(%s::uuid[])
            AND (holder = %s::uuid OR released_at IS NULL AND sold_at IS NULL AND expires_at <= %s)
        ORDER BY id FOR NO KEY UPDATE
    )
    SELECT listing.id, plant.status = ANY(%s), held.*
    FROM catalog_listing AS listing JOIN refurbishers_refurbisher AS plant ON plant.id = listing.plant_id
        LEFT JOIN held ON held.listing_id = listing.id
    WHERE listing.id = ANY(%s::uuid[]) ORDER BY held.id
"""
# The listings named, and those of which the holder has reservations. The union keeps both parts on their indexes.
LOCKED = """
    SELECT id, on_hand, reserved, status, variant_id, grade FROM catalog_listing
    WHERE id IN (
        SELECT unnest(%s::uuid[]) UNION SELECT listing_id FROM catalog_stockreservation WHERE holder = %s::uuid)
    ORDER BY id FOR NO KEY UPDATE
"""
SHIFT = """
    UPDATE catalog_listing AS listing SET on_hand = on_hand + change.pieces, reserved = reserved + change.held
    FROM unnest(%s::uuid[], %s::integer[], %s::integer[]) AS change (id, pieces, held) WHERE listing.id = change.id
"""
HOLD = """
    INSERT INTO catalog_stockreservation (holder, expires_at, listing_id, quantity)
    SELECT %s::uuid, %s::timestamptz, wanted.* FROM unnest(%s::uuid[], %s::integer[]) AS wanted
    ON CONFLICT (holder, listing_id)
    DO UPDATE SET quantity = EXCLUDED.quantity, expires_at = EXCLUDED.expires_at, released_at = NULL
"""
SELL = "UPDATE catalog_stockreservation SET sold_at = %s, released_at = NULL WHERE id = ANY(%s)"


def _locked(listing_ids: Iterable[UUID], holder: UUID | None = None) -> dict[UUID, Shelf]:
    """These listings, and those of which `holder` has reservations, locked in primary-key order."""
    with connection.cursor() as cursor:
        execute(cursor, LOCKED, [list(listing_ids), holder])
        return {row[0]: Shelf(*row) for row in cursor}


def _reservations(shelf: Collection[UUID], holder: UUID | None, at: datetime) -> tuple[list[Held], set[UUID]]:
    """Of locked listings: all that `holder` has, and what has expired of others and still counts as reserved; and
    which listings are of plants that trade.

    The reservations are locked as well: whoever goes on to pay holds theirs longer without the listing's lock.
    """
    ids = list(shelf)
    with connection.cursor() as cursor:
        execute(cursor, RESERVATIONS, [ids, holder, at, list(Refurbisher.TRADING), ids])
        rows = cursor.fetchall()
    return [Held(*row[2:]) for row in rows if row[2] is not None], {row[0] for row in rows if row[1]}


def _sums(reservations: Iterable[Held]) -> Counter[UUID]:
    held: Counter[UUID] = Counter()
    for row in reservations:
        held[row.listing_id] += row.quantity
    return held


def _shift(
    shelf: Mapping[UUID, Shelf],
    changes: Mapping[UUID, tuple[int, int]],
    why: str = "SELECT",
    params: Sequence[Any] = (),
) -> None:
    """Change pieces on hand and reserved of locked listings, and in the same statement the reservations that say why;
    the offers shown of those that sold out or came back are refreshed."""
    moved = {pk: change for pk, change in changes.items() if any(change)}
    columns = [list(part) for part in zip(*moved.values(), strict=True)] or [[], []]
    with connection.cursor() as cursor:
        execute(cursor, f"WITH shifted AS ({SHIFT}) {why}", [list(moved), *columns, *params])
    now = {pk: shelf[pk].available + pieces - held for pk, (pieces, held) in moved.items()}
    turned = [shelf[pk] for pk, left in now.items() if (left > 0) != (shelf[pk].available > 0)]
    refresh_buyables((row.variant_id, row.grade) for row in turned)


def _release(reservations: Iterable[Held], at: datetime) -> None:
    if pks := [row.pk for row in reservations]:
        StockReservation.objects.filter(pk__in=pks).update(released_at=at)


def _give_back(shelf: Mapping[UUID, Shelf], reservations: Collection[Held], at: datetime) -> int:
    _release(reservations, at)
    _shift(shelf, {pk: (0, -quantity) for pk, quantity in _sums(reservations).items()})
    return len(reservations)
