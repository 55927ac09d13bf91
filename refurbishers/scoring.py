"""The published quality score of a plant, the same number that ranks offers and bids. Pure: whole numbers only.

Each part scores 0 to 10,000 basis points. A rating of 5 stars scores 10,000, of 1 star 0. A rate of failures scores
10,000 at none, 0 at `ZERO_AT` and beyond, in a straight line between. A small sample is shrunk: every part starts with
PRIOR_WEIGHT imagined facts that score PRIOR, so a plant of which nothing is known scores 7,000, and one unhappy
customer does not sink a newcomer. The score is the mean of the parts by WEIGHTS.
"""

from collections.abc import Mapping
from dataclasses import dataclass

BPS = 10_000
PRIOR = 7_000
PRIOR_WEIGHT = 20

# In hundredths; they sum to 100.
WEIGHTS: Mapping[str, int] = {
    "rating_average": 40,
    "defect_rate_90d": 25,
    "late_shipment_rate": 15,
    "late_answer_rate": 10,
    "cancellation_rate": 10,
}
# The failure rate, in basis points, at which a part is worth nothing: about twice what restricts a plant.
ZERO_AT: Mapping[str, int] = {
    "defect_rate_90d": 1_000,
    "late_shipment_rate": 3_000,
    "late_answer_rate": 3_000,
    "cancellation_rate": 1_600,
}


@dataclass(frozen=True)
class Figure:
    """What a measure came to: basis points, hours, minutes, days or hundredths of a star, from `sample` facts."""

    value: int
    sample: int


def quality_bps(figures: Mapping[str, Figure]) -> int:
    """The score of a plant in basis points from its figures by measure; missing ones count as unknown."""
    weighted = sum(weight * part_bps(measure, figures.get(measure)) for measure, weight in WEIGHTS.items())
    return _rounded(weighted, 100)


def part_bps(measure: str, figure: Figure | None) -> int:
    """One part of the score, shrunk towards PRIOR by the size of its sample."""
    if figure is None:
        return PRIOR
    scored = _stars_bps(figure.value) if measure == "rating_average" else _rate_bps(figure.value, ZERO_AT[measure])
    return _rounded(scored * figure.sample + PRIOR * PRIOR_WEIGHT, figure.sample + PRIOR_WEIGHT)


def _stars_bps(hundredths: int) -> int:
    return max(0, min(BPS, (hundredths - 100) * 25))


def _rate_bps(failures: int, zero_at: int) -> int:
    return max(0, BPS - _rounded(failures * BPS, zero_at))


def _rounded(numerator: int, denominator: int) -> int:
    """Half up, for numbers that are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)
