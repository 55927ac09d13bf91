"""What happens when nobody does anything: no device is kept, and nobody is paid less, by silence."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from backmarket import states
from backmarket.errors import DomainError
from backmarket.events.services import record
from backmarket.jobs import each
from buyback.models import Trade
from buyback.services.inspections import CannotAnswer, let_counter_offer_lapse
from buyback.services.parcels import call_off_courier, send_back, send_back_again
from buyback.services.settling import settle_trade

log = structlog.get_logger(__name__)
JOB = "system:watch_trade_deadlines"


def watch_trade_deadlines(at: datetime) -> int:
    """Act on every trade whose deadline has passed, each in a transaction of its own; returns how many moved."""
    done = 0
    for status, act in OVERDUE.items():
        overdue = Trade.objects.filter(status=status).overdue(at)
        keys = overdue.values_list("pk", flat=True)
        done += each("watch_trade_deadlines", keys, partial(_try, act, overdue, at))
    return done


def _try(act: Callable[[Trade, datetime], None], overdue: QuerySet[Trade], at: datetime, pk: UUID) -> bool:
    """One trade's trouble is not the next one's; somebody quicker than the clock is no trouble at all."""
    try:
        with transaction.atomic():
            trade = overdue.select_related("parcel", "plant", "variant", "address").filter(pk=pk).first()
            if trade is None:
                return False
            act(trade, at)
    except (states.IllegalMove, CannotAnswer):
        return False
    except DomainError as error:
        log.warning("deadline_not_applied", trade=str(pk), code=error.code)
        return False
    return True


def _expire(trade: Trade, at: datetime) -> None:
    states.move(trade, Trade.Status.EXPIRED, by=JOB, at=at, due_at=None)
    call_off_courier(trade, by=JOB, at=at)


def _pay_as_quoted(trade: Trade, at: datetime) -> None:
    """Received, or inspected without a decision, for too long: the quoted price is paid."""
    record("inspection.late", trade, by=JOB, at=at, data={"plant": str(trade.plant_id)})
    settle_trade(trade, price=trade.quoted, by=JOB, at=at, late=True)


def _lapse(trade: Trade, at: datetime) -> None:
    let_counter_offer_lapse(trade, by=JOB, at=at)


def _return_unmended(trade: Trade, at: datetime) -> None:
    send_back(trade, by=JOB, at=at, data={"because": "not_mended"})


def _send_again(trade: Trade, at: datetime) -> None:
    send_back_again(trade, by=JOB, at=at)


OVERDUE: dict[str, Callable[[Trade, datetime], None]] = {
    Trade.Status.ACCEPTED: _expire,
    Trade.Status.RECEIVED: _pay_as_quoted,
    Trade.Status.INSPECTED: _pay_as_quoted,
    Trade.Status.COUNTERED: _lapse,
    Trade.Status.SUSPENDED: _return_unmended,
    Trade.Status.UNDELIVERED: _send_again,
}
