"""Accepting a quote in a real browser: on a telephone, by keyboard alone, and without a script."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Locator, Page, expect

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import MailboxMessage
from buyback.models import AcceptanceDraft, Trade
from tests.browser.conftest import PHONE, Shop, Window
from tests.buyback.steps import IBAN, slots
from tests.factories import VariantFactory, imei

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# What is typed into each field on the way down the page; a space ticks a box. The names stand there already.
TYPED = {
    "birth_date": "04011990", "document_number": "19FV12345", "address-line1": "3 rue Basse",
    "address-postcode": "75011", "address-city": "Paris", "identifier": "", "locks_removed": " ", "slot": " ",
    "iban": IBAN,
}  # fmt: skip


@pytest.fixture
def at(transactional_db: None, now: datetime) -> datetime:
    timetravel.travel_to(now)
    return now


@pytest.fixture
def carols(carol: User, window: Window, client_of: Callable[[User], Client], live_server: Any) -> Callable[..., Page]:
    """A window in which carol is logged in."""
    cookie = client_of(carol).cookies["sessionid"].value

    def opened(size: dict[str, int], **options: Any) -> Page:
        page = window(size, **options)
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return page

    return opened


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def faults(page: Page) -> list[str]:
    return [violation["id"] for violation in Axe().run(page, options=WCAG).response["violations"]]


def test_a_new_visitor_sells_on_a_telephone_with_a_code_by_email(shop: Shop, at: datetime, window: Window) -> None:
    page = window(PHONE)
    page.goto(f"/sell/quotes/{shop.quote.pk}/")
    page.locator("main form[method=get] button").first.click()
    expect(page.locator("main")).to_contain_text("Your quote is kept")
    page.get_by_role("link", name="A code by e-mail").click()
    page.get_by_label("Email").fill("nina@example.com")
    page.get_by_role("button", name="Send me the code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Type the code")
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", MailboxMessage.objects.get().text, re.MULTILINE)
    assert code
    page.locator("input[name=code]").fill(code.group())
    page.get_by_role("button", name="Go on").click()

    expect(page).to_have_url(re.compile(rf"/sell/quotes/{shop.quote.pk}/accept/"))
    assert (fits(page), faults(page)) == (True, [])
    expect(page.locator("input[name=slot]")).to_have_count(1)
    page.get_by_label("Postcode").fill("75996")
    page.get_by_label("City").focus()
    expect(page.locator("#courier")).to_contain_text("does not come to 75996")
    page.get_by_label("Postcode").fill("75011")
    page.get_by_label("City").focus()
    expect(page.locator("#times-said")).to_have_text(f"{len(slots(at))} times of the courier for 75011.")
    expect(page.locator("input[name=slot]")).to_have_count(len(slots(at)) + 1)

    page.get_by_role("button", name="Check everything").click()
    expect(page.locator("[data-error-summary]").first).to_be_focused()
    assert faults(page) == []
    expect(page.get_by_label("Postcode")).to_have_value("75011")

    fill(page, "Nina Roux")
    page.get_by_role("button", name="Check everything").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is everything right?")
    assert (fits(page), faults(page)) == (True, [])
    page.get_by_role("link", name="Change the collection").click()
    page.locator("input[name=slot]").nth(4).check()
    expect(page.locator("input[name=iban]")).to_be_hidden()
    page.get_by_label("Pay to the same account").uncheck()
    expect(page.locator("input[name=iban]")).to_be_visible()
    page.get_by_label("Pay to the same account").check()
    page.get_by_role("button", name="Check everything").click()
    page.get_by_label("I own this device").check()
    page.get_by_role("button", name="Sell it for €250").dblclick()
    page.wait_for_url("**/account/trades/**")
    trade = Trade.objects.get()
    assert (trade.seller.email, trade.iban_last4, trade.address.city) == ("nina@example.com", "0189", "Paris")
    assert trade.parcel is not None
    assert trade.parcel.pickups.get().window_start == slots(at)[4].start


def fill(page: Page, name: str) -> None:
    page.get_by_label("Full name, as on your document").fill(name)
    page.get_by_label("Date of birth").fill("1991-05-06")
    page.get_by_label("Number of the document").fill("12AB34567")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Street and number").fill("12 rue des Lilas")
    page.get_by_label("City").fill("Paris")
    page.get_by_label("IMEI", exact=True).fill(imei())
    page.get_by_label("I have signed out").check()
    page.locator("input[name=slot]").nth(2).check()
    page.get_by_label("Account holder").fill(name)
    page.get_by_label("IBAN").fill(IBAN)


def test_without_a_script_the_times_are_shown_by_a_button(
    shop: Shop, at: datetime, carols: Callable[..., Page]
) -> None:
    page = carols(PHONE, java_script_enabled=False)
    page.goto(f"/sell/quotes/{shop.quote.pk}/accept/")
    page.get_by_label("IBAN").fill("FR76")
    page.get_by_label("Postcode").fill("75011")
    page.get_by_role("button", name="Show the courier's times").click()
    expect(page.locator("input[name=slot]")).to_have_count(len(slots(at)) + 1)
    expect(page.get_by_label("IBAN")).to_have_value("FR76")
    fill(page, "Carol Petit")
    page.get_by_label("Date of birth").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is everything right?")
    page.get_by_role("button", name="Sell it for €250").click()
    expect(page.get_by_label("I own this device")).to_have_accessible_description(re.compile("Accept the conditions"))
    page.get_by_label("I own this device").check()
    page.get_by_role("button", name="Sell it for €250").click()
    page.wait_for_url("**/account/trades/**")
    assert Trade.objects.count() == 1


def test_the_whole_sale_by_keyboard_alone_on_a_telephone(shop: Shop, at: datetime, carols: Callable[..., Page]) -> None:
    variant = shop.quote.variant
    VariantFactory(product=variant.product)
    page = carols(PHONE)
    page.goto("/sell/")
    for address in ("c/smartphones", f"p/{variant.product.slug}", f"d/{variant.sku}"):
        enter(page, page.locator(f'main a[href="/sell/{address}/"]'))
    for answer in ("Yes, everything works", "Light scratches", "Fine: it lasts"):
        enter(page, page.get_by_role("button", name=answer))
    expect(page.get_by_role("radio", name="Atelier Neuf")).to_be_checked()
    enter(page, page.locator("main form[method=get] button"))
    expect(page).to_have_url(re.compile("/accept/"))
    number = imei()
    for name, keys in TYPED.items():
        tab_to(page, name)
        page.keyboard.type(number if name == "identifier" else keys)
        if name == "address-postcode":
            page.keyboard.press("Tab")
            expect(page.locator("input[name=slot]")).to_have_count(len(slots(at)) + 1)
            page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is everything right?")
    assert AcceptanceDraft.objects.count() == 1
    tab_to(page, "conditions")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sell it for €250")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/trades/**")
    assert Trade.objects.get().identifier == number


def enter(page: Page, target: Locator) -> None:
    """Tab on until the link or button has the focus, which must show, and press it."""
    target.first.wait_for()
    for _step in range(80):
        page.keyboard.press("Tab")
        # A page that has only just come has nothing focused yet.
        assert page.evaluate(
            "(e => e.tabIndex < 0 || ['', '::after'].some(part => getComputedStyle(e, part).outlineStyle != 'none')"
            " || !!e.closest('.choice:focus-within'))"
            "(document.activeElement)"
        ), f"nothing shows the focus, before {target}"
        if target.evaluate_all("all => all.includes(document.activeElement)"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{target} is not within reach")


def tab_to(page: Page, name: str) -> None:
    """Tab on until the field has the focus; whatever has it on the way must show it (a date's parts show their own)."""
    for _step in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(e => [e.name || '', getComputedStyle(e).outlineStyle != 'none' "
            "|| !!e.closest('.choice:focus-within') || e.type == 'date'])(document.activeElement)"
        )
        assert focused[1], f"nothing shows the focus on {focused[0]}, before {name}"
        if focused[0] == name:
            return
    raise AssertionError(f"{name} is not within reach")
