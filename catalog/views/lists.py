"""The shop window's lists: a category, a search, and suggestions while typing."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import conditional_page, require_safe
from django.views.decorators.vary import vary_on_headers

from backmarket.pagecache import FOUND, kept_page, not_kept
from backmarket.templatetags.ui import number
from catalog.access import public_category
from catalog.facet_options import hints
from catalog.search import suggestions
from catalog.selectors.lists import CLOSEST, DEFAULT_SORT, SORTS, ListPage, category_page, search_page
from catalog.selectors.shelves import best_offers, searched_categories
from catalog.stock_shown import shows_stock
from catalog.structured import category_data

PRICE_KEYS = ("price_min", "price_max")
# What an address may hold beside values of facets.
OTHER_KEYS = {*PRICE_KEYS, "q", "sort", "page"}
# A search shows all categories, and some offer changes at every moment: so many seconds old it may be.
SEARCH_LIFETIME = 30


def at_its_address(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A list has one address: what a form sends empty, and the order that it has anyway, lead to the one without."""

    @wraps(view)
    def serve(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        said = QueryDict(mutable=True)
        for key, values in request.GET.lists():
            said.setlist(key, [value for value in values if value.strip() and (key, value) != ("sort", DEFAULT_SORT)])
        if said == request.GET:
            return view(request, *args, **kwargs)
        return HttpResponseRedirect(_joined(request.path, said))

    return serve


@require_safe
@at_its_address
@conditional_page
@vary_on_headers("HX-Request", "HX-Target")
@kept_page("category:{slug}")
@shows_stock
def category(request: HttpRequest, slug: str) -> HttpResponse:
    found = public_category(slug)
    listed = category_page(found, request.GET)
    context = _listing(request, listed, found.name)
    context |= {"crumbs": [{"title": found.name}], "json_ld": category_data(found)}
    return _answer(request, "catalog/category.html", listed, context)


@require_safe
@at_its_address
@conditional_page
@vary_on_headers("HX-Request", "HX-Target")
@kept_page(lifetime=SEARCH_LIFETIME)
@shows_stock
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:100]
    categories = searched_categories()
    listed = search_page(query, request.GET, categories)
    context = {**_listing(request, listed, query or gettext("All devices")), "nav_categories": categories}
    if not listed.total:
        context["offers"] = listed.closest or best_offers(CLOSEST)
    return _answer(request, "catalog/search.html", listed, context)


@require_safe
@kept_page(lifetime=SEARCH_LIFETIME)
def suggest(request: HttpRequest) -> HttpResponse:
    """The products that may be meant by what has been typed so far, as options that lead to their pages."""
    rows = suggestions(request.GET.get("q", "")[:100])
    response = render(request, "catalog/_suggestions.html", {"rows": rows})
    return response if rows and request.GET.keys() == {"q"} else not_kept(response)


def _answer(request: HttpRequest, template: str, listed: ListPage, context: dict[str, Any]) -> HttpResponse:
    """The page, or what narrowing changes of it. Kept is only what the shop's own links lead to: no unknown parameter
    or value, no page that is not there, something found."""
    is_part = request.htmx and request.htmx.target == FOUND  # type: ignore[attr-defined]
    response = render(request, "catalog/_narrowed.html" if is_part else template, context)
    is_known = all(
        key in OTHER_KEYS or values == listed.choice.values.get(key, []) for key, values in request.GET.lists()
    )
    asked = request.GET.get("page", "1")
    return response if listed.total and is_known and asked == str(listed.page.number) else not_kept(response)


def _listing(request: HttpRequest, listed: ListPage, title: str) -> dict[str, Any]:
    sorts = [
        {"value": "" if key == DEFAULT_SORT else key, "label": label, "chosen": key == listed.sort}
        for key, label in SORTS.items()
    ]
    chosen = _chosen(request, listed)
    chips = [
        {"label": option.label, "url": _address(request, chosen, facet.key, drop=option.value)}
        for facet in listed.facets
        for option in facet.chosen
    ]
    chips += [
        {"label": facet.range_label, "url": _address(request, chosen, *PRICE_KEYS)}
        for facet in listed.facets
        if facet.price_chosen
    ]
    more = [
        {"hint": hint, "url": _address(request, chosen, hint.key, add=hint.value)}
        for hint in hints(listed.facets, listed.total)
    ]
    return {
        "listed": listed, "title": title, "description": _description(listed, title), "sorts": sorts, "chips": chips,
        "hints": more, "canonical": _canonical(request, listed),
    }  # fmt: skip


def _chosen(request: HttpRequest, listed: ListPage) -> QueryDict:
    """This address on its first page, with nothing that is not there."""
    params = request.GET.copy()
    params.pop("page", None)
    for key in params.keys() - OTHER_KEYS:
        params.setlist(key, listed.choice.values.get(key, []))
    return params


def _address(request: HttpRequest, chosen: QueryDict, *keys: str, drop: str = "", add: str = "") -> str:
    """What is chosen with one value of a key more or less, or without the keys."""
    params = chosen.copy()
    for key in keys:
        kept = [value for value in params.getlist(key) if value != drop] if drop or add else []
        params.setlist(key, [*kept, add] if add else kept)
    return _joined(request.path, params)


def _canonical(request: HttpRequest, listed: ListPage) -> str:
    """The list itself, page by page; of one that is narrowed or in another order, the first page of the whole."""
    params = QueryDict(mutable=True)
    if listed.query:
        params["q"] = listed.query
    if listed.page.number > 1 and not listed.choice and listed.sort == DEFAULT_SORT:
        params["page"] = str(listed.page.number)
    return _joined(request.path, params)


def _description(listed: ListPage, title: str) -> str:
    """What a search engine may print below the title."""
    words = ngettext(
        "%(title)s, refurbished: %(many)s offer in stock, with its full price, looks, guarantee and the plant behind "
        "it.",
        "%(title)s, refurbished: %(many)s offers in stock, each with its full price, looks, guarantee and the plant "
        "behind it.",
        listed.total,
    )
    return words % {"title": title, "many": number(listed.total)}


def _joined(path: str, params: QueryDict) -> str:
    query = params.urlencode()
    return f"{path}?{query}" if query else path
