"""What a page offers to narrow by: the options of each facet with their words and counts. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext, ngettext

from backmarket.countries import country_name
from backmarket.money import Money
from backmarket.templatetags.ui import money_short
from catalog.facets import PRICE_EDGES, Choice, Group
from catalog.models import Grade
from catalog.variants import measured

# A choice that leaves so few deserves a hint at what one more option would add.
FEW = 6
# Of a facet with hundreds of values (models) the first are offered.
MOST_OPTIONS = 24
HINTS = 3


class Counted(Protocol):
    """What the bits know (selectors.narrowing.Narrowed)."""

    total: int
    counts: dict[str, dict[str, int]]
    labels: dict[str, str]


@dataclass(frozen=True)
class Option:
    """One value of a facet: how many there are with it, beside the choices of the other groups."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Bar:
    """One bin of the price histogram: height from 0 to 100, `inside` the chosen range."""

    low: int
    height: int
    inside: bool

    @property
    def top(self) -> int:
        return 100 - self.height


@dataclass(frozen=True)
class Facet:
    """`histogram`, `low` and `high` (whole units) are the price's alone, which has no options."""

    key: str
    label: str
    options: list[Option] = field(default_factory=list)
    histogram: list[Bar] = field(default_factory=list)
    low: int | None = None
    high: int | None = None

    @property
    def chosen(self) -> list[Option]:
        return [option for option in self.options if option.chosen]

    @property
    def is_price(self) -> bool:
        return self.key == "price"

    @property
    def price_chosen(self) -> bool:
        return self.low is not None or self.high is not None

    @property
    def range_label(self) -> str:
        """The chosen range in words."""
        low, high = (_money(amount) for amount in (self.low, self.high))
        if self.low is None:
            return gettext("Up to %(high)s") % {"high": high}
        if self.high is None:
            return gettext("From %(low)s") % {"low": low}
        return gettext("%(low)s to %(high)s") % {"low": low, "high": high}


@dataclass(frozen=True)
class Hint:
    """What one more option of a group would add to a list that its choices have left short."""

    key: str
    value: str
    label: str
    count: int


def facets_shown(
    groups: Sequence[Group], left: Counted, choice: Choice, names: Mapping[str, str] | None = None
) -> list[Facet]:
    """The facets that offer a choice, in the order of the groups; `names` labels slugs of categories.

    One option is a choice where not everything has it. Where nothing is left, all that there is stays in sight.
    """
    facets = [_facet(group, left, choice, names or {}) for group in groups]
    return [
        facet
        for facet in facets
        if len(facet.options) > 1
        or any(option.chosen or option.count < left.total for option in facet.options)
        or facet.histogram
        or facet.price_chosen
    ]


def hints(facets: Sequence[Facet], total: int) -> list[Hint]:
    """For a list left short: the unchosen options beside chosen ones that add most, at most HINTS."""
    if total > FEW:
        return []
    found = [
        Hint(facet.key, option.value, option.label, option.count)
        for facet in facets
        if facet.chosen
        for option in facet.options
        if not option.chosen and option.count
    ]
    return sorted(found, key=lambda hint: -hint.count)[:HINTS]


def _facet(group: Group, left: Counted, choice: Choice, names: Mapping[str, str]) -> Facet:
    counts = {
        value: count
        for value, count in left.counts.get(group.key, {}).items()
        if count or not (left.total or group.key == "price")
    }
    label = gettext(str(group.label))
    if group.key == "price":
        low, high = (None if amount is None else amount // 100 for amount in (choice.price.low, choice.price.high))
        return Facet(group.key, label, [], _histogram(counts, choice), low, high)
    chosen = choice.values.get(group.key, [])
    values = sorted({*counts, *chosen}, key=lambda value: _order(group.key, value, counts))
    values = [value for place, value in enumerate(values) if place < MOST_OPTIONS or value in chosen]
    named = {**left.labels, **names}
    options = [Option(value, _label(group, value, named), counts.get(value, 0), value in chosen) for value in values]
    return Facet(group.key, label, options)


def _histogram(counts: Mapping[str, int], choice: Choice) -> list[Bar]:
    """The bins between the cheapest and the dearest, if there is more than one."""
    edges = [edge for edge in PRICE_EDGES if str(edge) in counts]
    if len(edges) < 2:
        return []
    most = max(counts.values())
    return [
        Bar(
            edge // 100,
            -(-counts.get(str(edge), 0) * 100 // most),
            (choice.price.low or 0) < following and (choice.price.high is None or edge <= choice.price.high),
        )
        for edge, following in pairwise((*PRICE_EDGES, PRICE_EDGES[-1] * 2))
        if edges[0] <= edge <= edges[-1]
    ]


def _label(group: Group, value: str, names: Mapping[str, str]) -> str:
    if group.key in _WORDED:
        return _WORDED[group.key](value)
    return measured(names.get(value, value), group.unit)


def _grade(value: str) -> str:
    return str(Grade(value).label) if value in Grade.values else value


def _days(value: str) -> str:
    if not value.isdecimal():
        return value
    return str(ngettext("%(count)s day at most", "%(count)s days at most", int(value))) % {"count": value}


def _months(value: str) -> str:
    if not value.isdecimal():
        return value
    return ngettext("%(count)s month", "%(count)s months", int(value)) % {"count": value}


def _stars(value: str) -> str:
    return gettext("%(stars)s stars or more") % {"stars": f"{int(value) / 10:g}"} if value.isdecimal() else value


def _battery(value: str) -> str:
    return gettext("New battery") if value == "new" else value


_WORDED: dict[str, Callable[[str], str]] = {
    "grade": _grade, "days": _days, "guarantee": _months, "rating": _stars, "battery": _battery,
    "country": country_name,
}  # fmt: skip


def _order(key: str, value: str, counts: Mapping[str, int]) -> tuple[float, str]:
    """Grades from best to worst, models by how many there are, numbers by size, words by name."""
    if key == "grade":
        return (Grade.values.index(value) if value in Grade.values else 9, value)
    if key == "model":
        return (-counts.get(value, 0), value)
    try:
        return (float(value) * (-1 if key == "rating" else 1), value)
    except ValueError:
        return (float("inf"), value.casefold())


def _money(amount: int | None) -> str:
    return "" if amount is None else money_short(Money(amount * 100, settings.DEFAULT_CURRENCY))
