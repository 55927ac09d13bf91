"""One cart, one order that waits for money: whatever is opened twice, gone back to, reloaded or clicked again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import Address, User
from backmarket.payments.models import Payment, Refund
from catalog.models import Listing, StockReservation
from catalog.services.stock import release_stock, reserve_stock
from orders.models import Cart, Order
from orders.services.cart import add_to_cart
from orders.services.waiting import CannotOrder, DevicesGone, prolong_order
from tests.orders.conftest import CARD, place_from
from tests.orders.test_views import ADDRESS, check_out, fill

Place = Pay = Callable[..., Order]


def form(client: Client) -> dict[str, str]:
    """What the checkout page, opened now, would send."""
    key = client.get(reverse("checkout")).context["form"]["checkout_key"].value()
    return {"checkout_key": str(key), "email": "greta@example.com", "accept": "on", **ADDRESS}


def send(client: Client, typed: dict[str, str], **more: str) -> HttpResponse:
    return client.post(reverse("checkout"), {**typed, **more})


def states() -> list[tuple[str, str]]:
    """Each order's state with its payment's, in the order in which they were placed."""
    orders = Order.objects.order_by("number")
    return [(order.payment_status, Payment.objects.get(reference=order.pk).status) for order in orders]


def test_two_tabs_and_the_page_gone_back_to_and_reloaded_are_one_order(client: Client, listing: Listing) -> None:
    fill(client, listing)
    first, second = form(client), form(client)
    bank = send(client, first)["Location"]
    assert send(client, second)["Location"] == bank
    assert send(client, form(client))["Location"] == bank
    assert send(client, first)["Location"] == bank

    assert states() == [("pending", "pending")]
    assert Address.objects.count() == 1
    listing.refresh_from_db()
    assert listing.reserved == 1


def test_another_session_of_the_same_person_is_led_to_the_same_order(
    client_of: Callable[[User], Client], alice: User, listing: Listing
) -> None:
    telephone, desk = client_of(alice), client_of(alice)
    fill(telephone, listing)
    assert check_out(telephone)["Location"] == check_out(desk)["Location"]
    assert states() == [("pending", "pending")]


@pytest.mark.parametrize("more", [{"line1": "6 rue du Port"}, {"email": "other@example.com"}])
def test_what_is_typed_anew_replaces_the_order(client: Client, listing: Listing, more: dict[str, str]) -> None:
    fill(client, listing)
    typed = form(client)
    first, second = send(client, typed)["Location"], send(client, typed, **more)["Location"]

    assert first != second
    assert states() == [("cancelled", "cancelled"), ("pending", "pending")]
    assert send(client, typed, **more)["Location"] == second
    listing.refresh_from_db()
    assert (Order.objects.count(), listing.reserved) == (2, 1)
    old = Order.objects.earliest("number")
    assert set(old.lines.values_list("status", "cancel_reason")) == {("cancelled", "buyer")}
    page = client.get(reverse("order", args=[old.pk])).content.decode()
    assert "Another order has taken its place" in page
    assert "You cancelled it or ordered anew." in page


def test_a_changed_cart_replaces_the_order_even_with_the_last_device(client: Client, listing: Listing) -> None:
    Listing.objects.update(on_hand=2)
    fill(client, listing, 2)
    check_out(client)
    page = client.get(reverse("checkout"))
    assert not page.context["cart"].blocked  # what is missing is held for this very cart

    item = Cart.objects.get().items.get()
    client.post(reverse("cart-change", args=[item.pk]), {"quantity": 1})
    check_out(client)
    assert states() == [("cancelled", "cancelled"), ("pending", "pending")]
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (2, 1)


def test_money_for_the_order_that_gave_way_goes_back(
    place: Place, pay: Pay, listing: Listing, alice: User, now: datetime
) -> None:
    first = place((listing, 1))
    add_to_cart(first.cart, listing, quantity=1, at=now)
    place_from(first.cart, buyer=alice, at=now)
    Payment.objects.filter(reference=first.pk).update(status="pending", cancelled_at=None)
    pay(first)
    assert list(Refund.objects.values_list("reference", "reason")) == [(first.pk, "paid_too_late")]


def test_an_order_whose_money_is_on_its_way_never_gives_way(
    place: Place, listing: Listing, alice: User, now: datetime
) -> None:
    first = place((listing, 1))
    address = first.address
    Payment.objects.update(status="captured", captured_at=now, gateway_id="known")
    assert place_from(first.cart, buyer=alice, at=now, address=address) == first

    add_to_cart(first.cart, listing, quantity=1, at=now)
    with pytest.raises(CannotOrder) as refusal:
        place_from(first.cart, buyer=alice, at=now, address=address)
    assert str(refusal.value) == (
        f"Your bank is just confirming order {first.number} from this cart. Wait for it before you order again."
    )
    assert states() == [("pending", "captured")]


def test_a_paid_order_is_shown_to_whoever_clicks_again(client: Client, listing: Listing) -> None:
    fill(client, listing)
    typed, other = form(client), form(client)
    bank = send(client, typed)["Location"]
    client.get(client.post(bank, {"action": "pay", "card": CARD})["Location"])
    order = Order.objects.get()
    assert send(client, typed)["Location"] == reverse("order", args=[order.pk])
    assert send(client, other)["Location"] == reverse("cart")
    assert states() == [("captured", "captured")]


def test_the_database_itself_refuses_a_second_waiting_order(place: Place, listing: Listing) -> None:
    first = place((listing, 1))
    with pytest.raises(IntegrityError, match="order_one_open_per_cart"):
        Order.objects.create(
            cart=first.cart, address=first.address, email=first.email, total_minor=1, currency="EUR",
            checkout_key=first.pk, reserved_until=first.placed_at, placed_at=first.placed_at,
        )  # fmt: skip


def test_going_on_takes_again_what_had_run_out(place: Place, listing: Listing, now: datetime) -> None:
    order = place((listing, 1))
    later = now + timedelta(minutes=12)
    release_stock(order.pk, at=later)  # the sweep was here
    prolong_order(order, at=later)

    order.refresh_from_db()
    listing.refresh_from_db()
    assert order.reserved_until == later + timedelta(minutes=10) == StockReservation.objects.get().expires_at
    assert (StockReservation.objects.get().released_at, listing.reserved) == (None, 1)


def test_going_on_never_promises_what_others_hold(
    place: Place, listing: Listing, other_listing: Listing, now: datetime
) -> None:
    order = place((listing, 5), (other_listing, 1))
    later = now + timedelta(minutes=12)
    reserve_stock(holder=listing.pk, demand={listing.pk: 1}, expires_at=later + timedelta(hours=1), at=later)

    with pytest.raises(DevicesGone) as refusal:
        prolong_order(order, at=later)
    assert str(refusal.value) == (
        f"Your time to pay ran out and this was sold meanwhile: {listing.variant}. "
        "Nothing was charged: change your cart and order again."
    )
    order.refresh_from_db()
    listing.refresh_from_db()
    other_listing.refresh_from_db()
    assert order.reserved_until == now + timedelta(minutes=10)
    assert (listing.reserved, other_listing.reserved) == (1, 1)


def test_the_page_says_reserved_only_while_it_is(client: Client, listing: Listing) -> None:
    fill(client, listing)
    check_out(client)
    order = Order.objects.get()
    shown = reverse("order", args=[order.pk])
    assert "Reserved for you until" in client.get(shown).content.decode()

    timetravel.travel_to(order.reserved_until)
    page = client.get(shown).content.decode()
    assert "Reserved for you until" not in page
    assert "Your time to pay has run out" in page
    assert client.post(reverse("checkout-pay", args=[order.pk]))["Location"].startswith("/sandbox/pay/")
    assert "Reserved for you until" in client.get(shown).content.decode()


def test_who_goes_on_too_late_is_told_which_device_went(client: Client, listing: Listing) -> None:
    fill(client, listing)
    check_out(client)
    order = Order.objects.get()
    late = order.reserved_until + timedelta(minutes=1)
    timetravel.travel_to(late)
    reserve_stock(holder=listing.pk, demand={listing.pk: 5}, expires_at=late + timedelta(hours=1), at=late)
    answer = client.post(reverse("checkout-pay", args=[order.pk]), follow=True)
    assert answer.redirect_chain == [(reverse("cart"), 302)]
    assert f"this was sold meanwhile: {listing.variant}" in answer.content.decode().replace("&#x27;", "'")
