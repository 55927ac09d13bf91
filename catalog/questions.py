"""Which question a seller is asked next. Pure: data in, the way through the questions out.

A gate is a question that stands for several: each of its options `implies` answers to questions, which are then not
asked any more ("everything works" answers whether it turns on, rings and shows a whole picture). What is kept of a
description is always the questions' answers, so grading and disputes know nothing of gates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]
Said = Mapping[str, str]


@dataclass(frozen=True)
class Way:
    """What one person is asked, in order, as things stand; and the answers that are known, implied ones included."""

    steps: tuple[Data, ...]
    answers: dict[str, str]
    said: Said

    @property
    def open_step(self) -> Data | None:
        """The first step without an answer that it offers; None when all is said."""
        return next((step for step in self.steps if option_of(step, self.said) is None), None)

    def place_of(self, code: str) -> int | None:
        """Where in the way the step of this code stands, from 0; None when it is not on it."""
        return next((place for place, step in enumerate(self.steps) if step["code"] == code), None)


def way_through(gates: Sequence[Data], questions: Sequence[Data], said: Said) -> Way:
    """The way of somebody who has `said` this so far ({gate or question code: option code}).

    A gate stands where the first of its questions stands, and they follow it. One without an answer counts as
    answered with its first option, the best, so that the way is never longer than it must be.
    """
    steps: list[Data] = []
    answers: dict[str, str] = {}
    for gate, group in _grouped(gates, questions):
        chosen = option_of(gate, said) if gate else None
        implied = (chosen or gate["options"][0])["implies"] if gate else {}
        if chosen:
            answers |= implied
        asked = [question for question in group if question["code"] not in implied]
        steps += [gate, *asked] if gate else asked
        answers |= {q["code"]: said[q["code"]] for q in asked if option_of(q, said)}
    return Way(tuple(steps), answers, said)


def said_from(gates: Sequence[Data], answers: Said) -> dict[str, str]:
    """What somebody would have said to end up with these answers: the way back from a quote to its questions."""
    said = dict(answers)
    for gate in gates:
        agreeing = [option for option in gate["options"] if option["implies"].items() <= answers.items()]
        if agreeing:
            said[gate["code"]] = max(agreeing, key=lambda option: len(option["implies"]))["code"]
    return said


def option_of(step: Data, said: Said) -> Data | None:
    """The option chosen at a step; None when none was, or one that is not offered."""
    chosen = said.get(step["code"])
    return next((option for option in step["options"] if option["code"] == chosen), None)


def covered(gate: Data) -> set[str]:
    """The codes of the questions that a gate stands for."""
    return {code for option in gate["options"] for code in option["implies"]}


def _grouped(gates: Sequence[Data], questions: Sequence[Data]) -> list[tuple[Data | None, list[Data]]]:
    gate_of = {code: gate for gate in gates for code in covered(gate)}
    groups: dict[str, tuple[Data | None, list[Data]]] = {}
    for question in questions:
        gate = gate_of.get(question["code"])
        key = (gate or question)["code"]
        groups.setdefault(key, (gate, []))[1].append(question)
    return list(groups.values())
