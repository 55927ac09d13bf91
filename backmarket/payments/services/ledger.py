"""The ledger: every movement of money, booked once, summing to zero."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.money import Money
from backmarket.payments.models import LedgerMovement
from backmarket.prepared import execute

LABEL_LENGTH = 160
# Movements with their entries. Who comes second waits for the first one's commit, and writes nothing.
BOOK = """
    WITH movement AS (
        INSERT INTO payments_ledgermovement (key, kind, reference, label, happened_at)
        SELECT told.*, %s FROM unnest(%s::text[], %s::text[], %s::uuid[], %s::text[]) AS told
        ON CONFLICT (key) DO NOTHING RETURNING id, key
    ), entries AS (
        INSERT INTO payments_ledgerentry (movement_id, account, party, amount_minor, currency)
        SELECT movement.id, entry.account, entry.party, entry.minor, entry.currency
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
            WITH ORDINALITY AS entry (key, account, party, minor, currency, place) JOIN movement USING (key)
        ORDER BY entry.place
    )
    SELECT key, id FROM movement
"""
Entry = tuple[str, str, Money]


class UnbalancedMovement(DomainError):
    """The entries do not sum to zero in each currency."""

    code = "unbalanced_movement"
    default_message = _("The entries of a movement must sum to zero.")


@dataclass(frozen=True)
class Movement:
    """What is to be booked: (account, party, amount) entries, of which those of nothing are left out. `label` is what
    people call the thing that moved the money. Raises UnbalancedMovement."""

    key: str
    kind: str
    reference: UUID
    entries: Sequence[Entry]
    label: str = ""

    def __post_init__(self) -> None:
        sums: Counter[str] = Counter()
        for _account, _party, amount in self.entries:
            sums[amount.currency] += amount.minor
        if any(sums.values()):
            raise UnbalancedMovement


def book(
    key: str, *, kind: str, reference: UUID, entries: Sequence[Entry], at: datetime, label: str = ""
) -> LedgerMovement:
    """Write one Movement. Booked under the same key before: returns that movement and writes nothing."""
    new = book_all([Movement(key, kind, reference, entries, label)], at=at)
    if key not in new:  # booked by somebody else, perhaps in this very moment: they have committed
        return LedgerMovement.objects.get(key=key)
    return LedgerMovement(
        pk=new[key], key=key, kind=kind, reference=reference, label=label[:LABEL_LENGTH], happened_at=at
    )


def book_all(movements: Sequence[Movement], *, at: datetime) -> dict[str, int]:
    """Write those movements whose keys are new, by one statement; their ids by their keys."""
    told = [(each.key, each.kind, each.reference, each.label[:LABEL_LENGTH]) for each in movements]
    entries = [
        (each.key, account, party, amount.minor, amount.currency)
        for each in movements
        for account, party, amount in each.entries
        if amount
    ]
    with connection.cursor() as cursor:
        execute(cursor, BOOK, [at, *_columns(told, 4), *_columns(entries, 5)])
        return dict(cursor.fetchall())


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _column in range(count)]
