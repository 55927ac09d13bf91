"""The page that asks before something is called off."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from backmarket.money import Money, total
from orders.models import OrderLine
from orders.selectors import refund_arrives_by

Line = OrderLine.Status


@dataclass(frozen=True)
class CallingOff:
    """What is cancelled at once, what the plant is asked for, and the money that comes back: `set_aside` where none of
    it is charged yet, and `unheard` where no plant knows of it."""

    order_id: UUID
    at_once: list[OrderLine]
    by_plant: list[OrderLine]
    back: Money
    arrives_date: date
    set_aside: bool
    unheard: bool


def calling_off(order_id: UUID, lines: Iterable[OrderLine], at: datetime) -> CallingOff:
    lines = list(lines)
    at_once = [line for line in lines if line.status in (Line.PAID, Line.ON_HOLD)]
    by_plant = [line for line in lines if line.status == Line.ACCEPTED and not hasattr(line, "cancel_request")]
    both = [*at_once, *by_plant]
    back = total((line.gross for line in both), both[0].currency)
    return CallingOff(
        order_id, at_once, by_plant, back, refund_arrives_by(at),
        set_aside=any(line.paid_at is None for line in at_once),
        unheard=all(line.status == Line.ON_HOLD for line in at_once),
    )  # fmt: skip
