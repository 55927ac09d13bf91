"""The map of events and what really happens agree."""

import re
from pathlib import Path

from django.apps import apps

from backmarket.wiring import WIRING

ROOT = Path(__file__).resolve().parent.parent
APPS = ("backmarket", "refurbishers", "catalog", "buyback", "orders", "reviews")


def recorded_kinds() -> set[str]:
    """What `record` is given by name, and what a move of each model to each of its statuses records."""
    sources = [path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py")]
    named = {kind for source in sources for kind in re.findall(r'\brecord\(\s*"([a-z_.]+)"', source)}
    named |= {f"unit.{done}" for source in sources for done in re.findall(r'\b_work\(unit, "([a-z_]+)"', source)}
    moved = {
        f"{model.NOUN}.{status.lower()}"
        for model in apps.get_models()
        if hasattr(model, "NOUN")
        for targets in model.MOVES.values()
        for status in targets
    }
    return named | moved


def test_nothing_waits_for_an_event_that_never_happens() -> None:
    assert set(WIRING) - recorded_kinds() == set()
