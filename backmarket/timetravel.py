"""What time it is, for entry points only (views, tasks, commands); services take `at`.

Where sandboxes are allowed the clock can be moved ahead, so that a year of guarantee can be watched in a minute.
Elsewhere this is django.utils.timezone.now(), and nothing else.
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from backmarket.errors import DomainError

KEY = "timetravel:seconds"
# What the request at hand has read of it: no value before the first time, None outside of requests.
_known: ContextVar[list[float] | None] = ContextVar("timetravel", default=None)


def now() -> datetime:
    """The current instant, moved by the sandbox's offset where sandboxes are allowed."""
    if not settings.ALLOW_SANDBOX:
        return timezone.now()
    return timezone.now() + timedelta(seconds=_seconds())


def _seconds() -> float:
    known = _known.get()
    if known is None:
        return float(cache.get(KEY, 0))
    if not known:
        known.append(float(cache.get(KEY, 0)))
    return known[0]


def beside(key: str) -> Any:
    """What the cache has under this key. The same look tells by how much the clock is moved, which the request will
    ask for next."""
    known = _known.get()
    if known is None or known or not settings.ALLOW_SANDBOX:
        return cache.get(key)
    found = cache.get_many([key, KEY])
    known.append(float(found.get(KEY, 0)))
    return found.get(key)


def _forget() -> None:
    if known := _known.get():
        known.clear()


class OneOffset:
    """Middleware: a request that asks for the time a dozen times asks once by how much it is moved."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _known.set([])
        try:
            return self.get_response(request)
        finally:
            _known.reset(token)


def travel_to(at: datetime) -> None:
    """Move this installation's clock to `at`; it goes on ticking from there."""
    if not settings.ALLOW_SANDBOX:
        raise DomainError("Time can be moved only where sandboxes are allowed.")
    cache.set(KEY, (at - timezone.now()).total_seconds(), timeout=None)
    _forget()


def come_back() -> None:
    """Return to the real time."""
    cache.delete(KEY)
    _forget()
