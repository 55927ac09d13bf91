"""A row that cannot be read, as after the loss of a key, stops its own business and nobody else's."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast

from backmarket.accounts.models import User
from backmarket.payments.services import send_due_payouts
from buyback.models import Inspection, Quote, Reminder, TaxFile, Trade
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.grading import grade_pending_devices
from buyback.services.inspections import submit_inspection
from buyback.services.payouts import order_payouts
from buyback.services.quotes import expire_quotes
from buyback.services.reminders import remind_people
from buyback.services.tax import watch_tax_numbers
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted, countered, quoted, received, sheet, validated
from tests.factories import UserFactory
from tests.ground.bank_steps import order

pytestmark = pytest.mark.django_db
Pair = tuple[Trade, Trade]


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def spoil(row: models.Model, column: str) -> None:
    unread = Cast(Value("no key knows this"), models.TextField())  # an expression is not encrypted
    type(row)._base_manager.filter(pk=row.pk).update(**{column: unread})


def spoil_date(row: models.Model, column: str) -> None:
    """An instant that Python cannot hold."""
    type(row)._base_manager.filter(pk=row.pk).update(
        **{column: Cast(Value("0044-03-15 12:00 BC"), models.DateTimeField())}
    )


def pair(make: Callable[..., Trade], plant: Refurbisher, seller: User, at: datetime) -> Pair:
    """Two trades, of which the first cannot be read any more."""
    trades = make(plant, seller, at), make(plant, seller, at)
    spoil(trades[0], "iban")
    return trades


def statuses(trades: Pair) -> list[str]:
    return [Trade.objects.values_list("status", flat=True).get(pk=trade.pk) for trade in trades]


def test_the_deadlines_of_the_others_are_kept(plant: Refurbisher, carol: User, now: datetime) -> None:
    trades = pair(accepted, plant, carol, now)
    assert watch_trade_deadlines(now + timedelta(days=30)) == 1
    assert statuses(trades) == ["accepted", "expired"]


def test_the_payouts_of_the_others_are_ordered(plant: Refurbisher, carol: User, now: datetime) -> None:
    trades = pair(validated, plant, carol, now)
    assert order_payouts(now) == 1
    assert list(Trade.objects.exclude(payout=None).values_list("pk", flat=True)) == [trades[1].pk]


def test_the_payouts_of_the_others_are_sent(now: datetime) -> None:
    unreadable, other = order(now), order(now)
    spoil(unreadable, "iban")
    assert send_due_payouts(now) == 1
    assert list(type(other).objects.filter(status="sent").values_list("pk", flat=True)) == [other.pk]


def test_the_others_are_reminded(plant: Refurbisher, carol: User, now: datetime) -> None:
    trades = pair(countered, plant, carol, now)
    assert trades[1].due_at is not None
    assert remind_people(trades[1].due_at - timedelta(days=3, hours=12)) == 1
    assert Reminder.objects.get().trade_id == trades[1].pk


def test_the_others_are_reminded_of_their_tax_number(carol: User, now: datetime) -> None:
    never = datetime(9999, 12, 31, tzinfo=now.tzinfo)  # no deadline can be counted from it
    other = TaxFile.objects.create(user=UserFactory(), asked_at=now)
    TaxFile.objects.create(user=carol, asked_at=never)
    assert watch_tax_numbers(now + timedelta(days=60)) == 1
    other.refresh_from_db()
    assert other.reminders == 1


def test_the_quotes_of_the_others_expire(plant: Refurbisher, now: datetime) -> None:
    unreadable, other = quoted(plant, now), quoted(plant, now)
    spoil_date(unreadable, "created_at")
    assert expire_quotes(now + timedelta(days=15)) == 1
    assert list(Quote.objects.filter(status="expired").values_list("pk", flat=True)) == [other.pk]


def test_the_sheets_of_the_others_are_graded(plant: Refurbisher, carol: User, now: datetime) -> None:
    broken, other = (
        submit_inspection(received(plant, carol, now), sheet=sheet(), note="", by="system:test", at=now)
        for _number in range(2)
    )
    Inspection.objects.filter(pk=broken.pk).update(sheet=[])  # no sheet at all
    assert grade_pending_devices(now) == 1
    assert list(Inspection.objects.exclude(graded_at=None).values_list("pk", flat=True)) == [other.pk]
