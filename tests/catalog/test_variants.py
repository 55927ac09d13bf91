"""Which variant and looks a choice leads to, and what it says of that."""

from dataclasses import dataclass, field
from typing import Any

from catalog.variants import Axis, Choice, Shelf, axes_of

DECLARED = [
    {"key": "storage_gb", "label": "Storage", "unit": "GB"},
    {"key": "colour", "label": "Colour", "unit": ""},
    {"key": "screen_in", "label": "Screen", "unit": "in"},
]


@dataclass
class V:
    sku: str
    colour: str
    attributes: dict[str, Any] = field(default_factory=dict)


def variant(storage: int, colour: str) -> V:
    return V(f"{storage}-{colour}", colour.lower(), {"storage_gb": storage, "colour": colour, "screen_in": 6.1})


BLACK_64, BLACK_128, GOLD_128, GOLD_1000 = (
    variant(64, "Black"),
    variant(128, "Black"),
    variant(128, "Gold"),
    variant(1000, "Gold"),
)
ALL = [BLACK_64, BLACK_128, GOLD_128, GOLD_1000]


def choices(axes: list[Axis], key: str) -> dict[str, Choice]:
    return {choice.label: choice for axis in axes if axis.key == key for choice in axis.choices}


def shelf(prices: dict[str, dict[str, int]], current: V = BLACK_64, grade: str = "good") -> list[Axis]:
    return axes_of(DECLARED, Shelf(ALL, current, grade, prices))


EVERYWHERE = {each.sku: {"good": 30000, "premium": 40000} for each in ALL}


def test_only_what_differs_is_an_axis_and_each_value_stands_once() -> None:
    axes = shelf(EVERYWHERE)
    assert [(axis.key, [choice.label for choice in axis.choices]) for axis in axes] == [
        ("storage_gb", ["64 GB", "128 GB", "1 TB"]),
        ("colour", ["Black", "Gold"]),
    ]


def test_a_choice_keeps_all_else_where_that_exists() -> None:
    chosen = choices(shelf(EVERYWHERE), "storage_gb")["128 GB"]
    assert (chosen.sku, chosen.changes, chosen.keeps_grade, chosen.grade) == ("128-Black", (), True, "good")


def test_a_choice_without_such_a_variant_says_what_else_it_changes() -> None:
    axes = shelf(EVERYWHERE)
    assert choices(axes, "storage_gb")["1 TB"].changes == ("Gold",)
    gold = choices(axes, "colour")["Gold"]
    assert (gold.sku, gold.changes) == ("128-Gold", ("128 GB",))


def test_a_choice_that_has_only_other_looks_leads_to_the_nearest_and_says_so() -> None:
    chosen = choices(shelf({**EVERYWHERE, "128-Black": {"fair": 20000, "excellent": 35000}}), "storage_gb")["128 GB"]
    assert (chosen.sku, chosen.grade, chosen.keeps_grade, chosen.price_minor) == (
        "128-Black",
        "excellent",
        False,
        35000,
    )


def test_of_equal_changes_the_one_in_stock_is_chosen() -> None:
    chosen = choices(shelf({"1000-Gold": {"good": 1}, "64-Black": {"good": 1}}), "colour")["Gold"]
    assert (chosen.sku, chosen.price_minor) == ("1000-Gold", 1)


def test_what_exists_and_is_sold_out_stays_itself_and_has_no_price() -> None:
    chosen = choices(shelf({"64-Black": {"good": 1}}), "storage_gb")["128 GB"]
    assert (chosen.sku, chosen.grade, chosen.price_minor) == ("128-Black", "good", None)


def test_a_colour_knows_what_to_paint() -> None:
    assert [choice.colour for choice in choices(shelf(EVERYWHERE), "colour").values()] == ["black", "gold"]
    assert choices(shelf(EVERYWHERE), "storage_gb")["64 GB"].colour == ""
