"""Fields that are encrypted at rest, and blind indexes by which equal values find each other.

A stored value is "<key id>.<Fernet token>": the id says which key of FIELD_ENCRYPTION_KEYS reads it, so that a rotation
knows what is left. Values without an id come from before there were any; every key is tried on them.
"""

import hashlib
import hmac
import secrets
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

ID_LENGTH = 8
INDEX_PURPOSE = b"backmarket blind index"


def random_text(length: int, alphabet: str) -> str:
    """Letters of an ASCII alphabet, each drawn alone and as likely as any other, as get_random_string does.

    It asks for one letter at a time; here a draw is made for all of them, and bytes by which some letters would be
    likelier than others are left out.
    """
    letters, left_out = _letters(alphabet)
    text = b""
    while len(text) < length:
        text += secrets.token_bytes(2 * length).translate(letters, left_out)
    return text[:length].decode()


@cache
def _letters(alphabet: str) -> tuple[bytes, bytes]:
    """The letter that each byte stands for, and the bytes that stand for none."""
    many = len(alphabet)
    fair = 256 - 256 % many
    return bytes(ord(alphabet[byte % many]) for byte in range(256)), bytes(range(fair, 256))


class UnreadableValue(InvalidToken):
    """No key of FIELD_ENCRYPTION_KEYS reads this value."""


def key_id(key: str) -> str:
    """What a key is called beside the values it encrypted: the start of its SHA-256, which gives nothing of it away."""
    return hashlib.sha256(b"key id:" + key.encode()).hexdigest()[:ID_LENGTH]


def key_ids() -> list[str]:
    """The keys that are given, newest first."""
    return [key_id(key) for key in settings.FIELD_ENCRYPTION_KEYS]


def key_of(stored: str) -> str:
    """The id of the key under which a stored value or index lies; empty when it is older than ids."""
    name, dot, _rest = stored.partition(".")
    return name if dot else ""


@cache
def _fernets(keys: tuple[str, ...]) -> dict[str, Fernet]:
    return {key_id(key): Fernet(key) for key in keys}


def encrypt(text: str) -> str:
    name, fernet = next(iter(_fernets(tuple(settings.FIELD_ENCRYPTION_KEYS)).items()))
    return f"{name}.{fernet.encrypt(text.encode()).decode()}"


def decrypt(stored: str) -> str:
    """The text of a stored value. Raises UnreadableValue, which names the key that is missing and never the value."""
    fernets = _fernets(tuple(settings.FIELD_ENCRYPTION_KEYS))
    name, token = key_of(stored), stored.rpartition(".")[2]
    reader = fernets.get(name) if name else MultiFernet(list(fernets.values()))
    if reader is None:
        raise UnreadableValue(f"FIELD_ENCRYPTION_KEYS lacks the key {name}")
    try:
        return reader.decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise UnreadableValue(f"not a value of the key {name or 'without id'}") from error


@cache
def _index_key(key: str) -> bytes:
    """A key of its own for indexes, derived from an encryption key: who has one index cannot decrypt anything."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=INDEX_PURPOSE).derive(key.encode())


def blind_index(text: str, purpose: str) -> str:
    """Equal texts of one purpose have equal indexes under one key; empty stays empty. "<key id>.<HMAC>"."""
    if not text:
        return ""
    key = settings.FIELD_ENCRYPTION_KEYS[0]
    mac = hmac.new(_index_key(key), f"{purpose}:{text}".encode(), hashlib.sha256)
    return f"{key_id(key)}.{mac.hexdigest()}"


class EncryptedTextField(models.TextField):
    """Text that the database only ever sees as a Fernet token. Empty stays empty. Not searchable."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value


class BlindIndexField(models.CharField):
    """The blind index of another field of the row, computed whenever the row is saved; an UPDATE writes it itself."""

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        kwargs |= {"max_length": ID_LENGTH + 65, "editable": False, "blank": True, "default": "", "db_index": True}
        super().__init__(*args, **kwargs)
        self.of = of

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "editable", "blank", "default", "db_index"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs | {"of": self.of}

    def index_of(self, text: str) -> str:
        return blind_index(text, self.of)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.index_of(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, value)
        return value
