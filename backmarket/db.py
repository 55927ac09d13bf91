"""What only the database can promise: row locks in one order, so that nobody waits in a circle, and numbers."""

from typing import TypeVar

from django.db.models import BigIntegerField, Func, Model, QuerySet, Value

M = TypeVar("M", bound=Model)


def lock(rows: QuerySet[M]) -> QuerySet[M]:
    """The same rows, locked for update in primary-key order; joined rows stay free. Needs a transaction.

    Keys never change here, so the lock lets foreign keys to these rows be checked meanwhile ("no key").
    """
    return rows.order_by("pk").select_for_update(of=("self",), no_key=True)


def sequence_number(sequence: str) -> Func:
    """The column default of a number for people: the next of a database sequence, which a migration creates."""
    return Func(
        Value(sequence),
        function="nextval",
        template="nextval(%(expressions)s::regclass)",
        output_field=BigIntegerField(),
    )
