"""The buyable rows of devices that somebody chose one by one: a collection's, a list's, those just looked at."""

from collections.abc import Iterable

from catalog.models import Buyable, Product

Pair = tuple[int, str]


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


def product_number(slug: str) -> int | None:
    """The key of a product; None for an unknown one."""
    return Product.objects.filter(slug=slug).values_list("pk", flat=True).first()
