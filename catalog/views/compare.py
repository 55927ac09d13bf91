"""Comparing: the address holds the variants, a cookie those compared last, so that a product's page can add to them."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backmarket.db import storable
from catalog.selectors.compare import MOST, Comparison, comparison, variants_to_add

COOKIE, BETWEEN, LONGEST = "compare", "|", 10


@never_cache
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """The variants side by side. Four is the most: a fifth is refused with words."""
    shown = comparison(storable(request.GET.getlist("v")[:LONGEST]))
    query, only = request.GET.get("q", "").strip()[:100], "only" in request.GET
    found = variants_to_add(query, shown.skus) if query and len(shown.skus) < MOST else []
    context = {
        "shown": shown,
        "columns": [(column, compare_url(_without(shown, column.variant.sku))) for column in shown.columns],
        "rows": [row for row in shown.rows if row.differs or not only],
        "only": only,
        "query": query,
        "found": [(row, compare_url([*shown.skus, row.sku])) for row in found],
        "most": MOST,
    }
    response = render(request, "catalog/compare.html", context)
    response.set_cookie(
        COOKIE, BETWEEN.join(shown.skus), httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


@never_cache
@require_safe
def add(request: HttpRequest) -> HttpResponse:
    """From anywhere: what was compared last, and this one."""
    last = request.COOKIES.get(COOKIE, "").split(BETWEEN)[:MOST]
    return redirect(compare_url([*filter(None, last), *request.GET.getlist("v")[:1]]))


def compare_url(skus: Iterable[str]) -> str:
    query = urlencode([("v", sku) for sku in dict.fromkeys(skus)])
    return f"{reverse('compare')}?{query}" if query else reverse("compare")


def _without(shown: Comparison, sku: str) -> list[str]:
    return [other for other in shown.skus if other != sku]
