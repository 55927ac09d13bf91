from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backmarket.clock import BusinessCalendar, add_months

PARIS = ZoneInfo("Europe/Paris")
FRANCE = BusinessCalendar("FR", "Europe/Paris")


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)  # type: ignore[misc,arg-type]


def test_a_deadline_at_midnight_is_told_as_the_last_minute_of_the_day() -> None:
    midnight = FRANCE.end_of_day(date(2026, 11, 30))
    assert f"{FRANCE.local(FRANCE.last_minute(midnight)):%d %H:%M}" == "30 23:59"
    assert FRANCE.last_minute(midnight + timedelta(minutes=10)) == midnight + timedelta(minutes=10)


def test_the_day_the_clocks_go_forward_has_23_hours() -> None:
    start = FRANCE.end_of_day(date(2026, 3, 28))
    assert FRANCE.end_of_day(date(2026, 3, 29)) - start == timedelta(hours=23)


def test_the_day_the_clocks_go_back_has_25_hours() -> None:
    start = FRANCE.end_of_day(date(2026, 10, 24))
    assert FRANCE.end_of_day(date(2026, 10, 25)) - start == timedelta(hours=25)


@pytest.mark.parametrize(
    ("at", "count", "due"),
    [
        (paris(2026, 11, 23, 10), 1, paris(2026, 11, 25)),  # Monday -> the end of Tuesday
        (paris(2026, 11, 27, 17), 1, paris(2026, 12, 1)),  # Friday -> the end of Monday
        (paris(2026, 12, 24, 9), 1, paris(2026, 12, 29)),  # Christmas and its weekend do not count
        (paris(2026, 4, 30, 9), 1, paris(2026, 5, 5)),  # the first of May is a Friday
        (paris(2026, 3, 27, 9), 1, paris(2026, 3, 31)),  # over the change to summer time
        (paris(2026, 10, 23, 9), 1, paris(2026, 10, 27)),  # over the change to winter time
    ],
)
def test_business_days_skip_weekends_and_holidays(at: datetime, count: int, due: datetime) -> None:
    assert FRANCE.business_days_after(at, count) == due


def test_calendar_days_end_at_local_midnight_whatever_the_clocks_do() -> None:
    assert FRANCE.days_after(paris(2026, 10, 20, 15), 14) == paris(2026, 11, 4)
    assert FRANCE.days_after(paris(2026, 3, 20, 15), 14) == paris(2026, 4, 4)


@pytest.mark.parametrize(
    ("paid_at", "due"),
    [
        (paris(2026, 11, 23, 12, 59), paris(2026, 11, 25)),
        (paris(2026, 11, 23, 13), paris(2026, 11, 26)),
        (paris(2026, 11, 27, 14), paris(2026, 12, 2)),
        (paris(2026, 11, 28, 9), paris(2026, 12, 2)),  # a Saturday counts as Monday
    ],
)
def test_paid_after_the_cut_off_counts_as_the_next_business_day(paid_at: datetime, due: datetime) -> None:
    assert FRANCE.ship_by(paid_at) == due


def test_business_time_counts_only_opening_hours() -> None:
    spent = FRANCE.business_time_between(paris(2026, 11, 27, 16), paris(2026, 11, 30, 10))
    assert spent == timedelta(hours=3)
    assert FRANCE.business_time_between(paris(2026, 11, 30), paris(2026, 11, 27)) == timedelta()


def test_business_time_added_ends_inside_opening_hours() -> None:
    assert FRANCE.add_business_time(paris(2026, 11, 27, 16), timedelta(hours=4)) == paris(2026, 11, 30, 11)
    assert FRANCE.add_business_time(paris(2026, 11, 28, 3), timedelta(hours=4)) == paris(2026, 11, 30, 13)


def test_a_pause_moves_the_deadline_by_the_business_time_it_lasted() -> None:
    due, paused, resumed = paris(2026, 11, 24, 12), paris(2026, 11, 23, 17), paris(2026, 11, 24, 11)
    assert FRANCE.resume(due, paused, resumed) == paris(2026, 11, 24, 15)


def test_a_pause_over_a_weekend_costs_nobody_business_time() -> None:
    assert FRANCE.resume(paris(2026, 11, 30, 12), paris(2026, 11, 27, 18), paris(2026, 11, 30, 9)) == paris(
        2026, 11, 30, 12
    )


def test_results_are_in_utc() -> None:
    assert FRANCE.end_of_day(date(2026, 7, 1)) == datetime(2026, 7, 1, 22, tzinfo=UTC)
    assert FRANCE.end_of_day(date(2026, 7, 1)).tzinfo is UTC


def test_months_end_on_the_last_day_when_the_day_does_not_exist() -> None:
    assert add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert add_months(date(2027, 12, 15), 12) == date(2028, 12, 15)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)
