"""The table of a plant's bids: its devices line by line, narrowed as a person asks, with what stands in each cell."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from buyback.models import Bid, BidChange
from catalog.models import Category, Product, Variant
from refurbishers.models import Refurbisher

MAX_WORDS = 8
RECENT = 5
Standing = dict[tuple[int, str], tuple[int, bool]]


def devices_of(plant: Refurbisher) -> QuerySet[Variant]:
    """Every variant of the categories that the plant is an expert in."""
    devices = Variant.objects.filter(product__category__experts=plant).select_related("product__category")
    return devices.order_by("product__category__position", "product__brand", "-product__released_year", "sku")


def devices_asked(plant: Refurbisher, *, q: str, category: str, brand: str, only: str) -> QuerySet[Variant]:
    """Those of them whose maker, model, label or SKU holds every word; `only` is "", "with" or "without" a bid."""
    devices = devices_of(plant)
    for word in q.split()[:MAX_WORDS]:
        devices = devices.filter(
            Q(product__brand__icontains=word)
            | Q(product__name__icontains=word)
            | Q(label__icontains=word)
            | Q(sku__icontains=word)
        )
    narrowed = {"product__category__slug": category, "product__brand": brand}
    devices = devices.filter(**{name: value for name, value in narrowed.items() if value})
    own = Exists(Bid.objects.filter(plant=plant, variant=OuterRef("pk")))
    return devices.filter(own) if only == "with" else devices.filter(~own) if only == "without" else devices


def standing(plant: Refurbisher, variants: Iterable[Variant] | QuerySet[Variant]) -> Standing:
    """(variant id, condition) → (minor units, whether it is live), of the plant's bids for these devices."""
    bids = Bid.objects.filter(plant=plant, variant__in=variants)
    rows = bids.values_list("variant_id", "condition", "price_minor", "active")
    return {(variant, condition): (price, active) for variant, condition, price, active in rows}


def everything_of(plant: Refurbisher) -> tuple[dict[str, int], Standing]:
    """What a file is compared with: SKU in capitals → id, and every bid of the plant."""
    skus = {sku.upper(): pk for sku, pk in devices_of(plant).values_list("sku", "pk")}
    rows = Bid.objects.filter(plant=plant).values_list("variant_id", "condition", "price_minor", "active")
    return skus, {(variant, condition): (price, active) for variant, condition, price, active in rows}


def categories_of(plant: Refurbisher) -> list[Category]:
    return list(plant.categories.order_by("position"))


def brands_of(plant: Refurbisher) -> list[str]:
    brands = Product.objects.filter(category__experts=plant).order_by("brand")
    return list(brands.values_list("brand", flat=True).distinct())


def recent_changes(plant: Refurbisher) -> list[BidChange]:
    """The last changes that were applied, newest first."""
    applied = BidChange.objects.filter(plant=plant, applied_at__isnull=False).defer("broken")
    return list(applied.order_by("-applied_at")[:RECENT])


def change_of_plant(plant: Refurbisher, pk: Any) -> BidChange:
    """One of the plant's own changes; Http404 for another plant's."""
    change = BidChange.objects.select_related("plant").filter(plant=plant, pk=pk).first()
    if change is None:
        raise Http404
    return change


def named(change: BidChange, limit: int) -> Iterator[tuple[Variant, Any]]:
    """(device, cell) of the first `limit` cells of a change."""
    cells = change.cells[:limit]
    devices = Variant.objects.select_related("product").in_bulk([cell.variant for cell in cells])
    return ((devices[cell.variant], cell) for cell in cells if cell.variant in devices)
