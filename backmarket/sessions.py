"""Sessions in the database behind the cache, each written by one statement.

Django asks first whether a new key is taken, though it is random in 32 letters and digits and unique in the table, and
wraps the one statement in a transaction of its own.
"""

import structlog
from django.contrib.sessions.backends import cached_db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.db import DatabaseError, IntegrityError

from backmarket.crypto import random_text

log = structlog.get_logger(__name__)
KEY_LENGTH = 32


def cache_key_of(session_key: str | None) -> str:
    """Where the cache has the session of this key; empty for what is no key of ours."""
    is_key = session_key and len(session_key) == KEY_LENGTH and session_key.isalnum() and session_key.isascii()
    return f"{cached_db.KEY_PREFIX}{session_key}" if is_key else ""


class SessionStore(cached_db.SessionStore):
    def _get_new_session_key(self) -> str:
        return random_text(KEY_LENGTH, VALID_KEY_CHARS)

    def save(self, must_create: bool = False) -> None:
        """As Django's: CreateError where the key is taken, UpdateError where the session has been ended meanwhile."""
        if self.session_key is None:
            self.create()
            return
        row = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]  # the stubs leave it out
        try:
            row.save(force_insert=must_create, force_update=not must_create)
        except IntegrityError:
            if must_create:
                raise CreateError from None
            raise
        except DatabaseError:
            if not must_create:
                raise UpdateError from None
            raise
        try:
            self._cache.set(self.cache_key, self._session, self.get_expiry_age())  # type: ignore[attr-defined]
        except Exception:
            # The database has it: the cache may come back later.
            log.exception("session_not_cached")
