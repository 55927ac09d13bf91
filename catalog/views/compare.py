"""Comparing: the address holds the variants, a cookie those compared last, so that a product's page can add to them."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backmarket.compared import BETWEEN, COOKIE, MOST, compared, remember_compared
from backmarket.db import storable
from catalog.selectors.compare import Comparison, comparison, variants_to_add

LONGEST = 10


@never_cache
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """The variants side by side. Four is the most: a fifth is refused with words. No address: those compared last."""
    last = compared(request)
    if last and "v" not in request.GET:
        return _with_last(request, last)
    asked = storable(request.GET.getlist("v")[:LONGEST])
    shown = comparison(asked)
    # Only who takes out the last device has nothing left to compare: an address of unknown ones changes nothing.
    is_new = bool(shown.skus) or set(filter(None, asked)) <= set(last)
    if is_new:
        request.COOKIES[COOKIE] = BETWEEN.join(shown.skus)  # the header of this page counts them too
    response = render(request, "catalog/compare.html", _shown(request, shown))
    if is_new:
        remember_compared(response, shown.skus)
    return response


@never_cache
@require_safe
def add(request: HttpRequest) -> HttpResponse:
    """From anywhere: what was compared last, and this one."""
    return redirect(compare_url([*compared(request), *request.GET.getlist("v")[:1]]))


def compare_url(skus: Iterable[str]) -> str:
    """The address of a comparison; that of none names an empty one, for without any it is the last."""
    return f"{reverse('compare')}?{urlencode([('v', sku) for sku in dict.fromkeys(skus)] or {'v': ''})}"


def _shown(request: HttpRequest, shown: Comparison) -> dict[str, object]:
    query, only = request.GET.get("q", "").strip()[:100], "only" in request.GET
    found = variants_to_add(query, shown.skus) if query and len(shown.skus) < MOST else []
    return {
        "shown": shown,
        "columns": [(column, compare_url(_without(shown, column.variant.sku))) for column in shown.columns],
        "rows": [row for row in shown.rows if row.differs or not only],
        "only": only,
        "query": query,
        "found": [(row, compare_url([*shown.skus, row.sku])) for row in found],
        "most": MOST,
    }


def _with_last(request: HttpRequest, last: list[str]) -> HttpResponse:
    """The same request, for what was compared last."""
    query = request.GET.copy()
    query.setlist("v", last)
    return redirect(f"{reverse('compare')}?{query.urlencode()}")


def _without(shown: Comparison, sku: str) -> list[str]:
    return [other for other in shown.skus if other != sku]
