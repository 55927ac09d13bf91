"""Beat may call twice, and a worker may be restarted: the second run of a job at the same instant changes nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from backmarket import jobs, states
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.notifications.models import Notification
from backmarket.payments.models import LedgerEntry, Payout
from backmarket.shipping.models import Parcel
from buyback.models import AcceptanceDraft, Identity, Quote, Reminder, TaxFile, Trade
from buyback.services import inspections
from buyback.services.parcels import keep_undelivered
from buyback.services.payouts import order_trade_payout
from buyback.services.trades import cancel_trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted, countered, graded, quoted, received, sheet, validated

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
JOB = "system:test"

# Every job of the buyback; days after `now` at which it runs; how many things there are to do for it then.
TWICE = {
    "grade_devices": (0, 1),  # the sheet that waits
    "order_payouts": (0, 1),  # the validated trade without one
    "forget_drafts": (1, 1),
    "remind_people": (3, 1),  # the counter-offer, two business days before its end
    "expire_quotes": (60, 1),  # the only one that nobody accepted
    # accepted, received, inspected and graded or not, countered, suspended, undelivered
    "watch_trade_deadlines": (60, 7),
    "watch_tax_numbers": (20, 1),  # carol was asked: so many open trades come near the threshold
    "erase_expired": (120, 6),  # the account and the identity of cancelled, expired and returned
}


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def _every_state(plant: Refurbisher, carol: User, alice: User, now: datetime) -> None:
    """One trade in each status, two that are inspected, and what else the jobs look after."""
    accepted(plant, carol, now, slot=None)
    received(plant, carol, now)
    inspections.submit_inspection(received(plant, carol, now), sheet=sheet(), note="", by=JOB, at=now)
    graded(plant, carol, now)
    countered(plant, carol, now)
    inspections.suspend_trade(received(plant, carol, now), reason="locked", by=JOB, at=now)
    validated(plant, carol, now)
    _ended(plant, carol, now)
    quote = quoted(plant, now)
    day = timedelta(days=1)
    AcceptanceDraft.objects.create(quote=quote, seller=alice, details="{}", saved_at=now, expires_at=now + day)


def _ended(plant: Refurbisher, carol: User, now: datetime) -> None:
    paid = validated(plant, carol, now)
    order_trade_payout(paid, by=JOB, at=now)
    states.move(paid, "paid", by=JOB, at=now, due_at=None)
    for end in ("returning", "undelivered", "returned"):
        trade = countered(plant, carol, now)
        inspections.answer_counter_offer(trade, accept=False, by=carol, at=now)
        if end == "undelivered":
            keep_undelivered(Trade.objects.get(pk=trade.pk), by=JOB, at=now)
        elif end == "returned":
            states.move(Trade.objects.get(pk=trade.pk), end, by=JOB, at=now, due_at=None)
    cancel_trade(accepted(plant, carol, now), by=carol, at=now)
    states.move(accepted(plant, carol, now), "expired", by=JOB, at=now, due_at=None)
    states.move(accepted(plant, carol, now, slot=None), "collected", by=JOB, at=now, due_at=None)
    lost = accepted(plant, carol, now, slot=None)
    for status in ("collected", "lost"):
        states.move(lost, status, by=JOB, at=now, due_at=None)


def world() -> list[Any]:
    """Everything a job of the buyback could have done."""
    counted = (AcceptanceDraft, Event, LedgerEntry, Notification, Parcel, Payout, Reminder)
    return [
        *(model._default_manager.count() for model in counted),
        *Trade.objects.order_by("pk").values_list("status", "due_at", "price_minor", "payout", "return_parcel", "iban"),
        *Quote.objects.order_by("pk").values_list("status"),
        *Identity.objects.order_by("pk").values_list("erased_at"),
        *TaxFile.objects.values_list("reminders", "reminded_at"),
    ]


def test_the_table_names_every_job_of_the_buyback() -> None:
    assert set(TWICE) == {name for name, job in jobs.JOBS.items() if job.function.startswith("buyback.")}


@pytest.mark.usefixtures("_every_state")
def test_the_trades_are_in_every_state() -> None:
    assert set(Trade.objects.values_list("status", flat=True)) == set(Trade.Status.values)


@pytest.mark.usefixtures("_every_state")
@pytest.mark.parametrize("name", TWICE)
def test_a_job_that_runs_twice_does_everything_once(name: str, now: datetime, drain: Drain) -> None:
    days, todo = TWICE[name]
    at = now + timedelta(days=days)
    drain()
    untouched = world()
    assert jobs.run(name, at=at) == todo
    drain()
    once = world()
    assert once != untouched or name == "grade_devices"
    assert jobs.run(name, at=at) == 0
    drain()
    assert world() == once
