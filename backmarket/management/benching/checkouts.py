"""Whole checkouts: a device into the cart, the cart looked at, the checkout filled in, the sandbox's page paid, the
order shown. Through the WSGI application, in as many processes as there are processors, without a network.
"""

import multiprocessing
import os
import pstats
import re
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from cProfile import Profile
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.crypto import get_random_string

from backmarket.management.benching import bare
from backmarket.payments.gateways import sandbox
from catalog.models import Listing
from refurbishers.models import Refurbisher

LISTINGS = 200
STOCK = 1_000_000
# Nothing that anybody would look at twice.
DEAREST = 50_000
# How many are counted the function calls of.
COUNTED = 10
# What is owed: checkouts a second on two processors where bare Django answers bare.OWED_AT, and statements of one.
OWED, STATEMENTS = 40, 45
ADDRESS = {
    "name": "Ann Other", "line1": "12 rue du Marché", "line2": "", "postcode": "75011", "city": "Paris",
    "country": "FR", "phone": "",
}  # fmt: skip
KEY = re.compile(r'name="checkout_key" value="([^"]+)"')
PAID = 'class="badge badge--good"'
CARD = next(iter(sandbox.CARDS))


def check_out(listing_id: Any) -> str:
    """One guest buys one device; returns the paid order's address. AssertionError where the shop refuses."""
    # Somebody new each time, in each run: many orders of one person or to one door would be held.
    somebody = secrets.token_hex(6)
    guest = Guest()
    guest.sends(reverse("cart-add"), {"listing": str(listing_id), "quantity": 1})
    guest.sees(reverse("cart"))
    key = KEY.search(guest.sees(reverse("checkout")))
    sent = {"checkout_key": key and key[1], "email": f"{somebody}@example.com", "accept": "on", **ADDRESS}
    sent["line1"] = f"{somebody} rue du Marché"
    bank = guest.sends(reverse("checkout"), sent)
    back = guest.sends(bank, {"action": "pay", "card": CARD})
    order = guest.follows(back)
    if PAID not in guest.sees(order):
        raise AssertionError(f"not paid: {order}")
    return order


class Guest:
    """A browser, as far as the shop's WSGI application can tell: it keeps cookies and sends forms without files."""

    def __init__(self) -> None:
        # As any page with a form gives it.
        self.cookies = {settings.CSRF_COOKIE_NAME: get_random_string(32)}

    def sees(self, path: str) -> str:
        """The page there."""
        return self._asks("GET", path, 200)[1].decode()

    def follows(self, path: str) -> str:
        """Where that leads."""
        return self._led(self._asks("GET", path, 302)[0])

    def sends(self, path: str, form: Mapping[str, Any]) -> str:
        """Where the form's answer leads."""
        token = {"csrfmiddlewaretoken": self.cookies[settings.CSRF_COOKIE_NAME]}
        return self._led(self._asks("POST", path, 302, urlencode(token | dict(form)).encode())[0])

    @staticmethod
    def _led(headers: Sequence[tuple[str, str]]) -> str:
        return urlsplit(dict(headers)["Location"]).path

    def _asks(self, method: str, path: str, owed: int, body: bytes = b"") -> tuple[list[tuple[str, str]], bytes]:
        told: list[Any] = []
        answer = _application()(self._environ(method, path, body), lambda *status: told.extend(status))
        try:
            content = b"".join(answer)
        finally:
            answer.close()
        status, headers = told[:2]
        if not status.startswith(str(owed)):
            raise AssertionError(f"{path}: {status} {content[:2000]!r}")
        for name, value in headers:
            if name == "Set-Cookie":
                key, _is, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return headers, content

    def _environ(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        return {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "127.0.0.1",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
        }


@cache
def _application() -> Any:
    """As the web server starts it; imported late, as it freezes for the garbage collector what is there by then."""
    from backmarket.wsgi import application

    return application


def measured(*, seconds: int) -> dict[str, Any]:
    """Checkouts a second of different listings and of one, and the statements and function calls of one checkout."""
    # A plant on trial sends so few orders a day that the bench would meet its cap.
    selling = Refurbisher.objects.filter(status=Refurbisher.Status.ACTIVE)
    cheap = Listing.objects.filter(status=Listing.Status.ONLINE, price_minor__lt=DEAREST, plant__in=selling)
    ids = list(cheap.order_by("number").values_list("pk", flat=True)[:LISTINGS])
    Listing.objects.filter(pk__in=ids).update(on_hand=STOCK)
    check_out(ids[0])
    with CaptureQueriesContext(connection) as asked:
        check_out(ids[0])
    return {
        "statements": len(asked),
        "calls": _calls(ids[0]),
        "different": _rate(ids, seconds),
        "hot": _rate(ids[:1], seconds),
    }


def _calls(listing_id: Any) -> int:
    """Function calls of a checkout, this browser's included; not all of them wake the publisher of events."""
    with Profile() as counted:
        for _ in range(COUNTED):
            check_out(listing_id)
    calls: int = pstats.Stats(counted).total_calls  # type: ignore[attr-defined]  # the stubs leave it out
    return calls // COUNTED


def _rate(ids: Sequence[Any], seconds: int) -> float:
    """Checkouts a second over all processes."""
    connections.close_all()
    processes = os.cpu_count() or 1
    context = multiprocessing.get_context("fork")
    with context.Pool(processes) as pool:
        done = pool.starmap(_buy_on, [(list(ids), seconds, place) for place in range(processes)])
    return sum(count / took for count, took in done)


def _buy_on(ids: list[Any], seconds: int, place: int) -> tuple[int, float]:
    check_out(ids[0])  # a warm process: connected, its statements planned
    count, began = 0, time.monotonic()
    while time.monotonic() < began + seconds:
        check_out(ids[(count * 7 + place * 101) % len(ids)])
        count += 1
    return count, time.monotonic() - began


def line(found: dict[str, Any]) -> str:
    pace = found["bare_rps"] / bare.OWED_AT
    return (
        f"  checkouts: {found['different']:.1f}/s of {LISTINGS} listings, {found['hot']:.1f}/s of one"
        f" (owes {OWED} where bare Django answers {bare.OWED_AT:,}/s, at the {found['bare_rps']:,.0f} of here"
        f" {OWED * pace:.0f}), {found['statements']} statements (owes {STATEMENTS}), {found['calls']:,} function calls"
    )
