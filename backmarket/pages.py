"""Pages made of several apps."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe

from catalog.models import ShopFigures
from catalog.selectors.shelves import best_offers, navigation
from refurbishers.models import Refurbisher

OFFERS_SHOWN, PLANTS_SHOWN = 10, 8


@require_safe
@conditional_page
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "figures": ShopFigures.objects.first(),
        "categories": navigation(),
        "offers": best_offers(OFFERS_SHOWN),
        "plants": Refurbisher.objects.trading().order_by("-quality_bps", "name")[:PLANTS_SHOWN],
    }
    return render(request, "home.html", context)
