"""Which variant a choice leads to: never to one that does not exist. Pure, but for the rows it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

GRADES = ("fair", "good", "excellent", "premium")


class HasAttributes(Protocol):
    sku: str
    colour: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One value of an axis, and the variant and grade it leads to.

    `changes` are the values of other axes that it changes too, in words; `price_minor` is None when all that it leads
    to is sold out. `colour` is the plain colour to paint, for an axis of colours.
    """

    key: str
    label: str
    sku: str
    grade: str
    checked: bool
    price_minor: int | None
    changes: tuple[str, ...]
    keeps_grade: bool
    colour: str = ""


@dataclass(frozen=True)
class Axis:
    """An attribute in which the variants of a product differ."""

    key: str
    label: str
    choices: list[Choice]


def measured(value: object, unit: str) -> str:
    """A value as people say it, with its unit: 128 GB, 1 TB for 1000 or 1024 GB, Black."""
    if unit == "GB" and str(value).isdigit() and int(str(value)) >= 1000:
        return f"{int(str(value)) // 1000} TB"
    return f"{value} {unit}".strip()


@dataclass(frozen=True)
class Shelf:
    """What is chosen now, and what can be had: `prices` holds SKU → grade → price in minor units, in stock only."""

    variants: Sequence[HasAttributes]
    current: HasAttributes
    grade: str
    prices: Mapping[str, Mapping[str, int]]

    def grade_of(self, sku: str) -> str:
        """The grade chosen, where this variant has it; else the nearest one that it has, the better of two."""
        stocked = self.prices.get(sku)
        if not stocked or self.grade in stocked:
            return self.grade
        return min(stocked, key=lambda grade: (abs(_rank(grade) - _rank(self.grade)), -_rank(grade)))


def axes_of(declared: Sequence[Mapping[str, Any]], shelf: Shelf) -> list[Axis]:
    """The axes in which the variants differ, in the order in which the category declares them."""
    varying = [row for row in declared if len({_value(variant, row["key"]) for variant in shelf.variants}) > 1]
    if any(row["key"] == "colour" for row in varying):
        varying = [row for row in varying if row["key"] != "colour_family"]
    return [Axis(row["key"], row["label"], _choices(row, varying, shelf)) for row in varying]


def _choices(row: Mapping[str, Any], varying: Sequence[Mapping[str, Any]], shelf: Shelf) -> list[Choice]:
    values = {_value(variant, row["key"]) for variant in shelf.variants} - {None}
    return [
        _choice(row, value, [other for other in varying if other != row], shelf) for value in sorted(values, key=_order)
    ]


def _choice(row: Mapping[str, Any], value: Any, others: Sequence[Mapping[str, Any]], shelf: Shelf) -> Choice:
    """The variant with this value that keeps most of what is chosen; of equals, one that can be had as it is."""
    key, current = row["key"], shelf.current
    having = [variant for variant in shelf.variants if _value(variant, key) == value]
    kept = [(other["key"], _value(current, other["key"])) for other in others]
    target = max(
        having,
        key=lambda variant: (
            sum([variant.attributes.get(kept_key) == kept_value for kept_key, kept_value in kept]),
            shelf.grade in shelf.prices.get(variant.sku, {}),
            variant.sku in shelf.prices,
        ),
    )
    grade = shelf.grade_of(target.sku)
    return Choice(
        key=f"{key}-{value}".lower().replace(" ", "-"),
        label=measured(value, row.get("unit", "")),
        sku=target.sku,
        grade=grade,
        checked=value == _value(current, key),
        price_minor=shelf.prices.get(target.sku, {}).get(grade),
        changes=tuple(_changed(target, current, others)),
        keeps_grade=grade == shelf.grade,
        colour=target.colour if key == "colour" else "",
    )


def _changed(variant: HasAttributes, current: HasAttributes, others: Sequence[Mapping[str, Any]]) -> list[str]:
    """What this variant has otherwise than the current one on the other axes, in words."""
    found = [(row, _value(variant, row["key"])) for row in others]
    return [measured(value, row.get("unit", "")) for row, value in found if value != _value(current, row["key"])]


def _rank(grade: str) -> int:
    return GRADES.index(grade) if grade in GRADES else -1


def _value(variant: HasAttributes, key: str) -> Any:
    return variant.attributes.get(key)


def _order(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, str), value)
