"""The product page through HTTP: what it says of an offer, what a choice changes, and what it costs."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backmarket import timetravel
from backmarket.accounts.models import User
from catalog.models import Category, Product
from catalog.selectors.products import similar_to
from catalog.services.listings import change_listing
from refurbishers.models import Refurbisher
from reviews.services import push_rating_down, rate_line, remove_review
from tests.factories import (
    BidFactory,
    CategoryFactory,
    GradingSpecificationFactory,
    ListingFactory,
    ProductFactory,
    ReferencePriceFactory,
    RefurbisherFactory,
    VariantFactory,
)
from tests.refurbishers.promises import signed_specification
from tests.reviews.deals import delivered_line

pytestmark = pytest.mark.django_db
MOST_QUERIES = 8
CHOICE = {"HX-Request": "true", "HX-Target": "choice"}


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(timetravel, "now", lambda: now)


@pytest.fixture
def product(plant: Refurbisher) -> Product:
    """A telephone in three looks, with 12 offers in Good."""
    variant = VariantFactory()
    ReferencePriceFactory(variant=variant)
    GradingSpecificationFactory(category=variant.product.category)
    for number in range(11):
        ListingFactory(variant=variant, price_minor=33000 + 100 * number, shipping_minor=490)
    ListingFactory(plant=plant, variant=variant, price_minor=32000, guarantee_months=24)
    ListingFactory(plant=plant, variant=variant, grade="excellent", price_minor=36000)
    ListingFactory(plant=plant, variant=variant, grade="fair", price_minor=28500)
    return variant.product


def page_of(client: Client, product: Product, query: str = "", **headers: str) -> str:
    response = client.get(f"{product.get_absolute_url()}{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def data_in(html: str) -> list[dict[str, Any]]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert found
    return json.loads(found.group(1))


# What is said of the offer


def test_each_grade_has_a_drawing_a_price_and_its_step(product: Product, client: Client) -> None:
    page = page_of(client, product)
    looks = re.findall(r'<a class="look.*?</a>', page, re.DOTALL)
    assert len(looks) == 4
    assert all("<svg" in look for look in looks)
    fair, good, excellent, premium = (words_of(look) for look in looks)
    assert "€285 −€35 €35 less than chosen now" in fair
    assert "€320 chosen" in good
    assert "€360 +€40 €40 more than chosen now" in excellent
    assert "None in stock" in premium


def test_the_price_stands_beside_what_a_new_one_costs_and_what_is_kept(product: Product, client: Client) -> None:
    words = words_of(page_of(client, product))
    assert "New €809 (Apple France, launch price, October 2020)" in words
    assert "You keep €489 of the price of a new one." in words


def test_delivery_is_told_with_its_cut_off_and_both_legs(product: Product, client: Client) -> None:
    words = words_of(page_of(client, product))
    assert "At your door by Thursday 26 November if you order before 13:00 today." in words
    assert "hands it to the courier by Tuesday 24 November; the courier has 2 business days" in words


def test_after_the_cut_off_the_next_one_is_named(
    product: Product, client: Client, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(timetravel, "now", lambda: now + timedelta(days=4, hours=5))  # Friday, 15:00
    words = words_of(page_of(client, product))
    assert "At your door by Thursday 3 December if you order before 13:00 on Monday 30 November." in words


def test_a_holiday_on_the_way_is_named(
    product: Product, client: Client, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(timetravel, "now", lambda: now.replace(month=12, day=23))
    words = words_of(page_of(client, product))
    assert "At your door by Tuesday 29 December" in words
    assert "Friday 25 December is a public holiday." in words


def test_the_guarantees_are_two_dated_lines(product: Product, client: Client) -> None:
    words = words_of(page_of(client, product))
    assert "Legal guarantee: 2 years from 26 Nov 2026 to 26 Nov 2028" in words
    assert "Commercial guarantee: 24 months from 26 Nov 2026 to 26 Nov 2028" in words


def test_the_plant_is_there_with_its_promises_in_figures(
    product: Product, plant: Refurbisher, client: Client, now: datetime
) -> None:
    signed_specification(plant, now)
    words = words_of(page_of(client, product))
    assert "Atelier Neuf SAS" in words
    assert "Support hours: Mon–Fri 9:00–18:00" in words
    assert "What it promised, and what it achieved" in words
    assert "not measured yet" in words


def test_why_this_offer_shows_factors_and_values(product: Product, client: Client) -> None:
    words = words_of(page_of(client, product))
    assert "Full price against the cheapest €320, the cheapest 600 / 600" in words
    assert "Quality score of the plant 80% 200 / 250" in words
    assert "Guarantee beyond 12 months 24 months 90 / 90" in words
    assert "Score 940 / 1000" in words


def test_all_offers_stand_in_a_table_with_their_days(product: Product, client: Client) -> None:
    page = page_of(client, product)
    assert "All 12 offers in these looks" in page
    rows = re.findall(r"<tr.*?</tr>", page[page.index('id="offers"') :], re.DOTALL)[1:]
    assert len(rows) == 12
    assert "Shown" in rows[0]
    assert "€334.90 €4.90 of it shipping" in words_of(rows[1])
    assert "Thu 26 Nov" in words_of(rows[1])


def test_what_is_tested_says_what_the_grade_allows(product: Product, client: Client) -> None:
    good, fair = (words_of(page_of(client, product, f"?grade={grade}")) for grade in ("good", "fair"))
    assert "Marks on the glass: Scratches visible at 20 cm, invisible at 50 cm" in good
    assert "Marks on the glass: Scratches or dents visible at 50 cm" in fair
    assert "Touch answers everywhere Draw over the whole grid" in good
    assert "Charger, cable or battery received" not in good


def test_battery_and_box_come_from_the_category(product: Product, client: Client) -> None:
    Category.objects.update(
        box=[{"text": "Charging cable", "included": True}, {"text": "Earphones", "included": False}]
    )
    words = words_of(page_of(client, product))
    assert "In the box Charging cable Not included: Earphones" in words
    assert "Battery health: at least 80%" in words
    assert "Battery health: at least 85%" in words_of(page_of(client, product, "?grade=excellent"))


def test_a_new_battery_is_said(product: Product, client: Client, now: datetime) -> None:
    listing = product.variants.get().listings.get(grade="excellent")
    change_listing(listing, new_battery=True, by="system:test", at=now)
    assert "A new battery was fitted." in page_of(client, product, "?grade=excellent")
    assert "A new battery was fitted." not in page_of(client, product)


def test_impact_is_told_per_year_of_use_with_range_and_source(product: Product, client: Client) -> None:
    words = words_of(page_of(client, product))
    assert "24.6 kg CO2e avoided per year of use between 18 and 30 kg" in words
    assert "76.9 kg of raw material left in the ground per year of use" in words
    assert "ADEME 2022" in words


# What a choice changes


def test_a_choice_by_htmx_brings_only_what_it_changes(product: Product, client: Client) -> None:
    part = page_of(client, product, "?grade=excellent", **CHOICE)
    assert "<html" not in part
    assert "site-header" not in part
    assert "What buyers say" not in part
    assert re.search(r'<div id="choice"', part)
    assert re.search(r'<div id="details"[^>]*data-hx-swap-oob="true"', part)
    told = re.search(r'<p id="choice-told" data-hx-swap-oob="innerHTML">(.*?)</p>', part)
    assert told
    assert words_of(told.group(1)) == (
        "128 GB · Black, Excellent: €360 in all, from Atelier Neuf, at your door by Thursday 26 November."
    )
    assert re.search(r'id="looks-excellent"[^>]*aria-current="true"', part)


@pytest.mark.parametrize(
    "headers", [{}, {"HX-Request": "true"}, {"HX-Request": "true", "HX-History-Restore-Request": "true"}]
)
def test_every_other_request_gets_the_whole_page(headers: dict[str, str], product: Product, client: Client) -> None:
    assert "<html" in page_of(client, product, "?grade=excellent", **headers)


def test_parts_and_pages_are_kept_apart_by_caches(product: Product, client: Client) -> None:
    vary = client.get(product.get_absolute_url()).headers["Vary"]
    assert {"HX-Request", "HX-Target"} <= set(vary.split(", "))


def test_every_choice_leads_to_something_that_can_be_bought(client: Client) -> None:
    product = ProductFactory()
    for number, grade in enumerate(("fair", "good", "excellent", "premium")):
        attributes = {"storage_gb": 64 * (number + 1), "colour": ("Black", "Gold")[number % 2]}
        ListingFactory(variant=VariantFactory(product=product, attributes=attributes), grade=grade)
    links = set(re.findall(r'<a class="option"[^>]*href="([^"]+)"', page_of(client, product)))
    assert len(links) == 4
    for link in links:
        assert "Add to cart" in client.get(link.replace("&amp;", "&")).content.decode()


# Trade in


def test_the_trade_in_shows_the_best_bid_for_a_typical_one(product: Product, client: Client) -> None:
    variant = product.variants.get()
    BidFactory(variant=variant, price_minor=18000)
    BidFactory(variant=variant, price_minor=25000, condition="FUNCTIONAL_FLAWLESS")
    BidFactory(variant=variant, price_minor=26000, active=False)
    address = f"/sell/p/{product.slug}/credit/"
    assert address in page_of(client, product)
    words = words_of(client.get(address, headers={"HX-Request": "true"}).content.decode())
    assert "€180 for Apple iPhone 12, 128 GB · Black, if it works and has light marks." in words
    assert client.get(address)["Location"] == f"/sell/p/{product.slug}/"


def test_without_a_bid_the_trade_in_says_so(product: Product, client: Client) -> None:
    part = client.get(f"/sell/p/{product.slug}/credit/", headers={"HX-Request": "true"}).content.decode()
    assert "No plant bids for this model at the moment" in part


# Ratings, pushed down


def test_stars_appear_once_buyers_gave_some(
    product: Product, plant: Refurbisher, alice: User, client: Client, now: datetime
) -> None:
    assert "aggregateRating" not in page_of(client, product)
    line = delivered_line(plant, alice, now, variant=product.variants.get())
    review = rate_line(line, author=alice, stars_device=5, stars_delivery=4, stars_service=3, by=alice, at=now)
    push_rating_down(review, at=now)
    rated = data_in(page_of(client, product))[0]["aggregateRating"]
    assert (rated["ratingValue"], rated["ratingCount"]) == ("4.0", 1)
    push_rating_down(remove_review(review, reason="insult", by="system:test", at=now), at=now)
    assert "aggregateRating" not in page_of(client, product)


# Structured data


def test_search_engines_read_what_the_page_shows(product: Product, client: Client) -> None:
    data, crumbs = data_in(page_of(client, product))
    offers = data["offers"]
    assert (data["@type"], data["itemCondition"]) == ("Product", "https://schema.org/RefurbishedCondition")
    assert (offers["@type"], offers["lowPrice"], offers["highPrice"], offers["offerCount"]) == (
        "AggregateOffer", "320.00", "340.00", 12,
    )  # fmt: skip
    first = offers["offers"][0]
    assert (first["@type"], first["price"], first["priceCurrency"]) == ("Offer", "320.00", "EUR")
    assert first["seller"]["legalName"] == "Atelier Neuf SAS"
    assert first["hasMerchantReturnPolicy"]["merchantReturnDays"] == 30
    assert [warranty["durationOfWarranty"]["value"] for warranty in first["warranty"]] == [24, 24]
    assert offers["offers"][1]["shippingDetails"]["shippingRate"] == {
        "@type": "MonetaryAmount", "value": "4.90", "currency": "EUR",
    }  # fmt: skip
    assert first["shippingDetails"]["deliveryTime"]["cutoffTime"] == "13:00"
    assert [step["name"] for step in crumbs["itemListElement"]] == ["Back Market", "Smartphones", "Apple iPhone 12"]


def test_no_words_of_ours_or_of_others_end_the_data_early(product: Product, client: Client) -> None:
    Product.objects.update(name="</script><script>alert(1)</script>")
    page = page_of(client, product)
    assert "<script>alert(1)" not in page
    assert data_in(page)[0]["name"].startswith("Apple </script>")


# What it costs


def queries_of(client: Client, product: Product, **headers: str) -> int:
    with CaptureQueriesContext(connection) as found:
        page_of(client, product, **headers)
    return len(found)


def test_the_page_costs_as_much_with_1_offer_as_with_50(plant: Refurbisher, client: Client, now: datetime) -> None:
    variant = VariantFactory()
    ReferencePriceFactory(variant=variant)
    GradingSpecificationFactory(category=variant.product.category)
    signed_specification(plant, now)
    ListingFactory(plant=plant, variant=variant, price_minor=20000)
    page_of(client, variant.product)
    one, part = queries_of(client, variant.product), queries_of(client, variant.product, **CHOICE)
    for number in range(49):
        ListingFactory(variant=variant, plant=RefurbisherFactory(), price_minor=20100 + number)
        VariantFactory(product=variant.product, attributes={"storage_gb": number, "colour": "Black"})
    assert (queries_of(client, variant.product), queries_of(client, variant.product, **CHOICE)) == (one, part)
    assert one <= MOST_QUERIES
    assert part < one


def test_similar_devices_are_the_nearest_in_price_each_once(product: Product, now: datetime) -> None:
    for number, price in enumerate((31000, 31900, 32100, 33000, 90000)):
        other = ProductFactory(slug=f"other-{number}")
        for extra in (0, 1):
            ListingFactory(variant=VariantFactory(product=other), price_minor=price + extra)
    ListingFactory(variant=VariantFactory(product__category=CategoryFactory(slug="tablets")), price_minor=32000)
    sku = product.variants.get().sku
    assert [row.slug for row in similar_to(product, sku, "good")] == ["other-1", "other-2", "other-0", "other-3"]


def test_similar_devices_come_when_the_foot_of_the_page_is_reached(product: Product, client: Client) -> None:
    other = ProductFactory(slug="other", name="iPhone 13")
    ListingFactory(variant=VariantFactory(product=other, sku="OTHER"), price_minor=31900)
    sku = product.variants.get().sku
    address = f"/p/{product.slug}/similar/?variant={sku}&grade=good"
    written, page = address.replace("&", "&amp;"), page_of(client, product)
    assert f'data-hx-get="{written}" data-hx-trigger="intersect once"' in page
    assert f'<a href="{written}">' in page
    part = client.get(address, headers={"HX-Request": "true"})
    assert (part.headers["Vary"].count("HX-Request"), "<html" in part.content.decode()) == (1, False)
    assert "/p/other/?variant=OTHER&amp;grade=good" in part.content.decode()
    alone = client.get(address).content.decode()
    assert "<h1>Devices like Apple iPhone 12</h1>" in alone
    assert "/p/other/?variant=OTHER&amp;grade=good" in alone
    nothing = client.get(f"/p/{product.slug}/similar/?variant=%00&grade=nonsense")
    assert (nothing.status_code, "iPhone 13" in nothing.content.decode()) == (200, True)
    assert "Nothing else in these looks" in client.get(address.replace("good", "premium")).content.decode()


def test_similar_devices_are_found_along_the_index_of_prices(product: Product, now: datetime) -> None:
    sku = product.variants.get().sku
    with CaptureQueriesContext(connection) as found:
        similar_to(product, sku, "good")
    assert len(found) == 2
    with connection.cursor() as cursor:
        # What other tests have had in the table must not count.
        cursor.execute("ANALYZE catalog_buyable")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {found[1]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert len(re.findall(r"using buyable_(?:all_)?price", plan)) == 2, plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan


def test_the_way_to_a_page_needs_no_script(product: Product, client: Client, client_of: Callable[..., Client]) -> None:
    page = page_of(client, product)
    for name in ("reviews", "questions"):
        assert f'<a href="/p/{product.slug}/{name}/">' in page
    assert f'href="/sell/p/{product.slug}/"' in page
    links = re.findall(r'<a class="look[^"]*" id="[^"]+" href="([^"]+)"', page)
    assert len(links) == 4
