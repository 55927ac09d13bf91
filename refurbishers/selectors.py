"""What the public and the apps above read of plants."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import F, FloatField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from backmarket.countries import country_name
from refurbishers import words
from refurbishers.models import Clause, Measurement, Refurbisher, Signature
from refurbishers.scoring import WEIGHTS, ZERO_AT


@dataclass(frozen=True)
class Promise:
    """A measured clause, promised beside achieved. `kept` is None while the sample is too small to judge."""

    clause: Clause
    achieved: int | None
    sample: int
    kept: bool | None

    @property
    def text(self) -> str:
        return _(self.clause.text)

    @property
    def promised_words(self) -> str:
        return words.promised_words(self.clause)

    @property
    def achieved_words(self) -> str:
        return "" if self.achieved is None else words.in_words(self.achieved, self.clause.unit)


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


def promises(plant: Refurbisher) -> list[Promise]:
    """Every measured clause of the version the plant signed last, beside the last figure measured: one statement."""
    signed = Signature.objects.filter(plant=plant).order_by("-signed_at", "-pk").values("specification")[:1]
    last = Measurement.objects.filter(plant=plant, measure=OuterRef("measure")).order_by("-measured_date")
    clauses = Clause.objects.filter(kind=Clause.Kind.MEASURE, specification=Subquery(signed)).annotate(
        achieved=Subquery(last.values("value")[:1]), sample=Subquery(last.values("sample")[:1])
    )
    return [_promise(clause, clause.achieved, clause.sample or 0) for clause in clauses]


def _promise(clause: Clause, achieved: int | None, sample: int) -> Promise:
    if achieved is None:
        return Promise(clause, None, 0, None)
    enough = sample >= (clause.min_sample or 0)
    return Promise(clause, achieved, sample, _is_kept(clause, achieved) if enough else None)


def _is_kept(clause: Clause, value: int) -> bool:
    threshold = clause.threshold or 0
    return value <= threshold if clause.comparison == Clause.Comparison.AT_MOST else value >= threshold


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
