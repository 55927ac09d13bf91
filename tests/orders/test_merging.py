"""What a guest put aside joins the person's cart at the login itself, whole or with words about what did not fit."""

from datetime import datetime

from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from catalog.models import Listing
from orders.models import Cart, Order
from orders.services.cart import add_to_cart, open_cart
from orders.services.merging import merge_carts
from tests.factories import ListingFactory
from tests.orders.conftest import place_from
from tests.orders.test_views import check_out, fill

PASSWORD = "correct horse battery"


def log_in(client: Client, person: User) -> str:
    """Log in with the real form; returns the page on which one lands."""
    answer = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD}, follow=True)
    assert answer.status_code == 200
    assert client.session["_auth_user_id"] == str(person.pk)
    return str(answer.content.decode())


def test_the_carts_are_one_on_the_first_page_after_the_login(
    client: Client, listing: Listing, other_listing: Listing, alice: User, now: datetime
) -> None:
    add_to_cart(open_cart(alice, None), listing, quantity=1, at=now)
    fill(client, listing, 2)
    fill(client, other_listing)
    before = client.session.session_key

    page = log_in(client, alice)

    assert "What you had put aside before you logged in is in your cart." in page
    assert "Cart, 4 devices" in page
    assert client.session.session_key != before
    assert Cart.objects.get().user == alice
    assert sorted(Cart.objects.get().items.values_list("quantity", flat=True)) == [1, 3]
    client.logout()
    assert "Your cart is empty" in client.get(reverse("cart")).content.decode()


def test_what_does_not_fit_is_said_device_by_device(
    client: Client, listing: Listing, alice: User, now: datetime
) -> None:
    many = ListingFactory(on_hand=50)
    mine = open_cart(alice, None)
    add_to_cart(mine, listing, quantity=3, at=now)
    add_to_cart(mine, many, quantity=8, at=now)
    fill(client, listing, 4)
    fill(client, many, 5)

    page = log_in(client, alice)

    ending = "are in your cart. The plant has no more, or ten is the most."
    assert f"{listing.variant}: 5 of 7 {ending}" in page
    assert f"{many.variant}: 10 of 13 {ending}" in page
    assert dict(mine.items.values_list("listing_id", "quantity")) == {listing.pk: 5, many.pk: 10}


def test_another_currency_stays_out_and_is_said(listing: Listing, alice: User, now: datetime) -> None:
    mine, guests = open_cart(alice, None), open_cart(None, None)
    foreign = ListingFactory()
    Listing.objects.filter(pk=foreign.pk).update(currency="PLN")
    foreign.refresh_from_db()
    add_to_cart(mine, listing, quantity=1, at=now)
    add_to_cart(guests, foreign, quantity=1, at=now)

    merged = merge_carts(guests, alice, at=now)

    assert merged.left_out == [f"{foreign.variant} stayed out: your cart holds devices priced in another currency."]
    assert list(mine.items.values_list("listing_id", "quantity")) == [(listing.pk, 1)]
    assert list(Cart.objects.all()) == [mine]


def test_merging_again_changes_nothing(listing: Listing, alice: User, now: datetime) -> None:
    guests = open_cart(None, None)
    add_to_cart(guests, listing, quantity=2, at=now)
    assert merge_carts(guests, alice, at=now).joined
    assert not merge_carts(guests, alice, at=now).joined
    assert Cart.objects.get().items.get().quantity == 2


def test_an_order_placed_before_the_login_is_still_the_carts_one_order(
    client: Client, listing: Listing, alice: User
) -> None:
    fill(client, listing)
    check_out(client)
    log_in(client, alice)
    assert Order.objects.get().cart == Cart.objects.get()

    check_out(client)
    assert list(Order.objects.order_by("number").values_list("payment_status", "buyer")) == [
        ("cancelled", None),
        ("pending", alice.pk),
    ]


def test_of_two_waiting_orders_the_persons_own_stays(
    listing: Listing, other_listing: Listing, alice: User, now: datetime
) -> None:
    mine, guests = open_cart(alice, None), open_cart(None, None)
    add_to_cart(mine, listing, quantity=1, at=now)
    add_to_cart(guests, other_listing, quantity=1, at=now)
    own = place_from(mine, buyer=alice, at=now)
    brought = place_from(guests, buyer=None, at=now)

    merge_carts(guests, alice, at=now)

    own.refresh_from_db()
    brought.refresh_from_db()
    other_listing.refresh_from_db()
    assert (own.payment_status, own.cart) == ("pending", mine)
    assert (brought.payment_status, brought.cart, other_listing.reserved) == ("cancelled", None, 0)
