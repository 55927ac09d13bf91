"""The pages that explain our figures and rules."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe

from catalog import impact as impact_method
from catalog import ranking as formula
from catalog.selectors.shelves import categories_with_impact, contested_offers


@require_safe
@conditional_page
def impact(request: HttpRequest) -> HttpResponse:
    rows = [(row, impact_method.avoided(row.impact, 1), impact_method.avoided(row.impact))
            for row in categories_with_impact()]  # fmt: skip
    context = {"rows": rows, "version": impact_method.METHOD_VERSION}
    return render(request, "pages/impact.html", context)


@require_safe
@conditional_page
def ranking(request: HttpRequest) -> HttpResponse:
    context = {"formula": formula, "example": contested_offers(), "span_bps": formula.PRICE_SPAN_BPS}
    return render(request, "pages/ranking.html", context)


@require_safe
@conditional_page
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/terms.html")


@require_safe
@conditional_page
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html")
