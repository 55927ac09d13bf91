"""When a device ordered now is at the door, and what is guaranteed from then on. Reads the market's calendar only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backmarket import market
from backmarket.clock import SHIPPING_CUT_OFF, add_months

# Business days that a plant has from the order to the courier.
HANDLING_DAYS = 1


@dataclass(frozen=True)
class Delivery:
    """`order_by` is the cut-off up to which `shipped` and `day` hold; `holidays` are those that delay the parcel."""

    order_by: datetime
    shipped: date
    days: int
    day: date
    holidays: tuple[date, ...]
    is_today: bool


@dataclass(frozen=True)
class Cover:
    """The two guarantees of a device that arrives on `starts`; the last days are covered."""

    starts: date
    presumed_until: date
    legal_until: date
    commercial_until: date


def delivery_of(shipping_days: int, at: datetime) -> Delivery:
    """A device ordered at `at`: shipped within the plant's business day, then its business days on the road."""
    calendar = market.calendar()
    shipped = calendar.local(calendar.ship_by(at, HANDLING_DAYS) - timedelta(seconds=1)).date()
    day = calendar.business_day_after(shipped, shipping_days)
    today = calendar.local(at).date()
    late = calendar.local(at).time() >= SHIPPING_CUT_OFF or not calendar.is_business_day(today)
    last = calendar.business_day_after(today, 1) if late else today
    between = (today + timedelta(days=n) for n in range((day - today).days + 1))
    return Delivery(
        order_by=calendar.instant(last, SHIPPING_CUT_OFF),
        shipped=shipped,
        days=shipping_days,
        day=day,
        holidays=tuple(each for each in between if each.weekday() < 5 and not calendar.is_business_day(each)),
        is_today=last == today,
    )


def cover_from(day: date, commercial_months: int) -> Cover:
    return Cover(
        starts=day,
        presumed_until=add_months(day, market.PRESUMPTION_MONTHS),
        legal_until=add_months(day, market.LEGAL_GUARANTEE_MONTHS),
        commercial_until=add_months(day, commercial_months),
    )
