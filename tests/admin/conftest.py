"""What every test of the two sites needs."""

from datetime import datetime

import pytest

from backmarket import timetravel


@pytest.fixture
def time_is(now: datetime, settings: object) -> None:
    """The entry points believe that it is `now`."""
    timetravel.travel_to(now)
