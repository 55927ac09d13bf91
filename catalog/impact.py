"""What a second life saves, as figures with a method. Pure: whole grams.

Avoided = the category's factor per further year of use × the years gained. The factors are net: the parts that
refurbishing takes and its transport are already subtracted in them, as in the study they come from (ADEME 2022), and
are not subtracted twice. Every figure keeps its range, its source and whether it was measured or extrapolated by us.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METHOD_VERSION = "2026-1"
GRAMS = 1_000


@dataclass(frozen=True, slots=True)
class Avoided:
    """What one device saves by being used again instead of a new one being made, in grams, over `years`."""

    co2e_g: int
    co2e_low_g: int
    co2e_high_g: int
    material_g: int
    ewaste_g: int
    years: int
    source: str
    measured: bool

    @property
    def co2e_kg(self) -> float:
        return self.co2e_g / GRAMS

    @property
    def low_kg(self) -> float:
        return self.co2e_low_g / GRAMS

    @property
    def high_kg(self) -> float:
        return self.co2e_high_g / GRAMS

    @property
    def material_kg(self) -> float:
        return self.material_g / GRAMS


def avoided(factors: Mapping[str, Any], years: int | None = None) -> Avoided | None:
    """The saving of one device of a category from its `impact` factors (grams per year); None without factors.

    `years` defaults to the years that the category's factors assume.
    """
    if not factors:
        return None
    years = factors["years_gained"] if years is None else years
    grams = {
        name: factors.get(name, 0) * years for name in ("co2e_g", "co2e_low_g", "co2e_high_g", "material_g", "ewaste_g")
    }
    return Avoided(**grams, years=years, source=factors["source"], measured=factors.get("measured", False))
