"""How answers become a condition, and an inspection sheet a grade. Pure: data in, verdict out, no database, no clock.

Same specification, same sheet: same verdict. The shapes of questions and checks are those that QuestionSet and
GradingSpecification store; an outcome carries `grade` (the best it still allows, or None), `functional` and `looks`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError

LOOKS = ("flawless", "good", "used", "cracked")
GRADES = ("premium", "excellent", "good", "fair")
"""Both from best to worst."""

Data = Mapping[str, Any]


class IncompleteAnswers(DomainError):
    """A question has no answer, or one that the question does not offer; `field` is its code."""

    code = "incomplete_answers"
    default_message = _("Choose one of the answers.")


class InvalidSheet(DomainError):
    """A check has no value, or one that the specification does not know; `field` is its code."""

    code = "invalid_sheet"
    default_message = _("Fill in this check.")


@dataclass(frozen=True)
class Finding:
    """One check's outcome. `grade`: the best grade it allows; `said`: the seller's answer it was compared with."""

    code: str
    chapter: str
    text: str
    value: str | int
    outcome: str
    grade: str | None
    functional: bool
    looks: str
    question: str | None
    said: str | None
    agrees: bool


@dataclass(frozen=True)
class Defect:
    """A finding worse than the seller's answer. `reason` is that of a counter-offer: functional or esthetics."""

    check: str
    question: str
    said: str
    found: str | int
    reason: str


@dataclass(frozen=True)
class Verdict:
    """The condition found, the best grade reachable (None: none until repaired), and why, check by check."""

    condition_found: str
    grade_reachable: str | None
    defects: tuple[Defect, ...]
    checks: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "condition_found": self.condition_found,
            "grade_reachable": self.grade_reachable,
            "defects": [asdict(defect) for defect in self.defects],
            "checks": [asdict(finding) for finding in self.checks],
        }


def condition_of(questions: Sequence[Data], answers: Data) -> str:
    """The condition that a seller's answers ({question code: option code}) declare: the worst over all of them.

    Raises IncompleteAnswers for the first question without a valid answer. Unknown keys do not matter.
    """
    return _condition([_option(question, answers) for question in questions])


def grade_sheet(checks: Sequence[Data], sheet: Data, questions: Sequence[Data], answers: Data) -> Verdict:
    """The verdict over a sheet ({check code: value}); raises InvalidSheet for the first check without a valid value."""
    said = {question["code"]: _option(question, answers) for question in questions}
    findings = tuple(_find(check, sheet, said) for check in checks)
    return Verdict(
        condition_found=_condition([asdict(finding) for finding in findings]),
        grade_reachable=_worst_grade([finding.grade for finding in findings]),
        defects=tuple(_defect(finding, said) for finding in findings if not finding.agrees),
        checks=findings,
    )


def grade_limits(findings: Sequence[Data]) -> list[Data]:
    """The findings (see as_json) that allow no better grade than the one reached; none of a perfect device."""
    reached = _worst_grade([finding["grade"] for finding in findings])
    return [] if reached == GRADES[0] else [finding for finding in findings if finding["grade"] == reached]


def condition_limits(findings: Sequence[Data]) -> list[Data]:
    """The findings that made the condition: what does not work, and the worst looks; none of a flawless device."""
    worst = max((finding["looks"] for finding in findings), key=LOOKS.index, default=LOOKS[0])
    return [
        finding for finding in findings
        if not finding["functional"] or (finding["looks"] == worst and worst != LOOKS[0])
    ]  # fmt: skip


def _option(question: Data, answers: Data) -> Data:
    chosen = answers.get(question["code"])
    for option in question["options"]:
        if option["code"] == chosen:
            return dict(option)
    raise IncompleteAnswers(field=question["code"])


def _condition(effects: Sequence[Data]) -> str:
    looks = max((effect["looks"] for effect in effects), key=LOOKS.index, default="flawless")
    if all(effect["functional"] for effect in effects):
        return f"FUNCTIONAL_{looks.upper()}"
    return "NOT_FUNCTIONAL_CRACKED" if looks == "cracked" else "NOT_FUNCTIONAL_USED"


def _worst_grade(grades: Sequence[str | None]) -> str | None:
    if None in grades:
        return None
    return max((grade for grade in grades if grade), key=GRADES.index, default=GRADES[0])


def _find(check: Data, sheet: Data, said: Mapping[str, Data]) -> Finding:
    value, outcome = _outcome(check, sheet.get(check["code"]))
    answer = said.get(check["answer"]) if check.get("answer") else None
    return Finding(
        code=check["code"],
        chapter=check["chapter"],
        text=check["text"],
        value=value,
        outcome=outcome.get("text") or f"{value} {check.get('unit', '')}".strip(),
        grade=outcome["grade"].lower() if outcome["grade"] else None,
        functional=outcome["functional"],
        looks=outcome["looks"],
        question=check["answer"] if answer else None,
        said=answer["code"] if answer else None,
        agrees=answer is None or not _worse(outcome, answer),
    )


def _outcome(check: Data, value: Any) -> tuple[str | int, Data]:
    if check["kind"] == "number":
        return _measured(check, value)
    for option in check["options"]:
        if option["value"] == value:
            return str(value), option
    raise InvalidSheet(field=check["code"])


def _measured(check: Data, value: Any) -> tuple[int, Data]:
    """The first band whose bound the number reaches; the last band has none."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidSheet(_("Give a whole number."), field=check["code"])
    for band in check["bands"]:
        bound = band["bound"]
        if bound is None or (value >= bound if check["better"] == "higher" else value <= bound):
            return value, band
    raise InvalidSheet(field=check["code"])


def _worse(found: Data, said: Data) -> bool:
    if found["functional"] != said["functional"]:
        return bool(said["functional"])
    return LOOKS.index(found["looks"]) > LOOKS.index(said["looks"])


def _defect(finding: Finding, said: Mapping[str, Data]) -> Defect:
    question = finding.question or ""
    broken = not finding.functional and said[question]["functional"]
    reason = "functional" if broken else "esthetics"
    return Defect(finding.code, question, finding.said or "", finding.value, reason)
