"""What time it is, for entry points only (views, tasks, commands); services take `at`.

Where sandboxes are allowed the clock can be moved ahead, so that a year of guarantee can be watched in a minute.
Elsewhere this is django.utils.timezone.now(), and nothing else.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from backmarket.errors import DomainError

KEY = "timetravel:seconds"


def now() -> datetime:
    """The current instant, moved by the sandbox's offset where sandboxes are allowed."""
    if not settings.ALLOW_SANDBOX:
        return timezone.now()
    return timezone.now() + timedelta(seconds=cache.get(KEY, 0))


def travel_to(at: datetime) -> None:
    """Move this installation's clock to `at`; it goes on ticking from there."""
    if not settings.ALLOW_SANDBOX:
        raise DomainError("Time can be moved only where sandboxes are allowed.")
    cache.set(KEY, (at - timezone.now()).total_seconds(), timeout=None)


def come_back() -> None:
    """Return to the real time."""
    cache.delete(KEY)
