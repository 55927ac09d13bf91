"""The page of one product: the variant, grade and offer that the address names, and all that is said of them."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.http import urlencode

from backmarket.money import Money
from backmarket.prepared import Row, prepared
from catalog.checklists import Chapter, Tested, tested
from catalog.delivery import Cover, Delivery, cover_from, delivery_of
from catalog.impact import Avoided, avoided
from catalog.models import Buyable, Category, Grade, GradingSpecification, PriceChange, Product, Variant
from catalog.selectors.offers import Offer, OnOffer, offers
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


class Shelved(NamedTuple):
    """A row of Buyable, as far as the page of its product reads it."""

    pk: int
    variant_id: int
    sku: str
    grade: str
    price_minor: int | None
    currency: str
    in_stock: bool
    reference_minor: int | None
    reference_source: str
    reference_date: date | None

    @property
    def price(self) -> Money | None:
        return None if self.price_minor is None else Money(self.price_minor, self.currency)

    @property
    def reference_price(self) -> Money | None:
        return None if self.reference_minor is None else Money(self.reference_minor, self.currency)


class BoxItem(NamedTuple):
    """Something that a shopper may expect in the parcel."""

    text: str
    included: bool


@dataclass(frozen=True)
class ProductPage:
    """All that a product page prints; `offer`, and what is said of it, is None when the chosen grade is sold out."""

    product: Product
    variant: Variant
    grade: str
    buyable: Shelved | None
    buyables: list[Shelved]
    axes: list[Axis]
    offer: Offer | None
    offers: list[Offer]
    price_drop: Money | None
    delivery: Delivery | None
    cover: Cover | None
    promises: tuple[Promise, ...]
    impact: Avoided | None
    impact_a_year: Avoided | None
    chapters: tuple[Chapter, ...]
    battery: Tested | None

    @property
    def box(self) -> tuple[BoxItem, ...]:
        return tuple(BoxItem(item["text"], item["included"]) for item in self.product.category.box)

    @property
    def is_best(self) -> bool:
        return bool(self.offers) and self.offer == self.offers[0]

    @property
    def cheapest(self) -> Money | None:
        """The lowest full price of these offers: what the others are measured against."""
        return min((offer.full_price for offer in self.offers), key=lambda price: price.minor, default=None)

    @property
    def seen_query(self) -> str:
        """What /recent/ is told to remember: the product, in the version and the looks that are shown."""
        return urlencode({"seen": self.product.slug, "variant": self.variant.sku, "grade": self.grade})

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


def product_page(product: Product, params: Mapping[str, str], *, at: datetime) -> ProductPage:
    """The product with the variant, grade and offer that the address names, or the most sensible ones.

    An unknown variant, grade or listing in the address is passed over: what is shown always exists.
    """
    rows, variants = _shelved(product)
    variant, grade = _shown(variants, rows, params)
    row = next((row for row in rows if (row.variant_id, row.grade) == (variant.pk, grade)), None)
    ranked = offers(variant.pk, grade, row.currency) if row else []
    offer = _chosen_offer(ranked, params.get("listing", ""))
    delivery = delivery_of(offer.listing.shipping_days, at) if offer else None
    chapters, battery = tested(checks_of(product.category), grade)
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
        promises=buyers_promises(offer.listing) if offer else (),
        impact=avoided(product.category.impact),
        impact_a_year=avoided(product.category.impact, 1),
        chapters=chapters,
        battery=battery,
    )


def _shelved(product: Product) -> tuple[list[Shelved], list[Variant]]:
    """The product's rows and the variants that were ever for sale; where none was, all that exist."""
    found = _shelf(product=product.pk)
    rows = [Shelved(*row[: len(SHELVED)]) for row in found]
    by_key = {row[1]: row[len(SHELVED) :] for row in found}
    variants = [_variant(columns) for columns in by_key.values()] or list(product.variants.all())
    for variant in variants:
        variant.product = product
    return rows, variants


