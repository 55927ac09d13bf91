"""docs/states.md: every state, every move with its words, and every move that is refused, from the models' MOVES."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import translation

from backmarket.management.move_words import WORDS

PAGE = Path(settings.BASE_DIR) / "docs" / "states.md"
INTRODUCTION = """# States of a sale, and its moves

Written by `manage.py draw_states` from the `MOVES` of the models: change them and the words in
`backmarket/management/move_words.py`, and run it again. A move is one compare-and-swap and one event
(`backmarket/states.py`); what has no dot in the table of moves is refused and changes nothing, and a status that is
not in the table is refused by the database.
"""


class Unspoken(Exception):
    """The moves of a model and their words differ."""


def page() -> str:
    """The whole page in English. Raises Unspoken when a move has no words, or words have no move."""
    with translation.override("en"):
        return "\n".join([INTRODUCTION, *(_chapter(apps.get_model(label)) for label in WORDS)])


def moves_of(model: Any) -> list[tuple[str, str]]:
    """Every allowed move, in the order in which the statuses are declared."""
    order = list(model.Status.values)
    pairs = [(str(source), str(target)) for source, targets in model.MOVES.items() for target in targets]
    return sorted(pairs, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))


def _words(model: Any) -> dict[tuple[str, str], str]:
    told = WORDS[model._meta.label]
    words = {(source, target): text for source, targets in told.items() for target, text in targets.items()}
    if differing := set(words) ^ set(moves_of(model)):
        raise Unspoken(f"{model._meta.label}: moves and words differ in {sorted(differing)}")
    return {move: words[move] for move in moves_of(model)}


def _chapter(model: Any) -> str:
    title = str(model._meta.verbose_name).capitalize()
    return "\n".join([f"## {title}", "", *_diagram(model), "", *_list(model), "", *_matrix(model), ""])


def _diagram(model: Any) -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for status in model.Status:
        yield f"    {status.value}: {_plain(status.label)}"
    yield f"    [*] --> {_first(model)}"
    for (source, target), text in _words(model).items():
        yield f"    {source} --> {target}: {_plain(text)}"
    for status in model.Status.values:
        if not model.MOVES.get(status):
            yield f"    {status} --> [*]"
    yield "```"


def _plain(text: str) -> str:
    """Without the marks that end a text in a diagram."""
    return text.replace(":", ",").replace(";", ",")


def _first(model: Any) -> str:
    return str(model._meta.get_field(getattr(model, "STATUS_FIELD", "status")).get_default())


def _list(model: Any) -> Iterator[str]:
    yield "| from | to | when | event |"
    yield "|---|---|---|---|"
    for (source, target), text in _words(model).items():
        yield f"| {source} | {target} | {text} | `{model.NOUN}.{target}` |"


def _matrix(model: Any) -> Iterator[str]:
    """Rows move to columns: ● allowed, blank refused."""
    statuses, allowed = list(model.Status.values), set(moves_of(model))
    yield "| from \\ to | " + " | ".join(statuses) + " |"
    yield "|---|" + ":-:|" * len(statuses)
    for source in statuses:
        yield f"| {source} | " + " | ".join("●" if (source, to) in allowed else " " for to in statuses) + " |"
