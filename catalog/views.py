"""The shop window: category, product, search, and the pages that explain our figures and rules."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import conditional_page, require_safe
from django.views.decorators.vary import vary_on_headers

from backmarket import timetravel
from catalog import impact as impact_method
from catalog import ranking as formula
from catalog import selectors
from catalog.access import public_category, public_product
from catalog.models import Grade
from catalog.search import suggestions
from catalog.selectors import SORTS, ProductPage
from catalog.words import CHAPTERS


@require_safe
@conditional_page
@vary_on_headers("HX-Request")
def category(request: HttpRequest, slug: str) -> HttpResponse:
    found = public_category(slug)
    listed = selectors.category_page(found, request.GET)
    return render(request, "catalog/category.html", {**_listing(request, listed), "crumbs": [{"title": found.name}]})


@require_safe
@conditional_page
@vary_on_headers("HX-Request")
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:100]
    listed = selectors.search_page(query, request.GET)
    context = _listing(request, listed)
    if not listed.total:
        context["offers"] = selectors.best_offers(4)
    return render(request, "catalog/search.html", context)


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Titles for what has been typed so far, as the options of a datalist."""
    return render(request, "catalog/_suggestions.html", {"rows": suggestions(request.GET.get("q", "")[:100])})


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    at = timetravel.now()
    shown = selectors.product_page(public_product(slug), request.GET, at=at)
    crumbs = [
        {"title": shown.product.category.name, "url": shown.product.category.get_absolute_url()},
        {"title": str(shown.product)},
    ]
    context = {
        "shown": shown,
        "crumbs": crumbs,
        "grades": _grade_options(shown),
        "chapters": _chapters(shown.checks),
        "json_ld": _json_ld(shown),
        "max_points": formula.MAX_POINTS,
    }
    return render(request, "catalog/product.html", context)


@require_safe
@conditional_page
def impact(request: HttpRequest) -> HttpResponse:
    rows = [(row, impact_method.avoided(row.impact, 1), impact_method.avoided(row.impact))
            for row in selectors.categories_with_impact()]  # fmt: skip
    context = {"rows": rows, "version": impact_method.METHOD_VERSION}
    return render(request, "pages/impact.html", context)


@require_safe
@conditional_page
def ranking(request: HttpRequest) -> HttpResponse:
    context = {"formula": formula, "example": selectors.contested_offers(), "span_bps": formula.PRICE_SPAN_BPS}
    return render(request, "pages/ranking.html", context)


@require_safe
@conditional_page
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/terms.html")


@require_safe
@conditional_page
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Private pages and endless combinations of filters are no use to a search engine."""
    closed = ("/cart/", "/checkout/", "/account/", "/accounts/", "/search/", "/sell/quotes/", "/desk/", "/plant/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    lines.append(f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


def _listing(request: HttpRequest, listed: selectors.ListPage) -> dict[str, Any]:
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


def _grade_options(shown: ProductPage) -> list[dict[str, Any]]:
    rows = {row.grade: row for row in shown.buyables}
    options = []
    for grade in Grade.values:
        row = rows.get(grade)
        options.append(
            {
                "value": grade,
                "price": row.price if row and row.in_stock else None,
                "checked": grade == shown.grade,
                "disabled": not (row and row.in_stock),
                "url": f"{shown.product.get_absolute_url()}?variant={shown.variant.sku}&grade={grade}",
            }
        )
    return options


def _chapters(checks: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for check in checks:
        grouped.setdefault(check["chapter"], []).append(check)
    return [(str(CHAPTERS.get(code, code)), rows) for code, rows in grouped.items()]


def _json_ld(shown: ProductPage) -> SafeString:
    """The product for search engines: data, not a script, so the content policy does not concern it."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": f"{shown.product} {shown.variant.label}",
        "sku": shown.variant.sku,
        "brand": {"@type": "Brand", "name": shown.product.brand},
        "category": shown.product.category.name,
        "itemCondition": "https://schema.org/RefurbishedCondition",
    }
    if shown.offer:
        listing = shown.offer.listing
        data["offers"] = {
            "@type": "Offer",
            "price": f"{listing.price_minor / 100:.2f}",
            "priceCurrency": listing.currency,
            "availability": "https://schema.org/InStock",
            "seller": {"@type": "Organization", "name": listing.plant.legal_name},
            "url": f"{settings.SITE_URL}{shown.product.get_absolute_url()}",
        }
    text = json.dumps(data, ensure_ascii=True)
    return mark_safe(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S308
