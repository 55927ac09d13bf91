"""What a used device is worth in the demo: from the price of a new one, its age, its state and who sells it."""

import math
from datetime import datetime
from random import Random

from catalog.models import Condition, Grade, ReferencePrice

# Of the price of a new one: kept on the first day of a second life, and of that each year again.
KEPT_AT_ONCE, KEPT_YEARLY = 0.98, 0.88
GRADE_FACTORS = {Grade.PREMIUM: 1.10, Grade.EXCELLENT: 1.03, Grade.GOOD: 0.96, Grade.FAIR: 0.87}
# Of a selling price in grade Good: what is left for the seller once tests, parts, guarantee and margin are paid.
BID_FACTORS = {
    Condition.FUNCTIONAL_FLAWLESS: 0.66,
    Condition.FUNCTIONAL_GOOD: 0.58,
    Condition.FUNCTIONAL_USED: 0.48,
    Condition.FUNCTIONAL_CRACKED: 0.27,
    Condition.NOT_FUNCTIONAL_USED: 0.15,
    Condition.NOT_FUNCTIONAL_CRACKED: 0.08,
}
# The dearest plant asks this much more than the average one, the cheapest that much less.
PLANT_SPAN = 0.08
LOWEST_MINOR = 1_200


def second_hand(reference: ReferencePrice, at: datetime, price_level: int) -> float:
    """What this plant would ask for one in grade Good, in minor units, before any rounding."""
    years = max(0.3, (at.date() - reference.source_date).days / 365.25)
    plant = 1 + PLANT_SPAN * (price_level - 50) / 50
    kept = KEPT_AT_ONCE * math.pow(KEPT_YEARLY, years)
    return reference.price_minor * kept * plant


def rounded(minor: float, random: Random) -> int:
    """As shops write prices: whole euros, or ending in 90 or 99 cents."""
    euros = max(LOWEST_MINOR, round(minor)) // 100 * 100
    return euros + random.choice((0, 0, 0, 90, 99))
