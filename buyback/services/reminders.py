"""Reminders before a deadline passes: in business hours, each once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from backmarket.clock import OPENS
from backmarket.db import lock
from backmarket.events.services import record
from backmarket.jobs import each
from backmarket.market import calendar
from backmarket.payments.models import Payout
from backmarket.shipping.models import OPEN_PICKUP, Pickup
from buyback.models import Reminder, Trade

JOB = "system:remind_people"
About = Reminder.About
FARTHEST = timedelta(days=14)
ACCOUNT_AFTER_BUSINESS_DAYS = 3


@dataclass(frozen=True)
class Occasion:
    """Something that may wait for a seller. `waiting(at)`: trades with `of`, the instant that the reminder names;
    `first_day(day of that instant)`: the business day on which it is sent, when the offices open."""

    waiting: Callable[[datetime], QuerySet[Any]]
    first_day: Callable[[date], date]


def remind_people(at: datetime) -> int:
    """Remind every seller for whom something waits, once of each; returns how many. Nobody at night or on a Sunday."""
    if not calendar().is_open(at):
        return 0
    due = [
        (pk, about)
        for about, occasion in OCCASIONS.items()
        for pk, of in occasion.waiting(at).values_list("pk", "of")
        if _is_time(occasion, of, at)
    ]
    return each("remind_people", due, partial(_remind, at))


def _is_time(occasion: Occasion, of: datetime, at: datetime) -> bool:
    return _opening(occasion.first_day(_day(of))) <= at


def _opening(day: date) -> datetime:
    return calendar().instant(day, OPENS)


def _day(of: datetime) -> date:
    """A deadline is the first instant of the day after: a minute earlier is the day that people mean."""
    return calendar().local(calendar().last_minute(of)).date()


def _remind(at: datetime, due: tuple[UUID, str]) -> bool:
    """Under the trade's lock, so that who answered in the meantime, or was reminded, hears nothing."""
    pk, about = due
    with transaction.atomic():
        lock(Trade.objects.filter(pk=pk)).get()
        trade = OCCASIONS[about].waiting(at).filter(pk=pk).first()
        if trade is not None:
            Reminder.objects.create(trade=trade, about=about, of=trade.of, reminded_at=at)
            record("trade.reminded", trade, by=JOB, at=at, data={"about": about})
        return trade is not None


def _unreminded(trades: QuerySet[Any], about: str) -> QuerySet[Any]:
    """Those that carry `of` and have not been reminded of it."""
    told = Reminder.objects.filter(trade=OuterRef("pk"), about=about, of=OuterRef("of"))
    return trades.filter(~Exists(told), of__isnull=False).order_by("of", "pk")


def _before_deadline(status: str, about: str, at: datetime) -> QuerySet[Any]:
    return _unreminded(Trade.objects.filter(status=status, due_at__gt=at).annotate(of=F("due_at")), about)


def _counter_offers(at: datetime) -> QuerySet[Any]:
    return _before_deadline(Trade.Status.COUNTERED, About.COUNTER_OFFER, at)


def _suspensions(at: datetime) -> QuerySet[Any]:
    return _before_deadline(Trade.Status.SUSPENDED, About.SUSPENSION, at)


def _not_handed_over(at: datetime) -> QuerySet[Any]:
    """Accepted, and no courier is to come."""
    ahead = Pickup.objects.filter(parcel=OuterRef("parcel"), status__in=OPEN_PICKUP)
    return _before_deadline(Trade.Status.ACCEPTED, About.HAND_OVER, at).filter(~Exists(ahead))


def _pickups(at: datetime) -> QuerySet[Any]:
    """Visits that lie ahead; not those booked for the next day, whose confirmation has just been read."""
    booked = Trade.objects.filter(
        status=Trade.Status.ACCEPTED,
        parcel__pickups__status=Pickup.Status.BOOKED,
        parcel__pickups__window_start__range=(at, at + FARTHEST),
        parcel__pickups__created_at__lt=_opening(_today(at)),
    )
    return _unreminded(booked.annotate(of=F("parcel__pickups__window_start")), About.PICKUP)


def _today(at: datetime) -> date:
    return calendar().local(at).date()


def _accounts(at: datetime) -> QuerySet[Any]:
    """Money that came back, and no other account was given since."""
    bounced = Trade.objects.filter(payout__status=Payout.Status.BOUNCED).annotate(of=F("payout__bounced_at"))
    return _unreminded(bounced, About.ACCOUNT)


def _days_before(count: int) -> Callable[[date], date]:
    return lambda day: calendar().business_day_before(day, count)


def _days_after(count: int) -> Callable[[date], date]:
    return lambda day: calendar().business_day_after(day, count)


OCCASIONS: dict[str, Occasion] = {
    About.PICKUP: Occasion(_pickups, _days_before(1)),
    About.HAND_OVER: Occasion(_not_handed_over, _days_before(5)),
    About.COUNTER_OFFER: Occasion(_counter_offers, _days_before(2)),
    About.SUSPENSION: Occasion(_suspensions, _days_before(3)),
    About.ACCOUNT: Occasion(_accounts, _days_after(ACCOUNT_AFTER_BUSINESS_DAYS)),
}
