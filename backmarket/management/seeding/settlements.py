"""What the plants were paid on each 6th, 16th and 26th of the year, from the earnings that were due then."""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.conf import settings

from backmarket import market
from backmarket.management.seeding.base import stable_uuid
from backmarket.management.seeding.history import History
from backmarket.payments.models import Payout, SandboxIntent
from orders.models import Earning, Settlement
from orders.services.settlement import DAYS
from refurbishers.models import Refurbisher

# The nightly job, and when the bank has done it.
NIGHT, MORNING = time(4), time(9)


def load(at: datetime) -> str:
    history = History(at, "settlements")
    waiting = list(Earning.objects.filter(settlement=None).order_by("created_at", "pk"))
    plants = {plant.pk: plant for plant in Refurbisher.objects.trading()}
    known, settled = {row.pk for row in waiting}, list[Earning]()
    for day in _dates(waiting[0].created_at, at):
        rows = defaultdict(list)
        for row in waiting:
            if (
                row.plant_id in plants
                and row.due_at < market.calendar().end_of_day(day)
                and row.created_at <= _night(day)
            ):
                rows[row.plant_id].append(row)
        for plant_id, due in rows.items():
            if all(row.kind in Earning.LEFT_OVER for row in due):
                continue
            settled += due
            if carried := _settle(history, plants[plant_id], day, due):
                waiting.append(carried)
        gone = {id(row) for row in settled}
        waiting = [row for row in waiting if id(row) not in gone]
    history.write()
    Earning.objects.bulk_update([row for row in settled if row.pk in known], ["settlement"], batch_size=1_000)
    return f"{len(history.rows.by_model.get(Settlement, []))} settlements"


def _dates(start: datetime, end: datetime) -> Iterator[date]:
    day, last = market.calendar().local(start).date(), market.calendar().local(end)
    while day < last.date() or (day == last.date() and last.time() > NIGHT):
        if day.day in DAYS:
            yield day
        day += timedelta(days=1)


def _night(day: date) -> datetime:
    return market.calendar().instant(day, NIGHT)


def _settle(history: History, plant: Refurbisher, day: date, due: list[Earning]) -> Earning | None:
    """One plant's settlement; a sum below zero is carried over, in the row that is returned."""
    at, total = _night(day), sum(row.amount_minor for row in due)
    settlement = Settlement(
        id=uuid.uuid5(plant.pk, day.isoformat()), plant=plant, settled_date=day, total_minor=total,
        currency=settings.DEFAULT_CURRENCY, created_at=at,
    )  # fmt: skip
    for row in due:
        row.settlement = settlement
    carried = None
    if total > 0:
        settlement.payout = _pay(history, settlement, at)
    elif total < 0:
        carried = Earning(
            plant=plant, kind=Earning.Kind.CARRIED, amount_minor=total, currency=settlement.currency, due_at=at,
            carried_from=settlement, label=settlement.number, created_at=at,
        )  # fmt: skip
        history.rows.add(carried)
    history.rows.add(settlement)
    return carried


def _pay(history: History, settlement: Settlement, at: datetime) -> Payout:
    """Sent in that night, on the account on the next business day, unless that is still to come."""
    plant, calendar = settlement.plant, market.calendar()
    arrives_at = calendar.instant(calendar.business_day_after(settlement.settled_date, 1), MORNING)
    arrived = history.passed(arrives_at)
    payout = Payout(
        id=stable_uuid("payout", settlement.pk.int), purpose="settlement", reference=settlement.pk, account="plant",
        label=settlement.number, party=str(plant.pk), status=Payout.Status.PAID if arrived else Payout.Status.SENT,
        amount_minor=settlement.total_minor, currency=settlement.currency, holder=plant.legal_name, iban=plant.iban,
        iban_last4=plant.iban[-4:], gateway=settings.PAYOUT_GATEWAY, due_at=at, created_at=at, sending_at=at,
        attempts=1, sent_at=at, paid_at=arrives_at if arrived else None,
    )  # fmt: skip
    payout.gateway_id = f"out_{payout.pk.hex}"
    intent = SandboxIntent(
        id=payout.gateway_id, kind="payout", amount_minor=payout.amount_minor, currency=payout.currency, status="sent"
    )
    history.rows.add(payout, intent)
    sides = ("plant", payout.party, -payout.amount_minor), ("bank", "", payout.amount_minor)
    history.books.book(f"payout:{payout.pk}", settlement.pk, at, *sides, label=payout.label)
    return payout
