"""Fields that are encrypted at rest, and blind indexes to find them again without reading them."""

import hashlib
import hmac
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(token.encode()).decode()


def blind_index(text: str, *, purpose: str) -> str:
    """A keyed hash of normalised text: equal texts meet, nobody without the key can guess them.

    Keyed with the oldest encryption key, which outlives rotations that only add newer ones.
    """
    key = f"{purpose}:{settings.FIELD_ENCRYPTION_KEYS[-1]}".encode()
    return hmac.new(key, "".join(text.split()).upper().encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField):
    """Text that the database only ever sees as a Fernet token. Empty stays empty. Not searchable."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value
