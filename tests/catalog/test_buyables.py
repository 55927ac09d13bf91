from datetime import date, datetime

import pytest
from django.db.models import Model

from backmarket.money import Money
from catalog import ranking
from catalog.models import Buyable
from catalog.selectors.offers import offers
from catalog.services.buyables import rebuild_buyables
from catalog.services.listings import change_listing, pause_listing
from refurbishers.models import Refurbisher
from refurbishers.services.ladder import move_plant
from tests.factories import ListingFactory, ReferencePriceFactory, RefurbisherFactory, VariantFactory

pytestmark = pytest.mark.django_db
BY = "system:test"


def facts(**changes: int) -> ranking.OfferFacts:
    plain = {"full_minor": 30000, "cheapest_minor": 30000, "quality_bps": 8000, "guarantee_months": 12}
    return ranking.OfferFacts(**{**plain, "shipping_days": 2, **changes})


def test_the_formula_is_the_published_one() -> None:
    assert [factor.points for factor in ranking.factors(facts())] == [600, 200, 0, 50]
    assert ranking.score(facts()) == 850
    assert ranking.score(facts(quality_bps=10_000, guarantee_months=24, shipping_days=1)) == ranking.MAX_POINTS
    assert ranking.score(facts(full_minor=60000, quality_bps=0, shipping_days=9)) == 0


def test_dearer_is_never_better() -> None:
    scores = [ranking.score(facts(full_minor=price)) for price in range(30000, 45000, 500)]
    assert scores == sorted(scores, reverse=True)


def test_the_row_says_all_that_a_list_prints() -> None:
    variant = VariantFactory()
    ReferencePriceFactory(variant=variant, price_minor=80000)
    plant = RefurbisherFactory(rating_sum=46, rating_count=10)
    listing = ListingFactory(variant=variant, plant=plant, price_minor=32000, shipping_minor=490, guarantee_months=24)
    row = Buyable.objects.get()
    assert (row.title, row.subtitle, row.brand) == ("Apple iPhone 12", "128 GB · Black", "Apple")
    assert (row.best_listing, row.price, row.shipping_minor) == (listing, Money(32000, "EUR"), 490)
    assert (row.reference_minor, row.reference_source) == (80000, "Apple France, launch price")
    assert (row.reference_date, row.saving_bps) == (date(2020, 10, 23), 6000)
    assert (row.in_stock, row.offer_count, row.plant_name, row.plant_rating) == (True, 1, plant.name, 4.6)
    assert (row.guarantee_months, row.shipping_days) == (24, 2)
    assert row.score == offers(variant.pk, "good", "EUR")[0].score


def test_the_offer_shown_follows_every_change(now: datetime) -> None:
    variant = VariantFactory()
    cheap = ListingFactory(variant=variant, price_minor=30000)
    dear = ListingFactory(variant=variant, price_minor=33000)
    assert Buyable.objects.get().best_listing == cheap
    change_listing(dear, price=Money(29000, "EUR"), by=BY, at=now)
    assert Buyable.objects.get().best_listing_id == dear.pk == offers(variant.pk, "good", "EUR")[0].listing.pk
    pause_listing(dear, by=BY, at=now)
    assert Buyable.objects.get().best_listing == cheap
    change_listing(cheap, on_hand=0, by=BY, at=now)
    row = Buyable.objects.get()
    assert (row.best_listing, row.in_stock, row.offer_count) == (cheap, False, 0)
    pause_listing(cheap, by=BY, at=now)
    row = Buyable.objects.get()
    assert (row.best_listing, row.price_minor, row.in_stock) == (None, None, False)


def test_shipping_counts_in_the_price_compared() -> None:
    variant = VariantFactory()
    ListingFactory(variant=variant, price_minor=30000, shipping_minor=2000)
    free = ListingFactory(variant=variant, price_minor=31000)
    assert Buyable.objects.get().best_listing == free


def test_equal_offers_are_settled_by_the_older_listing() -> None:
    variant = VariantFactory()
    first, second = ListingFactory(variant=variant), ListingFactory(variant=variant)
    assert [offer.listing.pk for offer in offers(variant.pk, "good", "EUR")] == [first.pk, second.pk]


def test_a_suspended_plants_listing_vanishes(now: datetime, drain: object) -> None:
    listing = ListingFactory()
    move_plant(listing.plant, Refurbisher.Status.SUSPENDED, reasons="Counterfeit parts", by=BY, at=now)
    assert offers(listing.variant_id, "good", "EUR") == []
    drain()
    assert Buyable.objects.get().best_listing is None


def test_rebuilding_all_rows_changes_nothing_that_was_true() -> None:
    for _ in range(3):
        ListingFactory(variant=ListingFactory().variant, grade="fair")
    Buyable.objects.filter(grade="fair").delete()
    kept = columns(Buyable.objects.get(pk=Buyable.objects.earliest("pk").pk))
    assert rebuild_buyables() == 6
    assert Buyable.objects.in_stock().count() == 6
    assert columns(Buyable.objects.earliest("pk")) == kept


def columns(row: Model) -> dict[str, object]:
    return {f.name: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name != "refreshed_at"}
