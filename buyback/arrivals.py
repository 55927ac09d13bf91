"""What comes to a plant today, what waits there, and which trade a scanned code belongs to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from backmarket.market import calendar
from backmarket.shipping.models import TrackingPoint
from buyback.models import Trade
from refurbishers.models import Refurbisher

T = Trade.Status
WAITING = (T.RECEIVED, T.INSPECTED, T.RETURNING)
SHOWN = 100
# The house courier needs one business day from door to door.
BUSINESS_DAYS_ON_THE_ROAD = 1
SEPARATORS = re.compile(r"[\s./_-]+")
NUMBER = re.compile(r"T?(\d{1,12})", re.ASCII)


@dataclass(frozen=True)
class Coming:
    """A parcel on the road. `out`: it is in the van now; `expected`: the day on which it should come."""

    trade: Any
    out: bool
    expected: date
    today: date

    @property
    def is_delayed(self) -> bool:
        return not self.out and self.expected < self.today

    @property
    def is_today(self) -> bool:
        return self.out or self.expected <= self.today


@dataclass(frozen=True)
class Arrivals:
    """A plant's day, the most urgent first: parcels, then what waits by status, and how many wait in all."""

    today: Sequence[Coming]
    later: Sequence[Coming]
    waiting: Mapping[str, Sequence[Any]]
    counts: Mapping[str, int]


def arrivals(plant: Refurbisher, at: datetime) -> Arrivals:
    """Everything in five queries, whatever there is."""
    coming = _coming(plant, at)
    counts = dict(Trade.objects.filter(plant=plant).order_by().values_list("status").annotate(Count("pk")))
    return Arrivals(
        today=[each for each in coming if each.is_today],
        later=[each for each in coming if not each.is_today],
        waiting={status: list(_waiting(plant, status, at)[:SHOWN]) for status in WAITING},
        counts={status: counts.get(status, 0) for status in WAITING},
    )


def coming_today(plant: Refurbisher, at: datetime) -> int:
    return sum(each.is_today for each in _coming(plant, at))


def _coming(plant: Refurbisher, at: datetime) -> list[Coming]:
    """In the van first, then by the day on which they should come."""
    points = TrackingPoint.objects.filter(parcel=OuterRef("parcel")).order_by("-happened_at", "-id")
    trades = Trade.objects.filter(plant=plant, status=T.COLLECTED).select_related("variant__product", "parcel")
    trades = trades.annotate(
        scan=Subquery(points.values("code")[:1]),
        scan_at=Subquery(points.values("happened_at")[:1]),
        scan_place=Subquery(points.values("place")[:1]),
    ).defer("holder", "iban")
    market = calendar()
    today = market.local(at).date()
    found = [
        Coming(
            trade,
            trade.scan == TrackingPoint.Code.OUT_FOR_DELIVERY,
            market.business_day_after(market.local(trade.collected_at).date(), BUSINESS_DAYS_ON_THE_ROAD),
            today,
        )
        for trade in trades
    ]
    return sorted(found, key=lambda each: (not each.out, each.expected, each.trade.number))


def _waiting(plant: Refurbisher, status: str, at: datetime) -> QuerySet[Trade]:
    rows = Trade.objects.filter(plant=plant, status=status).select_related("variant__product")
    return rows.annotate(late=Q(due_at__lte=at)).order_by("due_at", "number").defer("holder", "iban")


def trade_of_scan(plant: Refurbisher, text: str) -> Trade | None:
    """The plant's trade by its parcel's number, its own number, or the device's IMEI or serial; None when unknown.

    A device that came twice opens the trade that is still going on, else the latest.
    """
    code = SEPARATORS.sub("", text).upper()
    if not code:
        return None
    named = Q(parcel__tracking_number__iexact=code) | Q(return_parcel__tracking_number__iexact=code)
    named |= Q(identifier__iexact=code) | Q(parcel__tracking_number__iexact=text.strip())
    if number := NUMBER.fullmatch(code):
        named |= Q(number=int(number[1]))
    is_open = Case(When(status__in=Trade.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    return Trade.objects.filter(named, plant=plant).order_by(is_open, "-number").first()
