"""The market that this installation serves: its calendar, its currency, its zero."""

from functools import cache

from django.conf import settings

from backmarket.clock import BusinessCalendar

# Directive (EU) 2019/771: two years from delivery; a defect found in the first of them is presumed to have existed.
LEGAL_GUARANTEE_MONTHS, PRESUMPTION_MONTHS = 24, 12


@cache
def calendar() -> BusinessCalendar:
    """The business calendar of MARKET_COUNTRY in MARKET_TIME_ZONE."""
    return BusinessCalendar(settings.MARKET_COUNTRY, settings.TIME_ZONE)
