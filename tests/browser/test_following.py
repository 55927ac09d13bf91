"""Following a sale on a telephone: by hand, by keyboard, and without a script."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from backmarket import timetravel
from backmarket.accounts.models import User
from buyback.models import Trade, TradeMessage
from refurbishers.models import Refurbisher
from tests.browser.conftest import PHONE, Window
from tests.buyback.steps import countered, photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURE = {"name": "mark.jpg", "mimeType": "image/jpeg"}


@pytest.fixture
def trade(
    transactional_db: None, plant: Refurbisher, carol: User, now: datetime, settings: Any, tmp_path: Any
) -> Trade:
    settings.PRIVATE_ROOT = tmp_path
    timetravel.travel_to(now)
    return countered(plant, carol, now)


def opened(page: Page, trade: Trade, live_server: Any) -> None:
    client = Client()
    client.force_login(trade.seller)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto(f"/account/trades/{trade.pk}/")


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
def test_a_seller_asks_with_a_photo_and_answers_the_offer(
    trade: Trade, window: Window, live_server: Any, script: bool
) -> None:
    page = window(PHONE, java_script_enabled=script)
    opened(page, trade, live_server)
    page.get_by_label("Message").fill("Is it this mark?")
    page.get_by_label("Photos").set_input_files({**PICTURE, "buffer": b"not a photo"})
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("Message")).to_have_value("Is it this mark?")
    expect(page.locator("#id_photos_error")).to_contain_text("This is not a photo we can read")
    page.get_by_label("Photos").set_input_files({**PICTURE, "buffer": photo().read()})
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("img", name="Photo 1 of this message")).to_be_visible()
    assert TradeMessage.objects.get().photos.count() == 1

    page.get_by_role("link", name="Refuse: have it back, free").click()
    expect(page.locator("main")).to_contain_text("free of charge and insured in full")
    page.get_by_role("link", name="Look at both offers again").click()
    page.get_by_role("link", name="Accept €180").click()
    page.get_by_role("button", name="Yes, sell it for €180").click()
    expect(page.locator("main")).to_contain_text("Nothing to do: the money is on its way")
    assert Trade.objects.get().status == "validated"


def test_by_keyboard_alone_the_device_is_asked_back(trade: Trade, window: Window, live_server: Any) -> None:
    page = window(PHONE)
    opened(page, trade, live_server)
    tab_to(page, "Refuse: have it back, free")
    page.keyboard.press("Enter")
    page.wait_for_url("**/answer/**")
    tab_to(page, "Yes, send it back to me")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Nothing to do: your device is on its way back to you.")
    assert Trade.objects.get().status == "returning"


def tab_to(page: Page, words: str) -> None:
    """Tab on until what has the focus says this; it must show its focus."""
    for _step in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText.trim()") == words:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"{words} is not within reach")


def test_nothing_is_wider_than_the_telephone(trade: Trade, window: Window, live_server: Any) -> None:
    page = window(PHONE)
    opened(page, trade, live_server)
    for address in (
        f"/account/trades/{trade.pk}/",
        "/account/trades/",
        f"/account/trades/{trade.pk}/answer/?answer=accept",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
