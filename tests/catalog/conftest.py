"""For tests of pages that are kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache


@pytest.fixture
def kept(settings: Any) -> Iterator[None]:
    """Pages are kept, as outside of tests, from an empty cache on."""
    settings.PAGE_CACHE = True
    cache.clear()
    yield
    cache.clear()
