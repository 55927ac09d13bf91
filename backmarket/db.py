"""What only the database can promise: row locks in one order, so that nobody waits in a circle, work that one worker
at a time does, and numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection
from django.db.models import BigIntegerField, Func, Model, QuerySet, Value

M = TypeVar("M", bound=Model)


def lock(rows: QuerySet[M]) -> QuerySet[M]:
    """The same rows, locked for update in primary-key order; joined rows stay free. Needs a transaction.

    Keys never change here, so the lock lets foreign keys to these rows be checked meanwhile ("no key").
    """
    return rows.order_by("pk").select_for_update(of=("self",), no_key=True)


@contextmanager
def alone(key: str) -> Iterator[bool]:
    """Whether nobody else is inside such a block with this key; they see False until it ends, or its process dies.

    The lock belongs to the connection, not to a transaction, so what happens inside may take the network's time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        mine: bool = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def sequence_number(sequence: str) -> Func:
    """The column default of a number for people: the next of a database sequence, which a migration creates."""
    return Func(
        Value(sequence),
        function="nextval",
        template="nextval(%(expressions)s::regclass)",
        output_field=BigIntegerField(),
    )
