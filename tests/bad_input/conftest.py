"""What every form is filled in with."""

from datetime import datetime

import pytest

from backmarket import timetravel


@pytest.fixture(autouse=True)
def _time_is(db: None, _empty_cache: None, now: datetime, settings: object) -> None:
    """The entry points believe that it is `now`, and nobody is slowed down for trying often."""
    settings.ACCOUNT_RATE_LIMITS = False
    timetravel.travel_to(now)
