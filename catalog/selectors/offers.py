"""The listings of one variant and grade that can be bought now, ranked, each with how its points came about."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from backmarket.money import Money
from backmarket.prepared import Row, prepared
from catalog import ranking
from catalog.models import Listing
from catalog.services.buyables import facts_of, rank_listings


class Seller(NamedTuple):
    """What a shopper is told of the plant behind an offer. Its account and its story are not read for every offer."""

    pk: UUID
    slug: str
    name: str
    country: str
    city: str
    line1: str
    postcode: str
    legal_name: str
    registration_number: str
    vat_number: str
    email: str
    phone: str
    support_hours: str
    rating_sum: int
    rating_count: int
    quality_bps: int

    @property
    def rating(self) -> float | None:
        """As the plant's own: average stars to one decimal; None before the first rating."""
        return round(self.rating_sum / self.rating_count, 1) if self.rating_count else None


class OnOffer(NamedTuple):
    """A listing, as far as a shopper sees it. Amounts in minor units."""

    pk: UUID
    number: int
    price_minor: int
    shipping_minor: int
    currency: str
    shipping_days: int
    guarantee_months: int
    vat_scheme: str
    new_battery: bool
    comment: str
    plant: Seller

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_minor, self.currency)


@dataclass(frozen=True)
class Offer:
    """A listing that can be bought now, with its points by the published formula beside the `cheapest` in full, in
    minor units."""

    listing: OnOffer
    score: int
    cheapest: int

    @property
    def factors(self) -> tuple[ranking.Factor, ...]:
        """How its points came about."""
        return ranking.factors(facts_of(self.listing, self.cheapest))

    @cached_property
    def full_price(self) -> Money:
        """What the shopper pays in all, shipping included."""
        return self.listing.price + self.listing.shipping


LISTING = [name for name in OnOffer._fields if name != "plant"]


def offers(variant: int, grade: str, currency: str) -> list[Offer]:
    """All that can be bought of this variant (its key) and grade now, best first."""
    ranked = rank_listings([_on_offer(row) for row in _live(variant=variant, grade=grade, currency=currency)])
    cheapest = min((listing.price_minor + listing.shipping_minor for __, listing in ranked), default=0)
    return [Offer(listing, score, cheapest) for score, listing in ranked]


@prepared
def _live(variant: Any, grade: Any, currency: Any) -> "QuerySet[Any, Row]":
    live = Listing.objects.live().filter(variant=variant, grade=grade, currency=currency)
    return live.values_list(*LISTING, *(f"plant__{name}" for name in Seller._fields))


def _on_offer(row: Row) -> OnOffer:
    return OnOffer._make((*row[: len(LISTING)], Seller._make(row[len(LISTING) :])))
