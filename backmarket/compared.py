"""What this browser compared last: SKUs in its own cookie, which the header of every page counts."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE, BETWEEN, MOST = "compare", "|", 4


def compared(request: HttpRequest) -> list[str]:
    """The SKUs compared last, in their order; none of them need exist."""
    return list(filter(None, request.COOKIES.get(COOKIE, "").split(BETWEEN)))[:MOST]


def remember_compared(response: HttpResponse, skus: Iterable[str]) -> None:
    """Keep these SKUs until the browser is closed; no cookie for none."""
    if value := BETWEEN.join(skus):
        response.set_cookie(COOKIE, value, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
