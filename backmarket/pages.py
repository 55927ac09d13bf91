"""Pages made of several apps."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe

from backmarket import timetravel
from backmarket.pagecache import kept_page
from catalog.models import ShopFigures
from catalog.selectors.collections import shelf_for_home
from catalog.selectors.shelves import best_offers, navigation
from catalog.stock_shown import shows_stock
from refurbishers.models import Refurbisher

OFFERS_SHOWN, PLANTS_SHOWN = 10, 8
# Some offer changes at every moment; the front page may be so many seconds old.
HOME_LIFETIME = 30


@require_safe
@conditional_page
@kept_page(lifetime=HOME_LIFETIME)
@shows_stock
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "figures": ShopFigures.objects.first(),
        "categories": navigation(),
        "offers": best_offers(OFFERS_SHOWN),
        "shelf": shelf_for_home(timetravel.now()),
        "plants": Refurbisher.objects.trading().order_by("-quality_bps", "name")[:PLANTS_SHOWN],
    }
    return render(request, "home.html", context)


@require_safe
@conditional_page
def constant(request: HttpRequest) -> HttpResponse:
    """24 cards and 60 kB from constants, without a query: what this server could do at most (`make bench`)."""
    return render(request, "bench/constant.html", {"cards": range(24)})
