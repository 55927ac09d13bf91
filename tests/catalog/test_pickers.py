"""What the pickers of a product page say of each choice: only what is true of it."""

import re

import pytest
from django.test import Client

from catalog.models import Product, Variant
from tests.catalog.test_product_page import page_of, words_of
from tests.factories import ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db


def variant_of(product: Product, storage: int, colour: str) -> Variant:
    attributes = {"storage_gb": storage, "colour": colour}
    return VariantFactory(product=product, sku=f"X-{storage}-{colour}", attributes=attributes)


def options_in(page: str) -> set[str]:
    return {words_of(found) for found in re.findall(r'<a class="option.*?</a>', page, re.DOTALL)}


def looks_in(page: str) -> list[str]:
    return [words_of(look) for look in re.findall(r'<a class="look.*?</a>', page, re.DOTALL)]


def test_a_choice_says_in_words_what_else_it_changes(client: Client) -> None:
    product = ProductFactory()
    for storage, colour, grade in ((64, "Black", "good"), (128, "Black", "premium"), (256, "Gold", "good")):
        ListingFactory(variant=variant_of(product, storage, colour), grade=grade)
    page = page_of(client, product, "?variant=X-64-Black&grade=good")
    assert options_in(page) == {"64 GB", "128 GB not in Good", "256 GB with Gold", "Black", "Gold with 256 GB"}
    assert "variant=X-128-Black&amp;grade=premium" in page
    page = page_of(client, product, "?variant=X-128-Black&grade=premium")
    assert "256 GB with Gold, not in Premium" in options_in(page)


def test_a_choice_in_several_looks_names_the_one_that_it_lacks(client: Client) -> None:
    product = ProductFactory()
    ListingFactory(variant=variant_of(product, 64, "Black"), grade="excellent")
    blue = variant_of(product, 64, "Blue")
    for grade in ("fair", "good", "premium"):
        ListingFactory(variant=blue, grade=grade)
    page = page_of(client, product, "?variant=X-64-Black&grade=excellent")
    assert options_in(page) == {"Black", "Blue not in Excellent"}


def test_where_the_looks_chosen_are_sold_out_the_choice_itself_says_nothing_and_no_price_is_compared(
    client: Client,
) -> None:
    product = ProductFactory()
    black = variant_of(product, 64, "Black")
    ListingFactory(variant=black, grade="fair", price_minor=28600)
    ListingFactory(variant=black, grade="good", price_minor=34100)
    ListingFactory(variant=variant_of(product, 64, "Blue"), grade="premium")
    page = page_of(client, product, "?variant=X-64-Black&grade=premium")
    assert options_in(page) == {"Black", "Blue"}
    assert looks_in(page) == ["Fair €286", "Good €341", "Excellent None in stock", "Premium None in stock"]


def test_the_steps_are_measured_from_the_offer_shown(client: Client) -> None:
    black = variant_of(ProductFactory(), 64, "Black")
    ListingFactory(variant=black, grade="good", price_minor=17000)
    other = ListingFactory(variant=black, grade="good", price_minor=17690)
    ListingFactory(variant=black, grade="fair", price_minor=17690)
    ListingFactory(variant=black, grade="excellent", price_minor=19000)
    page = page_of(client, black.product, f"?variant={black.sku}&grade=good&listing={other.pk}")
    assert looks_in(page) == [
        "Fair €176.90 same price",
        "Good €176.90 chosen",
        "Excellent €190 +€13.10 €13.10 more than chosen now",
        "Premium None in stock",
    ]
