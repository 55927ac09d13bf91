"""What the plants sell: listings with their price history. The offers shown follow from them, once plants are rated."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random

from django.conf import settings

from backmarket.management.seed_data.plants import PLANT_BY_SLUG
from backmarket.management.seeding.base import Trail, dice, insert, spread, stable_uuid
from backmarket.management.seeding.prices import GRADE_FACTORS, rounded, second_hand
from catalog.models import Category, Grade, Listing, PriceChange, ReferencePrice, Variant, VatScheme
from refurbishers.models import Refurbisher

LISTINGS = 6_600
GRADES = spread([(Grade.PREMIUM, 2), (Grade.EXCELLENT, 4), (Grade.GOOD, 4), (Grade.FAIR, 2)])
STATUSES = spread([(Listing.Status.ONLINE, 47), (Listing.Status.PAUSED, 2), (Listing.Status.DRAFT, 1)])
STOCKS = spread([(0, 2), (1, 6), (2, 6), (3, 6), (5, 5), (8, 4), (12, 3), (25, 2), (60, 1)])
COMMENTS = spread(
    [("", 8), ("New battery fitted by our workshop.", 1), ("Comes with its original charger.", 1),
     ("Prepared by hand, with the sheet of checks in the box.", 1)]
)  # fmt: skip


def load(at: datetime) -> str:
    random = dice("listings")
    references = {reference.variant_id: reference for reference in ReferencePrice.objects.all()}
    listings = [
        _listing(number, plant, variant, grade, references[variant.pk], random, at)
        for number, (plant, variant, grade) in enumerate(_offers(random))
    ]
    insert(listings)
    changes = [change for listing in listings for change in _price_history(listing, random, at)]
    insert(changes)
    _tell(listings)
    return f"{len(listings)} listings, {len(changes)} prices"


def _offers(random: Random) -> list[tuple[Refurbisher, Variant, str]]:
    """Who sells what in which grade: every variant is on offer somewhere, the rest is left to chance."""
    plants = Refurbisher.objects.exclude(status=Refurbisher.Status.AUDIT).order_by("slug")
    experts = {c.pk: list(plants.filter(categories=c)) for c in Category.objects.all()}
    variants = list(Variant.objects.select_related("product").order_by("sku"))
    trading = {pk: [p for p in found if p.status in Refurbisher.TRADING] for pk, found in experts.items()}
    chosen = {
        (random.choice(trading[variant.product.category_id]), variant, random.choice(GRADES)): None
        for variant in variants
    }
    while len(chosen) < LISTINGS:
        variant = random.choice(variants)
        chosen[random.choice(experts[variant.product.category_id]), variant, random.choice(GRADES)] = None
    return list(chosen)


def _listing(
    number: int, plant: Refurbisher, variant: Variant, grade: str, reference: ReferencePrice, random: Random,
    at: datetime,
) -> Listing:  # fmt: skip
    row = PLANT_BY_SLUG[plant.slug]
    price = second_hand(reference, at, row.price_level) * GRADE_FACTORS[Grade(grade)] * random.uniform(0.96, 1.04)
    launched_at = datetime.combine(reference.source_date, time(9), tzinfo=UTC)
    created_at = max(at - timedelta(days=random.uniform(4, 900)), launched_at + timedelta(days=60))
    created_at = min(created_at, at - timedelta(days=4))
    status = random.choice(STATUSES)
    comment = random.choice(COMMENTS)
    return Listing(
        id=stable_uuid("listing", number),
        plant=plant,
        variant=variant,
        grade=grade,
        status=status,
        price_minor=rounded(price, random),
        currency=settings.DEFAULT_CURRENCY,
        on_hand=random.choice(STOCKS),
        guarantee_months=random.choice(
            (12, 12, 12, 24 if row.quality_level > 80 else 12, 36 if plant.slug == "bjorkverket" else 12)
        ),
        shipping_days=random.choice((1, 2, 2) if plant.country == settings.MARKET_COUNTRY else (2, 3, 4)),
        shipping_minor=random.choice((0, 0, 0, 490)),
        vat_scheme=random.choice((VatScheme.MARGINAL, VatScheme.MARGINAL, VatScheme.REGULAR)),
        new_battery="battery" in comment,
        comment=comment,
        created_at=created_at,
        online_at=None if status == Listing.Status.DRAFT else created_at + timedelta(hours=2),
    )


def _price_history(listing: Listing, random: Random, at: datetime) -> Iterator[PriceChange]:
    """Prices fall with the months: the last row is the price of today, the ones before were higher."""
    if listing.online_at is None:
        return
    prices = [listing.price_minor]
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        prices.insert(0, rounded(prices[0] * random.uniform(1.02, 1.09), random))
    step = (at - listing.online_at) / len(prices)
    for index, price in enumerate(prices):
        changed_at = listing.online_at + step * index
        yield PriceChange(listing=listing, price_minor=price, currency=listing.currency, changed_at=changed_at)


def _tell(listings: list[Listing]) -> None:
    trail = Trail()
    for listing in listings:
        if listing.online_at is None:
            continue
        trail.add("listing.online", listing, by="system:seed", at=listing.online_at)
        if listing.status == Listing.Status.PAUSED:
            trail.add("listing.paused", listing, by="system:seed", at=listing.online_at + timedelta(days=3))
    trail.write()
