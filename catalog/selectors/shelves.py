"""What stands in front: the header's categories, the best offers, the examples of the pages that explain."""

from collections import Counter
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse

from backmarket.pagecache import kept_part
from backmarket.prepared import Row, prepared, prepared_objects
from catalog.models import Buyable, Category
from catalog.selectors.offers import Offer, offers

DEPTH = 24
"""How many of a category's best offers are looked at: enough to hold several products, each in several variants."""


class Aisle(NamedTuple):
    """A category, as far as a link to it shows it."""

    pk: int
    slug: str
    name: str
    form: str

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])


def navigation() -> list[Aisle]:
    """The categories of the header, in their order."""
    return [Aisle(*row) for row in kept_part("aisles", _aisles)]


@prepared
def _aisles() -> "QuerySet[Any, Row]":
    return Category.objects.values_list(*Aisle._fields)


def searched_categories() -> list[Category]:
    """All categories in their order, with the attributes that a search is understood by."""
    return _searched()


@prepared_objects
def _searched() -> "QuerySet[Category]":
    return Category.objects.defer("impact", "synonyms", "box")


def best_offers(count: int) -> list[Buyable]:
    """The best offers of different products, from as many categories as there are: each one's best first.

    Reads the first rows of every category by index, so it costs the same however large the catalogue is.
    """
    rows = Buyable.objects.in_stock().defer("search", "search_text")
    ranked = sorted(_firsts(rows), key=lambda row: (-row.score, row.pk))
    places: Counter[int] = Counter()
    best: dict[int, tuple[int, Buyable]] = {}
    for row in ranked:
        if row.product_id not in best:
            best[row.product_id] = (places[row.category_id], row)
            places[row.category_id] += 1
    return [row for _place, row in sorted(best.values(), key=lambda ranked: ranked[0])[:count]]


def categories_with_impact() -> list[Category]:
    """The categories that have footprint factors, in their order."""
    return list(Category.objects.exclude(impact={}))


def contested_offers() -> tuple[Buyable, list[Offer]] | None:
    """The variant and grade with the most offers now among each category's best, for the worked example.

    Reads the first rows of every category by index, as `best_offers` does; None while nothing is for sale.
    """
    firsts = _firsts(Buyable.objects.in_stock().only("offer_count", "score"))
    if not firsts:
        return None
    most = min(firsts, key=lambda row: (-row.offer_count, row.pk))
    row = Buyable.objects.select_related("variant").defer("search", "search_text").get(pk=most.pk)
    return row, offers(row.variant_id, row.grade, row.currency)


def _firsts(rows: "QuerySet[Buyable]") -> list[Buyable]:
    """The DEPTH best of every category, in one query."""
    parts = [rows.filter(category=aisle.pk).order_by("-score", "id")[:DEPTH] for aisle in navigation()]
    return list(parts[0].union(*parts[1:], all=True)) if parts else []
