"""Reports of diagnostics programs, read and laid over the checks of a specification. Pure; docs/diagnostics.md.

A report is evidence that somebody uploads: whatever is wrong with a row is said of that row, and the rest is kept.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backmarket.errors import DomainError
from backmarket.market import calendar

MAX_BYTES = 256 * 1024
MAX_ROWS = 1_000
MAX_SHOWN = 40
YEARS = range(2000, 2200)
FACTS = ("identifier", "tool", "tool_version", "ran_at")
PASSED = {**dict.fromkeys(("true", "yes", "ok", "passed"), "pass"), **dict.fromkeys(("false", "no", "failed"), "fail")}
NUMBER = re.compile(r"(\d{1,9})(?:\.0+)?\s*%?", re.ASCII)


class InvalidReport(DomainError):
    """The file as a whole cannot be used."""

    code = "invalid_report"
    default_message = gettext_lazy("This is not a report that we can read: see the format of diagnostics reports.")

    def __init__(self, message: Any = "") -> None:
        super().__init__(message, field="report")


@dataclass(frozen=True)
class Row:
    """One value as the report gives it; `number` is its line in a CSV, its place among the checks in JSON."""

    number: int
    code: str
    value: Any


@dataclass(frozen=True)
class Problem:
    """A row that was not used, and why, for people."""

    row: int
    code: str
    value: str
    why: str


@dataclass(frozen=True)
class Report:
    identifier: str
    tool: str
    tool_version: str
    ran_at: datetime | None
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    raw: str


@dataclass(frozen=True)
class Filled:
    """What of a report fits the specification, {check code: value}, and what does not."""

    values: dict[str, Any]
    problems: tuple[Problem, ...]


def read_report(content: bytes) -> Report:
    """The report in a file: JSON when it begins with a brace, else CSV. Raises InvalidReport."""
    if len(content) > MAX_BYTES:
        raise InvalidReport(_("A report has at most 256 KB."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidReport(_("The report is not written in UTF-8: export it again in that encoding.")) from error
    if "\0" in text or not text.strip():
        raise InvalidReport
    facts, rows, problems = _read_json(text) if text.lstrip().startswith("{") else _read_csv(text)
    ran_at, unreadable = _instant(facts.get("ran_at", ""))
    return Report(
        identifier=facts.get("identifier", ""),
        tool=facts.get("tool", "")[:80],
        tool_version=facts.get("tool_version", "")[:40],
        ran_at=ran_at,
        rows=tuple(rows),
        problems=(*problems, *unreadable),
        raw=text,
    )


def _read_json(text: str) -> tuple[dict[str, str], list[Row], list[Problem]]:
    try:
        data = json.loads(text, object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        raise InvalidReport from error
    given = dict(data)
    checks = given.get("checks")
    if not isinstance(checks, _Pairs):
        raise InvalidReport(_("The report has no “checks”."))
    if len(checks) > MAX_ROWS:
        raise InvalidReport(_("A report has at most 1,000 rows."))
    facts = {name: str(given[name]).strip() for name in FACTS if given.get(name) is not None}
    return facts, [Row(place, code, value) for place, (code, value) in enumerate(checks, 1)], []


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with what it repeats, which a dict would swallow."""


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    return _Pairs(pairs)


def _read_csv(text: str) -> tuple[dict[str, str], list[Row], list[Problem]]:
    first = text.lstrip().splitlines()[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    facts: dict[str, str] = {}
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        for cells in reader:
            _sort_cells(reader.line_num, [cell.strip() for cell in cells], facts, rows, problems)
    except csv.Error as error:
        raise InvalidReport from error
    if len(rows) + len(problems) > MAX_ROWS:
        raise InvalidReport(_("A report has at most 1,000 rows."))
    return facts, rows, problems


def _sort_cells(number: int, cells: list[str], facts: dict[str, str], rows: list[Row], problems: list[Problem]) -> None:
    """A line is a fact about the report, a check, its heading, empty, or a problem."""
    if not any(cells) or [cell.lower() for cell in cells] == ["code", "value"]:
        return
    if len(cells) != 2 or not cells[0]:
        problems.append(_problem(number, cells[0], ",".join(cells[1:]), _("A row has a code and one value.")))
    elif cells[0].lower() in FACTS:
        facts.setdefault(cells[0].lower(), cells[1])
    else:
        rows.append(Row(number, cells[0], cells[1]))


def _problem(row: int, code: Any, value: Any, why: str) -> Problem:
    return Problem(row, _short(code), _short(value), why)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _instant(text: str) -> tuple[datetime | None, list[Problem]]:
    """When the program ran; without an offset it is the market's clock."""
    try:
        ran_at = parse_datetime(text)
    except ValueError:
        ran_at = None
    if ran_at is None or ran_at.year not in YEARS:
        return None, [_problem(0, "ran_at", text, _("This is not a date and time."))] if text else []
    return ran_at if ran_at.tzinfo else ran_at.replace(tzinfo=calendar().zone), []


def lay_over(report: Report, checks: Sequence[Mapping[str, Any]]) -> Filled:
    """The report's values as the sheet has them. A check given twice with two values is filled in by neither."""
    known = {check["code"]: check for check in checks}
    values: dict[str, Any] = {}
    problems = list(report.problems)
    contradicted: set[str] = set()
    seen: dict[str, int] = {}
    for row in report.rows:
        code = row.code.strip().lower()
        value = _value(known[code], row.value) if code in known else None
        if code not in known:
            problems.append(_problem(row.number, row.code, row.value, _("The specification has no such check.")))
        elif value is None:
            problems.append(_problem(row.number, row.code, row.value, _allowed(known[code])))
        elif code in seen:
            problems.append(_problem(row.number, row.code, row.value, _("Given in row %d already.") % seen[code]))
            contradicted |= {code} if values[code] != value else set()
        else:
            values[code], seen[code] = value, row.number
    return Filled({code: value for code, value in values.items() if code not in contradicted}, tuple(problems))


def _value(check: Mapping[str, Any], given: Any) -> Any:
    """The value as the sheet has it, or None."""
    if check["kind"] == "number":
        return _number(given)
    word = str(given).strip().lower() if isinstance(given, str | bool | int) else ""
    options = [option["value"] for option in check["options"]]
    if word not in options and check["kind"] == "pass_fail":
        word = PASSED.get(word, "")
    return word if word in options else None


def _number(given: Any) -> int | None:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    found = NUMBER.fullmatch(str(given).strip())
    return int(found[1]) if found else None


def _allowed(check: Mapping[str, Any]) -> str:
    if check["kind"] == "number":
        return _("This check is a whole number.")
    return _("One of: %s.") % ", ".join(_options(check["options"]))


def _options(options: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(option["value"]) for option in options]
