"""Panels: what a page about a row shows beneath its fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from backmarket.events.models import Event
from backmarket.events.selectors import timeline

EVENTS_SHOWN = 100
NONE_YET = _("Nothing yet.")


@dataclass(frozen=True)
class Panel:
    """A titled part of a page, drawn by `template` with `context`."""

    title: Any
    template: str
    context: dict[str, Any] = field(default_factory=dict)


def table(title: Any, headers: Sequence[Any], rows: Iterable[Sequence[Any]], *, empty: Any = NONE_YET) -> Panel:
    labelled = [list(zip_longest(headers, row, fillvalue="")) for row in rows]
    return Panel(title, "admin/panels/table.html", {"headers": headers, "rows": labelled, "empty": empty})


def facts(title: Any, pairs: Iterable[tuple[Any, Any]]) -> Panel:
    return Panel(title, "admin/panels/facts.html", {"pairs": [(name, value) for name, value in pairs if value]})


def conversation(title: Any, messages: Iterable[dict[str, Any]]) -> Panel:
    """`messages`: dicts of author, text, at, mine, and photos (addresses, optional)."""
    return Panel(title, "admin/panels/conversation.html", {"messages": list(messages)})


def history(*objects: Model, names: bool = False) -> Panel:
    """What happened to these objects, oldest first; people by name only where the reader may know them."""
    events = list(timeline(*objects).order_by("happened_at", "id")[:EVENTS_SHOWN])
    people = _people(events) if names else {}
    items = [{"what": event_words(e.kind), "kind": e.kind, "at": e.happened_at, "who": _who(e, people)} for e in events]
    return Panel(_("What happened"), "admin/panels/timeline.html", {"items": items})


def who(event: Event) -> str:
    """The name of the person who did it, for readers who may know it."""
    return _who(event, _people([event]))


def event_words(kind: str) -> str:
    """ "line.shipped" → "Line shipped", translated where a catalogue knows it."""
    return pgettext("event", kind.replace(".", " ").replace("_", " ").capitalize())


def _people(events: list[Event]) -> dict[str, str]:
    keys = {event.actor.removeprefix("user:") for event in events if event.actor.startswith("user:")}
    return {f"user:{user.pk}": str(user) for user in get_user_model()._default_manager.filter(pk__in=keys)}


def _who(event: Event, people: dict[str, str]) -> str:
    if event.actor.startswith("user:"):
        return people.get(event.actor, gettext("a person"))
    if event.actor.startswith("system:"):
        return gettext("automatic")
    return event.actor.partition(":")[0]
