"""Same sheet, same grade; a worse finding never gives a better grade; and each verdict explains itself."""

from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backmarket.accounts.models import User
from backmarket.management.seed_data.grading import GRADING
from backmarket.management.seed_data.questions import QUESTION_SETS
from buyback.services.grading import grade_pending_devices
from buyback.services.inspections import submit_inspection
from catalog.grading import (
    GRADES,
    LOOKS,
    IncompleteAnswers,
    InvalidSheet,
    condition_limits,
    condition_of,
    grade_limits,
    grade_sheet,
)
from catalog.models import Condition, Grade, GradingSpecification
from refurbishers.models import Refurbisher
from tests.buyback.steps import received, sheet

CATEGORIES = sorted(GRADING)
CONDITIONS = list(Condition.values)


def questions_of(category: str) -> list[dict[str, Any]]:
    return list(QUESTION_SETS[category]["questions"])


def checks_of(category: str) -> list[dict[str, Any]]:
    return list(GRADING[category]["checks"])


def values_of(check: dict[str, Any]) -> list[Any]:
    """Every value worth trying, best first."""
    if check["kind"] != "number":
        return [option["value"] for option in check["options"]]
    bounds = [band["bound"] for band in check["bands"] if band["bound"] is not None]
    last = max(0, bounds[-1] - 1) if check["better"] == "higher" else bounds[-1] + 1
    return [*bounds, last]


def best_sheet(category: str) -> dict[str, Any]:
    return {check["code"]: values_of(check)[0] for check in checks_of(category)}


def best_answers(category: str) -> dict[str, str]:
    def rank(option: dict[str, Any]) -> tuple[bool, int]:
        return (not option["functional"], LOOKS.index(option["looks"]))

    return {question["code"]: min(question["options"], key=rank)["code"] for question in questions_of(category)}


@st.composite
def graded(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, str]]:
    category = draw(st.sampled_from(CATEGORIES))
    sheet = {check["code"]: draw(st.sampled_from(values_of(check))) for check in checks_of(category)}
    answers = {q["code"]: draw(st.sampled_from([o["code"] for o in q["options"]])) for q in questions_of(category)}
    return category, sheet, answers


def grade(category: str, sheet: dict[str, Any], answers: dict[str, str]) -> Any:
    return grade_sheet(checks_of(category), sheet, questions_of(category), answers)


def rank_of(grade_reachable: str | None) -> int:
    return len(GRADES) if grade_reachable is None else GRADES.index(grade_reachable)


@given(graded())
@settings(max_examples=60, deadline=None)
def test_the_same_sheet_gets_the_same_grade_whatever_the_order_of_its_keys(case: Any) -> None:
    category, sheet, answers = case
    shuffled = dict(sorted(sheet.items(), reverse=True))
    assert grade(category, sheet, answers) == grade(category, sheet, answers)
    assert grade(category, sheet, answers) == grade(category, shuffled, dict(reversed(answers.items())))


