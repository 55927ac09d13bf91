"""What the shop window shows. List pages read Buyable rows only, in a number of queries that no row count changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from backmarket import market
from backmarket.money import Money
from catalog import ranking
from catalog.facets import Chosen, Facet, chosen_in, count_facets, groups_of, narrow
from catalog.impact import Avoided, avoided
from catalog.models import Buyable, Category, Grade, GradingSpecification, Listing, PriceChange, Product, Variant
from catalog.search import matching, words_of
from catalog.services.buyables import facts_of, rank_listings
from catalog.variants import Axis, axes_of

PAGE_SIZE = 24
SIMILAR = 4
# Omnibus directive: a reduction is announced beside the lowest price of the 30 days before it.
PRICE_DROP_WINDOW = timedelta(days=30)
# Which grade a product page opens with, where the address names none.
GRADE_SHOWN_FIRST = (Grade.GOOD, Grade.EXCELLENT, Grade.PREMIUM, Grade.FAIR)
SORTS = {
    "best": (_("Best offers"), ("-score", "id")),
    "price": (_("Price, lowest first"), ("price_minor", "id")),
    "saving": (_("Saving, largest first"), ("-saving_bps", "id")),
    "newest": (_("Newest models"), ("-released_year", "-score", "id")),
    "rating": (_("Plant's rating"), ("-plant_rating_x10", "-score", "id")),
}


@dataclass(frozen=True)
class Offer:
    """A listing that can be bought now, with its points by the published formula and how they came about."""

    listing: Listing
    score: int
    factors: tuple[ranking.Factor, ...]

    @property
    def full_price(self) -> Money:
        """What the shopper pays in all, shipping included."""
        return self.listing.price + self.listing.shipping


@dataclass(frozen=True)
class ListPage:
    """A page of buyables with its facets. `page` holds at most PAGE_SIZE rows."""

    page: "Page[Buyable]"
    facets: list[Facet]
    chosen: Chosen
    sort: str
    total: int
    category: Category | None = None
    query: str = ""


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


class CountedPaginator(Paginator):
    """A paginator that has been told the count: the facets' query knows it already."""

    def __init__(self, rows: "QuerySet[Buyable]", count: int) -> None:
        super().__init__(rows, PAGE_SIZE)
        self._known = count

    @cached_property
    def count(self) -> int:
        return self._known


def navigation() -> list[Category]:
    """The categories of the header, in their order."""
    return list(Category.objects.only("slug", "name", "form"))


def offers(variant: Variant, grade: str, currency: str) -> list[Offer]:
    """All that can be bought of this variant and grade now, best first."""
    live = Listing.objects.live().filter(variant=variant, grade=grade, currency=currency)
    ranked = rank_listings(list(live.select_related("plant")))
    cheapest = min((listing.price_minor + listing.shipping_minor for __, listing in ranked), default=0)
    return [Offer(listing, score, ranking.factors(facts_of(listing, cheapest))) for score, listing in ranked]


def category_page(category: Category, params: "MultiValueDict[str, str]") -> ListPage:
    """The category's buyables as the address narrows, sorts and pages them: two queries."""
    return _list_page(Buyable.objects.in_stock().filter(category=category), params, category=category)


def search_page(query: str, params: "MultiValueDict[str, str]") -> ListPage:
    """The buyables that the words mean, most alike first; without words, all of them."""
    rows = Buyable.objects.in_stock()
    if words_of(query):
        found = matching(rows, query)
        return _list_page(found, params, query=query, best=("-likeness", "-score", "id"))
    return _list_page(rows, params, query=query)


def _list_page(
    rows: "QuerySet[Buyable]",
    params: "MultiValueDict[str, str]",
    *,
    category: Category | None = None,
    query: str = "",
    best: Sequence[str] = SORTS["best"][1],
) -> ListPage:
    groups = groups_of(category)
    chosen = chosen_in(params, groups)
    names = {} if category else {row.slug: row.name for row in navigation()}
    total, facets = count_facets(rows, groups, chosen, names)
    sort = params.get("sort", "")
    sort = sort if sort in SORTS else "best"
    order = best if sort == "best" else SORTS[sort][1]
    found = narrow(rows, groups, chosen).defer("search", "search_text").order_by(*order)
    page = CountedPaginator(found, total).get_page(params.get("page"))
    return ListPage(page, facets, chosen, sort, total, category, query)


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
