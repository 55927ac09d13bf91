"""Up to four variants side by side: what the categories declare, and what can be bought now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from backmarket.compared import MOST
from backmarket.money import Money
from catalog.impact import Avoided, avoided
from catalog.models import Buyable, Variant
from catalog.search import matching, words_of
from catalog.variants import measured

FOUND = 8
NOTHING = "–"


@dataclass(frozen=True)
class Column:
    """One variant, with its grades that are in stock now, the cheapest first."""

    variant: Variant
    stocked: list[Buyable]

    @property
    def cheapest(self) -> Buyable | None:
        return self.stocked[0] if self.stocked else None

    @property
    def price(self) -> Money | None:
        return self.cheapest.price if self.cheapest else None

    @property
    def url(self) -> str:
        product = self.variant.product.get_absolute_url()
        return self.cheapest.url if self.cheapest else f"{product}?variant={self.variant.sku}"

    @property
    def impact(self) -> Avoided | None:
        return avoided(self.variant.product.category.impact)


@dataclass(frozen=True)
class Row:
    """One fact of all of them; `differs` when they are not all the same."""

    label: str
    values: list[str]
    differs: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "differs", len(set(self.values)) > 1)


@dataclass(frozen=True)
class Comparison:
    columns: list[Column]
    rows: list[Row]
    refused: list[Variant]

    @property
    def skus(self) -> list[str]:
        return [column.variant.sku for column in self.columns]


def comparison(skus: Sequence[str]) -> Comparison:
    """The variants that the address names, in its order and each once: the first four, and those there was no room
    for. Unknown ones are passed over. Two queries."""
    known = Variant.objects.select_related("product__category").in_bulk(skus, field_name="sku")
    variants = [known[sku] for sku in dict.fromkeys(skus) if sku in known]
    columns = _columns(variants[:MOST])
    return Comparison(columns, [*_attributes(columns), *_facts(columns)] if columns else [], variants[MOST:])


def variants_to_add(query: str, without: Sequence[str]) -> list[Buyable]:
    """What a person who types these words may add, one row per variant, the most alike first; at most eight."""
    if not words_of(query):
        return []
    rows = matching(Buyable.objects.in_stock().exclude(sku__in=without), query)
    alike = rows.defer("search", "search_text").order_by("-likeness", "-score", "pk")[: FOUND * 4]
    return list({row.variant_id: row for row in reversed(alike)}.values())[::-1][:FOUND]


def _columns(variants: list[Variant]) -> list[Column]:
    rows = Buyable.objects.in_stock().filter(variant__in=variants).defer("search", "search_text")
    by_variant: dict[int, list[Buyable]] = {}
    for row in rows.order_by("price_minor", "pk"):
        by_variant.setdefault(row.variant_id, []).append(row)
    return [Column(variant, by_variant.get(variant.pk, [])) for variant in variants]


def _attributes(columns: list[Column]) -> list[Row]:
    """What the categories declare, each once and in their order; the family of a colour is for filters only."""
    declared = {row["key"]: row for column in columns for row in column.variant.product.category.attributes}
    return [
        Row(_(row["label"]), [_said(column.variant.attributes.get(key), row) for column in columns])
        for key, row in declared.items()
        if key != "colour_family" and any(key in column.variant.attributes for column in columns)
    ]


def _said(value: Any, declared: dict[str, Any]) -> str:
    return NOTHING if value in (None, "") else measured(value, declared.get("unit", ""))


def _facts(columns: list[Column]) -> list[Row]:
    return [
        Row(_("Released"), [str(column.variant.product.released_year) for column in columns]),
        Row(_("Guarantee"), [_guarantee(column) for column in columns]),
        Row(_("CO2e avoided"), [_avoided(column.impact) for column in columns]),
    ]


def _guarantee(column: Column) -> str:
    months = {row.guarantee_months for row in column.stocked}
    if not months:
        return NOTHING
    if len(months) == 1:
        return _("%(count)d months") % {"count": min(months)}
    return _("%(least)d to %(most)d months") % {"least": min(months), "most": max(months)}


def _avoided(impact: Avoided | None) -> str:
    if impact is None:
        return NOTHING
    return _("%(kilos)d kg over %(years)d years") % {"kilos": round(impact.co2e_kg), "years": impact.years}
