"""Many listings changed at once: looked at, then applied in short transactions, and taken back in the same way.

Each batch locks its listings in the order of their keys, changes them, writes their history and refreshes what the shop
shows of them: nobody who buys waits longer than for one batch. The shop's pages say so after some batches or with the
last, whichever is first: each time the same pages would be rendered anew.
A row that is no longer what the person saw is left alone, and says so. A worker that dies loses its last batch only:
whoever comes next goes on with the rows that wait.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket import states
from backmarket.db import alone, lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record_many
from backmarket.pagecache import softly_together
from catalog.listing_files import Wanted
from catalog.models import Listing, ListingChange, ListingChangeRow, PriceChange
from catalog.services.buyables import refresh_buyables
from catalog.services.facet_index import index_stale
from refurbishers.models import Refurbisher

BATCH = 150
# A batch begins so many seconds after the one before at the earliest: shoppers share its processors.
PACE = 0.48
# After so many batches, six seconds, pages become old.
TOLD_TOGETHER = 12
KEPT = timedelta(days=90)
S, Outcome = ListingChange.Status, ListingChangeRow.Outcome
WRITE = """
    UPDATE catalog_listing AS listing SET price_minor = given.price, on_hand = given.on_hand
    FROM unnest(%s::uuid[], %s::int[], %s::int[]) AS given(id, price, on_hand) WHERE listing.id = given.id
"""
OUTCOMES = """
    UPDATE catalog_listingchangerow AS changed SET outcome = given.outcome
    FROM unnest(%s::bigint[], %s::text[]) AS given(id, outcome) WHERE changed.id = given.id
