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
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)


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
    def statement() -> tuple[str, tuple[Any, ...]]:
        queryset = build(**{name: Param(name) for name in inspect.signature(build).parameters})
        sql, params = queryset.query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        return sql, tuple(params)

    @wraps(build)
    def read(**values: Any) -> list[Row]:
        sql, params = statement()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, [values[each.name] if isinstance(each, Param) else each for each in params])
            return list(cursor.fetchall())

    return read


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
