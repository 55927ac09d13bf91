"""Many bids at once: kept to be looked at, applied whole against what was seen, taken back while nothing moved on."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from backmarket import states
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record_many
from backmarket.money import share_minor
from buyback.models import Bid, BidChange, BidRow
from buyback.services.bids import price_fault
from catalog.models import Variant
from refurbishers.models import Refurbisher

# Thousands of rows through the ORM take seconds, as each value of each row is prepared by itself.
UPSERT = """
    INSERT INTO buyback_bid (plant_id, variant_id, condition, price_minor, currency, active, updated_at)
    SELECT %s, (cell ->> 0)::bigint, cell ->> 1, (cell ->> 2)::integer, %s, (cell ->> 3)::boolean, %s
    FROM jsonb_array_elements(%s::jsonb) AS cells (cell)
    ON CONFLICT (plant_id, variant_id, condition)
    DO UPDATE SET price_minor = EXCLUDED.price_minor, updated_at = EXCLUDED.updated_at
    RETURNING id, variant_id, condition
"""
S = BidChange.Status
Key = tuple[int, str]


class BidsMoved(DomainError):
    """Bids are not what the person saw; nothing was changed. `moved` are the cells: (variant id, condition)."""

    code = "bids_moved"
    default_message = _("Some of these bids were changed meanwhile, so nothing was applied. Look at them again.")

    def __init__(self, moved: set[Key]) -> None:
        super().__init__()
        self.moved = moved


class ChangeExpired(DomainError):
    code = "change_expired"
    default_message = _("This preview is too old. Make it again, so that you see today's prices.")


class ChangeEmpty(DomainError):
    code = "change_empty"
    default_message = _("Nothing would change.")


def draft_bid_change(
    plant: Refurbisher, cells: Sequence[BidRow], *, source: str, made_by: Any, at: datetime, **words: Any
) -> BidChange:
    """A change to look at, valid for an hour; `words` are its label, unchanged and broken. Old drafts go."""
    with transaction.atomic():
        BidChange.objects.filter(plant=plant, status=S.DRAFT, expires_at__lte=at).delete()
        return BidChange.objects.create(
            plant=plant, source=source, rows=cells, made_by=made_by, made_at=at,
            expires_at=at + timedelta(minutes=BidChange.VALID_MINUTES), **words,
        )  # fmt: skip


def apply_bid_change(change: BidChange, *, by: Actor, at: datetime) -> None:
    """All of it or nothing. Raises ChangeExpired, ChangeEmpty, BidsMoved, IllegalMove when it was applied already."""
    if not change.rows:
        raise ChangeEmpty
    if change.status == S.DRAFT and change.expires_at <= at:
        raise ChangeExpired
    with transaction.atomic():
        states.move(change, S.APPLIED, by=by, at=at, data=change.counts)
        _write(change.plant, change.cells, by=by, at=at)


def take_back_bid_change(change: BidChange, *, by: Actor, at: datetime) -> None:
    """Every bid as it was before the change. Raises BidsMoved when one of them was changed since, or IllegalMove."""
    back = [BidRow(cell.variant, cell.condition, cell.price, cell.was, cell.active) for cell in change.cells]
    with transaction.atomic():
        states.move(change, S.TAKEN_BACK, by=by, at=at, data=change.counts)
        _write(change.plant, back, by=by, at=at)


def save_bids(plant: Refurbisher, cells: Sequence[BidRow], *, by: Any, at: datetime) -> BidChange:
    """Cells typed in the table, applied at once. Raises ChangeEmpty, BidsMoved."""
    with transaction.atomic():
        change = draft_bid_change(plant, cells, source=BidChange.Source.GRID, made_by=by, at=at)
        apply_bid_change(change, by=by, at=at)
    return change


def raised(minor: int, bps: int, step: int) -> int:
    """A price raised (or lowered) by basis points, to the nearest `step` of minor units, half a step upwards."""
    price = minor + share_minor(minor, bps)
    return (2 * price + step) // (2 * step) * step


def _write(plant: Refurbisher, cells: Iterable[BidRow], *, by: Actor, at: datetime) -> None:
    """The plant's row is locked first: an empty cell has no row of its own that could be."""
    lock(Refurbisher.objects.filter(pk=plant.pk)).get()
    cells = list(cells)
    bids = {(bid.variant_id, bid.condition): bid for bid in _bids_of(plant, cells)}
    _refuse_moved(plant, cells, bids)
    gone = [bids[key] for key in ((c.variant, c.condition) for c in cells if c.price is None)]
    record_many("bid.withdrawn", ((bid, {"price_minor": bid.price_minor}) for bid in gone), by=by, at=at)
    Bid.objects.filter(pk__in=[bid.pk for bid in gone]).delete()
    kept = [cell for cell in cells if cell.price is not None]
    keys = _upsert(plant, kept, at)
    for kind, was_there in (("bid.placed", False), ("bid.changed", True)):
        done = [cell for cell in kept if (cell.was is not None) == was_there]
        told = ((Bid(pk=keys[cell.variant, cell.condition]), {"price_minor": cell.price}) for cell in done)
        record_many(kind, told, by=by, at=at)


def _upsert(plant: Refurbisher, cells: Sequence[BidRow], at: datetime) -> dict[Key, int]:
    """One statement for all cells; the key of each bid. A bid that is there keeps its being paused or not."""
    rows = json.dumps([[cell.variant, cell.condition, cell.price, cell.active] for cell in cells])
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [plant.pk, settings.DEFAULT_CURRENCY, at, rows])
        return {(variant, condition): pk for pk, variant, condition in cursor.fetchall()}


def _bids_of(plant: Refurbisher, cells: Iterable[BidRow]) -> Any:
    return lock(Bid.objects.filter(plant=plant, variant__in={cell.variant for cell in cells}))


def _refuse_moved(plant: Refurbisher, cells: Iterable[BidRow], bids: dict[Key, Bid]) -> None:
    """What was seen must still be so, within what the plant is an expert in and within the bounds of a bid."""
    variants = {cell.variant for cell in cells}
    known = set(Variant.objects.filter(pk__in=variants, product__category__experts=plant).values_list("pk", flat=True))
    moved = set()
    for cell in cells:
        bid = bids.get((cell.variant, cell.condition))
        now = bid.price_minor if bid else None
        fault = cell.price is not None and (cell.variant not in known or price_fault(cell.price))
        if now != cell.was or fault:
            moved.add((cell.variant, cell.condition))
    if moved:
        raise BidsMoved(moved)
