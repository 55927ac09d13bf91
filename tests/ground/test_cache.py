"""The cache in Redis, whose client is made once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

pytestmark = pytest.mark.django_db


def test_a_client_is_made_once_and_serves_many_threads() -> None:
    keys = [f"threads:{number}" for number in range(40)]
    client = cache._cache  # type: ignore[attr-defined]

    def keep(key: str) -> str:
        client.set(key, key.upper(), 60)
        return str(client.get(key, ""))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(keep, keys)) == [key.upper() for key in keys]
    assert client.get_many(keys) == {key: key.upper() for key in keys}
    assert client.get_client() is client.get_client()
    assert client.get_client(write=True) is client.get_client(write=True)
