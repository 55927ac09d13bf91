"""Few questions for a device that works, all of them for one that does not."""

from typing import Any

import pytest

from backmarket.management.seed_data.questions import QUESTION_SETS
from catalog.answer_drawings import answer_svg
from catalog.grading import condition_of
from catalog.questions import covered, said_from, way_through

MOST_TAPS = 6
CHOOSING = 3  # category, model, variant
EVERY = pytest.mark.parametrize("asked", QUESTION_SETS.values(), ids=QUESTION_SETS.keys())


def walk(asked: dict[str, Any], choose: int) -> tuple[int, dict[str, str]]:
    """Tap the option of this place (or the last) at every step; returns (taps, answers)."""
    said: dict[str, str] = {}
    taps = 0
    while (step := way_through(asked["gates"], asked["questions"], said).open_step) is not None:
        said[step["code"]] = step["options"][min(choose, len(step["options"]) - 1)]["code"]
        taps += 1
    return taps, way_through(asked["gates"], asked["questions"], said).answers


@EVERY
def test_a_device_that_works_takes_six_taps_at_most_in_every_category(asked: dict[str, Any]) -> None:
    taps, answers = walk(asked, 0)
    assert CHOOSING + taps <= MOST_TAPS
    assert condition_of(asked["questions"], answers) == "FUNCTIONAL_FLAWLESS"


@EVERY
@pytest.mark.parametrize("choose", [0, 1, 2, 3])
def test_every_way_ends_with_an_answer_to_every_question(asked: dict[str, Any], choose: int) -> None:
    _taps, answers = walk(asked, choose)
    assert set(answers) == {question["code"] for question in asked["questions"]}
    condition_of(asked["questions"], answers)


@EVERY
def test_gates_share_no_question_and_imply_answers_that_exist(asked: dict[str, Any]) -> None:
    offered = {question["code"]: {o["code"] for o in question["options"]} for question in asked["questions"]}
    for gate in asked["gates"]:
        assert gate["code"] not in offered
        assert all(answer in offered[code] for option in gate["options"] for code, answer in option["implies"].items())
    codes = [code for gate in asked["gates"] for code in covered(gate)]
    assert len(codes) == len(set(codes))


@EVERY
def test_a_quote_leads_back_to_what_was_said(asked: dict[str, Any]) -> None:
    for choose in range(4):
        _taps, answers = walk(asked, choose)
        said = said_from(asked["gates"], answers)
        assert way_through(asked["gates"], asked["questions"], said).answers == answers


@EVERY
def test_every_answer_has_a_picture_of_its_own_in_its_question(asked: dict[str, Any]) -> None:
    for step in [*asked["gates"], *asked["questions"]]:
        assert all(answer_svg("phone", option["picture"]) for option in step["options"])
