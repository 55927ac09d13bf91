"""One way to change a status: a compare-and-swap UPDATE and its event, in one statement.

A model declares `Status` (TextChoices), `MOVES` (status -> set of statuses) and `NOUN` (for event kinds);
`STATUS_FIELD` names the column when it is not `status`.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.events.services import Actor, update_and_record


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
    besides: "tuple[models.QuerySet[Any], dict[str, Any]] | None" = None,
    **facts: Any,
) -> None:
    """As `move`, for several objects of one model, with the same facts: all of them or none. `besides`: other rows,
    and what is written to them by the same statement."""
    if not objs:
        return
    model: type[models.Model] = type(objs[0])
    kind, column = f"{objs[0].NOUN}.{to.lower()}", getattr(model, "STATUS_FIELD", "status")
    sources = [source for source, targets in objs[0].MOVES.items() if to in targets]
    stamp = f"{to.lower()}_at"
    if stamp in {field.name for field in model._meta.concrete_fields}:
        facts.setdefault(stamp, at)
    rows = model._base_manager.filter(**{"pk__in": [obj.pk for obj in objs], f"{column}__in": sources})
    # One statement changes one row or nothing; of several it may change some, which is undone.
    with transaction.atomic() if len(objs) > 1 else nullcontext():
        written = {column: to, **facts}
        moved = update_and_record(rows, written, kind, by=by, at=at, data=data, besides=besides) if sources else 0
        if moved != len(objs):
            raise IllegalMove
    for obj in objs:
        setattr(obj, column, to)
        for name, value in facts.items():
            setattr(obj, name, value)
