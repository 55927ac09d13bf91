"""The page of one product: the variant, grade and offer that the address names, and all that is said of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.datastructures import MultiValueDict

from backmarket.money import Money
from catalog.checklists import Chapter, Tested, battery_of, chapters_of
from catalog.delivery import Cover, Delivery, cover_from, delivery_of
from catalog.impact import Avoided, avoided
from catalog.models import Buyable, Category, Grade, GradingSpecification, Listing, PriceChange, Product, Variant
from catalog.selectors.offers import Offer, offers
from catalog.variants import Axis, Shelf, axes_of
from refurbishers.selectors import Promise, promises

SIMILAR = 4
# The nearest rows in price among which SIMILAR different products are looked for, on each side.
NEAREST = 16
# Omnibus directive: a reduction is announced beside the lowest price of the 30 days before it.
PRICE_DROP_WINDOW = timedelta(days=30)
# Which grade a product page opens with, where the address names none.
GRADE_SHOWN_FIRST = (Grade.GOOD, Grade.EXCELLENT, Grade.PREMIUM, Grade.FAIR)
# What a plant promises to a buyer, in the order in which a buyer asks.
BUYERS_MEASURES = (
    "defect_rate_90d", "late_shipment_rate", "late_answer_rate", "resolution_hours_median", "cancellation_rate",
    "rating_average",
)  # fmt: skip


@dataclass(frozen=True)
class ProductPage:
    """All that a product page prints; `offer`, and what is said of it, is None when the chosen grade is sold out."""

    product: Product
    variant: Variant
    grade: str
    buyable: Buyable | None
    buyables: list[Buyable]
    axes: list[Axis]
    offer: Offer | None
    offers: list[Offer]
    price_drop: Money | None
    delivery: Delivery | None
    cover: Cover | None
    promises: list[Promise]
    impact: Avoided | None
    impact_a_year: Avoided | None
    chapters: list[Chapter]
    battery: Tested | None

    @property
    def is_best(self) -> bool:
        return bool(self.offers) and self.offer == self.offers[0]

    @property
    def cheapest(self) -> Money | None:
        """The lowest full price of these offers: what the others are measured against."""
        return min((offer.full_price for offer in self.offers), key=lambda price: price.minor, default=None)

    @property
    def has_other_grade(self) -> bool:
        return any(row.in_stock for row in self.buyables)

    @property
    def saving(self) -> Money | None:
        """What the offer shown costs less than the labelled price of a new one; None without one, or without saving."""
        new = self.buyable.reference_price if self.buyable else None
        if new is None or self.offer is None or new.minor <= self.offer.listing.price_minor:
            return None
        return new - self.offer.listing.price

    @property
    def saving_bps(self) -> int:
        """The same in basis points; 0 without one."""
        new = self.buyable.reference_minor if self.buyable else None
        return self.saving.minor * 10_000 // new if self.saving and new else 0


def product_page(product: Product, params: "MultiValueDict[str, str]", *, at: datetime) -> ProductPage:
    """The product with the variant, grade and offer that the address names, or the most sensible ones.

    An unknown variant, grade or listing in the address is passed over: what is shown always exists.
    """
    rows, variants = _shelved(product)
    variant, grade = _shown(variants, rows, params)
    row = next((row for row in rows if (row.variant_id, row.grade) == (variant.pk, grade)), None)
    ranked = offers(variant, grade, row.currency) if row else []
    offer = _chosen_offer(ranked, params.get("listing", ""))
    delivery = delivery_of(offer.listing.shipping_days, at) if offer else None
    checks = checks_of(product.category)
    return ProductPage(
        product=product,
        variant=variant,
        grade=grade,
        buyable=row,
        buyables=[row for row in rows if row.variant_id == variant.pk],
        axes=axes_of(product.category.attributes, Shelf(variants, variant, grade, _prices(rows))),
        offer=offer,
        offers=ranked,
        price_drop=price_drop(offer.listing, at) if offer else None,
        delivery=delivery,
        cover=cover_from(delivery.day, offer.listing.guarantee_months) if offer and delivery else None,
        promises=buyers_promises(offer.listing) if offer else [],
        impact=avoided(product.category.impact),
        impact_a_year=avoided(product.category.impact, 1),
        chapters=chapters_of(checks, grade),
        battery=battery_of(checks, grade),
    )


def _shelved(product: Product) -> tuple[list[Buyable], list[Variant]]:
    """The product's rows and the variants that were ever for sale; where none was, all that exist."""
    rows = list(product.buyables.defer("search", "search_text").select_related("variant").order_by("variant_id", "pk"))
    variants = list({row.variant_id: row.variant for row in rows}.values()) or list(product.variants.all())
    for variant in variants:
        variant.product = product
    return rows, variants


