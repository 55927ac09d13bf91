"""Buying and what comes after: wrong input is answered beside its field, and the rest of it is kept."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.payments.models import SandboxIntent
from catalog.models import Listing
from orders.links import guest_token
from orders.models import Cart, CartItem, OrderLine
from orders.services.claims import open_claim
from orders.services.guarantees import start_guarantee
from refurbishers.models import Refurbisher
from tests.bad_input.cases import Bad, Form, check
from tests.bad_input.page import Page
from tests.bad_input.test_sell import PLACE, wrong_places
from tests.factories import ListingFactory
from tests.reviews.deals import delivered_line

pytestmark = pytest.mark.django_db

OPTIONAL = frozenset({"line2", "phone"})


@pytest.fixture
def listing(plant: Refurbisher) -> Listing:
    return ListingFactory(plant=plant, on_hand=5)


@pytest.fixture
def line(plant: Refurbisher, alice: User, now: datetime) -> OrderLine:
    """Delivered to alice just now, under guarantee."""
    line = delivered_line(plant, alice, now)
    start_guarantee(line, at=now)
    return line


@pytest.fixture
def page(alice: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(alice)


def cart_with(listing: Listing, buyer: User, at: datetime) -> CartItem:
    cart = Cart.objects.create(user=buyer)
    return CartItem.objects.create(cart=cart, listing=listing, seen_minor=listing.price_minor, added_at=at)


def test_a_quantity_in_the_cart(listing: Listing, alice: User, page: Client, now: datetime) -> None:
    item = cart_with(listing, alice, now)
    bad = (
        Bad("quantity", "0", "greater than or equal to 1"),
        Bad("quantity", "11", "less than or equal to 10"),
        Bad("quantity", "6", "The plant has only 5"),
    )
    form = Form("cart", reverse("cart-change", args=[item.pk]), {"quantity": "2"}, bad, page=reverse("cart"))
    check(form, page)


@pytest.mark.parametrize("sent", [{}, {"listing": "a\0b"}, {"listing": str(uuid4())}, {"quantity": "99"}])
def test_an_offer_that_is_none_is_not_put_in_the_cart(listing: Listing, page: Client, sent: dict[str, str]) -> None:
    """Nothing is typed here: the words stand on the cart's page."""
    wanted = {"listing": str(listing.pk)} if "quantity" in sent else {}
    answer = page.post(reverse("cart-add"), wanted | sent, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "This offer could not be put in the cart. Choose it again."
    ]
    assert CartItem.objects.count() == 0


def test_the_checkout_of_a_guest(listing: Listing) -> None:
    guest = Client()
    guest.post(reverse("cart-add"), {"listing": str(listing.pk)})
    form = Form(
        "checkout",
        reverse("checkout"),
        {"email": "guest@example.com", "checkout_key": str(uuid4()), "accept": "on", **PLACE},
        (Bad("checkout_key", "a\0b", ""), *wrong_places()),
        optional=OPTIONAL | {"checkout_key"},
    )
    check(form, guest)


def test_a_refused_order_keeps_no_address(listing: Listing, alice: User, page: Client, now: datetime) -> None:
    """Sold out between the cart and the button."""
    cart_with(listing, alice, now)
    Listing.objects.update(on_hand=0)
    sent = {"checkout_key": str(uuid4()), "accept": "on", **PLACE}
    answer = page.post(reverse("checkout"), sent)
    assert answer.status_code == 422
    assert alice.addresses.count() == 0


def test_the_way_back_to_a_guests_order() -> None:
    form = Form(
        "find",
        reverse("guest-order"),
        {"number": "10001", "email": "guest@example.com"},
        (Bad("number", "abc", "Enter a whole number"), Bad("number", "-3", "greater than or equal to 1")),
        done=200,
    )
    check(form, Client())


def test_the_postcode_of_a_guests_order(plant: Refurbisher, now: datetime) -> None:
    order = delivered_line(plant, None, now).order
    wrong = Bad("postcode", "75012", "This is not the postcode")
    check(
        Form("open", reverse("guest-order-open", args=[guest_token(order)]), {"postcode": "75 011"}, (wrong,)), Client()
    )


def test_the_statement_of_withdrawal(line: OrderLine, page: Client) -> None:
    url, shown = reverse("line-withdraw-confirm", args=[line.pk]), reverse("line-withdraw", args=[line.pk])
    check(Form("withdraw", url, {"name": "Alice Martin"}, page=shown, done=200), page)


def test_a_new_case(line: OrderLine, page: Client) -> None:
    good = {"issue": "BATTERY", "description": "It is empty at noon.", "wish": "REPAIR"}
    form = Form(
        "claim",
        reverse("claim-open", args=[line.pk]),
        good,
        (Bad("description", "short", "at least 10 characters"), Bad("issue", "KEYBOARD", "Select a valid choice")),
    )
    check(form, page)


@pytest.mark.parametrize("how", [{}, {"arbitrate": "1"}])
def test_a_word_in_a_case(line: OrderLine, alice: User, page: Client, now: datetime, how: dict[str, str]) -> None:
    claim = open_claim(line, issue="BATTERY", wish="REPAIR", description="Empty at noon.", by=alice, at=now)
    if how:
        type(claim).objects.update(status="disputed")
    url, shown = reverse("claim-message", args=[claim.pk]), reverse("claim", args=[claim.pk])
    check(Form("message", url, {"text": "Any news?"}, page=shown, fixed=how), page)


def test_the_stars_for_a_device(line: OrderLine, page: Client) -> None:
    good = {"stars_device": "5", "stars_delivery": "4", "stars_service": "3", "words": "Fine."}
    bad = (Bad("stars_device", "0", "Choose 1 to 5 stars"), Bad("stars_device", "5.5", "Choose 1 to 5 stars"))
    check(Form("rate", reverse("rate-line", args=[line.pk]), good, bad, optional=frozenset({"words"})), page)


def intent(status: str) -> str:
    row = SandboxIntent.objects.create(
        id="pay_1", kind="payment", amount_minor=1000, currency="EUR", status=status, return_url="/"
    )
    return reverse("sandbox-pay", args=[row.pk])


def test_the_card_at_the_sandbox_bank() -> None:
    card = {"card": "4242 4242 4242 4242"}
    unknown = Bad("card", "4000 0000 0000 9999", "")
    check(Form("card", intent("open"), card, (unknown,), fixed={"action": "pay"}), Client())


def test_the_code_at_the_sandbox_bank_is_not_forgotten() -> None:
    """Any wrong code is the bank's refusal, as the page says; none at all is a slip."""
    url = intent("challenge")
    answer = Client().post(url, {"action": "code", "code": " "})
    assert answer.status_code == 422
    assert Page(answer.content.decode()).errors("code") == "Type the code."
    assert SandboxIntent.objects.get().status == "challenge"


@pytest.mark.parametrize("sent", [{}, {"step": "a\0b"}, {"step": "to"}, {"step": "to", "to": "9999-99-99"}])
def test_the_time_machine_goes_nowhere_unasked(sent: dict[str, str]) -> None:
    answer = Client().post(reverse("sandbox-travel"), sent, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "Choose how far to travel: at most ten years ahead."
    ]
