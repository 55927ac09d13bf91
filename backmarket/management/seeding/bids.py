"""What the plants pay: a bid per variant and condition, below what they sell for."""

from datetime import datetime

from django.conf import settings

from backmarket.management.seed_data.plants import PLANT_BY_SLUG
from backmarket.management.seeding.base import dice, insert
from backmarket.management.seeding.prices import BID_FACTORS, second_hand
from buyback.models import Bid
from catalog.models import Condition, ReferencePrice, Variant
from refurbishers.models import Refurbisher

LOWEST_MINOR = 300
# An hour at the bench and the courier's journey: what does not work and is worth less, no plant takes in.
LOWEST_BROKEN_MINOR = 2_000
BROKEN = (Condition.NOT_FUNCTIONAL_USED, Condition.NOT_FUNCTIONAL_CRACKED)
# Of the variants of its categories, how many a plant bids for.
INTEREST = 0.42


def load(at: datetime) -> str:
    random = dice("bids")
    references = {reference.variant_id: reference for reference in ReferencePrice.objects.all()}
    variants: dict[int, list[Variant]] = {}
    for variant in Variant.objects.select_related("product").order_by("sku"):
        variants.setdefault(variant.product.category_id, []).append(variant)
    bids: list[Bid] = []
    for plant in Refurbisher.objects.trading().order_by("slug").prefetch_related("categories"):
        for category in plant.categories.all():
            for variant in variants[category.pk]:
                if random.random() < INTEREST:
                    worth = second_hand(references[variant.pk], at, PLANT_BY_SLUG[plant.slug].price_level)
                    bids += _bids(plant, variant, worth * random.uniform(0.92, 1.05))
    insert(bids)
    return f"{len(bids)} bids"


def _bids(plant: Refurbisher, variant: Variant, worth: float) -> list[Bid]:
    """In whole euros, for each condition that is worth a courier's journey."""
    offers = {condition: round(worth * factor) // 100 * 100 for condition, factor in BID_FACTORS.items()}
    return [
        Bid(
            plant=plant,
            variant=variant,
            condition=condition,
            price_minor=price,
            currency=settings.DEFAULT_CURRENCY,
        )
        for condition, price in offers.items()
        if price >= (LOWEST_BROKEN_MINOR if condition in BROKEN else LOWEST_MINOR)
    ]
