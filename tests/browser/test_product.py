"""Choosing on the product page in a real browser: only the choice changes, the focus stays, and it is said aloud."""

from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from backmarket.accounts.models import User
from catalog.models import Category
from reviews.services import rate_line
from reviews.services.questions import ask_question, publish_question
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.browser.test_pages import RULES
from tests.factories import ListingFactory, ProductFactory, UserFactory, VariantFactory
from tests.reviews.deals import delivered_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_choice_keeps_the_focus_and_the_place_and_can_be_taken_back(shop: Shop, window: Window) -> None:
    page = window(PHONE)
    page.goto(f"/p/{shop.product.slug}/?variant=IP12-128&grade=fair")
    page.evaluate("window.stays = true")
    page.focus("#looks-excellent")
    place = page.evaluate("scrollY")
    page.keyboard.press("Enter")
    page.wait_for_url("**grade=excellent")
    page.locator("#looks-excellent[aria-current]").wait_for()
    assert page.locator(".price__now").inner_text() == "€300"
    assert page.evaluate("document.activeElement.id") == "looks-excellent"
    assert page.evaluate("scrollY") == place
    assert page.evaluate("window.stays") is True
    assert "Excellent: €300 in all, from Atelier Neuf" in page.locator("#choice-told").inner_text()
    page.go_back()
    page.locator("#looks-fair[aria-current]").wait_for()
    assert page.locator(".price__now").inner_text() == "€250"


def test_the_choice_swapped_in_is_as_accessible_as_the_page(shop: Shop, window: Window) -> None:
    Category.objects.update(box=[{"text": "Cable", "included": True}, {"text": "Earphones", "included": False}])
    page = window(PHONE, color_scheme="dark")
    page.goto(f"/p/{shop.product.slug}/?variant=IP12-128&grade=excellent")
    page.click("#choice-storage_gb-256")
    page.locator("#choice-storage_gb-256[aria-current]").wait_for()
    for closed in page.locator("details:not([open]) > summary").all():
        if closed.is_visible() and not closed.locator("xpath=ancestor::header").count():
            closed.click()
    broken = Axe().run(page, options=RULES).response["violations"]
    assert [(rule["id"], node["target"]) for rule in broken for node in rule["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_without_a_script_the_same_choice_is_a_page(shop: Shop, window: Window) -> None:
    page = window(PHONE, java_script_enabled=False)
    page.goto(f"/p/{shop.product.slug}/?variant=IP12-128&grade=fair")
    page.click("#looks-excellent")
    assert page.locator(".price__now").inner_text() == "€300"
    page.click("text=Read the questions, or ask one")
    assert page.locator("h1").inner_text() == "Questions about Apple iPhone 12 Pro Max"


def test_the_focus_stays_on_what_took_the_place_of_the_offer_chosen(shop: Shop, window: Window) -> None:
    other = ListingFactory(variant=shop.listing.variant, grade="excellent", price_minor=31000)
    page = window()
    page.goto(f"/p/{shop.product.slug}/?variant=IP12-128&grade=excellent")
    page.focus(f"a#offer-{other.number}")
    page.keyboard.press("Enter")
    page.locator(f"span#offer-{other.number}").wait_for()
    page.wait_for_function("document.activeElement !== document.body")
    assert page.evaluate("[document.activeElement.id, document.activeElement.innerText]") == [
        f"offer-{other.number}", "Shown",
    ]  # fmt: skip
    assert f"€310 in all, from {other.plant.name}" in page.locator("#choice-told").inner_text()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('tr') !== null")


SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().filter((entry) => !entry.hadRecentInput)
  .map((entry) => entry.value))).observe({ type: "layout-shift", buffered: true });"""


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_moves_while_the_page_is_read(
    shop: Shop, alice: User, now: datetime, window: Window, size: Any
) -> None:
    for number in range(5):
        ListingFactory(variant=VariantFactory(product=ProductFactory(slug=f"other-{number}")), grade="fair")
        line = delivered_line(shop.plant, UserFactory(), now, variant=shop.listing.variant)
        rate_line(line, author=line.order.buyer, stars_device=5, stars_delivery=4, stars_service=4, by="system:test",
                  at=now, words="It looks new and holds a day. " * 5)  # fmt: skip
        question = ask_question(shop.product, author=UserFactory(), text=f"Is it {number}? " * 9, by=alice, at=now)
        publish_question(question, by="system:test", at=now)
    page = window(size)
    page.add_init_script(SHIFTS)
    page.goto(f"/p/{shop.product.slug}/?variant=IP12-128&grade=fair", wait_until="networkidle")
    page.mouse.move(200, 400)
    while not page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1"):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(60)
    page.wait_for_timeout(500)
    assert page.locator(".review, .question, .similar, .devices, .credit").count() >= 12
    assert page.evaluate("window.shifts.reduce((sum, shift) => sum + shift, 0)") < 0.1


def test_without_a_script_similar_devices_are_a_link_and_no_room_stays_empty(shop: Shop, window: Window) -> None:
    other = VariantFactory(product=ProductFactory(slug="other", name="iPhone 13"))
    ListingFactory(variant=other, grade="fair", price_minor=26000)
    page = window(PHONE, java_script_enabled=False)
    page.goto(f"/p/{shop.product.slug}/?variant=IP12-128&grade=fair")
    blank = page.locator(".recent").bounding_box()
    assert blank is not None
    assert blank["height"] < 60
    page.get_by_role("link", name="See the nearest in price").click()
    assert page.locator("h1").inner_text() == "Devices like Apple iPhone 12 Pro Max"
    assert page.get_by_role("link", name="iPhone 13").count() == 1


def test_the_version_looked_at_last_is_the_one_remembered(shop: Shop, window: Window) -> None:
    page = window()
    page.goto(f"/p/{shop.product.slug}/?variant=IP12-128&grade=fair", wait_until="networkidle")
    with page.expect_response("**/recent/?*quietly=1"):
        page.click("#looks-excellent")
    page.goto("/recent/")
    assert page.locator(".device-card a").first.get_attribute("href") == (
        f"/p/{shop.product.slug}/?variant=IP12-128&grade=excellent"
    )
