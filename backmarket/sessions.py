"""Sessions in the database behind the cache, each read by one statement and written by one, which are always the same.

Django asks first whether a new key is taken, though it is random in 32 letters and digits and unique in the table, and
wraps the one statement, which it puts together each time, in a transaction of its own. Where nothing else is written
with a session nobody waits until the disk has it: it follows within a second, and the cache has it too.
"""

from contextlib import suppress
from typing import Any

import structlog
from django.contrib.sessions.backends import cached_db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from backmarket import timetravel
from backmarket.crypto import random_text
from backmarket.prepared import execute, prepared_objects

log = structlog.get_logger(__name__)
KEY_LENGTH = 32
SOON = "set_config('synchronous_commit', %s, true) IS NOT NULL"
CREATE = f"""
    INSERT INTO django_session (session_data, expire_date, session_key)
    SELECT %s, %s::timestamptz, %s WHERE {SOON} ON CONFLICT DO NOTHING
"""
UPDATE = f"UPDATE django_session SET session_data = %s, expire_date = %s WHERE session_key = %s AND {SOON}"  # noqa: S608


@prepared_objects
def _live(key: Any) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=Now())


def cache_key_of(session_key: str | None) -> str:
    """Where the cache has the session of this key; empty for what is no key of ours."""
    is_key = session_key and len(session_key) == KEY_LENGTH and session_key.isalnum() and session_key.isascii()
    return f"{cached_db.KEY_PREFIX}{session_key}" if is_key else ""


class SessionStore(cached_db.SessionStore):
    def _get_new_session_key(self) -> str:
        return random_text(KEY_LENGTH, VALID_KEY_CHARS)

    def load(self) -> dict[str, Any]:
        """As Django's."""
        known: dict[str, Any] | None = None
        with suppress(Exception):  # the cache is away, which the database need not be
            known = timetravel.beside(self.cache_key)
        return super().load() if known is None else known

    def _get_session_from_db(self) -> Session | None:
        """As Django's: what has expired, or is of no key, begins anew under another."""
        found = _live(key=self.session_key)
        if not found:
            self._session_key = None
        return found[0] if found else None

    def save(self, must_create: bool = False) -> None:
        """As Django's: CreateError where the key is taken, UpdateError where the session has been ended meanwhile."""
        if self.session_key is None:
            self.create()
            return
        data = self.encode(self._get_session(no_load=must_create))  # type: ignore[attr-defined]  # the stubs leave it out
        try:
            with connection.cursor() as cursor:
                waits = "on" if connection.in_atomic_block else "off"
                row = [data, self.get_expiry_date(), self.session_key, waits]
                execute(cursor, CREATE if must_create else UPDATE, row)
                is_written = cursor.rowcount == 1
        except DatabaseError:
            if must_create:
                raise
            raise UpdateError from None
        if not is_written:
            raise CreateError if must_create else UpdateError
        try:
            self._cache.set(self.cache_key, self._session, self.get_expiry_age())  # type: ignore[attr-defined]
        except Exception:
            # The database has it: the cache may come back later.
            log.exception("session_not_cached")
