"""The shop window's lists: a category, a search, and suggestions while typing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe
from django.views.decorators.vary import vary_on_headers

from catalog.access import public_category
from catalog.search import suggestions
from catalog.selectors.lists import SORTS, ListPage, category_page, search_page
from catalog.selectors.shelves import best_offers


@require_safe
@conditional_page
@vary_on_headers("HX-Request")
def category(request: HttpRequest, slug: str) -> HttpResponse:
    found = public_category(slug)
    listed = category_page(found, request.GET)
    return render(request, "catalog/category.html", {**_listing(request, listed), "crumbs": [{"title": found.name}]})


@require_safe
@conditional_page
@vary_on_headers("HX-Request")
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:100]
    listed = search_page(query, request.GET)
    context = _listing(request, listed)
    if not listed.total:
        context["offers"] = best_offers(4)
    return render(request, "catalog/search.html", context)


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Titles for what has been typed so far, as the options of a datalist."""
    return render(request, "catalog/_suggestions.html", {"rows": suggestions(request.GET.get("q", "")[:100])})


def _listing(request: HttpRequest, listed: ListPage) -> dict[str, Any]:
    sorts = [{"value": key, "label": label, "chosen": key == listed.sort} for key, (label, __) in SORTS.items()]
    chips = [
        {"option": option, "url": _without(request, facet.key, option.value)}
        for facet in listed.facets
        for option in facet.chosen
    ]
    return {"listed": listed, "sorts": sorts, "chips": chips}


def _without(request: HttpRequest, key: str, value: str) -> str:
    """This address without one chosen value, back on its first page."""
    params = request.GET.copy()
    params.setlist(key, [kept for kept in params.getlist(key) if kept != value])
    params.pop("page", None)
    return f"{request.path}?{params.urlencode()}"
