"""Reads that a page makes each time it is shown: Django writes the statement once for each process, not for each page,
and PostgreSQL plans it once for each connection (plan_cache_mode), whatever values it believes to be rare.

Writing and planning it take longer than answering it, and an object for each row longer than a tuple (`prepared`,
`prepared_objects`; `execute` is for writes):

    @prepared
    def shelf(product: Any) -> QuerySet[Any]:
        return Buyable.objects.filter(product=product).values_list("sku", "price_minor")

    shelf(product=7)  # [("IPHONE-12-128", 31900), …]
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from itertools import count
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import RelatedPopulator, get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from psycopg2.extensions import AsIs

# How many different writes are planned once, and the longest of them in characters (an order of four devices).
MOST, LONGEST = 200, 8_000
NAMED = re.compile(r"%\((\w+)\)s")

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
    """The rows of a statement written by hand, its values named in it: "… WHERE id = ANY(%(ids)s::bigint[])"."""
    names = NAMED.findall(written)
    sql = NAMED.sub("%s", written)
    statement = Statement(f"prepared_{next(_numbers)}", sql, tuple(map(Param, names)), tuple(dict.fromkeys(names)))

    def read(**values: Any) -> list[Row]:
        return _asked(statement, values)

    return read


def _written(build: Callable[..., "QuerySet[Any, Any]"]) -> tuple[Statement, SQLCompiler]:
    queryset = build(**{name: Param(name) for name in inspect.signature(build).parameters})
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    order = tuple(dict.fromkeys(each.name for each in params if isinstance(each, Param)))
    return Statement(f"prepared_{next(_numbers)}", sql, tuple(params), order), compiler


_numbers = count(1)
_written_before: dict[str, Statement] = {}


def _asked(statement: Statement, values: dict[str, Any]) -> list[Row]:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        if statement.name not in (names := _names(cursor.db)):
            places = {name: AsIs(f"${place}") for place, name in enumerate(statement.order, 1)}
            params = [places[each.name] if isinstance(each, Param) else each for each in statement.params]
            _prepare(cursor.db, names, statement.name, statement.sql, params)
        cursor.execute(statement.call, [values[name] for name in statement.order])
        return list(cursor.fetchall())


def execute(cursor: Any, sql: str, params: "Sequence[Any] | Mapping[str, Any]") -> None:
    """Execute a statement, planned once for each connection where its text comes again and again. PostgreSQL must know
    the types of its places (%s, %(name)s) from the text alone.

    One that inserts many rows has a text of its own: whatever is longer or comes after many others is planned anew.
    """
    statement = _written_before.get(sql)
    if statement is None and len(sql) < LONGEST and len(_written_before) < MOST:
        named = NAMED.findall(sql) if isinstance(params, Mapping) else map(str, range(len(params)))
        order = tuple(dict.fromkeys(named))
        statement = _written_before.setdefault(sql, Statement(f"prepared_{next(_numbers)}", sql, (), order))
    if statement is None:
        cursor.execute(sql, params)
        return
    if statement.name not in (names := _names(cursor.db)):
        places = {name: AsIs(f"${place}") for place, name in enumerate(statement.order, 1)}
        _prepare(
            cursor.db, names, statement.name, sql, places if isinstance(params, Mapping) else list(places.values())
        )
    given = [params[name] for name in statement.order] if isinstance(params, Mapping) else params
    cursor.execute(statement.call, given)


def _names(db: Any) -> set[str]:
    """Of the statements that it knows: it keeps them through rollbacks, and forgets when it is closed."""
    known, names = getattr(db, "prepared_statements", (None, set[str]()))
    if known is not db.connection:
        names = set[str]()
        db.prepared_statements = (db.connection, names)
    return names


def _prepare(db: Any, names: set[str], name: str, sql: str, params: Sequence[Any] | Mapping[str, Any]) -> None:
    with db.wrap_database_errors, db.connection.cursor() as cursor:
        cursor.execute(f"PREPARE {name} AS {sql}", params)
    names.add(name)


def _maker(compiler: SQLCompiler) -> Callable[[Row], Any]:
    """Makes the object of a row, as django.db.models.query.ModelIterable does."""
    select, info = compiler.select or [], compiler.klass_info or {}
    from_db, fields = _from_db(info["model"]), info["select_fields"]
    own = slice(fields[0], fields[-1] + 1)
    names = [column.target.attname for column, _sql, _alias in select[own]]
    related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # of a later Django
    _make_quickly(related)
    noted = list((compiler.annotation_col_map or {}).items())
    converted = [
        (place, converters, expression)
        for place, (converters, expression) in compiler.get_converters([each for each, _sql, _alias in select]).items()
    ]

    def made(row: Row) -> Any:
        values = list(row)
        for place, converters, expression in converted:
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        found = from_db(DEFAULT_DB_ALIAS, names, values[own])
        for each in related:
            each.populate(values, found)
        for name, place in noted:
            setattr(found, name, values[place])
        return found

    return made


def _from_db(model: type[Model]) -> Callable[[str | None, Sequence[str], Sequence[Any]], Any]:
    """The model's `from_db`, without asking eighty times for each object what is known of its class, where that has no
    other way of making them. Nobody listens to it: signals are not used here."""
    if model.__init__ is not Model.__init__ or model.from_db.__func__ is not Model.from_db.__func__:  # type: ignore[attr-defined]
        return model.from_db

    def made(db: str | None, names: Sequence[str], values: Sequence[Any]) -> Any:
        found, state = model.__new__(model), ModelState()
        state.adding, state.db = False, db
        found.__dict__.update(zip(names, values, strict=True), _state=state)
        return found

    return made


def _make_quickly(related: list[RelatedPopulator]) -> None:
    for each in related:
        each.model_cls = SimpleNamespace(from_db=_from_db(each.model_cls))  # type: ignore[assignment]
        _make_quickly(each.related_populators)


def columns(model: type[Model], path: str = "") -> list[str]:
    """The names of all columns of a model, for values_list; `path` leads to it from the queryset's own ("category")."""
    return [f"{path}__{field.attname}" if path else field.attname for field in model._meta.concrete_fields]


def instance(model: type[M], row: Row) -> M:
    """The object of a row of `columns`, as a queryset would give it."""
    values = list(row)
    for place, convert in _converters(model):
        values[place] = convert(values[place], None, connection)
    from_db, names = _whole(model)
    made: M = from_db(DEFAULT_DB_ALIAS, names, values)
    return made


@cache
def _whole(model: type[Model]) -> tuple[Callable[..., Any], list[str]]:
    return _from_db(model), [field.attname for field in model._meta.concrete_fields]


@cache
def _converters(model: type[Model]) -> list[tuple[int, Callable[..., Any]]]:
    """What the columns are that the driver does not read as Python wants them: JSON, ciphertext."""
    fields = enumerate(model._meta.concrete_fields)
    return [(place, field.from_db_value) for place, field in fields if hasattr(field, "from_db_value")]
