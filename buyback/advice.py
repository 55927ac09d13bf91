"""Where to take a device that no plant buys: never a dead end. Addresses are those of general directories."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REPAIR_CAFES = "https://www.repaircafe.org/en/visit/"
# Repairers with the QualiRépar label, whose bill the French repair bonus lowers.
REPAIRERS = "https://www.e-reparation.eco/"
COLLECTION_POINTS = "https://www.ecosystem.eco/"
# What one person can carry into a community hall, and a volunteer can open on a table.
FOR_A_REPAIR_CAFE = frozenset(
    {"smartphones", "tablets", "laptops", "desktops", "consoles", "headphones", "speakers", "cameras", "e-readers"}
)


@dataclass(frozen=True)
class Advice:
    """One thing to do. `site` names whose page `url` is, as the link leaves ours."""

    icon: str
    title: str | Promise
    text: str | Promise
    label: str | Promise
    url: str
    site: str


CAFE = Advice(
    "users", _("Repair it with others"),
    _("At a Repair Café volunteers mend it with you, mostly free of charge: a battery, a plug, a button, a stuck key."),
    _("Find a Repair Café"), REPAIR_CAFES, "repaircafe.org",
)  # fmt: skip
REPAIR = Advice(
    "wrench", _("Have it repaired"),
    _("A new screen or battery often costs less than it adds to the price. In France the repair bonus pays a part."),
    _("Find a repairer"), REPAIRERS, "e-reparation.eco",
)  # fmt: skip
RECYCLE = Advice(
    "recycle", _("Recycle it"),
    _(
        "Erase your data first. Then shops that sell such devices take it back free of charge, and so does a "
        "recycling centre."
    ),
    _("Find a collection point"), COLLECTION_POINTS, "ecosystem.eco",
)  # fmt: skip


def ways_without_a_bid(category: str) -> list[Advice]:
    """What to do with a device of this category, repair before recycling."""
    return [*([CAFE] if category in FOR_A_REPAIR_CAFE else []), REPAIR, RECYCLE]
