"""People who sell so much that the tax authority must be told, or nearly: how much of the year's trades is theirs."""

from datetime import datetime, timedelta

from backmarket.accounts.models import User
from backmarket.management.seeding.people import consumers
from buyback.dac7 import year_of
from buyback.models import Trade

# Of the consumers who sell: one over the threshold, with a number; one near it who never gave any.
REPORTED, SILENT = 900, 901
# What the year's sales of each add up to, at most, in minor units.
BUDGETS = {REPORTED: 320_000, SILENT: 190_000}
# When they were asked: long enough ago that payments to the one who is silent wait.
ASKED_BEFORE = timedelta(days=70)


class Regulars:
    """Gives them paid sales of the tax year in which they were asked until there are enough, and one to be paid."""

    def __init__(self, at: datetime) -> None:
        people = consumers()
        self.left = {people[index]: budget for index, budget in BUDGETS.items()}
        self.silent, self.unpaid = people[SILENT], 1
        self.year = year_of(at - ASKED_BEFORE)

    def seller_of(self, price: int, path: tuple[str, ...], times: list[datetime]) -> User | None:
        """The one of them whose sale this is, if any."""
        last = path[-1] if path else ""
        if last == Trade.Status.VALIDATED and self.unpaid:
            self.unpaid = 0
            return self.silent
        if last != Trade.Status.PAID or "countered" in path or year_of(times[-1]) != self.year:
            return None
        for person, left in self.left.items():
            if price <= left:
                self.left[person] = left - price
                return person
        return None
