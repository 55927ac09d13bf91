"""Every public page in a real browser, on a phone and on a desk: nothing sticks out, all is named."""

from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from backmarket.accounts.models import User
from reviews.services import rate_line
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.reviews.deals import delivered_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


def public_pages(shop: Shop) -> list[str]:
    product, plant = f"/p/{shop.product.slug}/", f"/plants/{shop.plant.slug}/"
    return [
        "/", "/c/smartphones/", "/c/smartphones/?grade=fair", "/search/?q=iphone", "/search/?q=zzqqxx", product,
        f"{product}reviews/", f"{product}questions/",
        "/plants/", plant, f"{plant}reviews/", "/reviews/method/", "/impact/", "/ranking/",
        "/terms/", "/privacy/", "/cart/", "/orders/find/", "/accounts/login/", "/accounts/signup/",
        "/accounts/password/reset/", "/sell/", "/sell/c/smartphones/", f"/sell/p/{shop.quote.variant.product.slug}/",
        f"/sell/d/{shop.quote.variant.sku}/", f"/sell/quotes/{shop.quote.pk}/", "/mailbox/", "/sandbox/",
    ]  # fmt: skip


def faults(page: Page) -> list[str]:
    """What a reader would stumble over on the page shown."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    heads = page.locator("h1").count()
    broken = Axe().run(page, options=RULES).response["violations"]
    return [
        *([f"sticks out by {wide} px"] if wide > 0 else []),
        *([f"{heads} main headings"] if heads != 1 else []),
        *(f"{rule['id']}: {node['target']}" for rule in broken for node in rule["nodes"]),
    ]


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk, dark"])
def test_every_public_page_is_readable(
    shop: Shop, alice: User, now: datetime, window: Window, size: Any, scheme: str
) -> None:
    line = delivered_line(shop.plant, alice, now, variant=shop.listing.variant)
    rate_line(line, author=alice, stars_device=5, stars_delivery=4, stars_service=4, words="As told.", by=alice, at=now)
    page, found = window(size, color_scheme=scheme), {}
    for path in public_pages(shop):
        page.goto(path)
        if stumbled := faults(page):
            found[path] = stumbled
    assert found == {}


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
