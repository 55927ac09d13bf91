"""Choosing on the product page in a real browser: only the choice changes, the focus stays, and it is said aloud."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from catalog.models import Category
from tests.browser.conftest import PHONE, Shop, Window
from tests.browser.test_pages import RULES

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
