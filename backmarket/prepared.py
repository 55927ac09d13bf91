"""Reads that a page makes each time it is shown: Django writes the statement once for each process, not for each page.

Writing it takes Django longer than answering it takes PostgreSQL, and an object for each row longer than a tuple:

    @prepared
    def shelf(product: Any) -> QuerySet[Any]:
        return Buyable.objects.filter(product=product).values_list("sku", "price_minor")

    shelf(product=7)  # [("IPHONE-12-128", 31900), …]
"""

import inspect
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)


class Statement(NamedTuple):
    sql: str
    params: tuple[Any, ...]


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


def _written(build: Callable[..., "QuerySet[Any, Any]"]) -> tuple[Statement, SQLCompiler]:
    queryset = build(**{name: Param(name) for name in inspect.signature(build).parameters})
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    return Statement(sql, tuple(params)), compiler


def _asked(statement: Statement, values: dict[str, Any]) -> list[Row]:
    params = [values[each.name] if isinstance(each, Param) else each for each in statement.params]
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(statement.sql, params)
        return list(cursor.fetchall())


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