def _prices(rows: list[Buyable]) -> dict[str, dict[str, int]]:
    prices: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row.in_stock and row.price_minor is not None:
            prices[row.sku][row.grade] = row.price_minor
    return prices


def _shown(variants: list[Variant], rows: list[Buyable], params: "MultiValueDict[str, str]") -> tuple[Variant, str]:
    asked_grade = params.get("grade", "") if params.get("grade") in Grade.values else ""
    asked = next((variant for variant in variants if variant.sku == params.get("variant")), None)
    fitting = [row for row in rows if asked is None or row.variant_id == asked.pk]
    first = min(
        fitting,
        key=lambda row: (not row.in_stock, row.grade != asked_grade, GRADE_SHOWN_FIRST.index(row.grade), row.pk),
        default=None,
    )
    by_key = {variant.pk: variant for variant in variants}
    variant = asked or (by_key[first.variant_id] if first else variants[0])
    return variant, asked_grade or (first.grade if first else Grade.GOOD)


def _chosen_offer(ranked: list[Offer], listing: str) -> Offer | None:
    try:
        wanted = UUID(listing)
    except ValueError:
        wanted = None
    return next((offer for offer in ranked if offer.listing.pk == wanted), ranked[0] if ranked else None)


def price_drop(listing: Listing, at: datetime) -> Money | None:
    """The lowest price of the 30 days before a reduction made less than 30 days ago; None when there was none."""
    changes = list(PriceChange.objects.filter(listing=listing, changed_at__lte=at)[:50])
    if len(changes) < 2 or changes[0].changed_at < at - PRICE_DROP_WINDOW:
        return None
    opened = changes[0].changed_at - PRICE_DROP_WINDOW
    before = [change for change in changes[1:] if change.changed_at > opened]
    in_force = next((change for change in changes[1:] if change.changed_at <= opened), None)
    lowest = min(change.price_minor for change in [*before, *([in_force] if in_force else [])])
    return Money(lowest, listing.currency) if listing.price_minor < lowest else None


def delivered_by(listing: Listing, at: datetime) -> date:
    """The day by which a device ordered now is at the door: shipped on time, then its days on the road."""
    return delivery_of(listing.shipping_days, at).day


def buyers_promises(listing: Listing) -> list[Promise]:
    """What the plant of this offer promised in figures and what it achieved, as far as a buyer is concerned."""
    by_measure = {promise.clause.measure: promise for promise in promises(listing.plant)}
    return [by_measure[measure] for measure in BUYERS_MEASURES if measure in by_measure]


def checks_of(category: Category) -> list[dict[str, Any]]:
    """The checks of the newest grading specification of a category, as its data says; empty without one."""
    newest = GradingSpecification.objects.filter(category=category).order_by("-version").first()
    return list(newest.checks) if newest else []


def similar_to(shown: ProductPage) -> list[Buyable]:
    """Other products of the category in these looks, one row each, the nearest in price first.

    Two short walks along the index of prices, up and down from the price shown: flat however large the category.
    """
    near = (shown.buyable.price_minor if shown.buyable else None) or 0
    rows = Buyable.objects.in_stock().filter(category_id=shown.product.category_id, grade=shown.grade)
    others = rows.exclude(product=shown.product).defer("search", "search_text")
    above = others.filter(price_minor__gte=near).order_by("price_minor", "id")[:NEAREST]
    below = others.filter(price_minor__lt=near).order_by("-price_minor", "-id")[:NEAREST]
    nearest: dict[int, Buyable] = {}
    for row in sorted(above.union(below, all=True), key=lambda row: (abs((row.price_minor or 0) - near), row.pk)):
        nearest.setdefault(row.product_id, row)
    return list(nearest.values())[:SIMILAR]
