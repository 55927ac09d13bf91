"""The year being written: its rows, its events, its books, and the chances by which it goes."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from backmarket.events.services import Actor
from backmarket.management.seeding.base import Books, Rows, Trail, dice
from orders.models import OrderLine
from refurbishers.models import Refurbisher

WHOLE = 10_000


@dataclass
class History:
    """Everything that one part writes, up to the anchor `at`."""

    at: datetime
    part: str
    rows: Rows = field(default_factory=Rows)
    trail: Trail = field(default_factory=Trail)
    books: Books = field(default_factory=lambda: Books(settings.DEFAULT_CURRENCY))
    # Per plant and kind of failure, how many ten thousandths of one have gathered.
    gathered: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random: random.Random = dice(self.part)

    def fails(self, kind: str, plant: Refurbisher, bps: int) -> bool:
        """True for `bps` of a plant's cases, evenly spaced, so that small samples tell the truth."""
        key = (kind, plant.slug)
        gathered = self.gathered.get(key, WHOLE // 2) + bps
        self.gathered[key] = gathered % WHOLE
        return gathered >= WHOLE

    def passed(self, at: datetime) -> bool:
        return at <= self.at

    def move_line(self, line: OrderLine, to: str, at: datetime, *, by: Actor, **data: Any) -> None:
        line.status = to
        setattr(line, f"{to}_at", at)
        self.trail.add(f"line.{to}", line, by=by, at=at, **data)

    def write(self) -> None:
        self.rows.write()
        self.books.write()
        self.trail.write()
