"""What a list can be narrowed by: the groups of a category, the values of a buyable, and what an address chooses. Pure.

A value is named "key=value". Prices are named by the lower edge of their bin, in minor units; what is at least or at
most so much (a rating, days on the road) has one value for each threshold that it meets.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from catalog.models import Buyable, Category

# Edges of the bins of the price histogram, in minor units; the last bin is open.
PRICE_EDGES = (
    *range(0, 300_00, 25_00), *range(300_00, 1_000_00, 50_00), *range(1_000_00, 2_000_00, 100_00),
    *range(2_000_00, 4_001_00, 250_00),
)  # fmt: skip
RATINGS_X10 = (35, 40, 45)
DAYS = (1, 2, 3, 5)
MINOR_PER_UNIT = 100
DEAREST = 10_000_000


@dataclass(frozen=True)
class Group:
    """One facet: `key` in the address; `unit` of its numbers."""

    key: str
    label: Any
    unit: str = ""


@dataclass(frozen=True)
class PriceRange:
    """From `low` to `high` inclusive, minor units; None is open."""

    low: int | None = None
    high: int | None = None

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None

    @property
    def ends(self) -> tuple[int, int]:
        return self.low or 0, DEAREST if self.high is None else self.high

    def admits(self, price_minor: int | None) -> bool:
        low, high = self.ends
        return price_minor is not None and low <= price_minor <= high

    def whole_bins(self) -> list[str]:
        """The bins that lie in it entirely."""
        ends = (*PRICE_EDGES[1:], DEAREST)
        low, high = self.ends
        return [str(edge) for edge, end in zip(PRICE_EDGES, ends, strict=True) if low <= edge and end - 1 <= high]

    def parts_of_bins(self) -> list[tuple[int, int]]:
        """The ranges of prices in it that fill no whole bin."""
        ends = (*PRICE_EDGES[1:], DEAREST)
        low, high = self.ends
        cut = [(max(low, edge), min(high, end - 1), edge, end) for edge, end in zip(PRICE_EDGES, ends, strict=True)]
        return [(first, last) for first, last, edge, end in cut if first <= last and (first, last) != (edge, end - 1)]


@dataclass(frozen=True)
class Choice:
    """What an address chooses: values by group, and a range of prices."""

    values: Mapping[str, list[str]]
    price: PriceRange = PriceRange()

    def __bool__(self) -> bool:
        return bool(self.values or self.price)

    @property
    def keys(self) -> list[str]:
        return [*self.values, *(["price"] if self.price else [])]

    def settled(self, known: Mapping[str, Collection[str]]) -> "tuple[Choice, list[str]]":
        """The choice with its values spelt as in `known`, whatever their case, and the values that are not in it."""
        values: dict[str, list[str]] = {}
        unknown = []
        for key, wanted in self.values.items():
            spelt = {value.casefold(): value for value in known.get(key, ())}
            met = [value if value in known.get(key, ()) else spelt.get(value.casefold()) for value in wanted]
            unknown += [value for value, found in zip(wanted, met, strict=True) if found is None]
            if some := list(dict.fromkeys(found for found in met if found is not None)):
                values[key] = some
        return Choice(values, self.price), unknown

    def admits(self, facets: Iterable[str], price_minor: int | None, *, but: str = "") -> bool:
        """Whether something with these values has what every group asks; `but` leaves one group out."""
        if but != "price" and not self.price.admits(price_minor):
            return not self.price and self._values_admit(facets, but)
        return self._values_admit(facets, but)

    def _values_admit(self, facets: Iterable[str], but: str) -> bool:
        has = set(facets)
        return all(
            any(f"{key}={value}" in has for value in wanted) for key, wanted in self.values.items() if key != but
        )


def groups_of(category: Category | None, categories: Sequence[Category] = ()) -> list[Group]:
    """The facets of a category page; without one, those of a search across `categories`."""
    declared: dict[str, Group] = {}
    for row in (row for each in ([category] if category else categories) for row in each.attributes):
        if row.get("facet"):
            declared.setdefault(row["key"], Group(row["key"], row["label"], row.get("unit", "")))
    return [
        *([] if category else [Group("category", _("Category"))]),
        Group("grade", _("Looks")),
        Group("price", _("Price")),
        Group("brand", _("Brand")),
        Group("model", _("Model")),
        *declared.values(),
        Group("battery", _("Battery")),
        Group("guarantee", _("Guarantee")),
        Group("rating", _("Plant's rating")),
        Group("days", _("Days on the road")),
        Group("country", _("Refurbished in")),
    ]


def values_of(row: Buyable, category: Category) -> list[str]:
    """What a buyable can be found by; nothing while it is not in stock."""
    if not row.in_stock:
        return []
    declared = [(each["key"], row.attributes.get(each["key"])) for each in category.attributes if each.get("facet")]
    return [
        f"category={category.slug}",
        f"grade={row.grade}",
        f"price={bin_of(row.price_minor or 0)}",
        f"brand={row.brand}",
        f"model={row.slug}",
        *(f"{key}={_spelt(value)}" for key, value in declared if value not in (None, "")),
        *(["battery=new"] if row.new_battery else []),
        f"guarantee={row.guarantee_months}",
        *(f"rating={least}" for least in RATINGS_X10 if (row.plant_rating_x10 or 0) >= least),
        *(f"days={most}" for most in DAYS if row.shipping_days <= most),
        f"country={row.plant_country}",
    ]


def bin_of(price_minor: int) -> int:
    """The lower edge of the price's bin."""
    edge: int = PRICE_EDGES[bisect_right(PRICE_EDGES, price_minor) - 1]
    return edge


def chosen_in(params: "MultiValueDict[str, str]", groups: Sequence[Group]) -> Choice:
    """What the address chooses, per group; what is no number is no price."""
    keys = [group.key for group in groups if group.key != "price"]
    values = {key: list(dict.fromkeys(value[:120] for value in params.getlist(key) if value)) for key in keys}
    low, high = _amount(params.get("price_min")), _amount(params.get("price_max"))
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Choice({key: some for key, some in values.items() if some}, PriceRange(low, high))


def _spelt(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _amount(text: str | None) -> int | None:
    """Whole units of the market's currency as minor units."""
    text = (text or "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        return None
    return int(text) * MINOR_PER_UNIT
