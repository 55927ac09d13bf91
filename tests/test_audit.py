"""What the audit calls good, and which pages it looks at."""

import pytest

from backmarket.management.audit import MOST_BYTES, Score, view_of

ALL_GOOD = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}


def scored(shift: float = 0.0, weight: int = 40_000, **points: int) -> Score:
    given = ALL_GOOD | {name.replace("_", "-"): value for name, value in points.items()}
    return Score("/", given, shift, paint_ms=900, blocked_ms=0, index=1500, weight=weight, failed=())


def test_what_meets_every_bound_is_good() -> None:
    assert scored().holds


@pytest.mark.parametrize(
    "worse",
    [{"performance": 94}, {"accessibility": 99}, {"best_practices": 99}, {"seo": 99}, {"shift": 0.001}],
)
def test_one_bound_missed_is_bad(worse: dict[str, float]) -> None:
    assert not scored(**worse).holds  # type: ignore[arg-type]


def test_a_first_visit_stays_below_its_weight() -> None:
    assert not scored(weight=MOST_BYTES).holds


@pytest.mark.parametrize(
    ("address", "view"),
    [
        ("/", "home"),
        ("/c/phones/?grade=fair", "category"),
        ("/desk/", None),
        ("/nowhere/", None),
        ("/plants/", "plants"),
    ],
)
def test_only_our_own_pages_are_looked_at(address: str, view: str | None) -> None:
    assert view_of(address) == view
