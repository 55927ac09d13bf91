"""Pages made of several apps."""

from typing import Any

from django.db.models import Avg, Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe

from catalog.models import Buyable
from catalog.selectors.shelves import best_offers, navigation
from orders.models import OrderLine
from refurbishers.models import Refurbisher

OFFERS_SHOWN, PLANTS_SHOWN = 10, 8


@require_safe
@conditional_page
def home(request: HttpRequest) -> HttpResponse:
    plants = Refurbisher.objects.trading().order_by("-quality_bps", "name")[:PLANTS_SHOWN]
    context = {
        "figures": _figures(),
        "categories": navigation(),
        "offers": best_offers(OFFERS_SHOWN),
        "plants": plants,
    }
    return render(request, "home.html", context)


@require_safe
@conditional_page
def constant(request: HttpRequest) -> HttpResponse:
    """24 cards and 60 kB from constants, without a query: what this server could do at most (`make bench`)."""
    return render(request, "bench/constant.html", {"cards": range(24)})


def _figures() -> dict[str, Any]:
    """Counted from the database, now: devices delivered, saving in basis points, plants, rating and its sample."""
    delivered = OrderLine.objects.filter(status__in=[OrderLine.Status.DELIVERED, OrderLine.Status.CLOSED])
    sold = Buyable.objects.in_stock().aggregate(
        offers=Count("pk"), saving=Avg("saving_bps", filter=Q(reference_minor__isnull=False))
    )
    plants = Refurbisher.objects.trading().aggregate(
        count=Count("pk"), stars=Sum("rating_sum"), ratings=Sum("rating_count")
    )
    return {
        "second_lives": delivered.count(),
        "offers": sold["offers"],
        "saving_bps": None if sold["saving"] is None else int(sold["saving"]),
        "plants": plants["count"],
        "rating": plants["stars"] / plants["ratings"] if plants["ratings"] else None,
        "ratings": plants["ratings"] or 0,
    }
