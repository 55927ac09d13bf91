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
from tests.ground.parcel_steps import kinds, paris, with_pickup

pytestmark = pytest.mark.django_db
# letter -> what is told, and when
NEWS = {
    "t": ("in_transit", paris(2026, 11, 24, 20)),
    "o": ("out_for_delivery", paris(2026, 11, 25, 8)),
    "d": ("delivered", paris(2026, 11, 25, 11)),
    "l": ("lost", paris(2026, 11, 24, 22)),
    "r": ("returning", paris(2026, 11, 25, 9)),  # before "d", which is then at the sender's door
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
    ("trd", "returned", [COLLECTED, MOVED, "parcel.returned"], 3),
    ("rd", "returned", [COLLECTED, MOVED, "parcel.returned"], 2),
    ("trdl", "returned", [COLLECTED, MOVED, "parcel.returned"], 4),
    ("tlrd", "returned", [COLLECTED, MOVED, "parcel.lost", "parcel.returned"], 4),
    ("lto", "lost", ["parcel.lost", COLLECTED, "parcel.loss_proved"], 3),
    ("a", "created", [], 0),
    ("?", "created", [], 0),
    ("?t", "in_transit", [COLLECTED, MOVED], 1),
]


def post(name: str, letter: str, parcel: Parcel) -> int:
    code, at = NEWS.get(letter, NEWS["d"])
    number = parcel.tracking_number if letter in NEWS else "BM0000000000"
    return send(name, body_of(name, letter, number, code, at))


def body_of(name: str, letter: str, number: str, code: str, at: datetime) -> bytes:
    if name == "sandbox":
        told = {"id": f"e-{letter}", "tracking_number": number, "code": code, "happened_at": at.isoformat()}
        return json.dumps(told).encode()
    more, status = {"lost": ("lost", "failure"), "returning": ("", "return_to_sender")}.get(code, ("", code))
    return EasyPost().tracker_event(number, detail(status, at, more=more), number=ord(letter))


def send(name: str, body: bytes) -> int:
    if name == "sandbox":
        headers = {inbox.SIGNATURE_HEADER: inbox.sign(body, live.SANDBOX_WEBHOOK_SECRET)}
    else:
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


def told_with(name: str, parcel: Parcel, field: str, value: Any) -> bytes:
    """The webhook of a delivery with something odd in one of its fields."""
    event = json.loads(body_of(name, "d", parcel.tracking_number, *NEWS["d"]))
    holder = event
    if name == "easypost" and field != "id":
        holder = event["result"]
        if field == "place":
            holder, field = holder["tracking_details"][0]["tracking_location"], "city"
    number = "tracking_code" if name == "easypost" else "tracking_number"
    holder[{"number": number, "scan": "id"}.get(field, field)] = value
    return json.dumps(event).encode()


LONG = "x" * 5_000
ODD = [
    ("id", "a\0b", "delivered"),
    ("id", LONG, "delivered"),
    ("id", "\ud800", "delivered"),
    ("scan", "a\0b", "delivered"),
    ("scan", LONG, "delivered"),
    ("place", "Ly\0on", "delivered"),
    ("place", LONG, "delivered"),
    ("number", "BM\0", "created"),
    ("number", LONG, "created"),
    ("number", "BM\ud800", "created"),
    ("note", ["\0", {"\0": float("nan")}], "delivered"),
]


@pytest.mark.parametrize("name", ["sandbox", "easypost"])
@pytest.mark.parametrize(("field", "value", "status"), ODD, ids=[f"{row[0]} {row[1]!r:.8}" for row in ODD])
def test_what_no_column_can_keep_is_answered_200_and_is_harmless(
    now: datetime, settings: Any, name: str, field: str, value: Any, status: str
) -> None:
    settings.EASYPOST_WEBHOOK_SECRET = SECRET
    parcel = with_pickup(now)
    body = told_with(name, parcel, field, value)
    assert [send(name, body), send(name, body)] == [200, 200]
    inbox.handle_webhook(IncomingWebhook.objects.get().pk, at=now + timedelta(days=3))
    parcel.refresh_from_db()
    assert (parcel.status, parcel.points.count()) == (status, int(status == "delivered"))
    assert (IncomingWebhook.objects.get().handled_at is None) == (status == "created")


def test_long_ids_that_differ_at_their_end_are_two(now: datetime) -> None:
    parcel = with_pickup(now)
    for end in "ab":
        assert send("sandbox", told_with("sandbox", parcel, "id", LONG + end)) == 200
    assert IncomingWebhook.objects.count() == 2
