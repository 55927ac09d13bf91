"""Narrowing a list in a real browser: only the list changes, the focus stays, and what is left is at hand."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from catalog.services.facet_index import index_stale
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.factories import ListingFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asked() -> list[Request]:
    return []


def opened(page: Page, asked: list[Request]) -> Page:
    index_stale()
    page.goto("/c/smartphones/")
    page.evaluate("window.stays = true")
    page.on("request", lambda request: asked.append(request))
    return page


def count(page: Page, words: str) -> None:
    expect(page.locator("#count")).to_have_text(words)


def test_a_tick_by_keyboard_keeps_the_focus_and_what_is_folded(
    shop: Shop, window: Window, asked: list[Request]
) -> None:
    page = opened(window(DESK), asked)
    page.locator("#facet-storage_gb summary").click()
    page.locator("#f-grade-fair").focus()
    page.keyboard.press("Space")
    count(page, "2 offers")
    expect(page).to_have_url(re.compile(r"/c/smartphones/\?grade=fair$"))
    expect(page.locator("#f-grade-fair")).to_be_focused()
    assert page.locator("#facet-storage_gb").get_attribute("open") is None
    assert page.evaluate("window.stays") is True
    answers = [request.response() for request in asked if "/c/smartphones/" in request.url]
    assert [answer and "<header" in answer.text() for answer in answers] == [False]


def test_a_removed_chip_leaves_the_focus_at_the_count(shop: Shop, window: Window, asked: list[Request]) -> None:
    page = opened(window(DESK), asked)
    page.get_by_role("checkbox", name=re.compile("^Fair")).check()
    count(page, "2 offers")
    chip = page.locator(".chip", has_text="Fair")
    chip.focus()
    page.keyboard.press("Enter")
    count(page, "3 offers")
    expect(page.locator("#count")).to_be_focused()
    expect(page).to_have_url(re.compile(r"/c/smartphones/$"))
    expect(page.get_by_role("checkbox", name=re.compile("^Fair"))).not_to_be_checked()


def test_on_a_phone_what_is_left_is_one_tap_away(shop: Shop, window: Window, asked: list[Request]) -> None:
    for grade in ("good", "premium"):
        ListingFactory(variant=shop.listing.variant, grade=grade, price_minor=31000)
    page = opened(window(PHONE, has_touch=True), asked)
    page.get_by_text("Filter and sort").tap()
    page.get_by_role("checkbox", name=re.compile("^Fair")).tap()
    show = page.get_by_role("button", name="Show 2 offers")
    expect(show).to_be_in_viewport()
    expect(page.locator("#count")).not_to_be_in_viewport()
    show.tap()
    expect(show).to_be_hidden()
    expect(page.locator("#count")).to_be_in_viewport()
    expect(page.locator("#count")).to_be_focused()
    expect(page.locator(".devices a").first).to_be_in_viewport()
    assert len([request for request in asked if "/c/smartphones/" in request.url]) == 1


def test_enter_in_a_price_only_sends(shop: Shop, window: Window, asked: list[Request]) -> None:
    page = opened(window(DESK), asked)
    page.locator("#price-min").fill("280")
    page.keyboard.press("Enter")
    count(page, "1 offer")
    expect(page.locator("#price-min")).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?price_min=280$"))


def test_without_a_script_the_button_sends_and_the_address_is_as_short(shop: Shop, window: Window) -> None:
    page = window(DESK, java_script_enabled=False)
    page.goto("/c/smartphones/")
    page.get_by_text("Filter and sort").click()
    page.get_by_role("checkbox", name=re.compile("^Fair")).check()
    page.get_by_role("button", name="Apply").click()
    count(page, "2 offers")
    expect(page).to_have_url(re.compile(r"/c/smartphones/\?grade=fair$"))
