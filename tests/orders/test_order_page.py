"""What the order page says of money that goes back, and of devices that are still on their way."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.payments.models import Payment, Refund
from backmarket.payments.selectors import ledger_sum
from backmarket.shipping.models import Parcel
from catalog.models import Listing
from orders.models import Order, OrderLine, Withdrawal
from orders.pages import order_page
from orders.services.cancelling import cancel_line
from orders.services.fulfilment import ship_consignment
from orders.services.returns import CannotWithdraw, confirm_withdrawal
from tests.factories import imei
from tests.orders.conftest import carry

pytestmark = pytest.mark.django_db
Place = Pay = Callable[..., Order]
Login = Callable[[User], Client]
DAY = timedelta(days=1)


@pytest.fixture
def line(place: Place, pay: Pay, listing: Listing, now: datetime) -> OrderLine:
    timetravel.travel_to(now)
    return pay(place((listing, 1))).lines.get()


@pytest.fixture
def shipped(line: OrderLine, now: datetime) -> OrderLine:
    ship_consignment(
        line.consignment,
        identifiers={line.pk: imei()},
        by="system:test",
        at=now,
        courier="dhl",
        tracking_number="7010000",
    )
    line.refresh_from_db()
    return line


def steps(line: OrderLine, at: datetime) -> list[tuple[str, str]]:
    view = order_page(line.order, at).parcels[0].lines[0].refund
    return [(str(step.title), step.state) for step in view.steps]


def test_a_refund_is_followed_from_the_wish_to_the_account(
    line: OrderLine, alice: User, client_of: Login, settle_refunds: Callable[[datetime], None], now: datetime
) -> None:
    cancel_line(line, by=alice, at=now)
    assert steps(line, now) == [
        ("Refund asked of the bank", "done"), ("The bank confirms it", "current"), ("On your account", "todo"),
    ]  # fmt: skip
    door = reverse("order", args=[line.order_id])
    assert "On its way back to you: €304.90." in client_of(alice).get(door).content.decode()

    settle_refunds(now + DAY)
    page = client_of(alice).get(door).content.decode()
    assert "Refunded: €304.90." in page
    assert "Usually by 1 Dec 2026: banks take up to five business days to show it." in page
    assert steps(line, now + DAY)[1:] == [("Sent back by the bank", "done"), ("On your account", "current")]
    assert steps(line, now + 9 * DAY)[-1] == ("On your account", "done")


def test_a_refund_that_the_bank_refused_and_took_the_second_time_says_both(
    line: OrderLine, alice: User, now: datetime
) -> None:
    first = cancel_line(line, by=alice, at=now)
    Refund.objects.filter(pk=first.pk).update(status="failed", failed_at=now + DAY)
    failed = order_page(line.order, now + DAY).parcels[0].lines[0].refund.steps[-1]
    assert (failed.title, failed.at, failed.state) == ("The bank refused it", now + DAY, "problem")
    assert "The money is safe with us" in failed.detail

    Refund.objects.create(
        payment=first.payment, reference=line.pk, reason="buyer", amount_minor=30490, currency="EUR",
        status="succeeded", gateway_id="bank:1", created_at=now + 2 * DAY, succeeded_at=now + 2 * DAY,
    )  # fmt: skip
    assert [title for title, _state in steps(line, now + 3 * DAY)] == [
        "Refund asked of the bank", "The bank refused it", "Refund asked of the bank", "Paid to you by bank transfer",
    ]  # fmt: skip


def test_money_that_came_too_late_is_followed_too(
    line: OrderLine, alice: User, client_of: Login, now: datetime
) -> None:
    Refund.objects.create(
        payment=Payment.objects.get(reference=line.order_id), reference=line.order_id, reason="paid_too_late",
        amount_minor=30490, currency="EUR", created_at=now,
    )  # fmt: skip
    page = client_of(alice).get(reverse("order", args=[line.order_id])).content.decode()
    assert "Your payment came too late and goes back" in page


def test_what_is_on_its_way_may_be_withdrawn_from_in_two_steps(
    shipped: OrderLine, alice: User, client_of: Login, drain: Callable[[], None], now: datetime
) -> None:
    browser, door = client_of(alice), reverse("line-withdraw", args=[shipped.pk])
    assert door in browser.get(reverse("order", args=[shipped.order_id])).content.decode()
    assert "do not take it from the courier" in browser.get(door).content.decode()
    confirm = reverse("line-withdraw-confirm", args=[shipped.pk])
    assert "Confirm withdrawal" in browser.post(confirm, {"name": "Alice Martin"}).content.decode()
    assert not Withdrawal.objects.exists()
    browser.post(confirm, {"name": "Alice Martin", "confirm": "1"})
    drain()
    withdrawal = Withdrawal.objects.get()
    assert (withdrawal.status, withdrawal.confirmed_at.date()) == ("confirmed", now.date())
    assert not Refund.objects.exists()
    assert "do not take it from the courier" in Notification.objects.get(template="withdrawal_receipt").text
    with pytest.raises(CannotWithdraw):
        confirm_withdrawal(shipped, name="Alice Martin", by=alice, at=now)


def test_who_withdrew_and_did_not_take_the_parcel_is_refunded_when_it_is_back(
    shipped: OrderLine, alice: User, drain: Callable[[], None],
    settle_refunds: Callable[[datetime], None], now: datetime,
) -> None:  # fmt: skip
    withdrawal = confirm_withdrawal(shipped, name="Alice Martin", by=alice, at=now)
    shipped.consignment.refresh_from_db()
    carry(shipped.consignment.parcel, at=now + DAY, to="in_transit")
    carry(shipped.consignment.parcel, at=now + 3 * DAY, to="returned")
    drain()
    withdrawal.refresh_from_db()
    assert (withdrawal.status, withdrawal.parcel.status) == ("returned", Parcel.Status.CANCELLED)
    settle_refunds(now + 4 * DAY)
    withdrawal.refresh_from_db()
    shipped.refresh_from_db()
    assert (withdrawal.status, shipped.status, Refund.objects.count()) == ("refunded", "refunded", 1)
    assert ledger_sum() == {"EUR": 0}


def test_who_withdrew_and_took_it_is_refunded_when_the_return_is_back(
    shipped: OrderLine, alice: User, drain: Callable[[], None],
    settle_refunds: Callable[[datetime], None], now: datetime,
) -> None:  # fmt: skip
    withdrawal = confirm_withdrawal(shipped, name="Alice Martin", by=alice, at=now)
    shipped.consignment.refresh_from_db()
    carry(shipped.consignment.parcel, at=now + DAY)
    drain()
    shipped.refresh_from_db()
    assert shipped.status == "delivered"
    carry(withdrawal.parcel, at=now + 3 * DAY)
    drain()
    settle_refunds(now + 4 * DAY)
    shipped.refresh_from_db()
    withdrawal.refresh_from_db()
    assert (withdrawal.status, shipped.status, Refund.objects.count()) == ("refunded", "refunded", 1)
    assert ledger_sum() == {"EUR": 0}


def test_what_has_not_left_is_cancelled_not_withdrawn_from(line: OrderLine, alice: User, now: datetime) -> None:
    with pytest.raises(CannotWithdraw, match="cancel it instead"):
        confirm_withdrawal(line, name="Alice Martin", by=alice, at=now)


@pytest.mark.parametrize(
    ("to", "badge", "end"),
    [
        ("lost", "Lost", "Lost by the courier: you are refunded"),
        ("returned", "Back at its sender", "Brought back to the plant: you are refunded"),
    ],
)
def test_a_parcel_that_does_not_arrive_is_not_called_on_its_way(
    shipped: OrderLine, alice: User, bob: User, client_of: Login, drain: Callable[[], None], now: datetime,
    settle_refunds: Callable[[datetime], None], to: str, badge: str, end: str,
) -> None:  # fmt: skip
    parcel, browser = Parcel.objects.get(), client_of(alice)
    here = reverse("order", args=[shipped.order_id])
    carry(parcel, to="in_transit", at=now + DAY)
    page = order_page(shipped.order, now + DAY)
    assert (page.next.title, page.parcels[0].lines[0].state) == ("On its way", "On its way")
    parcel.points.create(external_id="1", code="lost" if to == "lost" else "returning", happened_at=now + 2 * DAY)
    carry(parcel, to=to, at=now + 2 * DAY)
    drain()
    page = order_page(shipped.order, now + 2 * DAY)
    assert (page.next.title, page.parcels[0].lines[0].state) == ("Your parcel does not arrive", badge)
    titles = [str(step.title) for step in page.parcels[0].steps]
    assert titles[-1] == end
    assert "Lost" not in titles
    text = browser.get(here).content.decode()
    assert "Commercial guarantee" not in text
    assert "all that you have paid for it goes back to you" in text
    plant = client_of(bob).get(reverse("plant:orders_consignment_change", args=[shipped.consignment_id]))
    assert f"Parcel {to}" in plant.content.decode()
    settle_refunds(now + 3 * DAY)
    page = order_page(Order.objects.get(), now + 3 * DAY)
    assert (page.next, page.parcels[0].lines[0].state) == (None, "Refunded")


def test_its_plant_sees_on_the_line_that_it_comes_back(
    shipped: OrderLine, alice: User, bob: User, client_of: Login, now: datetime
) -> None:
    confirm_withdrawal(shipped, name="Alice Martin", by=alice, at=now + DAY)
    page = client_of(bob).get(reverse("plant:orders_orderline_change", args=[shipped.pk])).content.decode()
    assert reverse("plant:orders_withdrawal_change", args=[Withdrawal.objects.get().pk]) in page
    assert "confirmed: send the device back" in page
