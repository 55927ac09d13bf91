"""Django's cache in Redis, with one client for as long as its connections: making one costs more than asking it."""

from functools import cache
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class LastingClient(RedisCacheClient):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients = cache(lambda pool: self._client(connection_pool=pool))

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._clients(self._get_connection_pool(write))


class LastingRedisCache(RedisCache):  # type: ignore[misc]
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = LastingClient
