"""A report is somebody else's file: what is wrong with a row is said of that row, and the rest is used."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buyback.diagnostics import MAX_BYTES, InvalidReport, Problem, lay_over, read_report

CHECKS: list[dict[str, Any]] = [
    {"code": "touch", "kind": "pass_fail", "options": [{"value": "pass"}, {"value": "fail"}]},
    {"code": "screen_marks", "kind": "scale", "options": [{"value": v} for v in ("none", "light", "cracked")]},
    {"code": "battery", "kind": "number", "bands": []},
]


def as_json(checks: Any, **facts: Any) -> bytes:
    return json.dumps({"identifier": "353982100000013", "tool": "Proof", "checks": checks, **facts}).encode()


def test_a_json_report_is_read_with_its_facts() -> None:
    report = read_report(
        as_json({"touch": True, "battery": 91}, tool_version="4.2", ran_at="2026-11-23T10:04:00+01:00")
    )
    assert (report.identifier, report.tool, report.tool_version) == ("353982100000013", "Proof", "4.2")
    assert report.ran_at == datetime(2026, 11, 23, 10, 4, tzinfo=ZoneInfo("Europe/Paris"))
    assert lay_over(report, CHECKS).values == {"touch": "pass", "battery": 91}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_csv_report_says_the_same_as_json(delimiter: str, mark: str) -> None:
    lines = [
        "code,value",
        "identifier,353982100000013",
        "tool,Proof",
        "",
        "touch,OK",
        "Screen_Marks, light",
        "battery,91%",
    ]
    report = read_report((mark + "\r\n".join(lines).replace(",", delimiter)).encode())
    filled = lay_over(report, CHECKS)
    assert (report.identifier, report.tool, filled.problems) == ("353982100000013", "Proof", ())
    assert filled.values == {"touch": "pass", "screen_marks": "light", "battery": 91}


def test_a_time_without_an_offset_is_the_markets() -> None:
    assert read_report(as_json({}, ran_at="2026-11-23T10:04:00")).ran_at == datetime(
        2026, 11, 23, 10, 4, tzinfo=ZoneInfo("Europe/Paris")
    )


@pytest.mark.parametrize("ran_at", ["yesterday", "2026-02-30T10:00", "0001-01-01T00:00", "9999-12-31T23:59:59"])
def test_a_time_that_is_none_is_a_problem_and_no_more(ran_at: str) -> None:
    report = read_report(as_json({"touch": "pass"}, ran_at=ran_at))
    assert (report.ran_at, report.problems) == (None, (Problem(0, "ran_at", ran_at, "This is not a date and time."),))
    assert lay_over(report, CHECKS).values == {"touch": "pass"}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"   \n ", b"{", b'{"checks": []}', b'{"checks": 3, "identifier": "x"}', b'{"checks": {"a": NaN',
        b'{"checks": {"a": ' + b"9" * 5_000 + b"}}", b'{"a":' * 20_000, b"a,\0", b"\xff\xfe\x00a",
        "touch,réussi".encode("latin-1"), b"x" * (MAX_BYTES + 1),
        b"\n".join(b"a,b" for _row in range(1_001)), as_json({str(n): 1 for n in range(1_001)}),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(InvalidReport) as refusal:
        read_report(content)
    assert (refusal.value.field, str(refusal.value) != "") == ("report", True)


@pytest.mark.parametrize(
    ("code", "value", "why"),
    [
        ("nfc", "pass", "The specification has no such check."),
        ("touch", "maybe", "One of: pass, fail."),
        ("touch", None, "One of: pass, fail."),
        ("touch", ["pass"], "One of: pass, fail."),
        ("screen_marks", True, "One of: none, light, cracked."),
        ("battery", "91.5", "This check is a whole number."),
        ("battery", -3, "This check is a whole number."),
        ("battery", True, "This check is a whole number."),
        ("battery", "٩١", "This check is a whole number."),
        ("battery", 10**12, "This check is a whole number."),
        ("battery", float("nan"), "This check is a whole number."),
    ],
)
def test_a_row_that_cannot_be_used_says_why(code: str, value: Any, why: str) -> None:
    filled = lay_over(read_report(as_json({"screen_marks": "none", code: value})), CHECKS)
    (problem,) = filled.problems
    assert (problem.code, problem.why) == (code, why)
    assert filled.values == ({"screen_marks": "none"} if code != "screen_marks" else {})


def test_a_check_given_twice_is_used_once_and_contradicted_by_neither_value() -> None:
    text = "identifier,1\ntouch,pass\ntouch,pass\nbattery,91\nbattery,80\n"
    filled = lay_over(read_report(text.encode()), CHECKS)
    assert filled.values == {"touch": "pass"}
    assert [(p.row, p.code, p.why) for p in filled.problems] == [
        (3, "touch", "Given in row 2 already."),
        (5, "battery", "Given in row 4 already."),
    ]
    twice = b'{"identifier": "1", "checks": {"touch": "pass", "touch": "fail"}}'
    assert lay_over(read_report(twice), CHECKS).values == {}


def test_a_csv_of_200_rows_with_17_broken_ones_names_exactly_these() -> None:
    checks = [{"code": f"check_{n}", "kind": "number", "bands": []} for n in range(1, 201)]
    rows = [f"check_{n},{n}" for n in range(1, 201)]
    broken = {7: "check_7,seven", 13: "check_13", 19: "check_19,1,2", 26: ",26", 33: "nonsense,33"}
    broken |= {n: f"check_{n},-{n}" for n in range(101, 113)}
    for number, row in broken.items():
        rows[number - 1] = row
    filled = lay_over(read_report("\n".join(rows).encode()), checks)
    assert sorted(problem.row for problem in filled.problems) == sorted(broken)
    assert len(broken) == 17
    assert filled.values == {f"check_{n}": n for n in range(1, 201) if n not in broken}


def test_a_long_value_is_shown_short() -> None:
    filled = lay_over(read_report(as_json({"touch": "x" * 10_000})), CHECKS)
    assert filled.problems[0].value == "x" * 40 + "…"


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_whatever_the_bytes_a_report_is_read_or_refused(content: bytes) -> None:
    try:
        report = read_report(content)
    except InvalidReport:
        return
    filled = lay_over(report, CHECKS)
    assert set(filled.values) <= {"touch", "screen_marks", "battery"}
