"""What only the database can promise: row locks in one order, so that nobody waits in a circle, work that one worker
at a time does, numbers, and what text it can keep."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import cache
from math import isfinite
from types import NoneType
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    Field,
    ForeignKey,
    Func,
    IntegerField,
    Model,
    OneToOneField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    QuerySet,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.expressions import DatabaseDefault

from backmarket.prepared import execute

M = TypeVar("M", bound=Model)


def lock(rows: QuerySet[M]) -> QuerySet[M]:
    """The same rows, locked for update in primary-key order; joined rows stay free. Needs a transaction.

    Keys never change here, so the lock lets foreign keys to these rows be checked meanwhile ("no key").
    """
    return rows.order_by("pk").select_for_update(of=("self",), no_key=True)


def together() -> AbstractContextManager[None]:
    """One transaction for what follows: the caller's, if there is one, without a savepoint of its own.

    For writes that raise their refusals before the first of them: whoever catches a refusal has lost nothing.
    """
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


def insert_together(*tables: Sequence[Model]) -> None:
    """Insert the rows of several tables by one statement; foreign keys among them are checked at the commit.

    A key that the database counts is not known afterwards. No signals are sent.
    """
    statements = [insertion(rows) for rows in tables if rows]
    parts = [f"part_{place} AS ({sql})" for place, (sql, _params) in enumerate(statements[:-1])]
    sql, params = statements[-1]
    given = [param for _sql, params in statements[:-1] for param in params]
    with connection.cursor() as cursor:
        execute(cursor, f"WITH {', '.join(parts)} {sql}" if parts else sql, [*given, *params])
    for rows in tables:
        now_there(rows)


def insert(row: Model) -> None:
    """Insert a row whose key the database counts, and tell the row. No signals are sent."""
    sql, params = insertion([row])
    with connection.cursor() as cursor:
        execute(cursor, f"{sql} RETURNING {_column(type(row), 'pk')[1]}", params)
        [row.pk] = cursor.fetchone()
    now_there([row])


def insert_unless_there(row: Model) -> bool:
    """Insert a row whose key is known; False, and nothing, where a unique constraint refuses it."""
    sql, params = insertion([row], unless_there=True)
    with connection.cursor() as cursor:
        execute(cursor, sql, params)
        is_new: bool = cursor.rowcount == 1
    if is_new:
        now_there([row])
    return is_new


def insertion(rows: Sequence[Model], *, unless_there: bool = False) -> tuple[str, list[Any]]:
    """The statement that inserts these rows of one table, and its parameters; `unless_there`: no row that a unique
    constraint refuses.

    Written here, as Django's compiler takes longer over it than PostgreSQL over the insertion.
    """
    columns, into = _into(type(rows[0]))
    places, params = [], []
    for row in rows:
        marks = []
        for field, name, plain in columns:
            value = getattr(row, name) if name else field.pre_save(row, add=True)
            if type(value) in plain:
                marks.append("%s")
                params.append(value)
            elif isinstance(value, DatabaseDefault):
                marks.append("DEFAULT")
            else:
                marks.append(_mark(field, value))
                params.append(_kept(field, value))
        places.append(f"({', '.join(marks)})")
    return f"{into} {', '.join(places)}{' ON CONFLICT DO NOTHING' if unless_there else ''}", params


class Change(NamedTuple):
    """`facts` for those rows of a model of which each column named by `where` has that value, or one of that list."""

    model: type[Model]
    where: Mapping[str, Any]
    facts: Mapping[str, Any]

    def made(self) -> int:
        """Write it; how many rows there were."""
        with connection.cursor() as cursor:
            execute(cursor, *self.statement())
            return int(cursor.rowcount)

    def statement(self) -> tuple[str, list[Any]]:
        """With its parameters. Written here for the reason of `insertion`."""
        written, asked, params = [], [], []
        for name, value in self.facts.items():
            field, column, _several = _column(self.model, name)
            written.append(f"{column} = {_mark(field, value)}")
            params.append(_kept(field, value))
        for name, value in self.where.items():
            field, column, several = _column(self.model, name)
            is_list = isinstance(value, list)
            asked.append(f"{column} = {several if is_list else '%s'}")
            params.append([_kept(field, each) for each in value] if is_list else _kept(field, value))
        table = _table(self.model)
        return f"UPDATE {table} SET {', '.join(written)} WHERE {' AND '.join(asked)}", params  # noqa: S608 - our columns


@cache
def _column(model: type[Model], name: str) -> tuple[Field[Any, Any], str, str]:
    """A field, its column as SQL names it, and the place of several values, of which it has one."""
    field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return field, connection.ops.quote_name(field.column), f"ANY(%s::{field.db_type(connection)}[])"


@cache
def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


# What the driver takes as it is, by the field: its own types, which Django would only ask about.
PLAIN: dict[type[Field[Any, Any]], tuple[type, ...]] = {
    CharField: (str, NoneType),
    TextField: (str, NoneType),
    BooleanField: (bool, NoneType),
    DateTimeField: (datetime, NoneType),
    UUIDField: (UUID, NoneType),
    **dict.fromkeys((ForeignKey, OneToOneField), (UUID, int, NoneType)),
    **dict.fromkeys((IntegerField, BigIntegerField, PositiveIntegerField, PositiveSmallIntegerField), (int, NoneType)),
}


def _kept(field: Field[Any, Any], value: Any) -> Any:
    """A value of a row as the driver takes it."""
    if type(value) in PLAIN.get(type(field), ()):
        return value
    if hasattr(value, "prepare_database_save"):
        value = value.prepare_database_save(field)
    return field.get_db_prep_save(value, connection=connection)


def _mark(field: Field[Any, Any], value: Any) -> str:
    cast = getattr(field, "get_placeholder", None)
    return cast(value, None, connection) if cast else "%s"


@cache
def _into(model: type[Model]) -> tuple[list[tuple[Field[Any, Any], str, tuple[type, ...]]], str]:
    """The columns that are not counted by the database, each with its attribute where saving it is reading that, and
    with what the driver takes of it as it is; and the statement as far as their values."""
    meta, quoted = model._meta, connection.ops.quote_name
    fields = [field for field in meta.local_concrete_fields if field is not meta.auto_field]
    names = ", ".join(quoted(str(field.column)) for field in fields)
    columns = [(field, field.attname if _is_read(field) else "", PLAIN.get(type(field), ())) for field in fields]
    return columns, f"INSERT INTO {_table(model)} ({names}) VALUES"


def _is_read(field: Any) -> bool:
    """Whether saving it is reading its attribute; of a date, unless it is the day of saving."""
    way = type(field).pre_save
    if way in (DateField.pre_save, DateTimeField.pre_save):
        return not (field.auto_now or field.auto_now_add)
    return way is Field.pre_save


def now_there(rows: Sequence[Model]) -> None:
    """Let the rows know it; what the database has filled in is read when it is first asked for."""
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        for name in _filled_in(type(row)):
            if isinstance(row.__dict__.get(name), DatabaseDefault):
                del row.__dict__[name]


@cache
def _filled_in(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.has_db_default()]


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


def storable(value: Any) -> Any:
    """The same text or JSON with a mark in place of what PostgreSQL does not keep: NUL, half a pair, not a number."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {storable(name): storable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [storable(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def fitting(key: str, length: int) -> str:
    """Somebody else's key as a column of this length keeps it: a longer one ends in its fingerprint."""
    key = storable(key)
    return key if len(key) <= length else key[: length - 32] + hashlib.sha256(key.encode()).hexdigest()[:32]
