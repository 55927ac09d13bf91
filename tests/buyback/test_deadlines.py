"""The trade's clock over week-ends, public holidays and both changes of the hour: to the second, and to the cent.

Every due instant below was counted by hand from the rules of the business: the day on which something happens is
not counted, and the last day ends at midnight in Paris, which is 23:00 UTC in winter and 22:00 UTC in summer.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.notifications.models import Notification
from backmarket.payments.models import Payout
from backmarket.payments.selectors import ledger_sum
from buyback.models import Trade
from buyback.services import inspections
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted, countered, graded, received

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
SECOND = timedelta(seconds=1)
Drain = Callable[[], None]


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def run_jobs(at: datetime) -> None:
    call_command("run_jobs", "watch_trade_deadlines", "order_payouts", "--at", at.isoformat(), verbosity=0)


def state(trade: Trade) -> tuple[Any, ...]:
    row = Trade.objects.values_list("status", "due_at", "price_minor", "payout", "return_parcel").get(pk=trade.pk)
    return (*row, Event.objects.count(), Payout.objects.count(), Notification.objects.count())


def happened(trade: Trade, at: datetime) -> list[tuple[str, dict[str, Any]]]:
    """What the clock wrote into the trade's history at `at`."""
    by_clock = Event.objects.filter(subject_id=str(trade.pk), actor="system:watch_trade_deadlines", happened_at=at)
    return [(event.kind, event.data) for event in by_clock]


def expect_nothing_before(trade: Trade, due: datetime, drain: Drain) -> set[str]:
    """Not a second early; returns the keys of the e-mails sent so far."""
    drain()
    assert Trade.objects.get(pk=trade.pk).due_at == due
    before = state(trade)
    run_jobs(due - SECOND)
    drain()
    assert state(trade) == before
    return set(Notification.objects.values_list("key", flat=True))


def mails_since(sent: set[str], drain: Drain) -> list[str]:
    """To the seller: the plant hears of its own lateness elsewhere."""
    drain()
    return sorted(mail.template for mail in Notification.objects.exclude(key__in=sent) if "carol" in mail.recipient)


# The last day by name; then the day on which a trade was accepted (21 days before), a counter-offer made (7) and an
# inspection suspended (14); and the instant at which the last day ends. Calendar days: no holiday moves them.
CALENDAR_DAYS = {
    "a Saturday": ("2026-11-28", "2026-12-12", "2026-12-05", "2026-12-19T23:00"),
    "a Sunday": ("2026-11-29", "2026-12-13", "2026-12-06", "2026-12-20T23:00"),
    "Christmas": ("2026-12-04", "2026-12-18", "2026-12-11", "2026-12-25T23:00"),
    "New Year": ("2026-12-11", "2026-12-25", "2026-12-18", "2027-01-01T23:00"),
    "the eve of summer time": ("2027-03-06", "2027-03-20", "2027-03-13", "2027-03-27T23:00"),
    "the day of 23 hours": ("2027-03-07", "2027-03-21", "2027-03-14", "2027-03-28T22:00"),
    "Easter Monday": ("2027-03-08", "2027-03-22", "2027-03-15", "2027-03-29T22:00"),
    "1 May": ("2027-04-10", "2027-04-24", "2027-04-17", "2027-05-01T22:00"),
    "Ascension": ("2027-04-15", "2027-04-29", "2027-04-22", "2027-05-06T22:00"),
    "8 May": ("2027-04-17", "2027-05-01", "2027-04-24", "2027-05-08T22:00"),
    "14 July": ("2027-06-23", "2027-07-07", "2027-06-30", "2027-07-14T22:00"),
    "the eve of winter time": ("2027-10-09", "2027-10-23", "2027-10-16", "2027-10-30T22:00"),
    "the day of 25 hours": ("2027-10-10", "2027-10-24", "2027-10-17", "2027-10-31T23:00"),
}

