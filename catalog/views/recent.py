"""What this browser looked at last: product numbers in its own cookie, and nowhere else."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from backmarket.db import storable
from catalog.models import Buyable
from catalog.selectors.offered import best_of_products, product_number

COOKIE, BETWEEN = "seen", "."
REMEMBERED, SHOWN = 10, 8
MAX_AGE_SECONDS = 30 * 24 * 3600


@never_cache
@vary_on_headers("HX-Request")
@require_safe
def recent(request: HttpRequest) -> HttpResponse:
    """The devices looked at before this one (`seen`, a product's slug), which is remembered now."""
    before = _seen(request)
    current = product_number(storable(request.GET.get("seen", "")[:80]))
    response = _answer(request, [pk for pk in before if pk != current])
    if current:
        kept = [current, *(pk for pk in before if pk != current)][:REMEMBERED]
        response.set_cookie(
            COOKIE, BETWEEN.join(map(str, kept)), max_age=MAX_AGE_SECONDS, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
    return response


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        response = _answer(request, [])
    else:
        messages.success(request, _("Forgotten."))
        response = redirect("recent")
    response.delete_cookie(COOKIE, samesite="Lax")
    return response


def _answer(request: HttpRequest, ids: list[int]) -> HttpResponse:
    best = best_of_products(ids)
    rows: list[Buyable] = [best[pk] for pk in ids if pk in best][:SHOWN]
    page = "catalog/_recent_row.html" if request.htmx else "catalog/recent.html"  # type: ignore[attr-defined]
    return render(request, page, {"rows": rows})


def _seen(request: HttpRequest) -> list[int]:
    """The cookie's product numbers, latest first; whatever else it holds is passed over."""
    parts = request.COOKIES.get(COOKIE, "").split(BETWEEN)[:REMEMBERED]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 19]
