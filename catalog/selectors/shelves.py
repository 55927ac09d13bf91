"""What stands in front: the header's categories, the best offers, the examples of the pages that explain."""

from catalog.models import Buyable, Category
from catalog.selectors.offers import Offer, offers


def navigation() -> list[Category]:
    """The categories of the header, in their order."""
    return list(Category.objects.defer("impact", "synonyms"))


def best_offers(count: int) -> list[Buyable]:
    """The best offers of different products, from as many categories as there are."""
    rows = Buyable.objects.in_stock().defer("search", "search_text")
    per_category = list(rows.order_by("category_id", "-score", "id").distinct("category_id")[:count])
    if len(per_category) < count:
        taken = [row.product_id for row in per_category]
        more = rows.exclude(product_id__in=taken).order_by("product_id", "-score", "id").distinct("product_id")
        per_category += more[: count - len(per_category)]
    return per_category


def categories_with_impact() -> list[Category]:
    """The categories that have footprint factors, in their order."""
    return list(Category.objects.exclude(impact={}))


def contested_offers() -> tuple[Buyable, list[Offer]] | None:
    """The variant and grade with the most offers now, for the worked example; None while nothing is for sale."""
    row = Buyable.objects.in_stock().select_related("variant").order_by("-offer_count", "id").first()
    return (row, offers(row.variant, row.grade, row.currency)) if row else None
