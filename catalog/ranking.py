"""How the offer shown is chosen: one published formula, the same for every plant. Pure.

Points out of 1,000: up to 600 for the full price (shipping included) against the cheapest offer of the same
variant and grade, 250 for the plant's quality score, 90 for the guarantee, 60 for days on the road. Nothing
else counts: no commission, no payment for a place. The page /ranking/ prints these constants.
"""

from dataclasses import dataclass
from typing import Protocol

PRICE_POINTS = 600
QUALITY_POINTS = 250
GUARANTEE_POINTS = 90
SHIPPING_POINTS = 60
MAX_POINTS = PRICE_POINTS + QUALITY_POINTS + GUARANTEE_POINTS + SHIPPING_POINTS

# An offer this much dearer than the cheapest earns no points for its price.
PRICE_SPAN_BPS = 3_000
# Every plant gives 12 months; each month beyond, up to these, earns its part.
GUARANTEE_FROM, GUARANTEE_TO = 12, 24
# One day on the road earns all the points, this many none.
SHIPPING_BEST, SHIPPING_WORST = 1, 7


class Judged(Protocol):
    """A plant, as far as the formula looks at it."""

    @property
    def quality_bps(self) -> int: ...


class Ranked(Protocol):
    """A listing with its plant, as far as the formula looks at them. Amounts in minor units."""

    @property
    def number(self) -> int: ...
    @property
    def price_minor(self) -> int: ...
    @property
    def shipping_minor(self) -> int: ...
    @property
    def guarantee_months(self) -> int: ...
    @property
    def shipping_days(self) -> int: ...
    @property
    def plant(self) -> Judged: ...


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """What the formula looks at. `full_minor` and `cheapest_minor` are minor units with shipping included."""

    full_minor: int
    cheapest_minor: int
    quality_bps: int
    guarantee_months: int
    shipping_days: int


@dataclass(frozen=True, slots=True)
class Factor:
    """One term of the formula: `points` earned out of `most`. `code` is price, quality, guarantee or shipping."""

    code: str
    points: int
    most: int


def factors(facts: OfferFacts) -> tuple[Factor, ...]:
    """The four terms, in the order of their weight."""
    over_bps = (facts.full_minor - facts.cheapest_minor) * 10_000 // facts.cheapest_minor
    return (
        _factor("price", PRICE_POINTS, PRICE_SPAN_BPS - over_bps, PRICE_SPAN_BPS),
        _factor("quality", QUALITY_POINTS, facts.quality_bps, 10_000),
        _factor(
            "guarantee",
            GUARANTEE_POINTS,
            facts.guarantee_months - GUARANTEE_FROM,
            GUARANTEE_TO - GUARANTEE_FROM,
        ),
        _factor("shipping", SHIPPING_POINTS, SHIPPING_WORST - facts.shipping_days, SHIPPING_WORST - SHIPPING_BEST),
    )


def score(facts: OfferFacts) -> int:
    """The sum of the terms: 0 to 1,000. Equal scores are settled by the older listing number."""
    return sum(factor.points for factor in factors(facts))


def _factor(code: str, most: int, part: int, whole: int) -> Factor:
    return Factor(code, most * min(max(part, 0), whole) // whole, most)
