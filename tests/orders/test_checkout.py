import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments.models import Payment, Refund
from backmarket.payments.selectors import balance, ledger_sum
from catalog.models import Listing, StockReservation
from catalog.services.listings import change_listing
from catalog.services.stock import OutOfStock
from orders.models import Cart, CartItem, Order, OrderLine
from orders.services.cart import CannotAdd, add_to_cart, change_quantity, open_cart, remove_from_cart
from orders.services.checkout import CartChanged, settle_order
from orders.services.deadlines import watch_order_deadlines
from orders.services.merging import Merged, merge_carts
from orders.services.waiting import CannotOrder, ReservationOver, prolong_order
from refurbishers.models import Refurbisher
from refurbishers.services.terms import agree_commission
from tests.orders.conftest import place_from

Place = Pay = Callable[..., Order]


def test_an_order_is_one_payment_a_parcel_per_plant_and_a_line_per_device(
    place: Place, listing: Listing, other_listing: Listing, now: datetime
) -> None:
    order = place((listing, 2), (other_listing, 1))

    assert order.total == Money(2 * 30000 + 490 + 19999, "EUR")
    assert Payment.objects.get().amount == order.total
    assert sorted(order.consignments.values_list("plant__slug", "shipping_minor")) == [
        ("atelier-neuf", 490),
        ("loop", 0),
    ]
    frozen = order.lines.values_list(
        "price_minor", "shipping_minor", "commission_minor", "commission_vat_minor", "status"
    )
    assert sorted(frozen) == [
        (19999, 0, 2000, 400, "pending"),
        (30000, 245, 3000, 600, "pending"),
        (30000, 245, 3000, 600, "pending"),
    ]
    assert order.reserved_until == now + timedelta(minutes=10)
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (5, 2)


def test_shipping_that_does_not_divide_still_sums_to_the_parcel(place: Place, plant: Refurbisher) -> None:
    from tests.factories import ListingFactory

    order = place((ListingFactory(plant=plant, shipping_minor=500), 3))
    assert sorted(order.lines.values_list("shipping_minor", flat=True)) == [166, 167, 167]


def test_a_double_click_makes_one_order(place: Place, listing: Listing, alice: User) -> None:
    key = uuid.uuid4()
    first = place((listing, 1), checkout_key=key)
    again = place_from(Cart.objects.get(), buyer=alice, at=first.placed_at, checkout_key=key)

    assert again == first
    assert (Order.objects.count(), Payment.objects.count(), OrderLine.objects.count()) == (1, 1, 1)


def test_a_price_that_changed_since_it_was_seen_is_never_charged(place: Place, listing: Listing, now: datetime) -> None:
    from orders.models import CartItem

    cart = open_cart(None, None)
    add_to_cart(cart, listing, quantity=1, at=now)
    change_listing(listing, by="system:test", at=now, price=Money(31000, "EUR"))

    with pytest.raises(CartChanged):
        place_from(cart, buyer=None, at=now)
    assert (Order.objects.count(), CartItem.objects.count()) == (0, 1)


def test_more_than_the_stock_is_not_sold(place: Place, listing: Listing, carol: User, now: datetime) -> None:
    cart = open_cart(carol, None)
    add_to_cart(cart, listing, quantity=3, at=now)
    place((listing, 3))
    with pytest.raises(OutOfStock):
        place_from(cart, buyer=carol, at=now)
    assert Order.objects.count() == 1


def test_a_plant_on_trial_takes_ten_orders_a_day(place: Place, listing: Listing, now: datetime) -> None:
    Refurbisher.objects.filter(pk=listing.plant_id).update(status="trial")
    Listing.objects.filter(pk=listing.pk).update(on_hand=50)
    for _order in range(10):
        place((listing, 1), buyer=None)
    with pytest.raises(CannotOrder):
        place((listing, 1), buyer=None)
    place((listing, 1), buyer=None, at=now + timedelta(days=1))
    assert Order.objects.count() == 11


def test_the_cart_holds_one_to_ten_of_an_offer_and_never_more_than_the_stock(listing: Listing, now: datetime) -> None:
    cart = open_cart(None, None)
    for wrong in (0, 11, 6):
        with pytest.raises(CannotAdd):
            add_to_cart(cart, listing, quantity=wrong, at=now)
    item = add_to_cart(cart, listing, quantity=4, at=now)
    with pytest.raises(CannotAdd):
        add_to_cart(cart, listing, quantity=2, at=now)
    change_quantity(item, quantity=5, at=now)
    assert list(cart.items.values_list("quantity", flat=True)) == [5]


def test_a_device_taken_out_meanwhile_has_no_quantity_to_change(listing: Listing, now: datetime) -> None:
    item = add_to_cart(open_cart(None, None), listing, quantity=1, at=now)
    seen = CartItem.objects.get(pk=item.pk)
    remove_from_cart(item)
    with pytest.raises(CannotAdd) as refusal:
        change_quantity(seen, quantity=2, at=now)
    assert str(refusal.value) == "This device is not in your cart any more."
    assert not CartItem.objects.exists()


