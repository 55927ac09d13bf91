"""The product page: whole, or only what a choice changes."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe
from django.views.decorators.vary import vary_on_headers

from backmarket import timetravel
from backmarket.db import storable
from backmarket.money import Money
from backmarket.pagecache import CHOICE, kept_page, not_kept
from catalog import ranking as formula
from catalog.access import public_product
from catalog.delivery import delivery_of
from catalog.models import Grade
from catalog.selectors.products import ProductPage, product_page, similar_to
from catalog.stock_shown import shows_stock
from catalog.structured import product_data
from catalog.variants import GRADES

# The day of delivery moves on at the cut-off: so many seconds late at most.
LIFETIME = 60


@require_safe
@conditional_page
@vary_on_headers("HX-Request", "HX-Target")
@kept_page("product:{slug}", lifetime=LIFETIME)
@shows_stock
def product(request: HttpRequest, slug: str) -> HttpResponse:
    at = timetravel.now()
    shown = product_page(public_product(slug), request.GET, at=at)
    name = str(shown.product)
    context = {
        "shown": shown,
        "name": name,
        "grades": _grade_options(shown),
        "days": {days: delivery_of(days, at).day for days in {offer.listing.shipping_days for offer in shown.offers}},
        "max_points": formula.MAX_POINTS,
    }
    if request.htmx and request.htmx.target == CHOICE:
        return _kept_if_sound(request, shown, render(request, "catalog/product/_changed.html", context))
    crumbs = [
        {"title": shown.product.category.name, "url": shown.product.category.get_absolute_url()},
        {"title": name},
    ]
    context |= {"crumbs": crumbs, "json_ld": product_data(shown)}
    return _kept_if_sound(request, shown, render(request, "catalog/product.html", context))


@require_safe
@vary_on_headers("HX-Request")
def similar(request: HttpRequest, slug: str) -> HttpResponse:
    """Devices like the one chosen, for the foot of its page or as one; an unknown grade is that of most devices."""
    product = public_product(slug)
    grade = request.GET.get("grade", "")
    rows = similar_to(product, storable(request.GET.get("variant", "")), grade if grade in GRADES else Grade.GOOD)
    page = "catalog/_similar.html" if request.htmx else "catalog/similar.html"
    return render(request, page, {"product": product, "category": product.category, "rows": rows})


def _kept_if_sound(request: HttpRequest, shown: ProductPage, response: HttpResponse) -> HttpResponse:
    """Only what the shop's own links lead to: what was asked for is what is shown, and is said once and in one way."""
    listing = str(shown.offer.listing.pk) if shown.offer else ""
    told = {"variant": shown.variant.sku, "grade": shown.grade, "listing": listing}
    asked = request.META["QUERY_STRING"]
    sound = {urlencode({name: value}) for name, value in told.items()}
    parts = asked.split("&") if asked else []
    return response if sound.issuperset(parts) and len(set(parts)) == len(parts) else not_kept(response)


def _grade_options(shown: ProductPage) -> list[dict[str, Any]]:
    """The four grades of the variant shown, each with its price and how much more or less that is than the offer shown.

    The grade chosen costs what the offer shown does, which need not be its best one.
    """
    prices = {row.grade: row.price for row in shown.buyables if row.in_stock}
    now = prices[shown.grade] = shown.offer.listing.price if shown.offer else None
    options = []
    for grade in GRADES:
        price = prices.get(grade)
        options.append(
            {
                "value": grade,
                "price": price,
                "checked": grade == shown.grade,
                "step": _step(price, now),
                "dearer": bool(price and now and price > now),
                "url": f"{shown.product.get_absolute_url()}?variant={shown.variant.sku}&grade={grade}",
            }
        )
    return options


def _step(price: Money | None, now: Money | None) -> Money | None:
    """The difference without its sign; None where there is nothing to compare."""
    if price is None or now is None:
        return None
    return Money(abs(price.minor - now.minor), price.currency)
