"""The ways through the shop that must not break: with a script and without one, by hand and by keyboard."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from backmarket.accounts.models import User
from buyback.models import Quote
from orders.models import Order
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.factories import VariantFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESS = {"Name": "Alice Martin", "Street and number": "12 rue des Lilas", "Postcode": "75011", "City": "Paris"}


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
def test_a_guest_buys_a_device(shop: Shop, window: Window, drain: Callable[[], None], script: bool) -> None:
    page = window(PHONE, java_script_enabled=script)
    page.goto(f"/p/{shop.product.slug}/?grade=excellent")
    page.get_by_role("button", name="Add to cart").click()
    page.goto("/cart/")
    page.get_by_role("link", name="Go to checkout").click()
    page.get_by_label("E-mail").fill("alice@example.com")
    for label, text in ADDRESS.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("I have read the conditions").check()
    page.get_by_role("button", name="Order and pay €300").click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Pay €300").click()
    drain()
    page.reload()

    order = Order.objects.get()
    assert order.payment_status == Order.PaymentStatus.CAPTURED
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(order.number))
    shop.listing.refresh_from_db()
    assert (shop.listing.on_hand, shop.listing.reserved) == (4, 0)


def test_a_checkout_sent_wrong_keeps_what_was_typed_and_leads_to_what_is_wrong(shop: Shop, window: Window) -> None:
    page = window(PHONE)
    page.goto(f"/p/{shop.product.slug}/")
    page.get_by_role("button", name="Add to cart").click()
    page.goto("/checkout/")
    page.get_by_label("E-mail").fill("alice@example.com")
    page.get_by_label("Postcode").fill("123")
    page.get_by_role("button", name="Order and pay").click()

    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value("alice@example.com")
    expect(page.get_by_label("Postcode")).to_have_value("123")
    expect(page.get_by_label("Postcode")).to_have_accessible_description(re.compile("This is not a postcode of France"))
    page.locator("[data-error-summary] a").first.click()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert not Order.objects.exists()


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
def test_a_seller_gets_to_a_quote_in_six_taps(shop: Shop, window: Window, script: bool) -> None:
    variant = VariantFactory(product=shop.quote.variant.product)
    page = window(PHONE, java_script_enabled=script)
    page.goto("/sell/")
    page.locator('a[href="/sell/c/smartphones/"]').last.click()
    page.locator(f'a[href="/sell/p/{variant.product.slug}/"]').first.click()
    page.locator(f'a[href="/sell/d/{shop.quote.variant.sku}/"]').click()
    page.get_by_role("button", name="Yes, everything works").click()
    expect(page.locator("main")).to_contain_text("2 of 3")
    page.reload()
    expect(page.locator("main")).to_contain_text("2 of 3")
    page.go_back()
    expect(page.locator("main")).to_contain_text("1 of 3")
    page.go_forward()
    page.get_by_role("button", name="Light scratches").click()
    page.get_by_role("button", name="Fine: it lasts").click()

    expect(page.get_by_role("radio", name="Atelier Neuf")).to_be_checked()
    expect(page.locator("main")).to_contain_text("€250")
    assert Quote.objects.count() == 2


def test_one_signs_in_by_keyboard_and_sees_where_one_is(alice: User, window: Window) -> None:
    page = window(DESK)
    page.goto("/accounts/login/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "login")
    page.keyboard.type(alice.email)
    tab_to(page, "password")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/account/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Alice")


def tab_to(page: Page, name: str) -> None:
    """Tab on, at most five times; whatever has the focus on the way must show it."""
    for _step in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"{name} is not within reach")


def test_a_facet_narrows_the_list_and_back_widens_it(shop: Shop, window: Window) -> None:
    page = window(DESK)
    page.goto("/c/smartphones/")
    expect(page.locator("#results").get_by_role("status")).to_have_text("3 offers")
    page.get_by_role("checkbox", name=re.compile("Excellent")).check()

    expect(page.locator("#results").get_by_role("status")).to_have_text("1 offer")
    expect(page).to_have_url(re.compile(r"grade=excellent"))
    page.go_back()
    expect(page.locator("#results").get_by_role("status")).to_have_text("3 offers")
    expect(page.get_by_role("checkbox", name=re.compile("Excellent"))).not_to_be_checked()
    expect(page).to_have_url(re.compile(r"/c/smartphones/$"))
