"""How much a person sold in a year, as directive 2021/514 ("DAC7") asks: a sum over paid trades, never a counter.

A trade is paid once (states.move lets one worker win), so it counts once, in the quarter of `paid_at` in market time.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import ExtractQuarter

from backmarket.accounts.models import User
from backmarket.market import calendar
from backmarket.money import Money
from buyback.models import TaxFile, Trade

# Reported: 30 sales or more, or more than 2,000 EUR (annex V, section I.B.4).
SALES, CONSIDERATION_MINOR = 30, 200_000
# Asked at four fifths of either, and never later than the sale that passes it.
ASK_SALES, ASK_MINOR = 24, 160_000
# Records stay for at least five years after the end of the year that was reported (annex V, section IV.B.2).
KEPT_YEARS = 5
PROMISED = (
    Trade.Status.ACCEPTED,
    Trade.Status.COLLECTED,
    Trade.Status.RECEIVED,
    Trade.Status.INSPECTED,
    Trade.Status.COUNTERED,
    Trade.Status.SUSPENDED,
    Trade.Status.LOST,
    Trade.Status.VALIDATED,
)


@dataclass(frozen=True)
class Sold:
    """What a person was paid for in a year or a quarter. Selling is free of charge: there are no fees."""

    sales: int
    total: Money
    fees: Money

    @property
    def reportable(self) -> bool:
        return self.sales >= SALES or self.total.minor > CONSIDERATION_MINOR


def year_of(at: datetime) -> int:
    return calendar().local(at).year


def kept_since(at: datetime) -> datetime:
    """Of sales before this instant the tax authority may ask no record any more."""
    return _first_of(year_of(at) - KEPT_YEARS)


def _first_of(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=calendar().zone)


def _in_year(year: int) -> Q:
    first, after = _first_of(year), _first_of(year + 1)
    return Q(status=Trade.Status.PAID, paid_at__gte=first, paid_at__lt=after)


def _sold(sales: int, minor: int | None) -> Sold:
    currency = settings.DEFAULT_CURRENCY
    return Sold(sales, Money(minor or 0, currency), Money(0, currency))


def sold_in(user: User, year: int) -> Sold:
    """What this person was paid for in the year."""
    found = Trade.objects.filter(_in_year(year), seller=user).aggregate(sales=Count("pk"), minor=Sum("price_minor"))
    return _sold(found["sales"], found["minor"])


def near_threshold(user: User, year: int) -> bool:
    """Would the year's sales, with those that are agreed and not paid yet, come near what must be reported?"""
    trades = Trade.objects.filter(_in_year(year) | Q(status__in=PROMISED), seller=user)
    found = trades.aggregate(sales=Count("pk"), minor=Sum("price_minor"))
    return found["sales"] >= ASK_SALES or (found["minor"] or 0) >= ASK_MINOR


def quarters(users: Iterable[User], year: int) -> dict[int, dict[int, Sold]]:
    """Per person's key and quarter (1 to 4) what was paid; a quarter without sales is missing."""
    zone = calendar().zone
    rows = (
        Trade.objects.filter(_in_year(year), seller__in=users)
        .order_by()
        .values("seller_id", quarter=ExtractQuarter("paid_at", tzinfo=zone))
        .annotate(sales=Count("pk"), minor=Sum("price_minor"))
    )
    found: dict[int, dict[int, Sold]] = defaultdict(dict)
    for row in rows:
        found[row["seller_id"]][row["quarter"]] = _sold(row["sales"], row["minor"])
    return dict(found)


def reportable(year: int) -> QuerySet[User]:
    """The people of whom the tax authority must be told for the year."""
    in_year = Trade.objects.filter(_in_year(year)).order_by().values("seller_id")
    counted = in_year.annotate(sales=Count("pk"), minor=Sum("price_minor"))
    over = counted.filter(Q(sales__gte=SALES) | Q(minor__gt=CONSIDERATION_MINOR)).values("seller_id")
    return User.objects.filter(pk__in=over).order_by("pk")


def withheld(at: datetime) -> QuerySet[TaxFile]:
    """Files of people who gave no number after both reminders and 60 days: what they earn waits (annex V, IV.A.2)."""
    before = at - timedelta(days=TaxFile.WITHHOLD_AFTER_DAYS)
    return TaxFile.objects.filter(given_at=None, asked_at__lte=before, reminders__gte=len(TaxFile.REMIND_AFTER_DAYS))


def threshold() -> Money:
    return Money(CONSIDERATION_MINOR, settings.DEFAULT_CURRENCY)
