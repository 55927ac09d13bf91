"""What money is about, an order, a trade or a settlement: named as people do, and linked.

Rows of money know what they are for by its key alone. The apps say how their keys are called, those of a whole page at
once; the ground knows none of the apps.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.admin import display
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import NOTHING
from backmarket.sites import staff_site


@dataclass(frozen=True)
class Subject:
    """`words` name the row of `model` with this `pk`, the page of which tells more."""

    words: str
    model: type[Model]
    pk: UUID


Namer = Callable[[Collection[UUID]], Mapping[UUID, Subject]]
NAMERS: list[Namer] = []


def names_subjects(namer: Namer) -> Namer:
    """Ask `namer`, too, when keys are named: it answers for those that it knows, in one query."""
    NAMERS.append(namer)
    return namer


def subjects_of(keys: Iterable[UUID]) -> dict[UUID, Subject]:
    """Key → what it is called; what nobody knows is left out. At most one query of each namer, whatever is asked."""
    asked, found = set(keys), dict[UUID, Subject]()
    for namer in NAMERS:
        if missing := asked - found.keys():
            found.update(namer(missing))
    return found


def words_about(row: Any, key: UUID | None) -> str:
    """The name of what a prepared row names by `key`; empty where nobody knows it."""
    known = getattr(row, "subjects", {}).get(key)
    return known[0] if known else ""


class SubjectColumn:
    """For admins of the desk: `subject_shown` names what a row is for, and links to it where its reader may look."""

    def key_of(self, row: Any) -> UUID | None:
        return row.reference  # type: ignore[no-any-return]

    def keys_of(self, row: Any) -> Iterable[UUID | None]:
        """All that is named of a row; `key_of` is one of them."""
        return [self.key_of(row)]

    def prepare(self, request: HttpRequest, rows: Collection[Any]) -> None:
        super().prepare(request, rows)  # type: ignore[misc]
        found = subjects_of(key for row in rows for key in self.keys_of(row) if key)
        named = {key: (subject.words, _page(request, subject)) for key, subject in found.items()}
        for row in rows:
            row.subjects = named

    def name_of(self, obj: Any) -> str:
        return words_about(obj, self.key_of(obj)) or getattr(obj, "label", "") or str(obj)

    @display(description=_("about"))
    def subject_shown(self, row: Any) -> Any:
        words, url = getattr(row, "subjects", {}).get(self.key_of(row), ("", ""))
        words = words or getattr(row, "label", "") or self.key_of(row) or NOTHING
        return format_html('<a href="{}">{}</a>', url, words) if url else words


def _page(request: HttpRequest, subject: Subject) -> str:
    """Its page at the desk; empty for whoever may not open that."""
    door = staff_site._registry.get(subject.model)
    if door is None or not door.has_view_permission(request):
        return ""
    return reverse(f"desk:{subject.model._meta.label_lower.replace('.', '_')}_change", args=[subject.pk])


def plant_key(party: str) -> UUID | None:
    """The key of a plant that is a party in the ledger; None for the house and whoever else has no key."""
    try:
        return UUID(party)
    except ValueError:
        return None
