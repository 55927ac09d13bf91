"""Changes of many listings: what a file is compared with, how far a change is, and its rows."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, Count, QuerySet, When

from catalog.listing_files import Standing
from catalog.models import Listing, ListingChange, ListingChangeRow
from refurbishers.models import Refurbisher

RECENT = 5


@dataclass(frozen=True)
class Progress:
    """How many rows of a change wait, were changed, and were left alone."""

    waiting: int
    changed: int
    left_alone: int

    @property
    def total(self) -> int:
        return self.waiting + self.changed + self.left_alone

    @property
    def done(self) -> int:
        return self.changed + self.left_alone


def standing(plant: Refurbisher) -> dict[int, Standing]:
    """Number → what stands, of every listing of the plant."""
    columns = ("number", "pk", "price_minor", "on_hand", "reserved", "status")
    rows = Listing.objects.filter(plant=plant).order_by().values_list(*columns)
    return {
        number: Standing(pk, price, on_hand, reserved, status == Listing.Status.ARCHIVED)
        for number, pk, price, on_hand, reserved, status in rows.iterator(chunk_size=2_000)
    }


def progress_of(change: ListingChange) -> Progress:
    """One query."""
    return _progresses([change])[change.pk]


def recent_changes(plant: Refurbisher) -> list[tuple[ListingChange, Progress]]:
    """The last changes that were started, newest first. Two queries."""
    started = ListingChange.objects.filter(plant=plant).exclude(status=ListingChange.Status.DRAFT)
    changes = list(started.select_related("undoes").defer("broken", "undoes__broken")[:RECENT])
    progresses = _progresses(changes)
    return [(change, progresses[change.pk]) for change in changes]


def rows_shown(change: ListingChange, limit: int | None = None) -> "QuerySet[ListingChangeRow]":
    """The rows with their listings: those that were left alone first, then in their order."""
    as_meant = Case(When(outcome__in=["", "changed"], then=1), default=0)
    return change.rows.select_related("listing__variant__product").order_by(as_meant, "pk")[:limit]


def _progresses(changes: Sequence[ListingChange]) -> dict[UUID, Progress]:
    rows = ListingChangeRow.objects.filter(change__in=changes).order_by().values_list("change_id", "outcome")
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    for change, outcome, count in rows.annotate(count=Count("pk")):
        counts[change][outcome] = count
    return {each.pk: _progress(counts[each.pk]) for each in changes}


def _progress(counts: Counter[str]) -> Progress:
    waiting, changed = counts[""], counts["changed"]
    return Progress(waiting, changed, counts.total() - waiting - changed)
