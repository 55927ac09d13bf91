"""Category and search pages: facets, sorts and pages of Buyable rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from catalog.facets import Chosen, Facet, chosen_in, count_facets, groups_of, narrow
from catalog.models import Buyable, Category
from catalog.search import matching, words_of
from catalog.selectors.shelves import navigation

PAGE_SIZE = 24
SORTS = {
    "best": (_("Best offers"), ("-score", "id")),
    "price": (_("Price, lowest first"), ("price_minor", "id")),
    "saving": (_("Saving, largest first"), ("-saving_bps", "id")),
    "newest": (_("Newest models"), ("-released_year", "-score", "id")),
    "rating": (_("Plant's rating"), ("-plant_rating_x10", "-score", "id")),
}


@dataclass(frozen=True)
class ListPage:
    """A page of buyables with its facets. `page` holds at most PAGE_SIZE rows."""

    page: "Page[Buyable]"
    facets: list[Facet]
    chosen: Chosen
    sort: str
    total: int
    category: Category | None = None
    query: str = ""


class CountedPaginator(Paginator):
    """A paginator that has been told the count: the facets' query knows it already."""

    def __init__(self, rows: "QuerySet[Buyable]", count: int) -> None:
        super().__init__(rows, PAGE_SIZE)
        self._known = count

    @cached_property
    def count(self) -> int:
        return self._known


def category_page(category: Category, params: "MultiValueDict[str, str]") -> ListPage:
    """The category's buyables as the address narrows, sorts and pages them: two queries."""
    return _list_page(Buyable.objects.in_stock().filter(category=category), params, category=category)


def search_page(query: str, params: "MultiValueDict[str, str]") -> ListPage:
    """The buyables that the words mean, most alike first; without words, all of them."""
    rows = Buyable.objects.in_stock()
    if words_of(query):
        found = matching(rows, query)
        return _list_page(found, params, query=query, best=("-likeness", "-score", "id"))
    return _list_page(rows, params, query=query)


def _list_page(
    rows: "QuerySet[Buyable]",
    params: "MultiValueDict[str, str]",
    *,
    category: Category | None = None,
    query: str = "",
    best: Sequence[str] = SORTS["best"][1],
) -> ListPage:
    groups = groups_of(category)
    chosen = chosen_in(params, groups)
    names = {} if category else {row.slug: row.name for row in navigation()}
    total, facets = count_facets(rows, groups, chosen, names)
    sort = params.get("sort", "")
    sort = sort if sort in SORTS else "best"
    order = best if sort == "best" else SORTS[sort][1]
    found = narrow(rows, groups, chosen).defer("search", "search_text").order_by(*order)
    page = CountedPaginator(found, total).get_page(params.get("page"))
    return ListPage(page, facets, chosen, sort, total, category, query)
