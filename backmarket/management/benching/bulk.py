"""A plant's night of repricing: so many listings changed by the service of its imports, while the shop is asked."""

import os
import threading
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from django.db import connection

from backmarket import timetravel
from backmarket.celery import NICENESS
from backmarket.management.benching.load import measure
from catalog.listing_files import Wanted
from catalog.models import Listing, ListingChange
from catalog.services.listing_changes import draft_listing_change, run_listing_change, start_listing_change
from refurbishers.models import Refurbisher

LISTINGS = 15_000
# Seconds of load in one measurement, and how many of them in quiet.
WINDOW, QUIET_WINDOWS = 3, 5
# The plants that change; the catalogue of the bench gives each a few thousand listings.
BY = "system:bench"


def change_listings(count: int = LISTINGS) -> float:
    """Change price and stock of so many listings that are online; returns the seconds from the start to the last row.

    A plant has a file of its own: the plants with the most listings, one after the other, until there are enough.
    """
    changes = _drafts(count)
    began = time.monotonic()
    for change in changes:
        at = timetravel.now()
        start_listing_change(change, by=BY, at=at)
        run_listing_change(change.pk, at=at)
    return time.monotonic() - began


def slowed(site: str, paths: Sequence[str], *, count: int = LISTINGS) -> dict[str, Any]:
    """The 99th percentile of these pages in quiet, and while so many listings change, in milliseconds.

    Each is the median of windows of a few seconds: one window alone says how busy the machine's other tenants were.
    """
    measure(site, paths, seconds=WINDOW)
    quiet = [measure(site, paths, seconds=WINDOW) for _ in range(QUIET_WINDOWS)]
    took: list[float] = []
    worker = threading.Thread(target=lambda: took.append(_apart(count)))
    worker.start()
    during = []
    while worker.is_alive():
        during.append(measure(site, paths, seconds=WINDOW))
    worker.join()
    p99_quiet, p99_during = (median(each.p99 for each in windows) for windows in (quiet, during))
    online = Listing.objects.filter(status=Listing.Status.ONLINE).count()
    return {
        "listings": min(count, online), "seconds": took[0], "p99_quiet_ms": p99_quiet,
        "p99_during_ms": p99_during, "p99_worst_ms": max(each.p99 for each in during),
        "slower": p99_during / p99_quiet, "rps_quiet": median(each.rps for each in quiet),
        "rps_during": median(each.rps for each in during),
    }  # fmt: skip


def _apart(count: int) -> float:
    """In a thread, with a database connection of its own, and as nice as the worker is."""
    os.nice(NICENESS)
    try:
        return change_listings(count)
    finally:
        connection.close()


def _drafts(count: int) -> list[ListingChange]:
    online = Listing.objects.filter(status=Listing.Status.ONLINE)
    columns = ("pk", "plant_id", "price_minor", "on_hand", "reserved")
    by_plant: dict[Any, list[Wanted]] = {}
    for pk, plant, price, on_hand, reserved in online.order_by("plant_id", "pk").values_list(*columns)[:count]:
        # Up to three per cent up or down, and a piece more or less: some best offers change, some sell out. What has
        # become as cheap as it can by many runs goes up.
        fresh = price + (pk.int % 7 - 3 or 1) * max(100, price // 10_000 * 100)
        fresh = fresh if fresh > 0 else price + 100
        by_plant.setdefault(plant, []).append(
            Wanted(pk, price, fresh, on_hand, max(reserved, on_hand + pk.int % 3 - 1))
        )
    at = timetravel.now()
    plants = {row.pk: row for row in Refurbisher.objects.filter(pk__in=by_plant)}
    return [
        draft_listing_change(plants[plant], rows, made_by=None, at=at, label="bench.csv")
        for plant, rows in by_plant.items()
    ]
