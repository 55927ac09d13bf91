"""Windows of two hours on the business days to come."""

from datetime import datetime, time, timedelta

from backmarket import market
from backmarket.shipping.couriers.base import Slot

DAYS = 5
CUT_OFF = time(13)


def two_hour_windows(at: datetime, *, first: int, last: int) -> list[Slot]:
    """From `first` to `last` o'clock on the next five business days; not tomorrow when asked after the cut-off."""
    calendar = market.calendar()
    now = calendar.local(at)
    day = calendar.business_day_after(now.date(), 1)
    if now.time() >= CUT_OFF and day == now.date() + timedelta(days=1):
        day = calendar.business_day_after(day, 1)
    days = [day]
    while len(days) < DAYS:
        days.append(calendar.business_day_after(days[-1], 1))
    return [
        Slot(calendar.instant(day, time(hour)), calendar.instant(day, time(hour + 2)))
        for day in days
        for hour in range(first, last, 2)
    ]
