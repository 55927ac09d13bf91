"""Django's cache in Redis with a client made once: one for each call, as Django makes it, costs more than the call."""

from functools import cache
from typing import Any

from django.core.cache.backends import redis


class Client(redis.RedisCacheClient):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._made = cache(super().get_client)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client to read with, or to write with: threads may share it, as each call takes a connection of its own.

        Of several servers to read from it stays with one.
        """
        return self._made(write=write)


class RedisCache(redis.RedisCache):
    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client

    def validate_key(self, key: str) -> None:
        """Redis takes any key: Django asks of each whether memcached would."""