def test_a_guests_cart_joins_the_persons_and_disappears(
    listing: Listing, other_listing: Listing, alice: User, now: datetime
) -> None:
    mine, guests = open_cart(alice, None), open_cart(None, None)
    add_to_cart(mine, listing, quantity=1, at=now)
    add_to_cart(guests, listing, quantity=2, at=now)
    add_to_cart(guests, other_listing, quantity=1, at=now)

    assert merge_carts(guests, alice, at=now) == Merged(mine, True, [])
    assert sorted(mine.items.values_list("quantity", flat=True)) == [1, 3]
    assert list(Cart.objects.all()) == [mine]


def test_captured_money_makes_every_line_paid_sells_the_stock_and_empties_the_cart(
    place: Place, pay: Pay, listing: Listing, other_listing: Listing, now: datetime
) -> None:
    order = pay(place((listing, 2), (other_listing, 1)))

    assert order.payment_status == "captured"
    due = datetime.fromisoformat("2026-11-25T00:00+01:00")  # paid on Monday before 13:00: Tuesday at the latest
    assert set(order.lines.values_list("status", "due_at")) == {("paid", due)}
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (3, 0)
    assert not order.cart.items.exists()
    assert balance("buyer") == order.total
    assert ledger_sum() == {"EUR": 0}


def test_settling_twice_changes_nothing(place: Place, pay: Pay, listing: Listing, now: datetime) -> None:
    order = pay(place((listing, 1)))
    settle_order(order.pk, at=now)
    listing.refresh_from_db()
    assert (listing.on_hand, order.lines.get().status) == (4, "paid")


def test_a_refused_card_frees_the_stock_and_keeps_the_cart(place: Place, pay: Pay, listing: Listing) -> None:
    order = pay(place((listing, 1)), card="4000 0000 0000 0002")

    assert order.payment_status == "failed"
    assert order.lines.get().cancel_reason == "not_paid"
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (5, 0)
    assert order.cart.items.get().quantity == 1
    assert ledger_sum() == {}


def test_going_on_to_pay_holds_the_stock_for_ten_more_minutes_and_an_hour_at_most(
    place: Place, listing: Listing, now: datetime
) -> None:
    order = place((listing, 1))
    for minute, until in ((9, 19), (18, 28), (27, 37), (36, 46), (45, 55), (54, 60), (59, 60)):
        prolong_order(order, at=now + timedelta(minutes=minute))
        order.refresh_from_db()
        assert order.reserved_until == now + timedelta(minutes=until)
        assert StockReservation.objects.get().expires_at == order.reserved_until
    with pytest.raises(ReservationOver):
        prolong_order(order, at=now + timedelta(minutes=60))
    order.refresh_from_db()
    assert order.reserved_until == now + timedelta(minutes=60)


def test_an_unpaid_order_fails_after_ten_minutes(
    place: Place, listing: Listing, now: datetime, drain: Callable[[], None]
) -> None:
    order = place((listing, 1))
    assert watch_order_deadlines(now + timedelta(minutes=9)) == 0
    assert watch_order_deadlines(now + timedelta(minutes=10)) == 1
    drain()

    order.refresh_from_db()
    listing.refresh_from_db()
    assert (order.payment_status, Payment.objects.get().status, listing.reserved) == ("failed", "cancelled", 0)


def test_money_for_what_has_been_sold_meanwhile_goes_back(
    no_rules: None, place: Place, pay: Pay, listing: Listing, other_listing: Listing, now: datetime,
    settle_refunds: Callable,
) -> None:  # fmt: skip
    late = place((listing, 5), (other_listing, 1))
    after = now + timedelta(minutes=11)
    pay(place((listing, 1), buyer=None, at=after), at=after)
    pay(late, at=after)
    settle_refunds(after)

    states = late.lines.values_list("listing_id", "status", "cancel_reason")
    assert set(states) == {(listing.pk, "refunded", "out_of_stock"), (other_listing.pk, "paid", "")}
    assert Refund.objects.filter(status="succeeded").count() == 5
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (4, 0)
    assert ledger_sum() == {"EUR": 0}
    assert balance("buyer") == Money(30490 + 19999, "EUR")


def test_money_that_comes_after_the_order_failed_goes_back_in_full(
    place: Place, pay: Pay, listing: Listing, now: datetime, settle_refunds: Callable
) -> None:
    order = place((listing, 1))
    Order.objects.filter(pk=order.pk).update(payment_status="failed", failed_at=now)
    pay(order)
    settle_refunds(now)

    assert Refund.objects.get().amount == order.total
    assert balance("buyer") == Money(0, "EUR")


def test_a_sale_keeps_the_commission_of_its_day(
    place: Place, listing: Listing, other_listing: Listing, now: datetime
) -> None:
    agree_commission(listing.plant, rate_bps=750, from_date=now.date() + timedelta(days=1), by="system:test", at=now)
    before = place((listing, 1), (other_listing, 1), at=now + timedelta(hours=13))
    assert {line.commission_bps for line in before.lines.all()} == {1000}
    after = place((listing, 1), (other_listing, 1), buyer=None, at=now + timedelta(hours=15))
    assert {line.plant_id: (line.commission_bps, line.commission_minor) for line in after.lines.all()} == {
        listing.plant_id: (750, 2250),
        other_listing.plant_id: (1000, 2000),
    }
