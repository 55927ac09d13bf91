"""Our payment page in a real browser. Stripe.js and its API are played on the network, so our policy still rules."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.payments.models import Payment
from orders.models import Order
from orders.services.cart import add_to_cart, open_cart
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.browser.test_pages import faults, violations
from tests.ground.stripe_account import DECLINED, VISA
from tests.ground.stripe_server import PUBLISHABLE_KEY, StripeServer
from tests.orders.conftest import place_from

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What Stripe.js does for us, as its reference says: a field in our page, and a question to its API.
STRIPE_JS = """
window.Stripe = (key, options) => ({
  elements({ clientSecret, appearance }) {
    window.worn = appearance;
    return { clientSecret, update(more) {
      window.worn = more.appearance;
      document.documentElement.dataset.theme = more.appearance.theme;
    }, create: (kind) => {
      const heard = {};
      return { on: (name, act) => { heard[name] = act; }, mount: (place) => {
        place.innerHTML = '<label>Card number <input data-card></label>';
        heard.ready();
      } };
    } };
  },
  async confirmPayment({ elements, redirect, confirmParams }) {
    if (redirect !== "if_required" || !confirmParams.return_url.startsWith("http")) throw new Error("wrong");
    const asked = { method: "POST", body: JSON.stringify([key, elements.clientSecret, document.querySelector("[data-card]").value]) };
    return (await fetch("https://api.stripe.com/v1/confirm", asked)).json();
  },
});
"""  # noqa: E501


@pytest.fixture
def order(bank: StripeServer, shop: Shop, alice: User) -> Order:
    now, cart = timetravel.now(), open_cart(alice, None)
    add_to_cart(cart, shop.listing, quantity=1, at=now)
    return place_from(cart, buyer=alice, at=now)


@pytest.fixture
def at_the_card(
    bank: StripeServer, order: Order, alice: User, window: Window, client_of: Callable[[User], Any], live_server: Any
) -> Callable[..., Page]:
    """Alice's page of the order, and from there to the card."""

    def opened(size: dict[str, int] = DESK, *, script: str | None = STRIPE_JS, **options: Any) -> Page:
        page = window(size, **options)
        cookie = client_of(alice).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        loaded = {"body": script or "", "content_type": "text/javascript"}
        page.route("https://js.stripe.com/**", lambda route: route.fulfill(**loaded))
        page.route("https://api.stripe.com/**", lambda route: answer(route, bank))
        page.goto(reverse("order", args=[order.pk]))
        page.locator("form.next button").click()
        page.wait_for_url(f"**{reverse('checkout-pay', args=[order.pk])}")
        return page

    return opened


def answer(route: Route, bank: StripeServer) -> None:
    key, secret, card = json.loads(route.request.post_data or "")
    assert (key, secret) == (PUBLISHABLE_KEY, bank.intents["pi_1"]["client_secret"])
    status, body = bank.confirm("pi_1", card)
    said = {"error": body["error"]} if status != 200 else {"paymentIntent": body}
    headers = {"Access-Control-Allow-Origin": "*"}
    route.fulfill(status=200, content_type="application/json", headers=headers, body=json.dumps(said))


def test_a_refused_card_is_said_aloud_and_the_next_one_pays(
    bank: StripeServer, at_the_card: Callable[..., Page], order: Order
) -> None:
    page = at_the_card(PHONE)
    page.get_by_label("Card number").fill(DECLINED)
    page.get_by_role("button", name="Pay €300").click()
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    expect(page.get_by_role("button", name="Pay €300")).to_be_enabled()
    page.get_by_label("Card number").fill(VISA)
    page.get_by_role("button", name="Pay €300").click()
    page.wait_for_url(f"**{reverse('order', args=[order.pk])}")
    order.refresh_from_db()
    assert (order.payment_status, Payment.objects.get().status) == ("captured", "captured")
    assert len(bank.heard("POST /v1/payment_intents/pi_1/confirm")) == 2
    assert "secret" not in page.url


def test_a_double_press_pays_once(bank: StripeServer, at_the_card: Callable[..., Page], order: Order) -> None:
    page = at_the_card()
    page.get_by_label("Card number").fill(VISA)
    page.get_by_role("button", name="Pay €300").dblclick()
    page.wait_for_url(f"**{reverse('order', args=[order.pk])}")
    assert len(bank.heard("POST /v1/payment_intents/pi_1/confirm")) == 1


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_is_readable_and_the_fields_wear_our_colours(
    at_the_card: Callable[..., Page], size: dict[str, int]
) -> None:
    page = at_the_card(size)
    expect(page.get_by_role("button", name="Pay €300")).to_be_visible()
    assert faults(page) == []
    light = page.evaluate("window.worn")
    assert (light["theme"], light["variables"]["colorText"]) == ("stripe", "#15211b")
    page.emulate_media(color_scheme="dark")
    assert violations(page, ["color-contrast"]) == []
    expect(page.locator("html")).to_have_attribute("data-theme", "night")
    assert page.evaluate("window.worn.variables.colorText") == "#f3eee3"


def test_without_the_providers_script_the_page_says_so(at_the_card: Callable[..., Page]) -> None:
    page = at_the_card(script=None)
    expect(page.get_by_role("alert")).to_contain_text("The card fields could not be loaded")
    expect(page.get_by_role("button", name="Pay €300")).to_be_hidden()


def test_without_javascript_the_page_says_what_to_do(at_the_card: Callable[..., Page]) -> None:
    page = at_the_card(java_script_enabled=False)
    # Chromium reads <noscript> only where scripts are off for the whole browser.
    assert "Switch it on for this page" in page.locator("noscript").inner_text()
    expect(page.get_by_role("button", name="Pay €300")).to_be_hidden()


def test_who_pays_too_late_is_led_to_the_cart_and_not_charged(
    bank: StripeServer, at_the_card: Callable[..., Page], order: Order
) -> None:
    page = at_the_card()
    page.get_by_label("Card number").fill(VISA)
    Order.objects.update(placed_at=order.placed_at - timedelta(hours=1))
    page.get_by_role("button", name="Pay €300").click()
    page.wait_for_url("**/cart/")
    expect(page.get_by_text("kept aside for an hour, which is over")).to_be_visible()
    assert bank.intents["pi_1"]["status"] == "requires_payment_method"
