"""The market's clock: business days, cut-off hours, deadlines and pauses. Pure: every instant is an argument.

Instants are aware datetimes; results are in UTC. A business day is Monday to Friday without the public
holidays of the market's country; business hours are 9:00 to 18:00 in the market's time zone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import holidays

OPENS = time(9)
CLOSES = time(18)
SHIPPING_CUT_OFF = time(13)


@dataclass(frozen=True)
class BusinessCalendar:
    """One market's calendar, for example BusinessCalendar("FR", "Europe/Paris")."""

    country: str
    time_zone: str

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def holidays(self) -> holidays.HolidayBase:
        return holidays.country_holidays(self.country)

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def instant(self, day: date, hour: time) -> datetime:
        """The UTC instant of a wall-clock time in the market."""
        return datetime.combine(day, hour, tzinfo=self.zone).astimezone(UTC)

    def end_of_day(self, day: date) -> datetime:
        """The first instant after `day` in the market: 24 hours later, or 23 or 25 when the clocks change."""
        return self.instant(day + timedelta(days=1), time())

    def business_day_after(self, day: date, count: int) -> date:
        """The count-th business day after `day`; count 0 is `day` itself or the next business day."""
        while count > 0 or not self.is_business_day(day):
            day += timedelta(days=1)
            if self.is_business_day(day):
                count -= 1
                if count <= 0:
                    return day
        return day

    def business_day_before(self, day: date, count: int) -> date:
        """The count-th business day before `day`."""
        while count > 0:
            day -= timedelta(days=1)
            count -= self.is_business_day(day)
        return day

    def is_open(self, at: datetime) -> bool:
        """Is it business hours?"""
        local = self.local(at)
        return self.is_business_day(local.date()) and OPENS <= local.time() < CLOSES

    def last_minute(self, deadline: datetime) -> datetime:
        """A deadline as people say it: midnight is 23:59 of the day that ends, any other instant is itself."""
        return deadline - timedelta(minutes=1) if self.local(deadline).time() == time() else deadline

    def days_after(self, at: datetime, count: int) -> datetime:
        """The end of the count-th calendar day after `at`, in the market: the day of `at` is not counted."""
        return self.end_of_day(self.local(at).date() + timedelta(days=count))

    def business_days_after(self, at: datetime, count: int) -> datetime:
        """The end of the count-th business day after the day of `at`."""
        return self.end_of_day(self.business_day_after(self.local(at).date(), count))

    def ship_by(self, paid_at: datetime, days: int = 1) -> datetime:
        """When a parcel must have left: `days` business days; paid at or after the cut-off counts as the next one."""
        local = self.local(paid_at)
        late = local.time() >= SHIPPING_CUT_OFF or not self.is_business_day(local.date())
        start = self.business_day_after(local.date(), 1) if late else local.date()
        return self.end_of_day(self.business_day_after(start, days))

    def _hours_of(self, day: date) -> tuple[datetime, datetime]:
        return self.instant(day, OPENS), self.instant(day, CLOSES)

    def business_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Business hours from start to end; zero when end is not after start."""
        spent, day = timedelta(), self.local(start).date()
        while day <= self.local(end).date():
            if self.is_business_day(day):
                opens, closes = self._hours_of(day)
                spent += max(timedelta(), min(end, closes) - max(start, opens))
            day += timedelta(days=1)
        return spent

    def add_business_time(self, at: datetime, duration: timedelta) -> datetime:
        """The instant at which `duration` of business hours has passed since `at`."""
        day, left = self.local(at).date(), duration
        while True:
            if self.is_business_day(day):
                opens, closes = self._hours_of(day)
                start = max(at, opens)
                if start < closes and start + left <= closes:
                    return (start + left).astimezone(UTC)
                left -= max(timedelta(), closes - start)
            day += timedelta(days=1)

    def resume(self, due_at: datetime, paused_at: datetime, at: datetime) -> datetime:
        """A deadline moved by the business time that passed while its clock stood still."""
        return self.add_business_time(max(due_at, paused_at), self.business_time_between(paused_at, at))


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
