"""What the public and the apps above read of plants."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, FloatField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from backmarket.countries import country_name
from refurbishers import words
from refurbishers.models import Clause, CommissionTerm, Refurbisher, Signature
from refurbishers.scoring import WEIGHTS, ZERO_AT


@dataclass(frozen=True)
class Promise:
    """A measured clause, promised beside achieved; its columns, and the last figure in the clause's unit.

    `achieved` is None before the first measurement, `kept` while the sample is smaller than `min_sample`.
    """

    code: str
    measure: str
    clause: str
    comparison: str
    unit: str
    threshold: int
    window_days: int
    min_sample: int
    achieved: int | None
    sample: int

    @property
    def kept(self) -> bool | None:
        if self.achieved is None or self.sample < self.min_sample:
            return None
        at_most = self.comparison == Clause.Comparison.AT_MOST
        return self.achieved <= self.threshold if at_most else self.achieved >= self.threshold

    @property
    def text(self) -> str:
        return _(self.clause)

    @property
    def promised_words(self) -> str:
        return words.promised_words(self.threshold, self.unit, self.comparison)

    @property
    def achieved_words(self) -> str:
        return "" if self.achieved is None else words.in_words(self.achieved, self.unit)


# By hand: Django takes longer to write this statement than PostgreSQL to answer it, and every product page asks it.
PROMISES = """
SELECT code, clause.measure, text, comparison, unit, threshold, window_days, min_sample, value, coalesce(sample, 0)
FROM refurbishers_clause AS clause LEFT JOIN LATERAL (
    SELECT value, sample FROM refurbishers_measurement AS figure
    WHERE figure.plant_id = %(plant)s AND figure.measure = clause.measure ORDER BY measured_date DESC LIMIT 1
) AS latest ON true
WHERE kind = 'measure' AND specification_id = (
    SELECT specification_id FROM refurbishers_signature WHERE plant_id = %(plant)s
    ORDER BY signed_at DESC, id DESC LIMIT 1
)
ORDER BY position
"""


@dataclass(frozen=True)
class Chapter:
    """The clauses of one chapter that are shown by documents rather than by figures."""

    title: str
    clauses: list[Clause]


@dataclass(frozen=True)
class ScorePart:
    """One part of the published quality score: its weight in percent, and the failure rate that is worth nothing."""

    measure: str
    weight: int
    zero_at_bps: int | None


# The list sorts as if every plant had these many ratings of these many stars more: a lucky few do not come first.
FEW, FEW_STARS = 20, 3.8
SORTS = {
    "rating": ("-stars", "-rating_count", "name"),
    "quality": ("-quality_bps", "name"),
    "name": ("name",),
}


def public_plants(*, category: str = "", country: str = "", sort: str = "rating") -> QuerySet[Refurbisher]:
    """Plants that trade, with their categories, filtered by category slug and country, in one of SORTS."""
    plants: QuerySet[Refurbisher] = Refurbisher.objects.trading().annotate(
        stars=(Cast("rating_sum", FloatField()) + FEW * FEW_STARS) / (F("rating_count") + FEW),
    )
    if category:
        plants = plants.filter(categories__slug=category)
    if country:
        plants = plants.filter(country=country)
    return plants.prefetch_related("categories").order_by(*SORTS[sort])


def expertise_choices() -> list[tuple[str, str]]:
    """(slug, name) of every category in which a trading plant is an expert."""
    names = Refurbisher.objects.trading().exclude(categories=None).order_by("categories__position")
    return list(dict.fromkeys(names.values_list("categories__slug", "categories__name")))


def country_choices() -> list[tuple[str, str]]:
    """(code, name) of every country with a trading plant, by name."""
    codes = Refurbisher.objects.trading().order_by().values_list("country", flat=True).distinct()
    return sorted(((code, country_name(code)) for code in codes), key=lambda pair: pair[1])


def last_signature(plant: Refurbisher) -> Signature | None:
    """The signature under the version that binds the plant today."""
    signatures = plant.signatures.select_related("specification")
    return signatures.order_by("-signed_at", "-pk").first()


def promises(plant: UUID) -> list[Promise]:
    """Every measured clause of the version that the plant (its key) signed last, beside the last figure measured.

    The constraint `clause_measure_complete` says that a measured clause has all its numbers.
    """
    with connection.cursor() as cursor:
        cursor.execute(PROMISES, {"plant": plant})
        return [Promise(*row) for row in cursor.fetchall()]


def documented_chapters(plant: Refurbisher) -> list[Chapter]:
    """The clauses a plant shows by documents, by chapter, in the order of the specification."""
    if (signature := last_signature(plant)) is None:
        return []
    clauses = signature.specification.clauses.filter(kind=Clause.Kind.EVIDENCE)
    by_chapter = groupby(clauses, key=lambda clause: clause.chapter)
    return [Chapter(words.chapter_words(chapter), list(group)) for chapter, group in by_chapter]


def score_parts() -> list[ScorePart]:
    """How the quality score is made, heaviest part first."""
    parts = [ScorePart(measure, weight, ZERO_AT.get(measure)) for measure, weight in WEIGHTS.items()]
    return sorted(parts, key=lambda part: -part.weight)


def commission_rate(plant: str, on: Any) -> Coalesce:
    """What the house takes of a plant's sales on a day of the market, in basis points: to annotate rows with, which
    lead to their plant by `plant`."""
    terms = CommissionTerm.objects.filter(Q(to_date=None) | Q(to_date__gt=on), plant=OuterRef(plant), from_date__lte=on)
    return Coalesce(Subquery(terms.values("rate_bps")[:1]), CommissionTerm.STANDARD_BPS)


def commission_of(plant: Refurbisher, on: date) -> int:
    """The same, of one plant."""
    rows = Refurbisher.objects.filter(pk=plant.pk).annotate(bps=commission_rate("pk", on))
    return int(rows.values_list("bps", flat=True).get())


def coming_commission(plant: Refurbisher, today: date) -> CommissionTerm | None:
    """The term that begins next, after today."""
    return plant.commission_terms.filter(from_date__gt=today).order_by("from_date").first()
