"""Piles: the named parts of a list that somebody works through. One definition serves tabs, counts and dashboards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Pile:
    """The rows that match `where`; tabs and dashboards name it `title`."""

    name: str
    title: Any
    where: Q | Callable[[], Q]

    @property
    def condition(self) -> Q:
        return self.where() if callable(self.where) else self.where


class PileFilter(SimpleListFilter):
    """`?pile=<name>`: the list narrowed to one of the admin's piles."""

    title = _("pile")
    parameter_name = "pile"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        self.piles = {pile.name: pile for pile in model_admin.piles}
        return [(pile.name, pile.title) for pile in model_admin.piles]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        pile = self.piles.get(self.value() or "")
        return queryset.filter(pile.condition) if pile else queryset


def tabs(piles: tuple[Pile, ...], rows: QuerySet[Any], chosen: str) -> list[dict[str, Any]]:
    """Every pile with its count, in one query, and "All" first."""
    counted = {f"in_{pile.name}": Count("pk", filter=pile.condition) for pile in piles}
    counts = rows.order_by().aggregate(in_all=Count("pk"), **counted)
    every = {"title": _("All"), "url": "?", "count": counts["in_all"], "active": not chosen}
    named = [
        {
            "title": pile.title,
            "url": f"?pile={pile.name}",
            "count": counts[f"in_{pile.name}"],
            "active": pile.name == chosen,
        }
        for pile in piles
    ]
    return [every, *named]
