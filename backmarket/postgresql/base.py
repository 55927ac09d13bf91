"""Django's engine for PostgreSQL, which tries a connection less often before it is used.

Django sends a statement of its own before the first one of each request, and waits for its answer: as long as a kept
page waits for all that it asks of the database.
"""

import select
import time
from typing import Any

from django.db.backends.postgresql import base

# Seconds since the last request that used it for which a connection is believed to work as long as it is quiet.
FRESH = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    health_check_enabled: bool
    health_check_done: bool
    _last_used = float("-inf")

    def close_if_health_check_failed(self) -> None:
        """Called before the first statement of a request. After an error Django tries the connection in any case."""
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        used, self._last_used = self._last_used, time.monotonic()
        if self._last_used - used < FRESH and _is_quiet(self.connection):
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()


def _is_quiet(connection: Any) -> bool:
    """Whether nothing has come that nobody asked for: a server that ends a connection says so, and hangs up."""
    if connection.closed:
        return False
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    return not line.poll(0)
