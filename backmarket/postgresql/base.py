"""Django's PostgreSQL, which asks a connection kept from an earlier request whether it lives without a question to
the server: whoever has hung up has said so, and it lies ready to be read.

A network that lost the server silently is noticed by TCP's keepalive, as it would be by a question that nobody answers.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def close_if_health_check_failed(self) -> None:
        kept = self.connection
        if kept is not None and not kept.closed and not _has_spoken(kept.fileno()):
            self.health_check_done = True
        super().close_if_health_check_failed()


def _has_spoken(descriptor: int) -> bool:
    """Is there anything to read that nobody asked for: a good-bye, a notice?"""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))
