"""A grading specification in the words of a shopper: what is tested, and what a grade allows. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from backmarket.markup import worded
from catalog.words import CHAPTERS

GRADES = ("PREMIUM", "EXCELLENT", "GOOD", "FAIR")
Check = Mapping[str, Any]


@dataclass(frozen=True)
class Tested:
    """One check: what is asked, how it is found out, and the most that the grade allows (empty: it has to pass)."""

    code: str
    text: str
    how: str
    limit: str


@dataclass(frozen=True)
class Chapter:
    code: str
    title: str
    tests: tuple[Tested, ...]


@worded
def tested(checks: str, grade: str) -> tuple[tuple[Chapter, ...], Tested | None]:
    """What a specification's checks, in JSON as they are stored, tell a shopper of a grade; and the battery's one."""
    read: list[Check] = json.loads(checks)
    return chapters_of(read, grade), battery_of(read, grade)


def chapters_of(checks: Iterable[Check], grade: str) -> tuple[Chapter, ...]:
    """The checks that can keep a device from this grade, by chapter, in the order of the specification."""
    grouped: dict[str, list[Tested]] = {}
    for check in checks:
        if _decides(check, grade.upper()):
            grouped.setdefault(check["chapter"], []).append(_tested(check, grade.upper()))
    return tuple(Chapter(code, str(CHAPTERS.get(code, code)), tuple(tests)) for code, tests in grouped.items())


def battery_of(checks: Iterable[Check], grade: str) -> Tested | None:
    """The measured health of the battery that the grade asks for; None for what has no battery."""
    measured = (check for check in checks if check["chapter"] == "battery" and check["kind"] == "number")
    return next((_tested(check, grade.upper()) for check in measured), None)


def _decides(check: Check, grade: str) -> bool:
    """A check whose every outcome allows the grade tells a shopper nothing."""
    return check["kind"] != "scale" or not all(_allows(option, grade) for option in check["options"])


def _tested(check: Check, grade: str) -> Tested:
    how = check.get("how")
    return Tested(check["code"], _(check["text"]), _(how) if how else "", _limit(check, grade))


def _limit(check: Check, grade: str) -> str:
    if check["kind"] == "number":
        unit = _(check["unit"]) if check["unit"] else ""
        bound = {"number": f"{check['thresholds'][grade]} {unit}".replace(" %", "%").strip()}
        return (_("at least %(number)s") if check["better"] == "higher" else _("at most %(number)s")) % bound
    if check["kind"] == "scale":
        allowed = [option for option in check["options"] if _allows(option, grade)]
        return _(allowed[-1]["text"]) if allowed else ""
    return ""


def _allows(option: Mapping[str, Any], grade: str) -> bool:
    best = option["grade"]
    return best is not None and GRADES.index(best) <= GRADES.index(grade)
