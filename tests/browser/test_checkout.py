"""From the cart to the bank and back on a telephone: nothing sticks out, the time runs, and no script is needed."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from backmarket import timetravel
from backmarket.accounts.models import User
from orders.models import Order
from orders.services.cancelling import ask_to_cancel, cancel_line
from orders.services.fulfilment import accept_line, ship_consignment
from orders.services.waiting import give_up_order
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.browser.test_pages import faults, stumbles, violations
from tests.factories import imei

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TYPED = {
    "email": "greta@example.com", "name": "Greta Gast", "line1": "5 rue du Port", "postcode": "13002",
    "city": "Marseille",
}  # fmt: skip


def to_checkout(page: Page, shop: Shop) -> None:
    page.goto(f"/p/{shop.product.slug}/?variant=IP12-128&grade=excellent")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Go to checkout").click()
    page.get_by_role("heading", name="Checkout", exact=True).wait_for()


def order_it(page: Page) -> None:
    for name, text in TYPED.items():
        page.fill(f"[name={name}]", text)
    page.check("[name=accept]")
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url("**/sandbox/pay/**")


def test_the_checkout_on_a_telephone(shop: Shop, window: Window) -> None:
    page = window(PHONE)
    to_checkout(page, shop)
    assert "You save" in page.locator("aside").inner_text()
    assert "kg CO2e avoided" in page.locator("aside").inner_text()
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, ["color-contrast"]) == []
    page.emulate_media(color_scheme="light")

    page.select_option("[name=country]", "NL")
    assert page.locator("#id_postcode_helptext").inner_text() == "Written like 1012 JS"
    page.select_option("[name=country]", "FR")
    order_it(page)

    page.goto(f"/account/orders/{Order.objects.get().pk}/")
    left = page.locator("[data-countdown] [aria-hidden]")
    left.wait_for()
    first = left.inner_text()
    assert re.fullmatch(r"\d{1,2}:\d\d left", first)
    page.wait_for_function("first => document.querySelector('[data-countdown] [aria-hidden]').textContent !== first",
                           arg=first)  # fmt: skip
    assert page.locator("[data-countdown] [aria-live=polite]").inner_text() == ""
    assert faults(page) == []
    page.evaluate("window.stays = true")
    give_up_order(Order.objects.get(), by="guest", at=timetravel.now())  # in another window, say
    page.get_by_text("You gave this order up").wait_for()
    assert page.evaluate("window.stays") is None
    assert Order.objects.get().payment_status == "cancelled"


def test_the_same_without_a_script(shop: Shop, window: Window) -> None:
    page = window(PHONE, java_script_enabled=False)
    to_checkout(page, shop)
    order_it(page)
    page.goto(f"/account/orders/{Order.objects.get().pk}/")
    assert re.search(r"Reserved for you until\s+\d\d?:\d\d", page.locator(".next").inner_text())
    assert page.locator("[data-countdown]").inner_text() == ""
    page.get_by_role("button", name="Give this order up").click()
    assert page.get_by_text("You gave this order up").is_visible()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_pages_of_a_changed_mind(
    shop: Shop, alice: User, bob: User, client_of: Any, window: Window, live_server: Any, now: datetime, size: Any,
    place: Any, pay: Any,
) -> None:  # fmt: skip
    """A parcel of which one device is cancelled and one asked for, and one on its way."""
    order = pay(place((shop.listing, 4)))
    first, second, *rest = order.lines.all()
    cancel_line(first, by=alice, at=now)
    accept_line(second, by=bob, at=now)
    ask_to_cancel(second, by=alice, at=now)
    sent = pay(place((shop.listing, 1))).lines.get()
    ship_consignment(sent.consignment, identifiers={sent.pk: imei()}, by=bob, at=now)
    fresh = pay(place((shop.listing, 1)))
    page = window(size)
    cookie = client_of(alice).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    paths = [
        reverse("order", args=[order.pk]), reverse("parcel-cancel", args=[order.consignments.get().pk]),
        reverse("line-cancel", args=[rest[0].pk]), reverse("parcel-address", args=[fresh.consignments.get().pk]),
        reverse("line-device", args=[sent.pk]), reverse("line-withdraw", args=[sent.pk]),
    ]  # fmt: skip
    assert stumbles(page, paths) == {}