@given(graded(), st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_checks_decides_nothing(case: Any, data: st.DataObject) -> None:
    category, sheet, answers = case
    shuffled = data.draw(st.permutations(checks_of(category)))
    before, after = grade(category, sheet, answers), grade_sheet(shuffled, sheet, questions_of(category), answers)
    assert (after.condition_found, after.grade_reachable) == (before.condition_found, before.grade_reachable)
    assert {finding.code: finding for finding in after.checks} == {finding.code: finding for finding in before.checks}
    assert {(d.check, d.reason) for d in after.defects} == {(d.check, d.reason) for d in before.defects}


@given(graded())
@settings(max_examples=60, deadline=None)
def test_a_verdict_names_exactly_what_limits_it(case: Any) -> None:
    """Better findings in the named checks alone lift the grade; better ones anywhere else do not."""
    category, sheet, answers = case
    verdict = grade(category, sheet, answers)
    limits = {finding["code"] for finding in grade_limits(verdict.as_json()["checks"])}
    best = best_sheet(category)
    assert bool(limits) == (verdict.grade_reachable != GRADES[0])
    if limits:
        lifted = grade(category, sheet | {code: best[code] for code in limits}, answers)
        elsewhere = grade(category, best | {code: sheet[code] for code in limits}, answers)
        assert rank_of(lifted.grade_reachable) < rank_of(verdict.grade_reachable)
        assert elsewhere.grade_reachable == verdict.grade_reachable
    why = condition_limits(verdict.as_json()["checks"])
    assert bool(why) == (verdict.condition_found != "FUNCTIONAL_FLAWLESS")


@given(graded(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_worse_finding_never_gives_a_better_grade_or_condition(case: Any, data: st.DataObject) -> None:
    category, sheet, answers = case
    check = data.draw(st.sampled_from(checks_of(category)))
    values = values_of(check)
    place = values.index(sheet[check["code"]])
    worse = {**sheet, check["code"]: data.draw(st.sampled_from(values[place:]))}
    before, after = grade(category, sheet, answers), grade(category, worse, answers)
    assert rank_of(after.grade_reachable) >= rank_of(before.grade_reachable)
    assert CONDITIONS.index(after.condition_found) >= CONDITIONS.index(before.condition_found)


@given(graded())
@settings(max_examples=60, deadline=None)
def test_every_verdict_speaks_the_words_of_the_models_and_names_every_check(case: Any) -> None:
    category, sheet, answers = case
    verdict = grade(category, sheet, answers)
    assert verdict.condition_found in CONDITIONS
    assert verdict.grade_reachable is None or verdict.grade_reachable in Grade.values
    assert [finding.code for finding in verdict.checks] == [check["code"] for check in checks_of(category)]
    assert rank_of(verdict.grade_reachable) == max(rank_of(finding.grade) for finding in verdict.checks)


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_device_without_a_fault_is_flawless_and_premium(category: str) -> None:
    verdict = grade(category, best_sheet(category), best_answers(category))
    assert (verdict.condition_found, verdict.grade_reachable, verdict.defects) == ("FUNCTIONAL_FLAWLESS", "premium", ())
    assert condition_of(questions_of(category), best_answers(category)) == "FUNCTIONAL_FLAWLESS"


def test_a_visible_scratch_that_the_seller_denied_is_a_defect_of_looks() -> None:
    sheet = {**best_sheet("smartphones"), "screen_marks": "visible"}
    verdict = grade("smartphones", sheet, best_answers("smartphones"))
    assert (verdict.condition_found, verdict.grade_reachable) == ("FUNCTIONAL_USED", "fair")
    assert [(d.check, d.question, d.said, d.found, d.reason) for d in verdict.defects] == [
        ("screen_marks", "screen", "flawless", "visible", "esthetics")
    ]


def test_a_scratch_that_the_seller_told_is_no_defect() -> None:
    answers = {**best_answers("smartphones"), "screen": "visible"}
    verdict = grade("smartphones", {**best_sheet("smartphones"), "screen_marks": "visible"}, answers)
    assert verdict.defects == ()


def test_a_broken_function_is_a_functional_defect_and_leaves_no_grade() -> None:
    sheet = {**best_sheet("smartphones"), "touch": "fail"}
    verdict = grade("smartphones", sheet, best_answers("smartphones"))
    assert (verdict.condition_found, verdict.grade_reachable) == ("NOT_FUNCTIONAL_USED", None)
    assert [(d.check, d.reason) for d in verdict.defects] == [("touch", "functional")]


@pytest.mark.parametrize(
    ("changed", "condition"),
    [
        ({}, "FUNCTIONAL_FLAWLESS"),
        ({"screen": "light"}, "FUNCTIONAL_GOOD"),
        ({"screen": "light", "body": "visible"}, "FUNCTIONAL_USED"),
        ({"body": "cracked"}, "FUNCTIONAL_CRACKED"),
        ({"turns_on": "no"}, "NOT_FUNCTIONAL_USED"),
        ({"turns_on": "no", "screen": "cracked"}, "NOT_FUNCTIONAL_CRACKED"),
    ],
)
def test_the_condition_is_the_worst_over_all_answers(changed: dict[str, str], condition: str) -> None:
    answers = {**best_answers("smartphones"), **changed}
    assert condition_of(questions_of("smartphones"), answers) == condition


def test_a_missing_or_unknown_answer_is_named() -> None:
    for wrong in ({"screen": "like new"}, {"screen": None}):
        with pytest.raises(IncompleteAnswers) as refusal:
            condition_of(questions_of("smartphones"), {**best_answers("smartphones"), **wrong})
        assert refusal.value.field == "screen"


@pytest.mark.parametrize("value", [None, "perhaps", 12])
def test_a_missing_or_unknown_value_is_named(value: Any) -> None:
    with pytest.raises(InvalidSheet) as refusal:
        grade("smartphones", {**best_sheet("smartphones"), "touch": value}, best_answers("smartphones"))
    assert refusal.value.field == "touch"


@pytest.mark.parametrize("value", [None, "83", True, -1, 8.5])
def test_a_measure_is_a_whole_number(value: Any) -> None:
    number = next(check["code"] for check in checks_of("smartphones") if check["kind"] == "number")
    with pytest.raises(InvalidSheet) as refusal:
        grade("smartphones", {**best_sheet("smartphones"), number: value}, best_answers("smartphones"))
    assert refusal.value.field == number


@pytest.mark.django_db
def test_grading_asks_nothing_of_the_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        for category in CATEGORIES:
            grade(category, best_sheet(category), best_answers(category)).as_json()


@pytest.mark.django_db
@pytest.mark.parametrize("graded_before", [True, False])
def test_a_newer_specification_never_changes_the_verdict_of_an_older_one(
    plant: Refurbisher, carol: User, now: datetime, graded_before: bool
) -> None:
    trade = received(plant, carol, now)
    kept = submit_inspection(trade, sheet=sheet(), note="", by="system:test", at=now)
    assert grade_pending_devices(now) == 1 if graded_before else kept.graded_at is None
    old = GradingSpecification.objects.get()
    stricter = deepcopy(old.checks)
    for outcome in (*stricter[0].get("options", ()), *stricter[0].get("bands", ())):
        outcome["grade"] = "fair"
    new = GradingSpecification.objects.create(category=old.category, version=2, checks=stricter)
    assert grade_pending_devices(now) == (0 if graded_before else 1)
    kept.refresh_from_db()
    assert (kept.specification, kept.grade_reachable) == (old, "premium")
    questions = kept.trade.quote.question_set.questions
    assert grade_sheet(new.checks, kept.sheet, questions, kept.trade.quote.answers).grade_reachable == "fair"
