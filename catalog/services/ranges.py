"""What concerns thousands of buyables at once, recomputed in batches that each commit.

The first batch is done at once, in the transaction of the change itself: for most plants and categories that is all.
What is left is noted in the same transaction, and a worker goes on from there; if it dies, so does the next one. A
change that comes meanwhile begins anew, so that the last one counts for all.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from backmarket.db import alone, lock
from catalog.models import Buyable, Listing, StaleRange
from catalog.services.buyables import Pair, refresh_buyables

AT_ONCE = 1_000


def refresh_plant_range(plant_id: UUID) -> None:
    """What is shown of everything that a plant has online."""
    _refresh(plant_id=plant_id)


def refresh_category_range(category_id: int) -> None:
    """What is shown, found and counted of a whole category."""
    _refresh(category_id=category_id)


def refresh_stale_ranges(*, at: datetime | None = None) -> int:
    """Go on with all that is left, batch by batch; returns how many buyables. A job: the instant does not matter."""
    return sum(finish_range(pk) for pk in list(StaleRange.objects.order_by("pk").values_list("pk", flat=True)))


def finish_range(pk: int) -> int:
    """Go on with one, until nothing is left of it; returns how many buyables. One worker at a time does."""
    done = 0
    with alone(f"stale_range:{pk}") as mine:
        while mine and (some := _step(pk)):
            done += some
    return done


@transaction.atomic
def _refresh(**subject: Any) -> None:
    left, _made = StaleRange.objects.update_or_create(**subject, defaults={"after": 0})
    _step(left.pk)
    if StaleRange.objects.filter(pk=left.pk).exists():
        transaction.on_commit(partial(_hand_over, left.pk))


def _hand_over(pk: int) -> None:
    from catalog.tasks import refresh_range

    refresh_range.delay(pk)


@transaction.atomic
def _step(pk: int) -> int:
    """One batch; the range goes with the last one. Returns how many buyables."""
    left = lock(StaleRange.objects.filter(pk=pk)).first()
    if left is None:
        return 0
    pairs = _next(left)
    refresh_buyables(pairs)
    if len(pairs) < AT_ONCE:
        left.delete()
    else:
        left.after = pairs[-1][0]
        left.save(update_fields=["after"])
    return len(pairs)


def _next(left: StaleRange) -> Sequence[Pair]:
    """The pairs of the variants after the last one, AT_ONCE at least where there are as many: variants stay whole."""
    rows: Any
    if left.plant:
        rows = Listing.objects.filter(plant=left.plant, status=Listing.Status.ONLINE)
    else:
        rows = Buyable.objects.filter(category=left.category)
    rows = rows.filter(variant_id__gt=left.after).order_by("variant_id", "grade").values_list("variant_id", "grade")
    pairs = list(rows[:AT_ONCE])
    if len(pairs) == AT_ONCE:
        last = pairs[-1][0]
        pairs += [pair for pair in rows.filter(variant_id=last) if pair not in pairs[-AT_ONCE:]]
    return pairs
