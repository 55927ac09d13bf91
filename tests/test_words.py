"""Rows are named as people do: nobody should ever read a raw key."""

from datetime import datetime

import pytest

from orders.models import Consignment, Earning, Order, Settlement
from refurbishers.models import Refurbisher
from tests.factories import BidFactory, ListingFactory

pytestmark = pytest.mark.django_db


def test_a_listing_and_a_bid_name_their_device() -> None:
    listing, bid = ListingFactory(grade="good"), BidFactory(condition="FUNCTIONAL_GOOD")
    listing.refresh_from_db()
    assert str(listing) == f"{listing.number} · {listing.variant} · Good"
    assert str(bid) == f"{bid.variant} · Works, light marks"


def test_money_and_parcels_name_their_day_and_their_order(plant: Refurbisher, now: datetime) -> None:
    settlement = Settlement(plant=plant, settled_date=now.date())
    earning = Earning(plant=plant, kind="sale", created_at=now)
    assert (str(settlement), str(earning)) == ("Settlement of 23 Nov 2026", "sale, 23/11/2026")
    assert str(Consignment(order=Order(number=7))) == "Parcel of order 7"
