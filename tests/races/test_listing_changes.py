"""A change of many listings beside people who buy, and beside a second worker.

Protected by the lock on the batch's listings before they are compared with what the plant saw, and by the advisory lock
on the change. Without the first, a device sold meanwhile is back on the shelf, as the control shows.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from backmarket.events.models import Event
from catalog.listing_files import Wanted
from catalog.models import Listing, ListingChange, ListingChangeRow, PriceChange
from catalog.services import listing_changes
from catalog.services.listing_changes import draft_listing_change, run_listing_change, start_listing_change
from catalog.services.stock import reserve_stock, sell_reserved
from refurbishers.models import Refurbisher
from tests.factories import ListingFactory
from tests.races.together import at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
BY = "system:test"


def running(plant: Refurbisher, listings: list[Listing], at: datetime) -> ListingChange:
    """A change of every listing's price to 250 and of its stock to 9."""
    wanted = [Wanted(row.pk, row.price_minor, 25_000, row.on_hand, 9) for row in listings]
    change = draft_listing_change(plant, wanted, made_by=None, at=at, label="week.csv")
    start_listing_change(change, by=BY, at=at)
    return change


def sell(listing: Listing, at: datetime) -> None:
    holder = uuid4()
    reserve_stock(holder=holder, demand={listing.pk: 1}, expires_at=at + timedelta(minutes=15), at=at)
    sell_reserved(holder, at=at)


def test_what_is_sold_while_the_batch_waits_is_not_put_back(plant: Refurbisher, now: datetime) -> None:
    listings = [ListingFactory(plant=plant, price_minor=30_000, on_hand=5) for _ in range(3)]
    change = running(plant, listings, now)
    assert meanwhile(lambda: sell(listings[1], now), lambda: run_listing_change(change.pk, at=now)) == 3
    stands = Listing.objects.order_by("number").values_list("price_minor", "on_hand")
    assert list(stands) == [(25_000, 9), (30_000, 4), (25_000, 9)]
    outcomes = ListingChangeRow.objects.order_by("listing__number").values_list("outcome", flat=True)
    assert list(outcomes) == ["changed", "moved", "changed"]


def test_control_comparing_without_a_lock_puts_it_back(
    monkeypatch: pytest.MonkeyPatch, plant: Refurbisher, now: datetime
) -> None:
    listings = [ListingFactory(plant=plant, price_minor=30_000, on_hand=5) for _ in range(3)]
    change = running(plant, listings, now)

    def not_locked(rows: Any) -> Any:
        return rows.order_by("pk") if rows.model is Listing else rows

    monkeypatch.setattr(listing_changes, "lock", not_locked)
    assert meanwhile(lambda: sell(listings[1], now), lambda: run_listing_change(change.pk, at=now)) == 3
    assert Listing.objects.get(pk=listings[1].pk).on_hand == 9


def test_two_workers_at_one_change_do_it_once(
    monkeypatch: pytest.MonkeyPatch, plant: Refurbisher, now: datetime
) -> None:
    monkeypatch.setattr(listing_changes, "BATCH", 2)
    monkeypatch.setattr(listing_changes, "PACE", 0)
    listings = [ListingFactory(plant=plant, price_minor=30_000, on_hand=5) for _ in range(6)]
    change = running(plant, listings, now)
    done = at_once([lambda: run_listing_change(change.pk, at=now)] * 2)
    assert sum(done) == 6
    assert Event.objects.filter(kind="listing.changed").count() == 6
    assert PriceChange.objects.filter(price_minor=25_000).count() == 6
    assert ListingChange.objects.get().status == "done"


def test_buyers_of_two_listings_and_the_batch_never_wait_in_a_circle(plant: Refurbisher, now: datetime) -> None:
    listings = [ListingFactory(plant=plant, price_minor=30_000, on_hand=50) for _ in range(8)]
    change = running(plant, listings, now)

    def buy(first: int) -> None:
        for turn in range(8):
            demand = {listings[(first + turn) % 8].pk: 1, listings[(first + 3 * turn + 1) % 8].pk: 1}
            reserve_stock(holder=uuid4(), demand=demand, expires_at=now + timedelta(minutes=15), at=now)

    done = at_once([lambda: run_listing_change(change.pk, at=now), *(lambda n=n: buy(n) for n in range(4))])
    assert done[1:] == [None] * 4
    assert ListingChangeRow.objects.exclude(outcome__in=["changed"]).count() == 0
