"""The whole way with the sandbox courier and bank, and every e-mail about it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backmarket.accounts.models import Address, User
from backmarket.events.models import Event
from backmarket.events.services import record
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments import services as payments
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.shipping import services as shipping
from buyback.models import RegisterEntry, Trade
from buyback.services import inspections
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.grading import grade_pending_devices
from buyback.services.messages import CannotWrite, write_message
from buyback.services.payouts import order_payouts
from buyback.services.trades import cancel_trade, change_iban
from refurbishers.models import Refurbisher, ServiceFact
from tests.buyback.steps import OTHER_IBAN, accepted, countered, received, sheet, validated

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
Drain = Callable[[], None]


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def fresh(trade: Trade) -> Trade:
    return Trade.objects.get(pk=trade.pk)


def mails() -> list[str]:
    return list(Notification.objects.order_by("created_at", "key").values_list("template", flat=True))


def facts(plant: Refurbisher) -> dict[str, int]:
    return dict(ServiceFact.objects.filter(plant=plant).values_list("kind", "value"))


def travel(at: datetime, drain: Drain) -> None:
    shipping.book_couriers(at)
    shipping.advance_sandbox_courier(at)
    drain()


def at_postcode(postcode: str) -> Address:
    return Address(name="Carol Petit", line1="3 rue Basse", postcode=postcode, city="Paris", country="FR")


def test_from_the_door_to_the_account(plant: Refurbisher, carol: User, now: datetime, drain: Drain) -> None:
    trade = accepted(plant, carol, now)
    travel(now, drain)
    travel(datetime(2026, 11, 24, 21, tzinfo=PARIS), drain)
    assert fresh(trade).status == "collected"
    travel(datetime(2026, 11, 25, 12, tzinfo=PARIS), drain)
    assert (fresh(trade).status, fresh(trade).due_at) == ("received", datetime(2026, 11, 28, tzinfo=PARIS))
    at = datetime(2026, 11, 26, 10, tzinfo=PARIS)
    inspections.submit_inspection(fresh(trade), sheet=sheet(), note="", by="system:test", at=at)
    grade_pending_devices(at)
    inspections.validate_trade(fresh(trade), by="system:test", at=at)
    order_payouts(at)
    for day in (27, 30):
        payments.send_due_payouts(datetime(2026, 11, day, 12, tzinfo=PARIS))
        drain()
    assert fresh(trade).status == "paid"
    assert mails() == ["trade_accepted", "trade_collected", "trade_received", "trade_validated", "trade_paid"]
    assert facts(plant) == {"counter_offer": 0, "inspection": 0, "days_to_pay": 6}
    assert RegisterEntry.objects.get().trade == trade
    assert ledger_sum() == {"EUR": 0}


def test_nobody_in_is_told_and_the_trade_waits(plant: Refurbisher, carol: User, now: datetime, drain: Drain) -> None:
    trade = accepted(plant, carol, now, address=at_postcode("75992"))
    travel(now, drain)
    travel(datetime(2026, 11, 27, 21, tzinfo=PARIS), drain)
    assert fresh(trade).status == "accepted"
    assert mails() == ["trade_accepted", "pickup_attempted", "pickup_attempted", "pickup_failed"]


def test_a_lost_parcel_is_paid_as_quoted_and_not_by_the_plant(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = accepted(plant, carol, now, address=at_postcode("75993"))
    travel(now, drain)
    travel(now + timedelta(days=14), drain)
    lost = fresh(trade)
    assert (lost.status, lost.price_minor, lost.unit, lost.lost_at is None) == ("validated", 25_000, None, False)
    assert balance("consumer", str(carol.pk)) == Money(25_000, "EUR")
    assert balance("compensation") == Money(-25_000, "EUR")
    assert balance("plant", str(plant.pk)) == Money(0, "EUR")
    assert (facts(plant), RegisterEntry.objects.count()) == ({}, 0)
    assert mails() == ["trade_accepted", "trade_collected", "trade_lost"]
    assert order_payouts(now + timedelta(days=14)) == 1


def test_a_refused_device_comes_back(plant: Refurbisher, carol: User, now: datetime, drain: Drain) -> None:
    trade = countered(plant, carol, now)
    inspections.answer_counter_offer(trade, accept=False, by=carol, at=now)
    travel(now, drain)
    travel(now + timedelta(days=4), drain)
    assert fresh(trade).status == "returned"
    assert facts(plant) == {"counter_offer": 1, "inspection": 0}
    assert mails()[-1] == "trade_returned"
    returning = Notification.objects.get(template="trade_returning")
    assert "You refused the counter-offer" in returning.text


def test_a_late_plant_is_counted_late_once(plant: Refurbisher, carol: User, now: datetime, drain: Drain) -> None:
    trade = received(plant, carol, now)
    assert trade.due_at is not None
    watch_trade_deadlines(trade.due_at)
    drain()
    assert facts(plant) == {"counter_offer": 0, "inspection": 1}
    assert "The plant was late" in Notification.objects.get(template="trade_validated").text


def test_the_couriers_news_may_come_twice_or_too_late(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = accepted(plant, carol, now)
    assert trade.parcel is not None
    data = {"purpose": "trade", "reference": str(trade.pk)}
    for kind in ("parcel.delivered", "parcel.in_transit", "parcel.delivered"):
        record(kind, trade.parcel, by="courier:sandbox", at=now + timedelta(days=1), data=data)
        drain()
    assert fresh(trade).status == "received"
    assert list(Event.objects.about(trade).values_list("kind", flat=True)) == [
        "trade.accepted",
        "trade.collected",
        "trade.received",
    ]


def test_other_parcels_and_payouts_are_none_of_our_business(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = accepted(plant, carol, now)
    assert trade.parcel is not None
    from buyback import handlers

    event = record(
        "parcel.delivered", trade.parcel, by="x", at=now, data={"purpose": "sale", "reference": str(trade.pk)}
    )
    handlers.move_with_parcel(event)
    assert fresh(trade).status == "accepted"


def test_every_other_step_writes_its_e_mail(plant: Refurbisher, carol: User, now: datetime, drain: Drain) -> None:
    trade = received(plant, carol, now)
    inspections.suspend_trade(trade, reason="locked", by="system:test", at=now)
    cancelled, expired = accepted(plant, carol, now), accepted(plant, carol, now)
    cancel_trade(cancelled, by=carol, at=now)
    change_iban(expired, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=now)
    watch_trade_deadlines(now + timedelta(days=22))
    write_message(trade, author=carol, from_plant=False, text="It is done.", at=now)
    write_message(trade, author=carol, from_plant=True, text="Thank you.", at=now)
    drain()
    assert {
        "trade_suspended",
        "trade_cancelled",
        "trade_iban_changed",
        "trade_expired",
        "trade_returning",
        "trade_message",
        "trade_message_plant",
    } <= set(mails())
    to_plant = Notification.objects.get(template="trade_message_plant")
    assert to_plant.recipient == plant.email
    assert "It is done" not in to_plant.text


def test_a_bounced_payout_asks_for_another_account(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN

    trade = validated(plant, carol, now)
    change_iban(trade, iban=EXAMPLE_BOUNCING_IBAN, holder="Carol Petit", by=carol, at=now)
    order_payouts(now)
    for day in (24, 25):
        payments.send_due_payouts(datetime(2026, 11, day, 12, tzinfo=PARIS))
    drain()
    assert f"/account/trades/{trade.pk}/iban/" in Notification.objects.get(template="payout_bounced").text


def test_e_mails_hold_no_holes_and_no_secrets(plant: Refurbisher, carol: User, now: datetime, drain: Drain) -> None:
    trade = countered(plant, carol, now)
    inspections.answer_counter_offer(trade, accept=True, by=carol, at=now)
    drain()
    for mail in Notification.objects.all():
        for text in (mail.subject, mail.text, mail.html):
            assert "{{" not in text
            assert "None" not in text
            assert trade.iban not in text
            assert "19FV12345" not in text
        assert "\n\n\n" not in mail.text
        assert "  " not in mail.text


def test_an_empty_message_is_refused(plant: Refurbisher, carol: User, now: datetime) -> None:
    with pytest.raises(CannotWrite) as refusal:
        write_message(accepted(plant, carol, now), author=carol, from_plant=False, text="  ", at=now)
    assert refusal.value.field == "text"
