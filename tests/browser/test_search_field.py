"""The search field: a combobox for keyboard and screen reader, a plain field without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Shop, Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(shop: Shop, window: Window) -> Page:
    page = window(PHONE)
    page.goto("/terms/")
    return page


def test_what_is_typed_is_completed_and_chosen_by_keyboard(page: Page) -> None:
    field = page.get_by_role("combobox", name="Search devices")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press_sequentially("ipho")
    option = page.get_by_role("option", name="iPhone 12 Pro Max")
    expect(option).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".search [role=status]")).to_have_text("One suggestion")
    field.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    field.press("ArrowDown")
    expect(field).not_to_have_attribute("aria-activedescendant", "site-suggestions-0")
    field.press("ArrowUp")
    field.press("Enter")
    page.wait_for_url("**/p/iphone-12/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("iPhone 12 Pro Max")


def test_escape_closes_the_suggestions_and_keeps_the_words(page: Page) -> None:
    field = page.get_by_role("combobox", name="Search devices")
    field.press_sequentially("ipho")
    expect(page.get_by_role("listbox")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("ipho")
    field.press("Enter")
    page.wait_for_url("**/search/?q=ipho")


def test_a_finger_chooses_a_suggestion(page: Page) -> None:
    page.get_by_role("combobox", name="Search devices").press_sequentially("ipho")
    option = page.get_by_role("option")
    expect(option).to_be_visible()
    box = option.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    option.click()
    page.wait_for_url("**/p/iphone-12/")


def test_without_a_script_the_field_searches(shop: Shop, window: Window) -> None:
    page = window(DESK, java_script_enabled=False)
    page.goto("/terms/")
    page.get_by_role("searchbox", name="Search devices").fill("iphone")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="iPhone 12 Pro Max").first).to_be_visible()
