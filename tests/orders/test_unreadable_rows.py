"""A row that cannot be read stops its own business and nobody else's: deadlines of orders and claims, and money."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast

from backmarket.accounts.models import User
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import Payment, Payout, Refund, SandboxIntent
from backmarket.payments.services import open_payment, send_refunds, settle_pending_payments
from catalog.models import Listing
from orders.models import Claim, Order, OrderLine, Settlement, Withdrawal
from orders.services import claims
from orders.services.claims import watch_claim_deadlines
from orders.services.deadlines import watch_order_deadlines
from orders.services.refunds import refund_line
from orders.services.returns import confirm_withdrawal
from orders.services.settlement import settle_plants
from tests.orders.conftest import CARD, carry

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Orders = Callable[[], Order]


def spoil(row: models.Model, column: str) -> None:
    """An instant that Python cannot hold: long ago, so that every deadline has passed."""
    type(row)._base_manager.filter(pk=row.pk).update(
        **{column: Cast(Value("0044-03-15 12:00 BC"), models.DateTimeField())}
    )


@pytest.fixture
def unpaid(place: Callable[..., Order], listing: Listing) -> Orders:
    return lambda: place((listing, 1), buyer=None)  # each from a cart of its own


@pytest.fixture
def paid(unpaid: Orders, pay: Callable[..., Order]) -> Orders:
    return lambda: pay(unpaid())


@pytest.fixture
def delivered(paid: Orders, deliver: Callable[..., None]) -> Callable[[], OrderLine]:
    def made() -> OrderLine:
        order = paid()
        deliver(order)
        return order.lines.get()

    return made


def statuses(*rows: models.Model) -> list[Any]:
    column = getattr(type(rows[0]), "STATUS_FIELD", "status")
    return [type(row)._base_manager.values_list(column, flat=True).get(pk=row.pk) for row in rows]


def test_the_unpaid_orders_of_the_others_are_given_up(unpaid: Orders, now: datetime) -> None:
    bad, good = unpaid(), unpaid()
    spoil(bad, "reserved_until")
    assert watch_order_deadlines(now + DAY) == 1
    assert statuses(bad, good) == ["pending", "failed"]


def test_what_the_others_never_got_is_refunded(paid: Orders, now: datetime) -> None:
    bad, good = (paid().lines.get() for _number in range(2))
    spoil(bad, "paid_at")
    assert watch_order_deadlines(now + 10 * DAY) == 1
    assert statuses(bad, good) == ["paid", "cancelled"]


def test_what_the_others_sent_back_is_refunded(delivered: Callable[[], OrderLine], now: datetime) -> None:
    bad, good = (_withdrawn(delivered(), now + 3 * DAY) for _number in range(2))
    spoil(bad, "refund_by")
    assert watch_order_deadlines(good.refund_by) == 1
    assert Refund.objects.get().reference == good.line_id


def _withdrawn(line: OrderLine, at: datetime) -> Withdrawal:
    withdrawal = confirm_withdrawal(line, name="Alice Martin", by="guest", at=at)
    carry(withdrawal.parcel, at=at + DAY, to="in_transit")  # type: ignore[arg-type]
    return withdrawal


def test_the_lines_of_the_others_are_closed(delivered: Callable[[], OrderLine], now: datetime) -> None:
    bad, good = delivered(), delivered()
    spoil(bad, "delivered_at")
    assert watch_order_deadlines(now + 60 * DAY) == 1
    assert statuses(bad, good) == ["delivered", "closed"]


# Claims


def _opened(line: OrderLine, at: datetime) -> Claim:
    return claims.open_claim(
        line, issue="BATTERY", wish=Claim.Wish.REPAIR, description="The battery is flat by noon.", by="guest", at=at
    )


def test_support_takes_over_the_claims_of_the_others(delivered: Callable[[], OrderLine], now: datetime) -> None:
    bad, good = (_opened(delivered(), now + 3 * DAY) for _number in range(2))
    spoil(bad, "due_at")
    assert watch_claim_deadlines(now + 10 * DAY) == 1
    assert Claim.objects.exclude(escalated_at=None).values_list("pk", flat=True).get() == good.pk


def test_the_slow_repairs_of_the_others_are_refunded(
    delivered: Callable[[], OrderLine], bob: User, drain: Callable[[], None], now: datetime
) -> None:
    bad, good = (_opened(delivered(), now + 3 * DAY) for _number in range(2))
    for claim in (bad, good):
        claims.accept_claim(claim, by=bob, at=now + 4 * DAY)
        claims.receive_claim_device(claim, by="system:courier", at=now + 5 * DAY)
    spoil(bad, "at_plant_at")
    assert watch_claim_deadlines(now + 40 * DAY) == 1
    assert Refund.objects.get().reference == good.line_id


# Money


def test_the_other_plants_are_settled(
    place: Callable[..., Order], pay: Callable[..., Order], deliver: Callable[..., None],
    listing: Listing, other_listing: Listing, now: datetime,
) -> None:  # fmt: skip
    deliver(pay(place((listing, 1), (other_listing, 1))))
    bad, good = sorted((listing.plant, other_listing.plant), key=lambda plant: plant.pk)
    spoil(bad, "created_at")
    assert settle_plants(now + 30 * DAY) == 1
    assert Settlement.objects.values_list("plant", flat=True).get() == good.pk


def test_the_money_of_the_others_is_ordered_again(
    place: Callable[..., Order], pay: Callable[..., Order], deliver: Callable[..., None],
    listing: Listing, other_listing: Listing, now: datetime,
) -> None:  # fmt: skip
    deliver(pay(place((listing, 1), (other_listing, 1))))
    assert settle_plants(now + 30 * DAY) == 2
    bad, good = Settlement.objects.order_by("settled_date", "pk")
    Payout.objects.update(status="bounced", bounced_at=now)
    for plant in (listing.plant, other_listing.plant):
        plant.iban = "DE89370400440532013000"
        plant.save(update_fields=["iban"])
    spoil(bad, "created_at")
    assert settle_plants(now + 31 * DAY) == 1
    assert statuses(good.payout, Settlement.objects.get(pk=good.pk).payout) == ["bounced", "ordered"]


def test_the_refunds_of_the_others_are_sent(paid: Orders, now: datetime) -> None:
    bad, good = (
        refund_line(paid().lines.get(), reason="mistake", by="system:test", at=now + number * DAY)
        for number in range(2)
    )
    spoil(bad, "created_at")
    assert send_refunds(now + 2 * DAY) == 1
    assert statuses(bad, good) == ["pending", "succeeded"]


def test_the_payments_of_the_others_are_settled(unpaid: Orders, now: datetime) -> None:
    bad, good = (_paid_at_the_bank(unpaid(), now) for _number in range(2))
    spoil(bad, "cancelled_at")
    assert settle_pending_payments(now + timedelta(minutes=6)) == 1
    assert statuses(bad, good) == ["pending", "captured"]


def _paid_at_the_bank(order: Order, at: datetime) -> Payment:
    """The buyer paid and closed the browser."""
    payment = Payment.objects.get(reference=order.pk)
    open_payment(payment, return_url="http://testserver/", at=at)
    sandbox.pay(SandboxIntent.objects.get(pk=f"pay_{payment.pk.hex}"), CARD)
    return payment
