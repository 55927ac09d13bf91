"""Couriers' webhooks through HTTP: all answered 200, and harmless replayed, out of order, unknown and late."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as live
from django.test import Client

from backmarket.events import inbox
from backmarket.events.models import IncomingWebhook
from backmarket.shipping import services
from backmarket.shipping.models import Parcel
from tests.ground.easypost_stand_in import SECRET, EasyPost, detail, signature
from tests.ground.test_shipping import kinds, paris, with_pickup

pytestmark = pytest.mark.django_db
# letter -> what is told, and when
NEWS = {
    "t": ("in_transit", paris(2026, 11, 24, 20)),
    "o": ("out_for_delivery", paris(2026, 11, 25, 8)),
    "d": ("delivered", paris(2026, 11, 25, 11)),
    "l": ("lost", paris(2026, 11, 24, 22)),
    "a": ("in_transit", paris(2020, 1, 2, 8)),  # ages ago: another parcel of the same number
}
COLLECTED, MOVED, DONE = "pickup.collected", "parcel.in_transit", "parcel.delivered"
TABLE = [
    ("tod", "delivered", [COLLECTED, MOVED, DONE], 3),
    ("ttt", "in_transit", [COLLECTED, MOVED], 1),
    ("tdtd", "delivered", [COLLECTED, MOVED, DONE], 2),
    ("dot", "delivered", [COLLECTED, DONE], 3),
    ("dl", "delivered", [COLLECTED, DONE], 2),
    ("tld", "delivered", [COLLECTED, MOVED, "parcel.lost", DONE], 3),
    ("a", "created", [], 0),
    ("?", "created", [], 0),
    ("?t", "in_transit", [COLLECTED, MOVED], 1),
]


def post(name: str, letter: str, parcel: Parcel) -> int:
    code, at = NEWS.get(letter, NEWS["d"])
    number = parcel.tracking_number if letter in NEWS else "BM0000000000"
    if name == "sandbox":
        told = {"id": f"e-{letter}", "tracking_number": number, "code": code, "happened_at": at.isoformat()}
        body = json.dumps(told).encode()
        headers = {inbox.SIGNATURE_HEADER: inbox.sign(body, live.SANDBOX_WEBHOOK_SECRET)}
    else:
        more, status = ("lost", "failure") if code == "lost" else ("", code)
        body = EasyPost().tracker_event(number, detail(status, at, more=more), number=ord(letter))
        headers = {"X-Hmac-Signature": signature(body)}
    url = f"/webhooks/couriers/{name}/"
    return Client().post(url, body, content_type="application/json", headers=headers).status_code


@pytest.mark.parametrize("name", ["sandbox", "easypost"])
@pytest.mark.parametrize(("letters", "status", "events", "points"), TABLE, ids=[row[0] for row in TABLE])
def test_whatever_comes_is_answered_200_and_ends_where_the_parcel_is(
    now: datetime, settings: Any, name: str, letters: str, status: str, events: list[str], points: int
) -> None:
    settings.EASYPOST_WEBHOOK_SECRET = SECRET
    parcel = with_pickup(now)
    for letter in letters:
        assert post(name, letter, parcel) == 200
        for webhook in IncomingWebhook.objects.filter(handled_at=None):
            inbox.handle_webhook(webhook.pk, at=now + timedelta(days=3))
    parcel.refresh_from_db()
    assert (parcel.status, kinds(parcel), parcel.points.count()) == (status, events, points)
    assert IncomingWebhook.objects.count() == len(set(letters))
    assert IncomingWebhook.objects.filter(handled_at=None).count() == letters.count("?")
    assert services.book_couriers(now) == 0
