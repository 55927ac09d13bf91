"""Every turn of a sale that concerns its seller is written to them, in HTML and in plain text."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from backmarket.accounts.models import User
from backmarket.events.services import record
from backmarket.notifications.models import Notification
from buyback.models import Reminder, Trade
from buyback.services import inspections
from buyback.services.parcels import choose_pickup, drop_off_instead
from catalog.services.units import erase_unit, list_unit, record_test, sell_unit, take_back_unit
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted, countered, received, slots, validated
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db
# What tells the seller of each status. A sheet handed in is no news: the decision on it is, two days later at most.
TOLD = {
    "accepted": "trade_accepted",
    "collected": "trade_collected",
    "received": "trade_received",
    "inspected": "",
    "countered": "trade_countered",
    "validated": "trade_validated",
    "paid": "trade_paid",
    "suspended": "trade_suspended",
    "returning": "trade_returning",
    "undelivered": "trade_undelivered",
    "returned": "trade_returned",
    "cancelled": "trade_cancelled",
    "expired": "trade_expired",
    "lost": "trade_lost",
}
# What happens within a status.
TURNS = {
    "trade.resumed": "trade_resumed",
    "trade.pickup_changed": "trade_pickup_changed",
    "trade.iban_changed": "trade_iban_changed",
    **{f"trade.reminded:{about}": f"remind_{about}" for about in Reminder.About.values},
}


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def sent() -> list[str]:
    return list(Notification.objects.order_by("created_at", "key").values_list("template", flat=True))


def test_the_table_names_every_status() -> None:
    assert set(TOLD) == set(Trade.Status.values)


@pytest.mark.parametrize("kind", [*(f"trade.{status}" for status in TOLD), *TURNS])
def test_each_turn_is_written_once_and_whole(
    plant: Refurbisher, carol: User, now: datetime, drain: Callable[[], None], kind: str
) -> None:
    trade = countered(plant, carol, now)  # a trade with everything that an e-mail may speak of
    drain()
    Notification.objects.all().delete()
    name, _colon, about = kind.partition(":")
    record(name, trade, by="system:test", at=now, data={"about": about, "plant": str(plant.pk)})
    drain()
    expected = TURNS.get(kind) or TOLD[kind.removeprefix("trade.")]
    assert sent() == ([expected] if expected else [])
    for mail in Notification.objects.all():
        assert mail.recipient == carol.email
        assert trade.parcel is not None
        assert f"T{trade.number}" in mail.subject
        assert "http" in mail.text
        assert "<html" in mail.html
        for body in (mail.text, mail.html):
            assert not any(bad in body for bad in ("{{", "{%", "None", trade.iban))


def test_mended_is_one_letter_and_not_a_second_arrival(
    plant: Refurbisher, carol: User, now: datetime, drain: Callable[[], None]
) -> None:
    trade = received(plant, carol, now)
    inspections.suspend_trade(trade, reason="locked", by="system:test", at=now)
    inspections.resume_trade(trade, by="system:test", at=now + timedelta(hours=1))
    drain()
    assert sent().count("trade_received") == 1
    assert sent()[-1] == "trade_resumed"


def test_another_collection_is_confirmed_with_its_time(
    plant: Refurbisher, carol: User, now: datetime, drain: Callable[[], None]
) -> None:
    trade = accepted(plant, carol, now)
    slot = slots(now)[9]
    choose_pickup(trade, slot=slot, by=carol, at=now + timedelta(minutes=5))
    drain()
    mail = Notification.objects.get(template="trade_pickup_changed")
    assert "The courier comes for your" in mail.text
    drop_off_instead(trade, by=carol, at=now + timedelta(hours=1))
    drain()
    assert "The courier does not come" in Notification.objects.filter(template="trade_pickup_changed").last().text  # type: ignore[union-attr]


def test_a_sold_device_writes_home_once_of_each_turn(
    plant: Refurbisher, carol: User, bob: User, now: datetime, drain: Callable[[], None]
) -> None:
    trade = validated(plant, carol, now)
    unit = trade.unit
    assert unit is not None
    listing = ListingFactory(plant=plant, variant=trade.variant, grade="good")
    for hours in (1, 30):  # sold, given back, and sold again
        at = now + timedelta(hours=hours)
        erase_unit(unit, standard="NIST 800-88", tool="Blancco", operator=bob, by=bob, at=at)
        record_test(unit, grade="good", battery_percent=90, by=bob, at=at)
        list_unit(unit, listing, by=bob, at=at)
        sell_unit(unit, by="system:test", at=at)
        take_back_unit(unit, by="system:test", at=at)
    drain()
    assert sent().count("device_erased") == 1
    assert sent().count("device_sold") == 1
    sold = Notification.objects.get(template="device_sold")
    assert sold.recipient == carol.email
    assert "kg of CO2e" in sold.text


def test_a_device_that_nobody_sold_us_writes_to_nobody(
    plant: Refurbisher, bob: User, now: datetime, drain: Callable[[], None]
) -> None:
    from tests.factories import UnitFactory

    unit = UnitFactory(plant=plant, pk=uuid4())
    erase_unit(unit, standard="NIST 800-88", tool="Blancco", operator=bob, by=bob, at=now)
    drain()
    assert sent() == []
