"""Until when each status may last: the one place where the numbers of the trade's clock are turned into instants."""

from datetime import datetime

from backmarket.market import calendar
from buyback.models import Trade

DAYS = {
    Trade.Status.ACCEPTED: Trade.COLLECT_WITHIN_DAYS,
    Trade.Status.COLLECTED: Trade.ARRIVE_WITHIN_DAYS,
    Trade.Status.COUNTERED: Trade.ANSWER_WITHIN_DAYS,
    Trade.Status.SUSPENDED: Trade.MEND_WITHIN_DAYS,
    Trade.Status.UNDELIVERED: Trade.SEND_AGAIN_AFTER_DAYS,
}
BUSINESS_DAYS = {
    Trade.Status.RECEIVED: Trade.INSPECT_WITHIN_BUSINESS_DAYS,
    Trade.Status.RETURNING: Trade.RETURN_WITHIN_BUSINESS_DAYS,
    Trade.Status.VALIDATED: Trade.PAYOUT_ON_ACCOUNT_BUSINESS_DAYS,
    Trade.Status.LOST: Trade.PAYOUT_ON_ACCOUNT_BUSINESS_DAYS,
}


CLOCKED = frozenset({*DAYS, *BUSINESS_DAYS})


def due_at(status: str, at: datetime) -> datetime:
    """The end of the last day of `status`, one of CLOCKED, when it began at `at`."""
    if status in DAYS:
        return calendar().days_after(at, DAYS[Trade.Status(status)])
    return calendar().business_days_after(at, BUSINESS_DAYS[Trade.Status(status)])


def last_minute(due: datetime | None) -> datetime | None:
    """A deadline for people's eyes: 23:59 of the last day, and not midnight of the day after."""
    return calendar().last_minute(due) if due else None
