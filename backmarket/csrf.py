"""The token of a form, as Django makes it, with one draw for all of its letters instead of one for each."""

from django.http import HttpRequest
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH

from backmarket.crypto import random_text

PLACES = {letter: place for place, letter in enumerate(CSRF_ALLOWED_CHARS)}


def token_of(request: HttpRequest) -> str:
    """What a form of this visitor carries; the middleware sends the secret behind it as a cookie.

    As django.middleware.csrf.get_token: the visitor's secret, or a new one, under a mask that is new each time.
    """
    meta = request.META
    if "CSRF_COOKIE" not in meta:
        meta["CSRF_COOKIE"] = random_text(CSRF_SECRET_LENGTH, CSRF_ALLOWED_CHARS)
    meta["CSRF_COOKIE_NEEDS_UPDATE"] = True
    return _masked(meta["CSRF_COOKIE"])


def _masked(secret: str) -> str:
    mask = random_text(CSRF_SECRET_LENGTH, CSRF_ALLOWED_CHARS)
    letters, many = CSRF_ALLOWED_CHARS, len(CSRF_ALLOWED_CHARS)
    pairs = zip(secret, mask, strict=True)
    return mask + "".join([letters[(PLACES[one] + PLACES[other]) % many] for one, other in pairs])
