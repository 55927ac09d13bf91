"""Disjunctive facets: a group's own choice does not narrow its counts; all counts in one round trip."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import In
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from catalog.models import Buyable, Category, Grade
from catalog.variants import measured

# Edges of the price buckets, in minor units; the last one is open.
PRICE_EDGES = (0, 100_00, 200_00, 300_00, 500_00, 800_00)
TOTAL = ""


@dataclass(frozen=True)
class Group:
    """One facet: `key` in the address, `expression` for the value of a row."""

    key: str
    label: Any
    expression: Combinable
    unit: str = ""

    def condition(self, values: Sequence[str]) -> Q:
        """The rows that have one of the values."""
        if self.key == "price":
            return reduce(or_, (_within(value) for value in values))
        return Q(In(self.expression, list(values)))


@dataclass(frozen=True)
class Option:
    """One value of a facet with its count; `low` and `high` for price buckets only (`high` None: no upper end)."""

    value: str
    label: str
    count: int
    chosen: bool
    low: Money | None = None
    high: Money | None = None


@dataclass(frozen=True)
class Facet:
    key: str
    label: str
    options: list[Option] = field(default_factory=list)

    @property
    def chosen(self) -> list[Option]:
        return [option for option in self.options if option.chosen]


Chosen = dict[str, list[str]]


def groups_of(category: Category | None) -> list[Group]:
    """The facets of a category page, or of a search across categories."""
    price = Group("price", _("Price"), _bucket())
    common = [Group("grade", _("Looks"), F("grade")), price, Group("brand", _("Brand"), F("brand"))]
    if category is None:
        return [Group("category", _("Category"), F("category__slug")), *common]
    declared = [
        Group(row["key"], row["label"], KeyTextTransform(row["key"], "attributes"), row.get("unit", ""))
        for row in category.attributes
        if row.get("facet")
    ]
    return [*common, *declared]


def chosen_in(params: "MultiValueDict[str, str]", groups: Sequence[Group]) -> Chosen:
    """What the address chooses, per group; unknown price buckets are left out."""
    chosen = {group.key: [value for value in params.getlist(group.key) if value] for group in groups}
    chosen["price"] = [value for value in chosen.get("price", []) if value in _BUCKETS]
    return {key: values for key, values in chosen.items() if values}


def narrow(rows: "QuerySet[Buyable]", groups: Sequence[Group], chosen: Chosen) -> "QuerySet[Buyable]":
    """The rows that every group's choice admits."""
    for group in groups:
        if group.key in chosen:
            rows = rows.filter(group.condition(chosen[group.key]))
    return rows


def count_facets(
    rows: "QuerySet[Buyable]", groups: Sequence[Group], chosen: Chosen, names: Mapping[str, str] | None = None
) -> tuple[int, list[Facet]]:
    """How many rows there are with all choices, and each facet with its counts: one query. `names` labels slugs."""
    parts = [_counts(narrow(rows, groups, chosen), TOTAL, Value("", output_field=CharField()))]
    for group in groups:
        others = {key: values for key, values in chosen.items() if key != group.key}
        parts.append(_counts(narrow(rows, groups, others), group.key, group.expression))
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for facet, value, count in parts[0].union(*parts[1:], all=True):
        if value is not None:
            counts[facet][value] = count
    facets = [_facet(group, counts[group.key], chosen.get(group.key, []), names or {}) for group in groups]
    return counts[TOTAL].get("", 0), [facet for facet in facets if len(facet.options) > 1 or facet.chosen]


def _counts(rows: "QuerySet[Buyable]", key: str, expression: Combinable) -> Any:
    label = Value(key, output_field=CharField())
    return (
        rows.order_by()
        .values(facet=label, choice=Cast(expression, CharField()))
        .annotate(many=Count("pk"))
        .values_list("facet", "choice", "many")
    )


def _facet(group: Group, counts: dict[str, int], chosen: Sequence[str], names: Mapping[str, str]) -> Facet:
    values = sorted({*counts, *chosen}, key=lambda value: _order(group.key, value))
    options = [
        Option(
            value, _label(group, value, names), counts.get(value, 0), value in chosen,
            *(_BUCKETS[value] if group.key == "price" else ()),
        )
        for value in values
    ]  # fmt: skip
    return Facet(group.key, gettext(str(group.label)), options)


def _label(group: Group, value: str, names: Mapping[str, str]) -> str:
    if group.key == "grade":
        return str(Grade(value).label) if value in Grade.values else value
    return measured(names.get(value, value), group.unit)


def _order(key: str, value: str) -> tuple[float, str]:
    """Grades from best to worst, prices and numbers by size, words by name."""
    if key == "grade":
        return (Grade.values.index(value) if value in Grade.values else 9, value)
    if key == "price":
        return (float(value.partition("-")[0]), value)
    try:
        return (float(value), value)
    except ValueError:
        return (float("inf"), value.casefold())


def _ranges() -> dict[str, tuple[Money, Money | None]]:
    ends = [*PRICE_EDGES[1:], None]
    return {
        f"{low // 100}-{'' if high is None else high // 100}": (
            Money(low, settings.DEFAULT_CURRENCY),
            None if high is None else Money(high, settings.DEFAULT_CURRENCY),
        )
        for low, high in zip(PRICE_EDGES, ends, strict=True)
    }


_BUCKETS = _ranges()


def _within(code: str) -> Q:
    low, high = _BUCKETS[code]
    return Q(price_minor__gte=low.minor) & (Q(price_minor__lt=high.minor) if high else Q())


def _bucket() -> Case:
    return Case(*(When(_within(code), then=Value(code)) for code in _BUCKETS), output_field=CharField())
