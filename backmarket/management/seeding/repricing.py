"""What the demo plant did to its bids lately: a file, a percentage that was taken back, prices typed in the table."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from backmarket.accounts.models import User
from backmarket.management import demo_logins as cast
from buyback.models import Bid, BidChange, BidRow
from buyback.services.bid_changes import apply_bid_change, draft_bid_change, raised, save_bids, take_back_bid_change
from catalog.models import Condition
from refurbishers.models import Refurbisher

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EURO = 100


def load(at: datetime) -> str:
    plant = Refurbisher.objects.get(slug=cast.DEMO_PLANT)
    owner = User.objects.get(email=cast.OWNER)
    own = Bid.objects.filter(plant=plant).order_by("pk")
    worn = own.filter(condition=Condition.FUNCTIONAL_CRACKED)
    _applied(plant, _rows(worn[:40], 300), owner, at - 9 * DAY, source=BidChange.Source.FILE, label="bids-monthly.csv")
    good = own.filter(condition=Condition.FUNCTIONAL_GOOD)[:60]
    slip = _applied(plant, _rows(good, 5_000), owner, at - 3 * DAY, source=BidChange.Source.PERCENT, label="+50 %")
    take_back_bid_change(slip, by=owner, at=at - 3 * DAY + HOUR)
    save_bids(plant, _rows(own.filter(condition=Condition.FUNCTIONAL_FLAWLESS)[:3], 400), by=owner, at=at - 4 * HOUR)
    return f"{BidChange.objects.filter(plant=plant).count()} changes of a plant's bids"


def _rows(bids: Iterable[Bid], bps: int) -> list[BidRow]:
    moved = ((bid, raised(bid.price_minor, bps, EURO)) for bid in bids)
    return [
        BidRow(bid.variant_id, bid.condition, bid.price_minor, price, bid.active)
        for bid, price in moved
        if price != bid.price_minor
    ]


def _applied(
    plant: Refurbisher, rows: list[BidRow], owner: User, at: datetime, *, source: str, label: str
) -> BidChange:
    change = draft_bid_change(plant, rows, source=source, made_by=owner, at=at, label=label)
    apply_bid_change(change, by=owner, at=at + HOUR / 12)
    return change
