"""Nobody misses a deadline for want of a word: each reminder once, in business hours, and never after the answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from backmarket.accounts.models import User
from backmarket.jobs import JOBS
from backmarket.notifications.models import Notification
from backmarket.payments.models import Payout
from backmarket.shipping.models import Pickup
from buyback.models import Reminder, Trade
from buyback.services import inspections
from buyback.services.parcels import drop_off_instead
from buyback.services.payouts import order_payouts
from buyback.services.reminders import remind_people
from buyback.services.trades import cancel_trade, change_iban
from refurbishers.models import Refurbisher
from tests.buyback.steps import OTHER_IBAN, accepted, countered, received, slots, validated

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
Drain = Callable[[], None]


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def instant(day: int, hour: int = 9, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS)


def travel(start: datetime, end: datetime) -> list[datetime]:
    """Run the job every half hour, as beat would; returns when it reminded somebody."""
    told, at = [], start
    while at < end:
        told += [at] * remind_people(at)
        at += timedelta(minutes=30)
    return told


def about() -> list[str]:
    return list(Reminder.objects.values_list("about", flat=True))


def test_the_job_runs_by_the_clock() -> None:
    assert JOBS["remind_people"].function == "buyback.services.reminders.remind_people"


def test_a_counter_offer_is_reminded_of_two_business_days_before(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = countered(plant, carol, now)  # a Monday: the answer is due on the Monday after
    assert trade.due_at == instant(1, 0)
    assert travel(now, trade.due_at) == [instant(26, month=11)]  # the Thursday: no Saturday, no Sunday
    assert about() == ["counter_offer"]
    drain()
    mail = Notification.objects.get(template="remind_counter_offer")
    assert "Monday 30 November" in mail.subject
    assert all(words in mail.text for words in ("€180.00", "€250.00", "silence is never consent"))
    assert str(trade.pk) in mail.html


def test_a_suspension_is_reminded_of_three_business_days_before(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = received(plant, carol, now)
    inspections.suspend_trade(trade, reason="locked", by="system:test", at=now)
    assert trade.due_at == instant(8, 0)  # Monday 7 December is the last day
    assert travel(now, trade.due_at) == [instant(2)]
    drain()
    mail = Notification.objects.get(template="remind_suspension")
    assert "Monday 7 December" in mail.text
    assert "Sign out" in mail.text or "account" in mail.text


def test_a_parcel_not_handed_over_is_reminded_of_a_week_before_the_end(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = accepted(plant, carol, now, slot=None)
    assert trade.due_at == instant(15, 0)  # 21 days, Monday 14 December included
    assert travel(now, trade.due_at) == [instant(7)]
    drain()
    assert "Monday 14 December" in Notification.objects.get(template="remind_hand_over").subject


def test_the_courier_of_monday_is_announced_on_friday(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    monday = next(slot for slot in slots(now) if slot.start.astimezone(PARIS).date() == instant(30, month=11).date())
    trade = accepted(plant, carol, now, slot=monday)
    assert trade.due_at is not None
    assert travel(now, monday.end) == [instant(27, month=11)]
    drain()
    assert "Monday 30 November" in Notification.objects.get(template="remind_pickup").subject


def test_who_has_just_booked_tomorrows_visit_is_not_told_again(plant: Refurbisher, carol: User, now: datetime) -> None:
    tomorrow = next(slot for slot in slots(now) if slot.start.astimezone(PARIS).day == 24)
    accepted(plant, carol, now, slot=tomorrow)
    assert travel(now, instant(24, 0, month=11)) == []


def test_money_that_waits_for_an_account_is_asked_for_again(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = validated(plant, carol, now)
    order_payouts(now)
    bounced = instant(26, 11, month=11)
    Payout.objects.filter(reference=trade.pk).update(status="bounced", bounced_at=bounced)
    assert travel(bounced, instant(20)) == [instant(1)]  # the third business day after Thursday
    drain()
    assert "/iban/" in Notification.objects.get(template="remind_account").text
    Reminder.objects.all().delete()
    change_iban(Trade.objects.get(), iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=instant(1, 11))
    assert travel(instant(1, 12), instant(20)) == []


@pytest.mark.parametrize(
    "at",
    [instant(26, 8, 59, month=11), instant(26, 18, month=11), instant(28, 11, month=11), instant(29, 11, month=11)],
)
def test_nobody_is_reminded_at_night_or_at_the_week_end(
    plant: Refurbisher, carol: User, now: datetime, at: datetime
) -> None:
    countered(plant, carol, now)
    assert remind_people(at) == 0


def test_nobody_is_reminded_on_a_public_holiday(plant: Refurbisher, carol: User) -> None:
    countered(plant, carol, instant(21, 10))  # due on Monday the 28th; two business days before: Wednesday
    assert travel(instant(24, 0), instant(26, 0)) == [instant(24)]
    Reminder.objects.all().delete()
    assert travel(instant(25, 0), instant(28, 0)) == []  # Christmas, and a week-end


def test_who_has_answered_cancelled_or_handed_over_hears_nothing(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    answered = countered(plant, carol, now)
    inspections.answer_counter_offer(answered, accept=True, by=carol, at=now)
    mended = received(plant, carol, now)
    inspections.suspend_trade(mended, reason="locked", by="system:test", at=now)
    inspections.resume_trade(mended, by="system:test", at=now)
    cancelled = accepted(plant, carol, now)
    cancel_trade(cancelled, by=carol, at=now)
    assert travel(now, now + timedelta(days=25)) == []


def test_a_visit_called_off_is_not_announced(plant: Refurbisher, carol: User, now: datetime) -> None:
    late = slots(now)[-1]
    trade = accepted(plant, carol, now, slot=late)
    drop_off_instead(trade, by=carol, at=now)
    assert Pickup.objects.get().status == "cancelled"
    assert travel(now, late.end) == []


def test_the_database_refuses_the_same_reminder_twice(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    row = {"trade": trade, "about": "pickup", "of": now}
    Reminder.objects.create(**row, reminded_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(**row, reminded_at=now + timedelta(days=1))
