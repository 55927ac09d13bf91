"""The table of bids by keyboard, by pasting, on a telephone, and without a script."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, expect

from backmarket.accounts.models import User
from buyback.models import Bid
from refurbishers.models import Refurbisher
from tests.browser.conftest import DESK, PHONE, Window
from tests.factories import BidFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLE = "/plant/buyback/bid/table/"
Opened = Callable[..., Page]


@pytest.fixture
def bids(transactional_db: None, plant: Refurbisher) -> list[Bid]:
    first = BidFactory(plant=plant, variant__sku="A-1", price_minor=20_000)
    return [first, BidFactory(plant=plant, variant__sku="B-2", variant__product=first.variant.product)]


@pytest.fixture
def opened(bids: list[Bid], bob: User, window: Window, client_of: Callable[[User], Client], live_server: Any) -> Opened:
    """The table in a window in which bob is logged in."""
    cookie = client_of(bob).cookies["sessionid"].value

    def open_table(size: dict[str, int], **options: Any) -> Page:
        page = window(size, **options)
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto(TABLE)
        return page

    return open_table


def cell(page: Page, row: int, column: int) -> Any:
    return page.locator("[data-bids] tbody tr").nth(row).locator("input[type=text]").nth(column)


def prices() -> set[tuple[str, str, int]]:
    return set(Bid.objects.values_list("variant__sku", "condition", "price_minor"))


def test_a_column_is_typed_downwards_by_keyboard(opened: Opened) -> None:
    page = opened(DESK)
    cell(page, 0, 1).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("210,50")
    page.keyboard.press("Enter")
    expect(cell(page, 1, 1)).to_be_focused()
    page.keyboard.type("190")
    expect(page.get_by_text("2 prices typed")).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(cell(page, 0, 1)).to_be_focused()
    page.get_by_role("button", name="Save this page").press("Enter")
    expect(page.get_by_text("Saved: 2 changed.")).to_be_visible()
    assert prices() == {("A-1", "FUNCTIONAL_GOOD", 21_050), ("B-2", "FUNCTIONAL_GOOD", 19_000)}


def test_cells_of_a_spreadsheet_are_pasted(opened: Opened) -> None:
    page = opened(DESK)
    cell(page, 0, 1).evaluate(
        """(cell) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", "11\\t12\\r\\n13\\t14\\r\\n");
          cell.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
        }"""
    )
    assert [cell(page, row, column).input_value() for row in (0, 1) for column in (1, 2)] == ["11", "12", "13", "14"]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_wrong_price_takes_the_focus_and_nothing_is_too_wide(opened: Opened, size: dict[str, int]) -> None:
    page = opened(size)
    cell(page, 1, 2).fill("lots")
    page.get_by_role("button", name="Save this page").click()
    expect(page.get_by_role("alert")).to_contain_text("1 price needs another look")
    expect(cell(page, 1, 2)).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    found = Axe().run(page, ".bids").response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


def test_without_a_script_a_price_is_saved_and_taken_back(opened: Opened) -> None:
    page = opened(PHONE, java_script_enabled=False)
    cell(page, 0, 1).fill("150")
    page.get_by_role("button", name="Save this page").click()
    expect(page.get_by_text("Saved: 1 changed.")).to_be_visible()
    page.get_by_role("link", name=re.compile("typed in the table")).click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back: every bid is as it was before.")).to_be_visible()
    assert ("A-1", "FUNCTIONAL_GOOD", 20_000) in prices()
