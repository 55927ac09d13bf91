"""The product page."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import conditional_page, require_safe

from backmarket import timetravel
from backmarket.pagecache import kept_page
from catalog import ranking as formula
from catalog.access import public_product
from catalog.models import Grade
from catalog.selectors.products import ProductPage, product_page
from catalog.words import CHAPTERS


@require_safe
@conditional_page
@kept_page("product:{slug}")
def product(request: HttpRequest, slug: str) -> HttpResponse:
    at = timetravel.now()
    shown = product_page(public_product(slug), request.GET, at=at)
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