SHELVED = Shelved._fields
VARIANT = [field.attname for field in Variant._meta.concrete_fields]


@prepared
def _shelf(product: Any) -> "QuerySet[Any, Row]":
    # Said of the variant too, so that it is read by the product's index, however many the planner expects.
    rows = Buyable.objects.filter(product=product, variant__product=product).order_by("variant_id", "pk")
    return rows.values_list(*SHELVED, *(f"variant__{name}" for name in VARIANT))


def _variant(columns: Row) -> Variant:
    values = [
        json.loads(value) if name == "attributes" else value for name, value in zip(VARIANT, columns, strict=True)
    ]
    return Variant.from_db(DEFAULT_DB_ALIAS, VARIANT, values)


def _prices(rows: list[Shelved]) -> dict[str, dict[str, int]]:
    prices: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row.in_stock and row.price_minor is not None:
            prices[row.sku][row.grade] = row.price_minor
    return prices


def _shown(variants: list[Variant], rows: list[Shelved], params: Mapping[str, str]) -> tuple[Variant, str]:
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


def price_drop(listing: OnOffer, at: datetime) -> Money | None:
    """The lowest price of the 30 days before a reduction made less than 30 days ago; None when there was none."""
    changes = [Price(*row) for row in _price_changes(listing=listing.pk, at=at)]
    if len(changes) < 2 or changes[0].changed_at < at - PRICE_DROP_WINDOW:
        return None
    opened = changes[0].changed_at - PRICE_DROP_WINDOW
    before = [change for change in changes[1:] if change.changed_at > opened]
    in_force = next((change for change in changes[1:] if change.changed_at <= opened), None)
    lowest = min(change.price_minor for change in [*before, *([in_force] if in_force else [])])
    return Money(lowest, listing.currency) if listing.price_minor < lowest else None


class Price(NamedTuple):
    """A price from `changed_at` on, in minor units."""

    price_minor: int
    changed_at: datetime


@prepared
def _price_changes(listing: Any, at: Any) -> "QuerySet[Any, Row]":
    changes = PriceChange.objects.filter(listing=listing, changed_at__lte=at)
    return changes.order_by("-changed_at").values_list(*Price._fields)[:50]


def buyers_promises(listing: OnOffer) -> tuple[Promise, ...]:
    """What the plant of this offer promised in figures and what it achieved, as far as a buyer is concerned."""
    by_measure = {promise.measure: promise for promise in promises(listing.plant.pk)}
    return tuple(by_measure[measure] for measure in BUYERS_MEASURES if measure in by_measure)


def checks_of(category: Category) -> str:
    """The checks of the newest grading specification of a category, in JSON as stored; an empty list without one."""
    found = _newest_checks(category=category.pk)
    return str(found[0][0]) if found else "[]"


@prepared
def _newest_checks(category: Any) -> "QuerySet[Any, Row]":
    newest = GradingSpecification.objects.filter(category=category).order_by("-version")
    return newest.values_list(Cast("checks", TextField()))[:1]


def similar_to(product: Product, sku: str, grade: str) -> list[Buyable]:
    """Other products of the category in these looks, one row each, the nearest in price first.

    Two short walks along the index of prices, up and down from the price shown: flat however large the category.
    """
    near = product.buyables.filter(sku=sku, grade=grade).values_list("price_minor", flat=True).first() or 0
    rows = Buyable.objects.in_stock().filter(category_id=product.category_id, grade=grade)
    others = rows.exclude(product=product).defer("search", "search_text")
    above = others.filter(price_minor__gte=near).order_by("price_minor", "id")[:NEAREST]
    below = others.filter(price_minor__lt=near).order_by("-price_minor", "-id")[:NEAREST]
    nearest: dict[int, Buyable] = {}
    for row in sorted(above.union(below, all=True), key=lambda row: (abs((row.price_minor or 0) - near), row.pk)):
        nearest.setdefault(row.product_id, row)
    return list(nearest.values())[:SIMILAR]
