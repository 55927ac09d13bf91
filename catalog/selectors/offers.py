"""The listings of one variant and grade that can be bought now, ranked, each with how its points came about."""

from dataclasses import dataclass

from backmarket.money import Money
from catalog import ranking
from catalog.models import Listing, Variant
from catalog.services.buyables import facts_of, rank_listings


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


def offers(variant: Variant, grade: str, currency: str) -> list[Offer]:
    """All that can be bought of this variant and grade now, best first."""
    live = Listing.objects.live().filter(variant=variant, grade=grade, currency=currency)
    # A plant's account is sealed: opening it for every offer of a page would take longer than the page.
    ranked = rank_listings(list(live.select_related("plant").defer("plant__iban", "plant__story")))
    cheapest = min((listing.price_minor + listing.shipping_minor for __, listing in ranked), default=0)
    return [Offer(listing, score, ranking.factors(facts_of(listing, cheapest))) for score, listing in ranked]
