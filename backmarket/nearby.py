"""What a web process has at hand of the pages that it served last, so that Redis is asked only whether they stand."""

import time
from collections import OrderedDict
from threading import Lock
from typing import Generic, Protocol, TypeVar


class Weighed(Protocol):
    """`until` is a time as of time.time(); `size` is in characters or bytes."""

    @property
    def until(self) -> float: ...
    @property
    def size(self) -> int: ...


W = TypeVar("W", bound=Weighed)


class Nearby(Generic[W]):
    """Values by key, at most `limit` in size together: what nobody has asked for longest goes first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._values: OrderedDict[str, W] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> W | None:
        with self._lock:
            value = self._values.get(key)
            if value is None:
                return None
            if value.until <= time.time():
                self._drop(key)
                return None
            self._values.move_to_end(key)
            return value

    def put(self, key: str, value: W) -> None:
        with self._lock:
            self._drop(key)
            if value.size > self.limit:
                return
            self._values[key] = value
            self.size += value.size
            while self.size > self.limit:
                self._drop(next(iter(self._values)))

    def _drop(self, key: str) -> None:
        if (value := self._values.pop(key, None)) is not None:
            self.size -= value.size
