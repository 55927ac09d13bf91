"""Bringing every encrypted value and every blind index under the newest key.

What is done is recognised by the key id stored with it, so a run that was killed goes on where it stopped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection, models, transaction

from backmarket import crypto
from backmarket.db import lock

BATCH = 500
MFA_SECRETS = ("secret", "seed")
# Tables whose triggers refuse every other change let a rotation write the same text under another key.
ROTATING = "SET LOCAL backmarket.rotating_keys = 'on'"


@dataclass(frozen=True)
class Column:
    """A column of encrypted values, or of blind indexes (`source` is then the column they are made of)."""

    model: type[models.Model]
    name: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"

    @property
    def table(self) -> str:
        return connection.ops.quote_name(self.model._meta.db_table)

    @property
    def pk(self) -> str:
        return connection.ops.quote_name(str(self.model._meta.pk.column))

    def quoted(self, name: str) -> str:
        return connection.ops.quote_name(str(self.model._meta.get_field(name).column))  # type: ignore[union-attr]

    @property
    def behind(self) -> str:
        """The condition of rows that are not under the newest key; `%s` takes the pattern of those that are."""
        return f"{self.quoted(self.source or self.name)} <> '' AND {self.quoted(self.name)} NOT LIKE %s"

    def renewed(self, stored: str, source: str) -> str:
        """Raises UnreadableValue."""
        text = crypto.decrypt(source if self.source else stored)
        return crypto.blind_index(text, self.source) if self.source else crypto.encrypt(text)


@dataclass
class Progress:
    moved: int = 0
    unreadable: int = 0


def columns() -> list[Column]:
    """Every encrypted column and every blind index of this installation."""
    found = []
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, crypto.EncryptedTextField):
                found.append(Column(model, field.name))
            elif isinstance(field, crypto.BlindIndexField):
                found.append(Column(model, field.name, field.of))
    return sorted(found, key=str)


def count_by_key(column: Column) -> dict[str, int]:
    """How many values lie under each key; "" for those older than key ids."""
    stored = column.quoted(column.name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT CASE WHEN position('.' IN {stored}) > 0 THEN split_part({stored}, '.', 1) ELSE '' END, count(*)"  # noqa: S608
            f" FROM {column.table} WHERE {column.quoted(column.source or column.name)} <> '' GROUP BY 1"
        )
        return dict(cursor.fetchall())


def waiting(column: Column) -> int:
    """How many rows are not under the newest key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {column.table} WHERE {column.behind}", [_newest()])  # noqa: S608
        return int(cursor.fetchone()[0])


def rotate_column(column: Column, *, batch: int = BATCH, tell: Callable[[Progress], None]) -> Progress:
    """Move the rows of one column batch by batch, each in a transaction of its own; what no key reads is counted."""
    progress, last = Progress(), None
    while (last := _rotate_batch(column, last, batch, progress)) is not None:
        tell(progress)
    return progress


def _rotate_batch(column: Column, after: object, batch: int, progress: Progress) -> object:
    stored, source = column.quoted(column.name), column.quoted(column.source or column.name)
    beyond = f" AND {column.pk} > %s" if after is not None else ""
    found: list[Any] = [] if after is None else [after]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ROTATING)
        cursor.execute(
            f"SELECT {column.pk}, {stored}, {source} FROM {column.table} WHERE {column.behind}{beyond}"  # noqa: S608
            f" ORDER BY {column.pk} LIMIT %s FOR NO KEY UPDATE",
            [_newest(), *found, batch],
        )
        rows = cursor.fetchall()
        for pk, value, text in rows:
            try:
                renewed = column.renewed(value, text)
            except crypto.UnreadableValue:
                progress.unreadable += 1
                continue
            cursor.execute(f"UPDATE {column.table} SET {stored} = %s WHERE {column.pk} = %s", [renewed, pk])  # noqa: S608
            progress.moved += 1
    return rows[-1][0] if rows else None


def mfa_waiting() -> Iterator[Authenticator]:
    """Second factors with a secret that is not under the newest key."""
    newest = crypto.key_ids()[0]
    for factor in Authenticator.objects.order_by("pk").iterator():
        if any(crypto.key_of(factor.data[name]) != newest for name in MFA_SECRETS if factor.data.get(name)):
            yield factor


def rotate_mfa() -> Progress:
    """Second factors' secrets lie in JSON, encrypted by the adapter."""
    progress = Progress()
    for found in mfa_waiting():
        with transaction.atomic():
            factor = lock(Authenticator.objects.filter(pk=found.pk)).get()
            try:
                secrets = {name: crypto.decrypt(factor.data[name]) for name in MFA_SECRETS if factor.data.get(name)}
            except crypto.UnreadableValue:
                progress.unreadable += 1
                continue
            factor.data |= {name: crypto.encrypt(text) for name, text in secrets.items()}
            factor.save(update_fields=["data"])
            progress.moved += 1
    return progress


def _newest() -> str:
    return f"{crypto.key_ids()[0]}.%"