# When the device came to the plant, in Paris, and the end of its second business day after that.
BUSINESS_DAYS = {
    "a working week": ("2026-11-23T10:00", "2026-11-25T23:00"),
    "the last minute of the day": ("2026-11-23T23:59", "2026-11-25T23:00"),
    "over a week-end": ("2026-11-27T16:00", "2026-12-01T23:00"),
    "on a Saturday": ("2026-11-28T09:00", "2026-12-01T23:00"),
    "Christmas, a Friday": ("2026-12-24T10:00", "2026-12-29T23:00"),
    "on Christmas": ("2026-12-25T10:00", "2026-12-29T23:00"),
    "New Year, a Friday": ("2026-12-31T10:00", "2027-01-05T23:00"),
    "summer time and Easter Monday": ("2027-03-25T10:00", "2027-03-30T22:00"),
    "on Good Friday, a business day": ("2027-03-26T10:00", "2027-03-31T22:00"),
    "on the day of 23 hours": ("2027-03-28T03:30", "2027-03-31T22:00"),
    "on Easter Monday": ("2027-03-29T10:00", "2027-03-31T22:00"),
    "1 May, a Saturday": ("2027-04-30T10:00", "2027-05-04T22:00"),
    "Ascension, a Thursday": ("2027-05-05T10:00", "2027-05-10T22:00"),
    "8 May, a Saturday": ("2027-05-07T10:00", "2027-05-11T22:00"),
    "14 July, a Wednesday": ("2027-07-13T10:00", "2027-07-16T22:00"),
    "winter time and All Saints": ("2027-10-28T10:00", "2027-11-02T23:00"),
    "on the day of 25 hours": ("2027-10-31T02:30", "2027-11-03T23:00"),
    "1 May, a Monday": ("2028-04-28T10:00", "2028-05-03T22:00"),
    "8 May, a Monday": ("2028-05-05T10:00", "2028-05-10T22:00"),
}


def calendar_days(column: int) -> list[Any]:
    return [pytest.param(row[column], row[3], id=name) for name, row in CALENDAR_DAYS.items()]


def business_days() -> list[Any]:
    return [pytest.param(*row, id=name) for name, row in BUSINESS_DAYS.items()]


@pytest.mark.parametrize(("day", "due"), calendar_days(0))
def test_what_is_not_handed_over_in_21_days_is_closed(
    plant: Refurbisher, carol: User, drain: Drain, day: str, due: str
) -> None:
    trade = accepted(plant, carol, paris(f"{day}T10:00"), slot=None)
    sent = expect_nothing_before(trade, utc(due), drain)
    run_jobs(utc(due))
    closed = Trade.objects.get(pk=trade.pk)
    assert (closed.status, closed.due_at, closed.return_parcel) == ("expired", None, None)
    assert happened(trade, utc(due)) == [("trade.expired", {})]
    assert (Payout.objects.count(), ledger_sum().get("EUR", 0)) == (0, 0)
    assert mails_since(sent, drain) == ["trade_expired"]


@pytest.mark.parametrize("decided", [False, True], ids=["not inspected", "inspected, undecided"])
@pytest.mark.parametrize(("arrival", "due"), business_days())
def test_a_late_plant_pays_what_was_quoted(
    plant: Refurbisher, carol: User, drain: Drain, arrival: str, due: str, decided: bool
) -> None:
    trade = (graded if decided else received)(plant, carol, paris(arrival))
    sent = expect_nothing_before(trade, utc(due), drain)
    run_jobs(utc(due))
    paid = Trade.objects.get(pk=trade.pk)
    assert (paid.status, paid.price_minor, paid.validated_at) == ("validated", 25_000, utc(due))
    plant_id = {"plant": str(plant.pk)}
    assert happened(trade, utc(due)) == [
        ("inspection.late", plant_id),
        ("trade.validated", {"late": True, **plant_id}),
    ]
    payout = Payout.objects.get()
    assert (paid.payout, payout.amount_minor, payout.status) == (payout, 25_000, "ordered")
    assert mails_since(sent, drain) == ["trade_validated"]


@pytest.mark.parametrize(("day", "due"), calendar_days(1))
def test_who_does_not_answer_a_counter_offer_gets_the_device_back(
    plant: Refurbisher, carol: User, drain: Drain, day: str, due: str
) -> None:
    trade = countered(plant, carol, paris(f"{day}T10:00"))
    sent = expect_nothing_before(trade, utc(due), drain)
    run_jobs(utc(due))
    expect_on_its_way_back(trade, utc(due), because="silent")
    assert Trade.objects.get(pk=trade.pk).counter_offer.answer == "silent"
    assert mails_since(sent, drain) == ["trade_returning"]


@pytest.mark.parametrize(("day", "due"), calendar_days(2))
def test_what_nobody_mends_in_14_days_goes_back(
    plant: Refurbisher, carol: User, drain: Drain, day: str, due: str
) -> None:
    at = paris(f"{day}T10:00")
    trade = received(plant, carol, at)
    inspections.suspend_trade(trade, reason="locked", by="system:test", at=at)
    sent = expect_nothing_before(trade, utc(due), drain)
    run_jobs(utc(due))
    expect_on_its_way_back(trade, utc(due), because="not_mended")
    assert mails_since(sent, drain) == ["trade_returning"]


def expect_on_its_way_back(trade: Trade, at: datetime, *, because: str) -> None:
    back = Trade.objects.get(pk=trade.pk)
    assert back.return_parcel is not None
    assert (back.status, back.price_minor, back.return_parcel.recipient) == ("returning", 25_000, back.address)
    assert happened(trade, at) == [("trade.returning", {"because": because})]
    assert (Payout.objects.count(), ledger_sum().get("EUR", 0)) == (0, 0)
