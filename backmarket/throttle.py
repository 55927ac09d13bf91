"""How often something that anybody may ask for is done: a limit per subject and hour, counted in the cache."""

import hashlib

from django.core.cache import cache

HOUR = 3600


def throttled(subject: str, *, limit: int) -> bool:
    """Count one more try; true once there were more than `limit` within the hour of the first.

    `subject` may name a person: only its hash is kept.
    """
    key = f"throttle:{hashlib.sha256(subject.encode()).hexdigest()}"
    cache.add(key, 0, timeout=HOUR)
    return int(cache.incr(key)) > limit
