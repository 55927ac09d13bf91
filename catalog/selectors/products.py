"""The page of one product: the variant, grade and offer that the address names, and all that is said of them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.datastructures import MultiValueDict

from backmarket import market
from backmarket.money import Money
from catalog.impact import Avoided, avoided
from catalog.models import Buyable, Category, Grade, GradingSpecification, Listing, PriceChange, Product, Variant
from catalog.selectors.offers import Offer, offers
from catalog.variants import Axis, axes_of

SIMILAR = 4
# Omnibus directive: a reduction is announced beside the lowest price of the 30 days before it.
PRICE_DROP_WINDOW = timedelta(days=30)
# Which grade a product page opens with, where the address names none.
GRADE_SHOWN_FIRST = (Grade.GOOD, Grade.EXCELLENT, Grade.PREMIUM, Grade.FAIR)


@dataclass(frozen=True)
class ProductPage:
    """All that a product page prints; `offer` is None when the chosen grade is sold out."""

    product: Product
    variant: Variant
    grade: str
    buyable: Buyable | None
    buyables: list[Buyable]
    axes: list[Axis]
    offer: Offer | None
    offers: list[Offer]
    price_drop: Money | None
    delivered_by: date | None
    impact: Avoided | None
    checks: list[dict[str, Any]]
    similar: list[Buyable]

    @property
    def is_best(self) -> bool:
        return bool(self.offers) and self.offer == self.offers[0]

    @property
    def has_other_grade(self) -> bool:
        return any(row.in_stock for row in self.buyables)

    @property
    def saving_bps(self) -> int:
        """The saving of the offer shown on the labelled price of a new one, in basis points; 0 without one."""
        new = self.buyable.reference_minor if self.buyable else None
        if not new or not self.offer:
            return 0
        return max(new - self.offer.listing.price_minor, 0) * 10_000 // new


def product_page(product: Product, params: "MultiValueDict[str, str]", *, at: datetime) -> ProductPage:
    """The product with the variant, grade and offer that the address names, or the most sensible ones.

    An unknown variant, grade or listing in the address is passed over: what is shown always exists.
    """
    variants = list(product.variants.all())
    rows = list(product.buyables.defer("search", "search_text"))
    variant, grade = _shown(variants, rows, params)
    row = next((row for row in rows if (row.variant_id, row.grade) == (variant.pk, grade)), None)
    ranked = offers(variant, grade, row.currency) if row else []
    offer = _chosen_offer(ranked, params.get("listing", ""))
    stocked = frozenset(row.sku for row in rows if row.in_stock)
    return ProductPage(
        product=product,
        variant=variant,
        grade=grade,
        buyable=row,
        buyables=[row for row in rows if row.variant_id == variant.pk],
        axes=axes_of(product.category.attributes, variants, variant, stocked),
        offer=offer,
        offers=ranked,
        price_drop=price_drop(offer.listing, at) if offer else None,
        delivered_by=delivered_by(offer.listing, at) if offer else None,
        impact=avoided(product.category.impact),
        checks=tests_of(product.category),
        similar=similar_to(product, row),
    )


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
    calendar = market.calendar()
    shipped = calendar.local(calendar.ship_by(at) - timedelta(seconds=1)).date()
    return calendar.business_day_after(shipped, listing.shipping_days)


def tests_of(category: Category) -> list[dict[str, Any]]:
    """The checks of the newest grading specification of a category, as its data says; empty without one."""
    newest = GradingSpecification.objects.filter(category=category).order_by("-version").first()
    return list(newest.checks) if newest else []


def similar_to(product: Product, row: Buyable | None) -> list[Buyable]:
    """Other products of the category, one row each, the nearest in price first."""
    rows = Buyable.objects.in_stock().filter(category_id=product.category_id).exclude(product=product)
    if row:
        rows = rows.filter(grade=row.grade)
    each = list(rows.defer("search", "search_text").order_by("product_id", "price_minor").distinct("product_id")[:60])
    near = (row.price_minor if row else None) or 0
    return sorted(each, key=lambda other: (abs((other.price_minor or 0) - near), other.pk))[:SIMILAR]
