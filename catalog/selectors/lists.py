"""Category and search pages: what is found, what it can be narrowed by, and one page of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db import connection
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from backmarket.prepared import Row, prepared_sql
from catalog.facet_options import Facet, facets_shown
from catalog.facets import Choice, PriceRange, chosen_in, groups_of
from catalog.models import Buyable, Category
from catalog.models.buyables import ORDERS, OnCard
from catalog.search import Way, likeness, nearest, ways_out, words_of
from catalog.selectors.hits import Found, Hit, find
from catalog.selectors.narrowing import Narrowed, narrowed, slots_of

PAGE_SIZE = 24
# Up to so many rows are read by their slots; more of them are met on the way through the order of the list.
FEW = 500
DEFAULT_SORT = "best"
# Where nothing was found, so many devices come closest.
CLOSEST = 4
SORTS = {
    DEFAULT_SORT: _("Best match"),
    "price": _("Price, lowest first"),
    "saving": _("Saving, largest first"),
    "newest": _("Newest"),
    "rating": _("Plant's rating"),
}


class CardColumns(NamedTuple):
    id: int
    form: str
    colour: str
    grade: str
    slug: str
    sku: str
    title: str
    subtitle: str
    price_minor: int | None
    currency: str
    reference_minor: int | None
    reference_source: str
    reference_date: date | None
    saving_bps: int
    in_stock: bool
    plant_name: str
    plant_rating_x10: int | None
    guarantee_months: int


class CardRow(OnCard, CardColumns):
    """What a card prints of a buyable: an object of its forty columns costs as much as the card."""


@dataclass(frozen=True)
class ListPage:
    """A page of buyables with its facets. `page` holds at most PAGE_SIZE rows.

    `choice` is what the address chooses of what there is; `unknown` are the values it asks for and nothing here has.
    """

    page: "Page[CardRow]"
    facets: list[Facet]
    choice: Choice
    unknown: list[str]
    sort: str
    total: int
    category: Category | None = None
    query: str = ""
    respelt: str = ""
    ways: Sequence[Way] = ()
    """Where a search that found nothing may go on, and some of what the first way leads to."""
    closest: Sequence[Buyable] = ()


class KnownPaginator(Paginator):
    """A paginator that has been told the count: the facets' query knows it already."""

    def __init__(self, rows: Any, count: int) -> None:
        super().__init__(rows, PAGE_SIZE)
        self._known = count

    @cached_property
    def count(self) -> int:
        return self._known


class Condition(NamedTuple):
    """What a list is narrowed to, in SQL; the statement of a page is written by hand, as it is always the same one:
    putting it together takes Django longer than answering it takes PostgreSQL."""

    sql: str
    params: list[Any]

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(f"{self.sql} AND {other.sql}", [*self.params, *other.params])


IN_STOCK = Condition("in_stock", [])
CARDS = f"SELECT {', '.join(CardColumns._fields)} FROM catalog_buyable"  # noqa: S608 - names of ours


_by_key = prepared_sql(f"{CARDS} WHERE id = ANY(%(keys)s::bigint[])")


class Rows:
    """Buyables read by the keys of a slice, in its order: what a paginator takes for a list."""

    def __init__(self, keys: Sequence[int]) -> None:
        self.keys = keys

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, part: slice) -> list[CardRow]:
        keys = self.keys[part]
        rows = {row[0]: CardRow(*row) for row in _by_key(keys=keys)}
        return [rows[key] for key in keys if key in rows]


class Left:
    """The rows of a category that its bits leave, in an order: read by their slots, or met on the order's index."""

    def __init__(self, category: int, bits: str, sort: str, price: PriceRange, *, is_short: bool) -> None:
        low, high = price.ends
        self.read = _left(sort, is_short)
        self.facts = {
            "category": category, "left": list(slots_of(bits)) if is_short else bits, "low": low, "high": high
        }  # fmt: skip

    def __getitem__(self, part: slice) -> list[CardRow]:
        return [CardRow(*row) for row in self.read(**self.facts, most=part.stop - part.start, before=part.start)]


BY_SLOT = "slot = ANY({left}::int[])"
# A slot beyond the bits, given to a row since they were read, is not among them.
IN_BITS = "substring({left}::varbit FROM slot + 1 FOR 1) = '1'"


@cache
def _left(sort: str, is_short: bool) -> Callable[..., list[Row]]:
    where = f"in_stock AND category_id = %(category)s::bigint AND {BY_SLOT if is_short else IN_BITS}"
    if sort == "price":  # where the order begins and ends, which the bits do not know
        where += " AND price_minor BETWEEN %(low)s::bigint AND %(high)s::bigint"
    statement = _page(where.format(left="%(left)s"), sort, ("%(most)s::bigint", "%(before)s::bigint"), not is_short)
    return prepared_sql(statement)


def _page(where: str, sort: str, limits: tuple[str, str], deep: bool) -> str:
    """The rows of a page. `deep`: the condition is one that the order's index holds, so what lies before a page is
    passed over there, and no row of it read."""
    order = _columns(ORDERS[sort])
    page = "WHERE {} ORDER BY {} LIMIT {} OFFSET {}".format(where, order, *limits)
    if not deep:
        return f"{CARDS} {page}"
    return f"{CARDS} WHERE id IN (SELECT id FROM catalog_buyable {page}) ORDER BY {order}"  # noqa: S608 - names of ours


