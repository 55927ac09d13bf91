"""Reads that a page makes each time it is shown: Django writes the statement once for each process, not for each page,
and PostgreSQL plans it once for each connection.

Writing and planning it take longer than answering it, and an object for each row longer than a tuple:

    @prepared
    def shelf(product: Any) -> QuerySet[Any]:
        return Buyable.objects.filter(product=product).values_list("sku", "price_minor")

    shelf(product=7)  # [("IPHONE-12-128", 31900), …]
"""

import inspect
import re
from collections.abc import Callable
from functools import cache, wraps
from itertools import count
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from psycopg2.extensions import AsIs

Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)


class Statement(NamedTuple):
    """`name` is what PostgreSQL knows it by; `order` names the values of its places ($1, $2, …)."""

    name: str
    sql: str
    params: tuple[Any, ...]
    order: tuple[str, ...]

    @property
    def call(self) -> str:
        places = ", ".join(["%s"] * len(self.order))
        return f"EXECUTE {self.name}({places})" if places else f"EXECUTE {self.name}"


class Param(Expression):
    """Stands in a statement for a value that is given each time it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        return "%s", [self]


def prepared(build: Callable[..., "QuerySet[Any, Row]"]) -> Callable[..., list[Row]]:
    """The rows of a queryset's values_list. Its arguments are named, and are values of the columns' own types.

    What the driver reads is what comes: JSON is text.
    """

    @cache
    def statement() -> Statement:
        return _written(build)[0]

    @wraps(build)
    def read(**values: Any) -> list[Row]:
        return _asked(statement(), values)

    return read


def prepared_objects(build: Callable[..., "QuerySet[M]"]) -> Callable[..., list[M]]:
    """The objects of a queryset, as it would give them: with its select_related, annotations and deferred fields.

    What it prefetches is not fetched.
    """

    @cache
    def plan() -> tuple[Statement, Callable[[Row], M]]:
        statement, compiler = _written(build)
        return statement, _maker(compiler)

    @wraps(build)
    def read(**values: Any) -> list[M]:
        statement, made = plan()
        return [made(row) for row in _asked(statement, values)]

    return read


def prepared_sql(written: str) -> Callable[..., list[Row]]:
    """The rows of a statement written by hand, its values named in it: "… WHERE id = ANY(%(ids)s::bigint[])".

    Its plan is one for all values: PostgreSQL would plan anew each time for values that it believes to be rare.
    """
    names = [name for name, _type in VALUE.findall(written)]
    sql = VALUE.sub(r"((SELECT %s\2)\2)", written)
    statement = Statement(f"prepared_{next(_numbers)}", sql, tuple(map(Param, names)), tuple(dict.fromkeys(names)))

    def read(**values: Any) -> list[Row]:
        return _asked(statement, values)

    return read


VALUE = re.compile(r"%\((\w+)\)s(::\w+(?:\[\])?|)")


def _written(build: Callable[..., "QuerySet[Any, Any]"]) -> tuple[Statement, SQLCompiler]:
    queryset = build(**{name: Param(name) for name in inspect.signature(build).parameters})
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    order = tuple(dict.fromkeys(each.name for each in params if isinstance(each, Param)))
    return Statement(f"prepared_{next(_numbers)}", sql, tuple(params), order), compiler


_numbers = count(1)


def _asked(statement: Statement, values: dict[str, Any]) -> list[Row]:
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        _prepare(connection, statement)
        cursor.execute(statement.call, [values[name] for name in statement.order])
        return list(cursor.fetchall())


def _prepare(connection: Any, statement: Statement) -> None:
    """Tell this connection of the statement, once. It keeps it through rollbacks, and forgets it when it is closed."""
    raw = connection.connection
    known, names = getattr(connection, "prepared_statements", (None, set[str]()))
    if known is not raw:
        names = set[str]()
        connection.prepared_statements = (raw, names)
    if statement.name in names:
        return
    places = {name: AsIs(f"${place}") for place, name in enumerate(statement.order, 1)}
    params = [places[each.name] if isinstance(each, Param) else each for each in statement.params]
    with connection.wrap_database_errors, raw.cursor() as cursor:
        cursor.execute(f"PREPARE {statement.name} AS {statement.sql}", params)
    names.add(statement.name)


def _maker(compiler: SQLCompiler) -> Callable[[Row], Any]:
    """Makes the object of a row, as django.db.models.query.ModelIterable does."""
    select, info = compiler.select or [], compiler.klass_info or {}
    model, fields = info["model"], info["select_fields"]
    own = slice(fields[0], fields[-1] + 1)
    names = [column.target.attname for column, _sql, _alias in select[own]]
    related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # of a later Django
    noted = list((compiler.annotation_col_map or {}).items())
    converted = [
        (place, converters, expression)
        for place, (converters, expression) in compiler.get_converters([each for each, _sql, _alias in select]).items()
    ]

    def made(row: Row) -> Any:
        values = list(row)
        for place, converters, expression in converted:
            for convert in converters:
                values[place] = convert(values[place], expression, connections[DEFAULT_DB_ALIAS])
        found = model.from_db(DEFAULT_DB_ALIAS, names, values[own])
        for each in related:
            each.populate(values, found)
        for name, place in noted:
            setattr(found, name, values[place])
        return found

    return made


def columns(model: type[Model], path: str = "") -> list[str]:
    """The names of all columns of a model, for values_list; `path` leads to it from the queryset's own ("category")."""
    return [f"{path}__{field.attname}" if path else field.attname for field in model._meta.concrete_fields]


def instance(model: type[M], row: Row) -> M:
    """The object of a row of `columns`, as a queryset would give it."""
    values = list(row)
    for place, convert in _converters(model):
        values[place] = convert(values[place], None, connections[DEFAULT_DB_ALIAS])
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in model._meta.concrete_fields], values)


@cache
def _converters(model: type[Model]) -> list[tuple[int, Callable[..., Any]]]:
    """What the columns are that the driver does not read as Python wants them: JSON, ciphertext."""
    fields = enumerate(model._meta.concrete_fields)
    return [(place, field.from_db_value) for place, field in fields if hasattr(field, "from_db_value")]
