import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket.money import Money
from catalog.delivery import delivery_of
from catalog.models import Product
from catalog.selectors.products import price_drop
from catalog.services.listings import change_listing, pause_listing
from tests.factories import (
    CategoryFactory,
    GradingSpecificationFactory,
    ListingFactory,
    ProductFactory,
    ReferencePriceFactory,
    RefurbisherFactory,
    VariantFactory,
)

pytestmark = pytest.mark.django_db
BY = "system:test"


def shelve(count: int, product: Product | None = None) -> None:
    for number in range(count):
        attributes = {"storage_gb": 64 * (number + 1), "colour": "Black"}
        variant = VariantFactory(product=product or ProductFactory(), attributes=attributes)
        ReferencePriceFactory(variant=variant)
        ListingFactory(variant=variant, price_minor=20000 + 100 * number)


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def body(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("address", ["/c/smartphones/", "/search/?q=iphone", "/search/", "/", "/ranking/"])
def test_a_list_costs_the_same_at_1_and_50_rows(address: str, client: Client) -> None:
    shelve(1)
    client.get(address)
    one = queries_of(client, address)
    shelve(49)
    assert queries_of(client, address) == one


@pytest.fixture
def product(db: None) -> Product:
    variant = VariantFactory()
    ReferencePriceFactory(variant=variant)
    GradingSpecificationFactory(category=variant.product.category)
    plant = RefurbisherFactory(name="Second Wind", rating_sum=46, rating_count=10)
    ListingFactory(variant=variant, plant=plant, price_minor=32000, shipping_minor=490)
    return variant.product


def test_a_product_page_says_what_the_law_and_the_shopper_ask(product: Product, client: Client) -> None:
    page = body(client, product.get_absolute_url())
    for words in (
        "€320", "New €809", "Apple France, launch price", "60% less than new", "€324.90 in all", "€4.90",
        "Legal guarantee: 2 years", "Commercial guarantee: 12 months", "Second Wind SAS", "RCS 000 000 000",
        "FR00000000000", "30 days to change your mind", "kg CO2e", "Why this offer", reverse("impact"),
        reverse("ranking"), reverse("sell-product", args=[product.slug]), "IMEI clean in the stolen-device registry",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.parametrize("address", ["/", "/c/smartphones/", "/search/", "product"])
def test_the_price_of_a_new_one_is_never_struck_through(address: str, product: Product, client: Client) -> None:
    page = body(client, product.get_absolute_url() if address == "product" else address)
    assert not re.search(r"<(s|del|strike)[ >]|line-through", page)


def test_a_cart_button_carries_the_offer_shown(product: Product, client: Client) -> None:
    listing = product.variants.get().listings.get()
    assert f'name="listing" value="{listing.pk}"' in body(client, product.get_absolute_url())


def test_a_shopper_may_choose_another_offer(product: Product, client: Client) -> None:
    other = ListingFactory(variant=product.variants.get(), price_minor=40000)
    page = body(client, f"{product.get_absolute_url()}?listing={other.pk}")
    assert f'name="listing" value="{other.pk}"' in page
    assert "You chose this offer" in page


@pytest.mark.parametrize("query", ["variant=NOPE", "grade=mint", "listing=not-a-uuid", "variant=%00", "grade=fair"])
def test_an_impossible_choice_still_shows_something_that_exists(query: str, product: Product, client: Client) -> None:
    assert "Apple iPhone 12" in body(client, f"{product.get_absolute_url()}?{query}")


def test_a_product_without_offers_stays_kind(product: Product, client: Client, now: datetime) -> None:
    pause_listing(product.variants.get().listings.get(), by=BY, at=now)
    page = body(client, product.get_absolute_url())
    assert "Sold out in these looks" in page
    assert "cart-add" not in page
    assert reverse("category", args=["smartphones"]) in page


def test_choosing_a_variant_never_leads_to_one_that_does_not_exist(client: Client) -> None:
    product = ProductFactory()
    for storage, colour in ((64, "Black"), (128, "Black"), (256, "Gold")):
        attributes = {"storage_gb": storage, "colour": colour}
        ListingFactory(variant=VariantFactory(product=product, sku=f"X-{storage}-{colour}", attributes=attributes))
    page = body(client, f"{product.get_absolute_url()}?variant=X-64-Black")
    assert set(re.findall(r"href=\"[^\"]*variant=(X-[^&\"]+)", page)) == {"X-64-Black", "X-128-Black", "X-256-Gold"}


def test_an_unknown_or_empty_product_does_not_exist(client: Client) -> None:
    assert client.get("/p/nothing/").status_code == 404
    assert client.get(ProductFactory().get_absolute_url()).status_code == 404
    assert client.get("/c/nothing/").status_code == 404


def test_a_search_without_result_helps(product: Product, client: Client) -> None:
    page = body(client, "/search/?q=zeppelin")
    assert "Nothing for sale under these words" in page
    assert product.get_absolute_url() in page


def test_what_is_searched_is_shown_as_text(product: Product, client: Client) -> None:
    assert "<script>alert" not in body(client, "/search/?q=<script>alert(1)</script>")


def test_suggestions_complete_what_is_typed(product: Product, client: Client) -> None:
    answer = body(client, "/search/suggest/?q=iph")
    assert f'<li role="option" data-value="Apple iPhone 12" data-url="{product.get_absolute_url()}">' in answer


def test_a_reduction_is_told_beside_the_lowest_price_of_30_days(now: datetime) -> None:
    listing = ListingFactory(price_minor=30000, at=now - timedelta(days=90))
    change_listing(listing, price=Money(33000, "EUR"), by=BY, at=now - timedelta(days=50))
    change_listing(listing, price=Money(35000, "EUR"), by=BY, at=now - timedelta(days=10))
    assert price_drop(listing, now) is None
    change_listing(listing, price=Money(31000, "EUR"), by=BY, at=now - timedelta(days=1))
    assert price_drop(listing, now) == Money(33000, "EUR")
    assert price_drop(listing, now + timedelta(days=40)) is None


def test_the_delivery_day_counts_the_cut_off_and_the_road(now: datetime) -> None:
    assert delivery_of(2, now).day.isoformat() == "2026-11-26"
    assert delivery_of(2, now + timedelta(hours=4)).day.isoformat() == "2026-11-27"


def test_the_impact_page_shows_each_factor_with_its_source(client: Client) -> None:
    impact = {"co2e_g": 24600, "co2e_low_g": 18000, "co2e_high_g": 30000, "material_g": 76900, "ewaste_g": 0}
    CategoryFactory(impact={**impact, "years_gained": 2, "source": "ADEME 2022", "measured": True})
    page = body(client, "/impact/")
    for words in ("24.6", "18 – 30", "76.9", "49", "ADEME 2022", "Measured"):
        assert words in page


def test_the_ranking_page_works_the_formula_on_live_offers(product: Product, client: Client) -> None:
    page = body(client, "/ranking/")
    assert "Second Wind" in page
    assert "850" in page


@pytest.mark.parametrize("name", ["home", "impact", "ranking", "terms", "privacy", "search", "robots", "sitemap"])
def test_pages_open_on_an_empty_database(name: str, client: Client, db: None) -> None:
    assert client.get(reverse(name)).status_code == 200


def test_an_unchanged_page_is_not_sent_twice(product: Product, client: Client) -> None:
    etag = client.get("/c/smartphones/").headers["ETag"]
    assert client.get("/c/smartphones/", headers={"If-None-Match": etag}).status_code == 304
