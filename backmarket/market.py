"""The market that this installation serves: its calendar, its currency, its zero."""

from functools import cache

from django.conf import settings

from backmarket.clock import BusinessCalendar


@cache
def calendar() -> BusinessCalendar:
    """The business calendar of MARKET_COUNTRY in MARKET_TIME_ZONE."""
    return BusinessCalendar(settings.MARKET_COUNTRY, settings.TIME_ZONE)
