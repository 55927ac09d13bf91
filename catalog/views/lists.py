"""The shop window's lists: a category, a search, and suggestions while typing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe
from django.views.decorators.vary import vary_on_headers

from backmarket.pagecache import kept_page, not_kept
from catalog.access import public_category
from catalog.facet_options import hints
from catalog.search import suggestions
from catalog.selectors.lists import CLOSEST, SORTS, ListPage, category_page, search_page
from catalog.selectors.shelves import best_offers, searched_categories
from catalog.stock_shown import shows_stock

PRICE_KEYS = ("price_min", "price_max")
# A search shows all categories, and some offer changes at every moment: so many seconds old it may be.
SEARCH_LIFETIME = 30


@require_safe
@conditional_page
@vary_on_headers("HX-Request")
@kept_page("category:{slug}")
@shows_stock
def category(request: HttpRequest, slug: str) -> HttpResponse:
    found = public_category(slug)
    listed = category_page(found, request.GET)
    context = {**_listing(request, listed), "crumbs": [{"title": found.name}]}
    return _kept_if_sound(request, listed, render(request, "catalog/category.html", context))


@require_safe
@conditional_page
@vary_on_headers("HX-Request")
@kept_page(lifetime=SEARCH_LIFETIME)
@shows_stock
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:100]
    categories = searched_categories()
    listed = search_page(query, request.GET, categories)
    context = {**_listing(request, listed), "nav_categories": categories}
    if not listed.total:
        context["offers"] = listed.closest or best_offers(CLOSEST)
    return _kept_if_sound(request, listed, render(request, "catalog/search.html", context))


@require_safe
@kept_page(lifetime=SEARCH_LIFETIME)
def suggest(request: HttpRequest) -> HttpResponse:
    """The products that may be meant by what has been typed so far, as options that lead to their pages."""
    rows = suggestions(request.GET.get("q", "")[:100])
    response = render(request, "catalog/_suggestions.html", {"rows": rows})
    return response if rows and request.GET.keys() == {"q"} else not_kept(response)


def _kept_if_sound(request: HttpRequest, listed: ListPage, response: HttpResponse) -> HttpResponse:
    """Only what the shop's own links lead to: no unknown parameter, no page that is not there, something found."""
    known = {*(facet.key for facet in listed.facets), *PRICE_KEYS, "q", "sort", "page"}
    asked = request.GET.get("page", "1")
    sound = listed.total and known.issuperset(request.GET) and asked == str(listed.page.number)
    return response if sound else not_kept(response)


def _listing(request: HttpRequest, listed: ListPage) -> dict[str, Any]:
    sorts = [{"value": key, "label": label, "chosen": key == listed.sort} for key, label in SORTS.items()]
    chips = [
        {"label": option.label, "url": _address(request, facet.key, drop=option.value)}
        for facet in listed.facets
        for option in facet.chosen
    ]
    chips += [
        {"label": facet.range_label, "url": _address(request, *PRICE_KEYS)}
        for facet in listed.facets
        if facet.price_chosen
    ]
    more = [
        {"hint": hint, "url": _address(request, hint.key, add=hint.value)}
        for hint in hints(listed.facets, listed.total)
    ]  # fmt: skip
    return {"listed": listed, "sorts": sorts, "chips": chips, "hints": more}


def _address(request: HttpRequest, *keys: str, drop: str = "", add: str = "") -> str:
    """This address on its first page: with one value of a key more or less, or without the keys."""
    params = request.GET.copy()
    for key in keys:
        kept = [value for value in params.getlist(key) if value != drop] if drop or add else []
        params.setlist(key, [*kept, add] if add else kept)
    params.pop("page", None)
    return f"{request.path}?{params.urlencode()}"
