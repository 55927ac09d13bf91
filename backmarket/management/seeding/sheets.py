"""What sellers answered and technicians found: answers for a condition, and sheets that agree with them or do not."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from catalog.grading import GRADES, LOOKS, condition_of, grade_sheet

Data = Mapping[str, Any]


def answers_for(questions: Sequence[Data], condition: str, random: Random) -> dict[str, str]:
    """Honest answers that declare exactly this condition; all best where the questions cannot say it."""
    best = {question["code"]: _best(question["options"])["code"] for question in questions}
    for _ in range(60):
        answers = dict(best)
        for question in random.sample(list(questions), k=min(len(questions), random.randint(1, 3))):
            answers[question["code"]] = random.choice(question["options"])["code"]
        if condition_of(questions, answers) == condition:
            return answers
    return best


def sheet_for(checks: Sequence[Data], questions: Sequence[Data], answers: Data, random: Random) -> dict[str, Any]:
    """A sheet that finds what the seller said, check by check, with wear where the answers leave room for it."""
    said = {question["code"]: _chosen(question, answers) for question in questions}
    return {check["code"]: _value(check, said.get(check["answer"] or ""), random) for check in checks}


def worse_sheet(
    checks: Sequence[Data], questions: Sequence[Data], answers: Data, random: Random
) -> dict[str, Any] | None:
    """A sheet with one defect that the seller had not mentioned; None where nothing could be worse than said."""
    sheet = sheet_for(checks, questions, answers, random)
    for check in random.sample([c for c in checks if c["answer"] and c["kind"] != "number"], k=len(checks) // 3):
        for option in check["options"]:
            found = {**sheet, check["code"]: option["value"]}
            if grade_sheet(checks, found, questions, answers).defects:
                return found
    return None


def _best(options: Sequence[Data]) -> Data:
    return min(options, key=_badness)


def _badness(effect: Data) -> tuple[bool, int, int]:
    grade = effect.get("grade", GRADES[0])
    return (not effect["functional"], LOOKS.index(effect["looks"]), 9 if grade is None else 0)


def _chosen(question: Data, answers: Data) -> Data:
    return next(dict(option) for option in question["options"] if option["code"] == answers[question["code"]])


def _value(check: Data, answer: Data | None, random: Random) -> str | int:
    """The outcome nearest to the answer without being worse; the best one where nobody was asked."""
    if check["kind"] == "number":
        return _number(check, answer, random)
    options = [
        o for o in check["options"] if answer is None or _badness(o)[:2] <= _badness({**answer, "grade": ""})[:2]
    ]
    options = options or [_best(check["options"])]
    if answer is None:
        return str(_best(options)["value"])
    worst = max(_badness(option)[:2] for option in options)
    return str(random.choice([option for option in options if _badness(option)[:2] == worst])["value"])


def _number(check: Data, answer: Data | None, random: Random) -> int:
    """A measured number inside the band that fits the answer."""
    bands = [b for b in check["bands"] if answer is None or _badness(b)[:2] <= _badness({**answer, "grade": ""})[:2]]
    bound: int = next(
        (band["bound"] for band in reversed(bands) if band["bound"] is not None), check["bands"][0]["bound"]
    )
    step = random.randint(0, 4)
    if check["better"] == "higher":
        return min(100, bound + step) if check["unit"] == "%" else bound + step
    return max(0, bound - step)
