"""One way to change a status: a compare-and-swap UPDATE and its event, in one statement.

A model declares `Status` (TextChoices), `MOVES` (status -> set of statuses) and `NOUN` (for event kinds);
`STATUS_FIELD` names the column when it is not `status`.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import cache
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import Change
from backmarket.errors import DomainError
from backmarket.events.services import Actor, change_and_record


class IllegalMove(DomainError):
    """The object is not in a status from which this move is allowed; nothing was changed."""

    code = "illegal_move"
    default_message = _("This cannot be done any more: something has changed meanwhile. Reload the page.")


def move(obj: Any, to: str, *, by: Actor, at: datetime, data: dict[str, Any] | None = None, **facts: Any) -> None:
    """Move `obj` to status `to`, write `facts` into the same row, record `<noun>.<to>` with `data`.

    Stamps `<to>_at` when the model has that field. `data` holds ids and codes only, never personal data.
    Raises IllegalMove, and changes nothing, when the row's status in the database does not allow the move.
    """
    move_all([obj], to, by=by, at=at, data=data, **facts)


def move_all(
    objs: Sequence[Any],
    to: str,
    *,
    by: Actor,
    at: datetime,
    data: dict[str, Any] | None = None,
    besides: Change | None = None,
    **facts: Any,
) -> None:
    """As `move`, for several objects of one model, with the same facts: all of them or none. `besides`: a change of
    other rows by the same statement."""
    if not objs:
        return
    model: type[models.Model] = type(objs[0])
    kind, column = f"{objs[0].NOUN}.{to.lower()}", getattr(model, "STATUS_FIELD", "status")
    sources = [str(source) for source, targets in objs[0].MOVES.items() if to in targets]
    stamp = f"{to.lower()}_at"
    if stamp in _columns(model):
        facts.setdefault(stamp, at)
    change = Change(model, {"pk": [obj.pk for obj in objs], column: sources}, {column: to, **facts})
    # One statement changes one row or nothing; of several it may change some, which is undone.
    with transaction.atomic() if len(objs) > 1 else nullcontext():
        moved = change_and_record(change, kind, by=by, at=at, data=data, besides=besides) if sources else 0
        if moved != len(objs):
            raise IllegalMove
    for obj in objs:
        setattr(obj, column, to)
        for name, value in facts.items():
            setattr(obj, name, value)


@cache
def _columns(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields}
