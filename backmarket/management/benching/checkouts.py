"""Whole checkouts: a device into the cart, the cart looked at, the checkout filled in, the sandbox's page paid, the
order shown. Through the views and their middleware, in as many processes as there are processors, without a network.
"""

import multiprocessing
import os
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db import connection, connections
from django.test import Client
from django.test.client import ClientHandler
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket.payments.gateways import sandbox
from catalog.models import Listing
from refurbishers.models import Refurbisher

LISTINGS = 200
STOCK = 1_000_000
# Nothing that anybody would look at twice.
DEAREST = 50_000
# What is owed: checkouts a second on two processors, and statements of one.
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
    guest = Client(HTTP_HOST="127.0.0.1")
    guest.handler = _server()
    _send(guest, reverse("cart-add"), {"listing": str(listing_id), "quantity": 1})
    guest.get(reverse("cart"))
    key = KEY.search(guest.get(reverse("checkout")).content.decode())
    sent = {"checkout_key": key and key[1], "email": f"{somebody}@example.com", "accept": "on", **ADDRESS}
    sent["line1"] = f"{somebody} rue du Marché"
    bank = _send(guest, reverse("checkout"), sent)
    back = _send(guest, _path(bank), {"action": "pay", "card": CARD})
    order = guest.get(_path(back))
    if PAID not in guest.get(_path(order)).content.decode():
        raise AssertionError(f"not paid: {_path(order)}")
    return _path(order)


def _send(guest: Client, path: str, form: Mapping[str, Any]) -> Any:
    """As a browser sends a form without files."""
    return guest.post(path, urlencode(form), content_type="application/x-www-form-urlencoded")


@cache
def _server() -> ClientHandler:
    """One for all guests, as a process serves them: each would build all middleware anew."""
    return ClientHandler(enforce_csrf_checks=False)


def _path(response: Any) -> str:
    if response.status_code != 302:
        raise AssertionError(f"{response.status_code}: {response.content!r}")
    return str(urlsplit(response["Location"]).path)


def measured(*, seconds: int) -> dict[str, Any]:
    """Checkouts a second of different listings and of one, and the statements of one checkout."""
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
        "different": _rate(ids, seconds),
        "hot": _rate(ids[:1], seconds),
    }


def _rate(ids: Sequence[Any], seconds: int) -> float:
    """Checkouts a second over all processes."""
    connections.close_all()
    processes = os.cpu_count() or 1
    context = multiprocessing.get_context("fork")
    with context.Pool(processes) as pool:
        done = pool.starmap(_buy_on, [(list(ids), seconds, place) for place in range(processes)])
    return sum(count / took for count, took in done)


def _buy_on(ids: list[Any], seconds: int, place: int) -> tuple[int, float]:
    count, began = 0, time.monotonic()
    while time.monotonic() < began + seconds:
        check_out(ids[(count * 7 + place * 101) % len(ids)])
        count += 1
    return count, time.monotonic() - began


def line(found: dict[str, Any]) -> str:
    return (
        f"  checkouts: {found['different']:.1f}/s of {LISTINGS} listings, {found['hot']:.1f}/s of one"
        f" (owes {OWED}), {found['statements']} statements (owes {STATEMENTS})"
    )