"""


class ListingChangeExpired(DomainError):
    code = "listing_change_expired"
    default_message = _("This preview is too old. Make it again, so that you see today's prices.")


class ListingChangeEmpty(DomainError):
    code = "listing_change_empty"
    default_message = _("Nothing would change.")


class CannotTakeBack(DomainError):
    code = "cannot_take_back"
    default_message = _("Only a change that was applied can be taken back, and only once.")


@transaction.atomic
def draft_listing_change(
    plant: Refurbisher, rows: Sequence[Wanted], *, made_by: Any, at: datetime, **words: Any
) -> ListingChange:
    """A change to look at, valid for an hour; `words` are its label, unchanged and broken. What is old goes."""
    old = Q(status=S.DRAFT, expires_at__lte=at) | Q(status=S.DONE, made_at__lte=at - KEPT)
    ListingChange.objects.filter(old, plant=plant).delete()
    change = ListingChange.objects.create(
        plant=plant, made_by=made_by, made_at=at, expires_at=at + timedelta(minutes=ListingChange.VALID_MINUTES),
        **words,
    )  # fmt: skip
    _fill(change, rows)
    return change


def start_listing_change(change: ListingChange, *, by: Actor, at: datetime) -> None:
    """Let it run. Raises ListingChangeEmpty, ListingChangeExpired, IllegalMove when it ran already."""
    if not change.rows.exists():
        raise ListingChangeEmpty
    if change.status == S.DRAFT and change.expires_at <= at:
        raise ListingChangeExpired
    with transaction.atomic():
        states.move(change, S.RUNNING, by=by, at=at, data={"rows": change.rows.count()})
        transaction.on_commit(partial(_hand_over, change.pk))


def take_back_listing_change(change: ListingChange, *, by: Any, at: datetime) -> ListingChange:
    """The change that makes what was changed what it was before, running. Raises CannotTakeBack.

    A listing that was changed again since is left alone.
    """
    with transaction.atomic():
        known = lock(ListingChange.objects.filter(pk=change.pk)).get()
        if known.status != S.DONE or known.undoes_id or ListingChange.objects.filter(undoes=known).exists():
            raise CannotTakeBack
        done = change.rows.filter(outcome=Outcome.CHANGED)
        columns = ("listing_id", "price_minor", "price_was", "on_hand", "on_hand_was")
        back = draft_listing_change(
            change.plant, [Wanted(*row) for row in done.values_list(*columns)], made_by=by, at=at, undoes=known
        )
        start_listing_change(back, by=by, at=at)
    return back


def run_listing_change(pk: UUID, *, at: datetime) -> int:
    """Apply what waits of a running change, batch by batch; returns how many rows. One worker at a time does."""
    done = 0
    with alone(f"listing_change:{pk}") as mine:
        while mine and (some := _apply_and_tell(pk, at)):
            done += some
    return done


def _apply_and_tell(pk: UUID, at: datetime) -> int:
    """Some batches, and pages become old; how many rows."""
    done = 0
    with softly_together():
        for _batch in range(TOLD_TOGETHER):
            began = time.monotonic()
            some = _apply_some(pk, at)
            done += some
            if some < BATCH:
                break
            time.sleep(max(0.0, began + PACE - time.monotonic()))
        index_stale()
    return done


def run_waiting_listing_changes(at: datetime) -> int:
    """Go on with every change that a worker left behind; returns how many rows."""
    running = ListingChange.objects.filter(status=S.RUNNING).order_by("made_at")
    return sum(run_listing_change(pk, at=at) for pk in list(running.values_list("pk", flat=True)))


def _hand_over(pk: UUID) -> None:
    from catalog.tasks import apply_listing_change

    apply_listing_change.delay(str(pk))


def _fill(change: ListingChange, rows: Sequence[Wanted]) -> None:
    """The rows, the grades of one variant together: what is shown of a variant is read once a batch."""
    order = dict(
        Listing.objects.filter(pk__in=[row.listing for row in rows], plant=change.plant).values_list("pk", "variant_id")
    )
    own = sorted((row for row in rows if row.listing in order), key=lambda row: (order[row.listing], row.listing))
    ListingChangeRow.objects.bulk_create(
        [
            ListingChangeRow(
                change=change, listing_id=row.listing, price_was=row.price_was, price_minor=row.price_minor,
                on_hand_was=row.on_hand_was, on_hand=row.on_hand,
            )
            for row in own
        ],
        batch_size=2_000,
    )  # fmt: skip


@transaction.atomic
def _apply_some(pk: UUID, at: datetime) -> int:
    """One batch; the change is done with the batch that leaves nothing. Returns how many rows were looked at."""
    change = ListingChange.objects.select_related("made_by").get(pk=pk)
    if change.status != S.RUNNING:
        return 0
    by: Actor = change.made_by or "system:listing_changes"
    rows = list(change.rows.filter(outcome=Outcome.WAITING)[:BATCH])
    listings = {row.pk: row for row in lock(Listing.objects.filter(pk__in=[row.listing_id for row in rows]))}
    for row in rows:
        row.outcome = _outcome(row, listings[row.listing_id])
    _write([(row, listings[row.listing_id]) for row in rows if row.outcome == Outcome.CHANGED], by=by, at=at)
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, [[row.pk for row in rows], [str(row.outcome) for row in rows]])
    if not change.rows.filter(outcome=Outcome.WAITING).exists():
        states.move(change, S.DONE, by=by, at=at)
    return len(rows)


def _outcome(row: ListingChangeRow, listing: Listing) -> str:
    """What comes of a row, now that its listing is locked."""
    if listing.status == Listing.Status.ARCHIVED:
        return Outcome.ARCHIVED
    if (listing.price_minor, listing.on_hand) != (row.price_was, row.on_hand_was):
        return Outcome.MOVED
    return Outcome.HELD if row.on_hand < listing.reserved else Outcome.CHANGED


def _write(pairs: Sequence[tuple[ListingChangeRow, Listing]], *, by: Actor, at: datetime) -> None:
    facts = [(listing.pk, row.price_minor, row.on_hand) for row, listing in pairs]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [list(column) for column in zip(*facts, strict=True)] or [[], [], []])
    PriceChange.objects.bulk_create(
        PriceChange(listing=listing, price_minor=row.price_minor, currency=listing.currency, changed_at=at)
        for row, listing in pairs
        if listing.online_at and row.price_minor != row.price_was
    )
    record_many("listing.changed", ((listing, _data(row)) for row, listing in pairs), by=by, at=at)
    refresh_buyables(((listing.variant_id, listing.grade) for _row, listing in pairs), softly=True)


def _data(row: ListingChangeRow) -> dict[str, int]:
    data = {"price_minor": row.price_minor} if row.price_minor != row.price_was else {}
    return data | ({"on_hand": row.on_hand} if row.on_hand != row.on_hand_was else {})
