"""The cart and the checkout say that an order from them waits for its payment, and lead back to it."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket import timetravel
from catalog.models import Listing
from orders.models import CartItem, Order
from orders.views.common import GUEST_ORDERS
from tests.orders.test_views import check_out, fill

pytestmark = pytest.mark.django_db
PAGES = ("cart", "checkout")


@pytest.fixture
def guest(client: Client, listing: Listing, now: datetime) -> Client:
    """Who has ordered, and come back from the bank without having paid."""
    timetravel.travel_to(now)
    fill(client, listing)
    for page in PAGES:
        assert "waits for its payment" not in shown(client, page)
    check_out(client)
    return client


def shown(client: Client, page: str) -> str:
    return " ".join(client.get(reverse(page)).content.decode().split())


@pytest.mark.parametrize("page", PAGES)
def test_the_waiting_order_is_named_with_its_time_and_both_ways_on(guest: Client, now: datetime, page: str) -> None:
    order = Order.objects.get()
    timetravel.travel_to(now + timedelta(minutes=4))
    text = shown(guest, page)
    assert f"Order {order.number} waits for its payment" in text
    assert 'data-countdown="360"' in text
    for door in ("checkout-pay", "order-cancel"):
        assert f'action="{reverse(door, args=[order.pk])}"' in text
    timetravel.travel_to(now + timedelta(minutes=20))
    text = shown(guest, page)
    assert "the time is over" in text
    assert "data-countdown" not in text


def test_an_emptied_cart_still_names_it(guest: Client) -> None:
    order = Order.objects.get()
    guest.post(reverse("cart-change", args=[CartItem.objects.get().pk]), {"remove": "1"})
    text = shown(guest, "cart")
    assert "Your cart is empty" in text
    assert f"Order {order.number} waits for its payment" in text
    assert f'action="{reverse("checkout-pay", args=[order.pk])}"' in text
    guest.post(reverse("order-cancel", args=[order.pk]))
    assert "waits for its payment" not in shown(guest, "cart")


def test_pages_shown_again_with_errors_still_name_it(guest: Client) -> None:
    order, item = Order.objects.get(), CartItem.objects.get()
    for answer in (
        check_out(guest, postcode="nope"),
        guest.post(reverse("cart-change", args=[item.pk]), {"quantity": "99"}),
    ):
        assert answer.status_code == 422
        text = " ".join(answer.content.decode().split())
        assert f"Order {order.number} waits for its payment" in text
        assert "data-countdown" in text


def test_a_stranger_with_the_id_of_an_empty_cart_reads_of_no_order(guest: Client) -> None:
    """Whoever has the session's cart but never opened the order."""
    guest.post(reverse("cart-change", args=[CartItem.objects.get().pk]), {"remove": "1"})
    session = guest.session
    session[GUEST_ORDERS] = []
    session.save()
    assert "waits for its payment" not in shown(guest, "cart")


def test_once_it_is_given_up_nothing_is_said_of_it(guest: Client) -> None:
    guest.post(reverse("order-cancel", args=[Order.objects.get().pk]))
    for page in PAGES:
        assert "waits for its payment" not in shown(guest, page)


def test_while_the_bank_confirms_it_is_said_and_cannot_be_given_up(guest: Client) -> None:
    order = Order.objects.get()
    Order.objects.update(payment_status="authorised")
    for page in PAGES:
        text = shown(guest, page)
        assert f"Your bank is just confirming order {order.number}" in text
        assert reverse("order-cancel", args=[order.pk]) not in text


def test_nobody_else_reads_of_it(guest: Client, listing: Listing) -> None:
    stranger = Client()
    fill(stranger, listing)
    for page in PAGES:
        assert "waits for its payment" not in shown(stranger, page)


def test_only_a_cart_with_a_waiting_order_asks_once_more(guest: Client, listing: Listing) -> None:
    stranger = Client()
    fill(stranger, listing)
    for page in PAGES:
        costs = []
        for browser in (guest, stranger):
            shown(browser, page)
            with CaptureQueriesContext(connection) as asked:
                shown(browser, page)
            costs.append(len(asked))
        assert costs[0] == costs[1] + 1
