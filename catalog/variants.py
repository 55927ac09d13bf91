"""Which variant a choice leads to: never to one that does not exist. Pure, but for the rows it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class HasAttributes(Protocol):
    sku: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One value of an axis, and the variant it leads to. `keeps` tells whether all else stays the same."""

    label: str
    sku: str
    checked: bool
    in_stock: bool
    keeps: bool


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


def axes_of(
    declared: Sequence[Mapping[str, Any]],
    variants: Sequence[HasAttributes],
    current: HasAttributes,
    stocked: frozenset[str],
) -> list[Axis]:
    """The axes in the order in which the category declares them; `stocked` holds the SKUs with an offer."""
    varying = [row for row in declared if len({_value(variant, row["key"]) for variant in variants}) > 1]
    if any(row["key"] == "colour" for row in varying):
        varying = [row for row in varying if row["key"] != "colour_family"]
    keys = [row["key"] for row in varying]
    return [Axis(row["key"], row["label"], _choices(row, keys, variants, current, stocked)) for row in varying]


def _choices(
    row: Mapping[str, Any],
    keys: Sequence[str],
    variants: Sequence[HasAttributes],
    current: HasAttributes,
    stocked: frozenset[str],
) -> list[Choice]:
    key, others = row["key"], [other for other in keys if other != row["key"]]
    choices = []
    for value in sorted({_value(variant, key) for variant in variants} - {None}, key=_order):
        having = [variant for variant in variants if _value(variant, key) == value]
        target = max(having, key=lambda variant: (_agreeing(variant, current, others), variant.sku in stocked))
        choices.append(
            Choice(
                label=measured(value, row.get("unit", "")),
                sku=target.sku,
                checked=value == _value(current, key),
                in_stock=any(variant.sku in stocked for variant in having),
                keeps=_agreeing(target, current, others) == len(others),
            )
        )
    return choices


def _agreeing(variant: HasAttributes, current: HasAttributes, keys: Sequence[str]) -> int:
    return sum(_value(variant, key) == _value(current, key) for key in keys)


def _value(variant: HasAttributes, key: str) -> Any:
    return variant.attributes.get(key)


def _order(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, str), value)
