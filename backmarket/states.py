"""One way to change a status: a compare-and-swap UPDATE and its event, in one statement.

A model declares `Status` (TextChoices), `MOVES` (status -> set of statuses) and `NOUN` (for event kinds);
`STATUS_FIELD` names the column when it is not `status`.
"""

from datetime import datetime
from typing import Any

from django.db import models
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
    sources = [source for source, targets in obj.MOVES.items() if to in targets]
    column = getattr(obj, "STATUS_FIELD", "status")
    stamp = f"{to.lower()}_at"
    if stamp in {field.name for field in obj._meta.concrete_fields}:
        facts.setdefault(stamp, at)
    model: type[models.Model] = type(obj)
    rows = model._base_manager.filter(**{"pk": obj.pk, f"{column}__in": sources})
    kind = f"{obj.NOUN}.{to.lower()}"
    if not (sources and update_and_record(rows, {column: to, **facts}, kind, obj, by=by, at=at, data=data)):
        raise IllegalMove
    setattr(obj, column, to)
    for name, value in facts.items():
        setattr(obj, name, value)
