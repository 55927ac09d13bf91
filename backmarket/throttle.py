"""How often something that anybody may ask for is done: a limit per subject and hour, counted in the cache."""

import hashlib

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

HOUR = 3600


def throttled(subject: str, *, limit: int) -> bool:
    """Count one more try; true once there were more than `limit` within the hour of the first.

    `subject` may name a person: only its hash is kept.
    """
    key = f"throttle:{hashlib.sha256(subject.encode()).hexdigest()}"
    cache.add(key, 0, timeout=HOUR)
    return int(cache.incr(key)) > limit


def client_of(request: HttpRequest) -> str:
    """Where a request comes from; behind our proxy what the proxy saw, and never what the caller says of itself."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
