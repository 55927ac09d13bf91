"""A visit that did not take place says why: to its seller, by e-mail, and at the desk."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.errors import GatewayError
from backmarket.notifications.models import Notification
from backmarket.shipping import services as shipping
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.services.booking import _fail_pickups
from buyback.models import Trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _scan(trade: Trade, code: str, at: datetime) -> None:
    number = trade.parcel.tracking_number  # type: ignore[union-attr]
    assert shipping.record_scan("sandbox", Scan(f"{number}-{at}", number, code, "Paris", at))


def nobody_in(trade: Trade, at: datetime) -> None:
    for day in range(3):
        _scan(trade, "pickup_attempted", at + day * DAY)


def called_off(trade: Trade, at: datetime) -> None:
    _scan(trade, "pickup_attempted", at)
    _scan(trade, "pickup_failed", at + DAY)


def refused(trade: Trade, at: datetime) -> None:
    _fail_pickups(list(trade.parcel.pickups.select_related("parcel")), GatewayError("NO.SUCH.STREET"), at=at)  # type: ignore[union-attr]


WORDS = {
    nobody_in: ("nobody was in, three times", "came three times for your"),
    called_off: ("called off by the courier", "has called off its visit for your"),
    refused: ("refused by the courier", "does not come for your"),
}


@pytest.mark.parametrize("happens", WORDS, ids=lambda happens: happens.__name__)
def test_a_failed_visit_is_worded_by_what_happened(
    plant: Refurbisher, carol: User, olga: User, now: datetime, client_of: Callable[[User], Client],
    drain: Callable[[], None], happens: Callable[[Trade, datetime], None],
) -> None:  # fmt: skip
    trade = accepted(plant, carol, now)
    shipping.book_couriers(now)
    trade.parcel.refresh_from_db()  # type: ignore[union-attr]
    happens(trade, now + DAY)
    drain()
    pickup = trade.parcel.pickups.get()  # type: ignore[union-attr]
    words, written = WORDS[happens]
    assert (pickup.status, pickup.failure, pickup.outcome) == ("failed", happens.__name__, words)
    mail = Notification.objects.get(template="pickup_failed")
    for body in (mail.text, mail.html):
        assert [text in body for _label, text in WORDS.values()] == [text == written for _label, text in WORDS.values()]
    seller = client_of(carol).get(reverse("trade", args=[trade.pk])).content.decode()
    assert seller.count(words[0].upper() + words[1:]) == 2  # beside the visit, and in the timeline
    desk = client_of(olga)
    for name, row in (("buyback_trade", trade), ("shipping_parcel", trade.parcel), ("shipping_pickup", pickup)):
        assert words in desk.get(reverse(f"desk:{name}_change", args=[row.pk])).content.decode().lower()  # type: ignore[union-attr]


def test_a_visit_that_did_not_fail_is_worded_by_its_state(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    assert trade.parcel is not None
    assert trade.parcel.pickups.get().outcome == "booked"
