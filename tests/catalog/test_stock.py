from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from catalog.models import Buyable, Listing, StockReservation
from catalog.services.listings import pause_listing
from catalog.services.stock import (
    OutOfStock,
    ReservationLost,
    extend_reservation,
    release_expired_reservations,
    release_stock,
    reserve_stock,
    restock,
    sell_reserved,
)
from refurbishers.models import Refurbisher
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db
TEN_MINUTES = timedelta(minutes=10)


def hold(listing: Listing, quantity: int, at: datetime, holder: UUID | None = None) -> UUID:
    holder = holder or uuid4()
    reserve_stock(holder=holder, demand={listing.pk: quantity}, expires_at=at + TEN_MINUTES, at=at)
    return holder


def stock_of(listing: Listing) -> tuple[int, int]:
    listing.refresh_from_db()
    return listing.on_hand, listing.reserved


def test_reserved_stock_cannot_be_reserved_again(now: datetime) -> None:
    listing = ListingFactory(on_hand=2)
    hold(listing, 2, now)
    with pytest.raises(OutOfStock) as refusal:
        hold(listing, 1, now)
    assert refusal.value.listing_ids == [listing.pk]
    assert stock_of(listing) == (2, 2)


def test_a_cart_is_reserved_whole_or_not_at_all(now: datetime) -> None:
    plenty, short = ListingFactory(on_hand=5), ListingFactory(on_hand=1)
    demand = {plenty.pk: 1, short.pk: 2}
    with pytest.raises(OutOfStock) as refusal:
        reserve_stock(holder=uuid4(), demand=demand, expires_at=now + TEN_MINUTES, at=now)
    assert refusal.value.listing_ids == [short.pk]
    assert (stock_of(plenty), stock_of(short)) == ((5, 0), (1, 0))
    assert not StockReservation.objects.exists()


def test_an_expired_reservation_is_reusable_before_any_job_sweeps_it(now: datetime) -> None:
    listing = ListingFactory(on_hand=1)
    late = hold(listing, 1, now)
    winner = hold(listing, 1, now + TEN_MINUTES)
    assert stock_of(listing) == (1, 1)
    assert StockReservation.objects.get(holder=late).released_at == now + TEN_MINUTES
    assert StockReservation.objects.open().get().holder == winner


def test_a_reservation_holds_until_its_last_second(now: datetime) -> None:
    listing = ListingFactory(on_hand=1)
    hold(listing, 1, now)
    with pytest.raises(OutOfStock):
        hold(listing, 1, now + TEN_MINUTES - timedelta(seconds=1))


def test_reserving_again_replaces_what_the_holder_held(now: datetime) -> None:
    listing, other = ListingFactory(on_hand=2), ListingFactory(on_hand=1)
    holder = hold(listing, 2, now)
    hold(other, 1, now, holder)
    assert (stock_of(listing), stock_of(other)) == ((2, 0), (1, 1))


def test_a_sale_takes_stock_and_reservation_down_together_and_only_once(now: datetime) -> None:
    listing = ListingFactory(on_hand=3)
    holder = hold(listing, 2, now)
    sell_reserved(holder, at=now)
    sell_reserved(holder, at=now)
    assert stock_of(listing) == (1, 0)


def test_a_payment_after_expiry_still_sells_what_nobody_else_took(now: datetime) -> None:
    swept, unswept = ListingFactory(on_hand=1), ListingFactory(on_hand=1)
    first, second = hold(swept, 1, now), hold(unswept, 1, now + TEN_MINUTES)
    assert release_expired_reservations(now + TEN_MINUTES) == 1
    sell_reserved(first, at=now + 3 * TEN_MINUTES)
    sell_reserved(second, at=now + 3 * TEN_MINUTES)
    assert (stock_of(swept), stock_of(unswept)) == ((0, 0), (0, 0))


def test_a_payment_after_expiry_is_lost_when_someone_else_took_it(now: datetime) -> None:
    listing = ListingFactory(on_hand=1)
    late = hold(listing, 1, now)
    winner = hold(listing, 1, now + TEN_MINUTES)
    with pytest.raises(ReservationLost):
        sell_reserved(late, at=now + TEN_MINUTES)
    sell_reserved(winner, at=now + TEN_MINUTES)
    assert stock_of(listing) == (0, 0)


def test_a_late_payment_wins_over_another_reservation_that_expired(now: datetime) -> None:
    listing = ListingFactory(on_hand=1)
    late = hold(listing, 1, now)
    hold(listing, 1, now + TEN_MINUTES)
    sell_reserved(late, at=now + 2 * TEN_MINUTES)
    assert stock_of(listing) == (0, 0)


def test_nothing_reserved_means_nothing_sold(now: datetime) -> None:
    with pytest.raises(ReservationLost):
        sell_reserved(uuid4(), at=now)


def test_releasing_gives_back_once(now: datetime) -> None:
    listing = ListingFactory(on_hand=2)
    holder = hold(listing, 2, now)
    release_stock(holder, at=now)
    release_stock(holder, at=now)
    assert stock_of(listing) == (2, 0)


def test_activity_extends_only_what_has_not_expired(now: datetime) -> None:
    listing = ListingFactory(on_hand=1)
    holder = hold(listing, 1, now)
    assert extend_reservation(holder, expires_at=now + 2 * TEN_MINUTES, at=now) == 1
    assert extend_reservation(holder, expires_at=now + 9 * TEN_MINUTES, at=now + 2 * TEN_MINUTES) == 0


def test_what_is_off_cannot_be_reserved(now: datetime) -> None:
    paused, suspended = ListingFactory(), ListingFactory()
    pause_listing(paused, by="system:test", at=now)
    Refurbisher.objects.filter(pk=suspended.plant_id).update(status=Refurbisher.Status.SUSPENDED)
    for listing in (paused, suspended):
        with pytest.raises(OutOfStock):
            hold(listing, 1, now)


def test_the_shop_window_follows_the_last_piece(now: datetime) -> None:
    listing = ListingFactory(on_hand=1)
    holder = hold(listing, 1, now)
    assert not Buyable.objects.get().in_stock
    release_stock(holder, at=now)
    assert Buyable.objects.get().in_stock
    sell_reserved(hold(listing, 1, now), at=now)
    assert not Buyable.objects.get().in_stock
    restock(listing, 1, by="system:test", at=now)
    assert Buyable.objects.get().in_stock


def test_the_database_refuses_to_oversell(now: datetime) -> None:
    listing = ListingFactory(on_hand=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Listing.objects.filter(pk=listing.pk).update(reserved=2)
