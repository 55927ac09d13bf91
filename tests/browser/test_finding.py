"""From a misspelt name to an address worth sharing, with a thumb on a telephone."""

import re

import pytest
from playwright.sync_api import Page, expect

from catalog.services.facet_index import index_stale
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.factories import ListingFactory, ProductFactory, VariantFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shelves(shop: Shop) -> Shop:
    """Beside the telephone in two memories, another of its maker's and one of a rival's."""
    for brand, name, sku in (("Apple", "iPhone 12 mini", "MINI"), ("Samsung", "Galaxy S21", "S21")):
        product = ProductFactory(brand=brand, name=name, slug=sku.lower())
        variant = VariantFactory(
            product=product, sku=sku, label="128 GB · Blue", attributes={"storage_gb": 128, "colour": "Blue"}
        )
        ListingFactory(variant=variant, grade="fair", price_minor=20000)
    index_stale()
    return shop


def narrowed(page: Page, name: str, left: str) -> None:
    """Tick a facet's value: the list says how much is left, and the filters stay open for the next one."""
    page.get_by_role("checkbox", name=re.compile(name)).check()
    expect(page.locator("#results").get_by_role("status")).to_have_text(left)


def test_a_misspelt_name_leads_to_the_right_device_and_to_an_address_that_can_be_shared(
    shelves: Shop, window: Window
) -> None:
    page = window(PHONE, has_touch=True)
    page.goto("/")
    field = page.locator("main input[name=q], header input[name=q]").locator("visible=true").first
    field.fill("ifone 12")
    field.press("Enter")
    expect(page.locator("#results").get_by_role("status")).to_have_text("4 offers")

    page.get_by_text("Filter and sort").tap()
    narrowed(page, r"^128 GB", "3 offers")
    page.locator("#results summary", has_text="Colour").tap()
    narrowed(page, r"^Black", "2 offers")
    narrowed(page, r"^Fair", "1 offer")
    shared = page.url

    page.get_by_role("link", name="Apple iPhone 12 Pro Max").tap()
    expect(page.locator("#looks-fair")).to_have_attribute("aria-current", "true")
    page.locator("#choice-storage_gb-256").tap()
    expect(page.locator("#choice-storage_gb-256")).to_have_attribute("aria-current", "true")
    page.locator("#choice-storage_gb-128").tap()
    expect(page.locator("#choice-storage_gb-128")).to_have_attribute("aria-current", "true")
    page.locator("#looks-excellent").tap()
    expect(page.locator(".price__now")).to_have_text("€300")
    expect(page).to_have_url(re.compile(r"variant=IP12-128&grade=excellent$"))
    device = page.url

    page.get_by_role("link", name="Compare", exact=True).tap()
    expect(page.locator("thead a")).to_have_text(["Apple iPhone 12 Pro Max"])
    page.goto("/compare/add/?v=MINI")
    expect(page.locator("thead a")).to_have_text(["Apple iPhone 12 Pro Max", "Apple iPhone 12 mini"])
    compared = page.url

    friend = window(DESK)
    friend.goto(shared)
    expect(friend.locator("#results").get_by_role("status")).to_have_text("1 offer")
    expect(friend.locator(".chips .chip")).to_have_count(3)
    friend.goto(device)
    expect(friend.locator(".price__now")).to_have_text("€300")
    friend.goto(compared)
    expect(friend.locator("thead a")).to_have_text(["Apple iPhone 12 Pro Max", "Apple iPhone 12 mini"])