def _columns(order: Sequence[str]) -> str:
    return ", ".join(f"{column.removeprefix('-')}{' DESC' * column.startswith('-')}" for column in order)


class Met:
    """The rows that meet a condition, in an order."""

    def __init__(self, condition: Condition, sort: str) -> None:
        self.condition, self.sort = condition, sort

    def __getitem__(self, part: slice) -> list[CardRow]:
        where, params = self.condition
        with connection.cursor() as cursor:
            statement = _page(where, self.sort, ("%s", "%s"), deep=True)
            cursor.execute(statement, [*params, part.stop - part.start, part.start])
            return [CardRow(*row) for row in cursor]


def category_page(category: Category, params: "MultiValueDict[str, str]") -> ListPage:
    """The category's buyables as the address narrows, sorts and pages them: four queries at most, and three more
    where it names a value that nothing has."""
    groups = groups_of(category)
    left, choice, unknown = _settled([category], chosen_in(params, groups))
    sort = _sort(params)
    within = IN_STOCK & Condition("category_id = %s", [category.pk])
    rows: Any = Met(_in_order(within, choice, left, sort), sort)
    bits = left.bits[category.pk]
    if choice and bits is not None and not left.loose:
        rows = Left(category.pk, bits, sort, choice.price, is_short=left.total <= FEW)
    page = KnownPaginator(rows, left.total).get_page(params.get("page"))
    return ListPage(page, facets_shown(groups, left, choice), choice, unknown, sort, left.total, category)


def search_page(query: str, params: "MultiValueDict[str, str]", categories: Sequence[Category]) -> ListPage:
    """The buyables that the words mean, most alike first; without words, all of them."""
    groups = groups_of(None, categories)
    sort = _sort(params)
    found = find(query)
    searched = bool(words_of(query))
    met = {hit.category_id for hit in found.hits}
    within = [category for category in categories if category.pk in met] if searched else categories
    names = {category.slug: category.name for category in categories}
    among = found.hits if searched else None
    left, choice, unknown = _settled(within, chosen_in(params, groups), among, names)
    rows: Any = Met(_in_order(IN_STOCK, choice, left, sort), sort)
    if searched:
        rows = Rows(_ranked(found, left, sort))
    page = KnownPaginator(rows, left.total).get_page(params.get("page"))
    facets = facets_shown(groups, left, choice, names)
    ways = ways_out(found.search) if found.search else []
    closest = nearest(ways[0], CLOSEST) if ways else []
    return ListPage(page, facets, choice, unknown, sort, left.total, None, query, found.respelt, ways, closest)


def _settled(
    categories: Sequence[Category], asked: Choice, among: Sequence[Hit] | None = None, names: Iterable[str] = ()
) -> tuple[Narrowed, Choice, list[str]]:
    """What is left of these categories by what `asked` chooses of what is in them or, of categories, in `names`."""
    left = narrowed(categories, asked, among)
    known = {**left.counts, "category": [*left.counts.get("category", ()), *names]}
    choice, unknown = asked.settled(known)
    return left if choice == asked else narrowed(categories, choice, among), choice, unknown


def _sort(params: "MultiValueDict[str, str]") -> str:
    sort = params.get("sort", "")
    return sort if sort in SORTS else DEFAULT_SORT


def _in_order(rows: Condition, choice: Choice, left: Narrowed, sort: str) -> Condition:
    """The rows of a list, as a condition that its order's index can be read with."""
    if not choice:
        return rows
    if sort == "price":
        rows &= Condition("price_minor BETWEEN %s AND %s", [*choice.price.ends])
    some, is_short = Condition("(id = ANY(%s)", [list(left.loose)]), left.total <= FEW
    for category, bits in left.bits.items():
        if bits and "1" in bits:
            more = f"category_id = %s AND {(BY_SLOT if is_short else IN_BITS).format(left='%s')}"
            given = [category, list(slots_of(bits)) if is_short else bits]
            some = Condition(f"{some.sql} OR {more}", [*some.params, *given])
    return rows & Condition(f"{some.sql})", some.params)


def _ranked(found: Found, left: Narrowed, sort: str) -> list[int]:
    """The keys of the hits that are left, in the order asked for; the best first are those most like the words."""
    hits = [hit for hit in found.hits if hit in left]
    if sort == DEFAULT_SORT:
        titles = {hit.title for hit in hits}
        alike = {title: max(likeness(title, text) for text in found.texts) for title in titles}
        return [hit.id for hit in sorted(hits, key=lambda hit: (-alike[hit.title], -hit.score, hit.id))]
    return [hit.id for hit in sorted(hits, key=lambda hit: _place(hit, sort))]


def _place(hit: Hit, sort: str) -> list[int]:
    columns = [(column.removeprefix("-"), -1 if column.startswith("-") else 1) for column in ORDERS[sort]]
    return [(getattr(hit, column) or 0) * sign for column, sign in columns]
