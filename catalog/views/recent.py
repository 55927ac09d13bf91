"""What this browser looked at last: products in a version and in looks, in its own cookie and nowhere else."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from backmarket.db import storable
from catalog.selectors.offered import Seen, rows_seen, seen_now
from catalog.variants import GRADES

COOKIE, BETWEEN, WITHIN = "seen", ".", "-"
REMEMBERED, SHOWN = 10, 8
MAX_AGE_SECONDS = 30 * 24 * 3600


@never_cache
@vary_on_headers("HX-Request")
@require_safe
def recent(request: HttpRequest) -> HttpResponse:
    """The devices looked at before this one, which is remembered now: `seen`, a product's slug, in this `variant`, a
    SKU, and `grade`. `quietly` only remembers it."""
    before, current = _seen(request), _current(request)
    others = [seen for seen in before if current is None or seen.product_id != current.product_id]
    response = HttpResponse(status=204) if "quietly" in request.GET else _answer(request, others)
    if current:
        kept = [current, *others][:REMEMBERED]
        response.set_cookie(
            COOKIE, BETWEEN.join(WITHIN.join(map(str, seen)) for seen in kept), max_age=MAX_AGE_SECONDS, httponly=True,
            samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
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


def _answer(request: HttpRequest, seen: list[Seen]) -> HttpResponse:
    page = "catalog/_recent_row.html" if request.htmx else "catalog/recent.html"  # type: ignore[attr-defined]
    return render(request, page, {"rows": rows_seen(seen)[:SHOWN]})


def _current(request: HttpRequest) -> Seen | None:
    slug, sku = (storable(request.GET.get(name, "")[:80]) for name in ("seen", "variant"))
    grade = request.GET.get("grade", "")
    return seen_now(slug, sku, grade if grade in GRADES else "")


def _seen(request: HttpRequest) -> list[Seen]:
    """What the cookie holds, latest first; whatever else it holds is passed over."""
    parts = (part.split(WITHIN) for part in request.COOKIES.get(COOKIE, "").split(BETWEEN)[:REMEMBERED])
    return [Seen(int(part[0]), int(part[1]), part[2]) for part in parts if _is_seen(part)]


def _is_seen(part: list[str]) -> bool:
    numbers = part[:2]
    return len(part) == 3 and all(text.isascii() and text.isdigit() and len(text) < 19 for text in numbers)
