"""A device's passport: its erasures, parts and tests, from the events that were recorded when they happened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.events.selectors import timeline
from backmarket.templatetags.ui import grade_label
from catalog.models import Unit

TITLES: dict[str, str | Promise] = {
    "unit.taken_in": gettext_lazy("Taken into the workshop"),
    "unit.erased": gettext_lazy("Data erased"),
    "unit.repaired": gettext_lazy("Parts changed"),
    "unit.tested": gettext_lazy("Tested"),
    "unit.ready": gettext_lazy("Ready for sale"),
    "unit.sold": gettext_lazy("Sold"),
    "unit.in_workshop": gettext_lazy("Back in the workshop: erase and test it again"),
    "unit.recycled": gettext_lazy("Recycled"),
}


@dataclass(frozen=True)
class Stamp:
    """One entry: what was done, in which detail, when and by whom (a person's key, or None)."""

    title: str | Promise
    detail: str
    at: datetime
    by: int | None


def passport(unit: Unit) -> list[Stamp]:
    """Oldest first."""
    events = timeline(unit).filter(kind__in=TITLES).order_by("happened_at", "id")
    return [Stamp(TITLES[event.kind], _detail(event), event.happened_at, _person(event)) for event in events]


def names_of(unit: Unit, stamps: list[Stamp]) -> dict[int, str]:
    """The plant's people in a passport by their key; a seller whose answer made the unit is nobody to it."""
    found = User.objects.filter(pk__in={stamp.by for stamp in stamps if stamp.by}, membership__plant=unit.plant_id)
    return {user.pk: user.get_full_name() for user in found}


def what_is_missing(unit: Unit) -> list[str]:
    """What stands between a unit of the workshop and a listing, in the order in which it is done."""
    missing = [] if unit.erased_at else [_("its erasure, with standard, tool and operator")]
    if unit.tested_at is None:
        missing.append(_("its test"))
    elif unit.repaired_at and unit.tested_at < unit.repaired_at:
        missing.append(_("a new test, for parts were changed after the last one"))
    return missing


def _detail(event: Event) -> str:
    data: dict[str, Any] = event.data
    if event.kind == "unit.erased" and "tool" in data:
        return f"{data['standard']}, {data['tool']}"
    if event.kind == "unit.repaired":
        return ", ".join(data.get("parts", []))
    if event.kind == "unit.tested" and "grade" in data:
        battery = data.get("battery_percent")
        return grade_label(data["grade"]) + (_(", battery %d %%") % battery if battery is not None else "")
    return ""


def _person(event: Event) -> int | None:
    """Who did it; for an erasure its operator, whoever typed it in."""
    if event.data.get("operator"):
        return int(event.data["operator"])
    prefix, _colon, key = event.actor.partition(":")
    return int(key) if prefix == "user" else None
