"""The buyable rows of devices that somebody chose one by one: a collection's, a list's, those just looked at."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Case, FilteredRelation, IntegerField, Q, When
from django.db.models.functions import Coalesce

from catalog.models import Buyable, Product

Pair = tuple[int, str]


class Seen(NamedTuple):
    """A product that was looked at, in this version and these looks; 0 and "" stand for none."""

    product_id: int
    variant_id: int
    grade: str


def best_of_products(product_ids: Iterable[int]) -> dict[int, Buyable]:
    """The best offer of each product, those in stock first; a product that was never offered has none. One query."""
    rows = Buyable.objects.filter(product_id__in=set(product_ids)).defer("search", "search_text")
    best = rows.order_by("product_id", "-in_stock", "-score", "pk").distinct("product_id")
    return {row.product_id: row for row in best}


def rows_of_pairs(pairs: Iterable[Pair]) -> dict[Pair, Buyable]:
    """The rows of these (variant id, grade) pairs that have one. One query."""
    wanted = set(pairs)
    rows = Buyable.objects.filter(variant_id__in={variant_id for variant_id, _ in wanted})
    found = {(row.variant_id, row.grade): row for row in rows.defer("search", "search_text")}
    return {pair: found[pair] for pair in wanted if pair in found}


def rows_seen(seen: Iterable[Seen]) -> list[Buyable]:
    """One row of each product, in this order: the version and looks seen where they were ever for sale, sold out or
    not, else the best offer. One query."""
    wanted = list(seen)
    exact = [When(variant_id=each.variant_id, grade=each.grade, then=0) for each in wanted]
    rows = Buyable.objects.filter(product_id__in={each.product_id for each in wanted}).defer("search", "search_text")
    rows = rows.alias(otherwise=Case(*exact, default=1, output_field=IntegerField()))
    found = rows.order_by("product_id", "otherwise", "-in_stock", "-score", "pk").distinct("product_id")
    by_product = {row.product_id: row for row in found}
    return [by_product[each.product_id] for each in wanted if each.product_id in by_product]


def seen_now(slug: str, sku: str, grade: str) -> Seen | None:
    """A product in one of its versions, the number 0 for one that it has not; None for an unknown product."""
    version = FilteredRelation("variants", condition=Q(variants__sku=sku))
    products = Product.objects.filter(slug=slug).annotate(version=version)
    found = products.values_list("pk", Coalesce("version__pk", 0)).first()
    return Seen(found[0], found[1], grade) if found else None
