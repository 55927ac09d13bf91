"""Every page in a real browser, on a phone and on a desk, light and dark: nothing sticks out, all is named."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from backmarket.accounts.models import User
from backmarket.figures import refresh_figures
from buyback.models import Trade
from orders.models import OrderLine
from reviews.services import rate_line
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.reviews.deals import delivered_line, paid_trade

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW = {"width": 320, "height": 640}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


def public_pages(shop: Shop) -> list[str]:
    product, plant = f"/p/{shop.product.slug}/", f"/plants/{shop.plant.slug}/"
    return [
        "/", "/c/smartphones/", "/c/smartphones/?grade=fair", "/search/?q=iphone", "/search/?q=zzqqxx", product,
        f"{product}reviews/", f"{product}questions/",
        "/plants/", plant, f"{plant}reviews/", "/reviews/method/", "/impact/", "/ranking/",
        "/terms/", "/privacy/", "/cart/", "/orders/find/", "/accounts/login/", "/accounts/signup/",
        "/accounts/password/reset/", "/sell/", "/sell/c/smartphones/", f"/sell/p/{shop.quote.variant.product.slug}/",
        f"/sell/d/{shop.quote.variant.sku}/", f"/sell/quotes/{shop.quote.pk}/", "/mailbox/", "/sandbox/", "/design/",
    ]  # fmt: skip


def faults(page: Page) -> list[str]:
    """What a reader would stumble over on the page shown."""
    heads = page.locator("h1").count()
    return [*sticking_out(page), *([f"{heads} main headings"] if heads != 1 else []), *violations(page)]


def sticking_out(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"sticks out by {wide} px"] if wide > 0 else []


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds: by all the rules of WCAG 2.2 AA, or by those named only."""
    broken = Axe().run(page, options=RULES | {"runOnly": rules} if rules else RULES).response["violations"]
    return [f"{rule['id']}: {node['target']}" for rule in broken for node in rule["nodes"]]


def stumbles(page: Page, paths: list[str]) -> dict[str, list[str]]:
    """What is wrong on each of these pages, in light and in dark, and at 320 px, which is 1280 px at 400 %."""
    found: dict[str, list[str]] = {}
    size = page.viewport_size
    assert size is not None
    for path in paths:
        page.emulate_media(color_scheme="light")
        page.goto(path)
        wrong = faults(page)
        page.emulate_media(color_scheme="dark")
        wrong += [f"dark: {fault}" for fault in violations(page, ["color-contrast"])]
        if size == PHONE:
            page.set_viewport_size(NARROW)
            wrong += [f"320 px: {fault}" for fault in sticking_out(page)]
            page.set_viewport_size(PHONE)
        if wrong:
            found[path] = wrong
    return found


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_public_page_is_readable_in_light_and_dark(
    shop: Shop, alice: User, now: datetime, window: Window, size: Any
) -> None:
    line = delivered_line(shop.plant, alice, now, variant=shop.listing.variant)
    rate_line(line, author=alice, stars_device=5, stars_delivery=4, stars_service=4, words="As told.", by=alice, at=now)
    refresh_figures(now)
    assert stumbles(window(size), public_pages(shop)) == {}


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_of_an_account_is_readable_in_light_and_dark(
    shop: Shop, alice: User, now: datetime, window: Window, client_of: Callable[[User], Client],
    live_server: Any, size: Any,
) -> None:  # fmt: skip
    line = delivered_line(shop.plant, alice, now, variant=shop.listing.variant)
    trade = paid_trade(shop.plant, alice, now)
    page = window(size)
    cookie = client_of(alice).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    assert stumbles(page, account_pages(line, trade)) == {}


def account_pages(line: OrderLine, trade: Trade) -> list[str]:
    names = (
        "account", "account-addresses", "account-credit", "account-profile", "account-close", "orders", "trades",
        "account_email",
    )  # fmt: skip
    return [
        *map(reverse, names), reverse("order", args=[line.order.pk]), reverse("trade", args=[trade.pk]),
        reverse("rate-line", args=[line.pk]), reverse("rate-trade", args=[trade.pk]),
        reverse("line-withdraw", args=[line.pk]), reverse("claim-open", args=[line.pk]),
    ]  # fmt: skip


def test_on_paper_a_page_is_its_words(shop: Shop, window: Window) -> None:
    page = window(DESK)
    page.goto("/terms/")
    page.emulate_media(media="print")
    assert not page.locator(".site-header").is_visible()
    assert not page.locator(".site-footer").is_visible()
    assert page.locator("h1").is_visible()


def test_the_check_sees_what_is_wrong(shop: Shop, window: Window) -> None:
    page = window(PHONE)
    page.goto("/terms/")
    page.evaluate("document.querySelector('main').innerHTML = '<input><pre>' + '0123456789'.repeat(99) + '</pre>'")
    page.evaluate("document.querySelector('main pre').style.overflow = 'visible'")
    assert [fault.split(":")[0] for fault in faults(page)][1:] == ["0 main headings", "label"]
    assert faults(page)[0].startswith("sticks out by")
