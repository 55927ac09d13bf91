"""A dispute concerns the card's money alone: not what was given back before, and not what credit has paid."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.payments.gateways import sandbox, sandbox_disputes
from backmarket.payments.models import Dispute, Payment, Refund, SandboxIntent
from backmarket.payments.selectors import balance, credit_of, unanswered
from backmarket.payments.services import (
    cancel_payment,
    leave_credit,
    open_payment,
    record_dispute,
    request_payment,
    settle_payment,
)
from catalog.models import Listing
from orders.models import Earning, Hold, Order
from orders.services.deadlines import watch_order_deadlines
from orders.services.disputes import bear_dispute, end_unsent_lines
from orders.services.goodwill import refund_part
from orders.services.refunds import refund_line
from tests.factories import AddressFactory
from tests.ground.money_steps import eur
from tests.orders.conftest import CARD
from tests.orders.test_disputes import CHECKS, ORDERS, differences, lost
from tests.orders.test_holds import AMERICAN

pytestmark = pytest.mark.django_db
BY = "system:test"
Place = Callable[..., Order]
# One device of each plant, shipping included.
MINE, OTHERS = 30_490, 19_999


@pytest.fixture
def later(now: datetime) -> datetime:
    return now + timedelta(days=3)


@pytest.fixture
def bought(place: Place, pay: Place, alice: User, listing: Listing, other_listing: Listing, now: datetime) -> Place:
    """One device of each plant, so much of it paid by credit."""

    def paid(credit_minor: int = 0) -> Order:
        if credit_minor:
            leave_credit(alice, eur(credit_minor), reference=uuid4(), label="T1 · iPhone", at=now)
        return pay(place((listing, 1), (other_listing, 1), credit_minor=credit_minor))

    return paid


@pytest.fixture
def give(listing: Listing, later: datetime, settle_refunds: Callable[[datetime], None]) -> Callable[..., None]:
    """A part of what the first device cost goes back, and is back."""

    def given(order: Order, minor: int, borne_by: str) -> None:
        line = order.lines.get(listing=listing)
        refund_part(line, key=uuid4(), amount=eur(minor), reason="looks", borne_by=borne_by, by=BY, at=later)
        settle_refunds(later)

    return given


def borne() -> tuple[int, int, int]:
    """What plants bear of disputes, what the house has borne, what nobody bears yet; and the books are right."""
    assert [*differences({**CHECKS, **ORDERS})] == []
    parts = Earning.objects.filter(kind="dispute").values_list("amount_minor", flat=True)
    return sum(parts), balance("compensation").minor, balance("dispute").minor


@pytest.mark.parametrize(("borne_by", "house"), [("plant", 0), ("house", 3_000)])
def test_a_plant_bears_what_its_buyer_did_not_have_back_already(
    bought: Place, give: Any, deliver: Any, listing: Listing, fiona: User, later: datetime, borne_by: str, house: int
) -> None:
    order = bought()
    deliver(order)
    give(order, 3_000, borne_by)
    dispute = lost(order, later)
    assert dispute.lost == eur(MINE + OTHERS - 3_000)
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=later)
    assert borne() == (-(MINE - 3_000), -OTHERS - house, 0)


def test_what_the_bank_takes_though_it_was_refunded_is_nobodys_device(
    bought: Place, give: Any, deliver: Any, listing: Listing, fiona: User, later: datetime
) -> None:
    """The plant never bears more than its buyer paid for its devices and did not have back."""
    order = bought()
    deliver(order)
    give(order, 3_000, "plant")
    payment = Payment.objects.get(reference=order.pk)
    opened = str(sandbox_disputes.open_dispute(payment.gateway_id, at=later, tell=False))
    SandboxIntent.objects.filter(pk=opened).update(amount_minor=payment.amount_minor)
    record_dispute("sandbox", opened, at=later + timedelta(days=8))
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.lost) == ("lost", eur(MINE + OTHERS))
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=later)
    assert borne() == (-(MINE - 3_000), -OTHERS - 3_000, 0)


def test_what_was_not_sent_ends_though_another_device_was_refunded_in_part(
    bought: Place, give: Any, deliver: Any, listing: Listing, fiona: User, later: datetime, drain: Callable[[], None]
) -> None:
    order = bought()
    deliver(order, of=listing.plant)
    give(order, 3_000, "plant")
    dispute = lost(order, later)
    drain()
    drain()
    assert dict(order.lines.values_list("listing__plant__slug", "status")) == {
        listing.plant.slug: "delivered", "loop": "refunded",
    }  # fmt: skip
    dispute.refresh_from_db()
    assert (dispute.covered_minor, dispute.lost, balance("buyer")) == (OTHERS, eur(MINE - 3_000), eur(0))
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=later)
    assert borne() == (-(MINE - 3_000), 0, 0)


def test_of_an_order_paid_partly_by_credit_the_bank_gives_the_cards_part_back_and_we_the_credit(
    bought: Place, alice: User, now: datetime, drain: Callable[[], None]
) -> None:
    """Weighed by their whole price the devices cost more than the bank took, and would be sent to a buyer paid back."""
    order = bought(25_001)
    dispute = lost(order, now)
    assert dispute.amount == eur(MINE + OTHERS - 25_001)
    for _time in range(2):
        drain()
        end_unsent_lines(dispute, at=now)
    dispute.refresh_from_db()
    assert set(order.lines.values_list("status", "cancel_reason")) == {("refunded", "disputed")}
    assert sum(Refund.objects.values_list("credit_minor", flat=True)) == 25_001
    assert (credit_of(alice), dispute.lost, balance("buyer")) == (eur(25_001), eur(0), eur(0))
    assert borne() == (0, 0, 0)


def test_what_credit_paid_of_a_delivered_device_nobody_bears(
    bought: Place, deliver: Any, alice: User, listing: Listing, fiona: User, later: datetime
) -> None:
    """40,488 of the card's 50,489 × 30,490 of both: the plant's part. The credit stays spent."""
    order = bought(10_001)
    deliver(order)
    dispute = lost(order, later)
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=later)
    assert borne() == (-24_450, -16_038, 0)
    assert credit_of(alice) == eur(0)


def test_credit_and_a_part_given_back_before_leave_the_cards_rest_to_be_borne(
    place: Place, pay: Place, give: Any, deliver: Any, alice: User, listing: Listing, fiona: User, now: datetime,
    later: datetime,
) -> None:  # fmt: skip
    """Of the 30.00 given back 9.84 went to the credit: 10,000 of 30,490."""
    leave_credit(alice, eur(10_000), reference=uuid4(), label="T1 · iPhone", at=now)
    order = pay(place((listing, 1), credit_minor=10_000))
    deliver(order)
    give(order, 3_000, "plant")
    dispute = lost(order, later)
    assert (dispute.lost, credit_of(alice)) == (eur(20_490 - 2_016), eur(984))
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=later)
    assert borne() == (-18_474, 0, 0)


def test_a_refund_that_was_refused_is_what_the_bank_has_given_back(
    place: Place, pay: Place, listing: Listing, now: datetime, settle_refunds: Any, drain: Callable[[], None]
) -> None:
    """Nobody may try it again, since the dispute was lost: what is held for it would lie there for ever."""
    Listing.objects.filter(pk=listing.pk).update(price_minor=30_017)
    order = pay(place((listing, 1)))
    refund_line(order.lines.get(), reason="buyer", by=BY, at=now)
    settle_refunds(now)
    assert Refund.objects.filter(unanswered()).get().amount == eur(30_507)
    lost(order, now)
    drain()
    drain()
    assert not Refund.objects.filter(unanswered()).exists()
    assert (order.lines.get().status, balance("buyer")) == ("refunded", eur(0))
    assert borne() == (0, 0, 0)


def test_a_lost_dispute_ends_what_somebody_still_had_to_look_at(
    place: Place, pay: Place, listing: Listing, now: datetime, drain: Callable[[], None]
) -> None:
    """Undecided, it could neither be refunded nor let go."""
    order = pay(place((listing, 2), address=AddressFactory(country="BE", postcode="1000")), card=AMERICAN)
    assert set(order.lines.values_list("status", flat=True)) == {"on_hold"}
    Notification.objects.all().delete()
    lost(order, now)
    drain()
    drain()
    assert set(order.lines.values_list("status", flat=True)) == {"refunded"}
    assert (Hold.objects.get().status, watch_order_deadlines(now + timedelta(days=9))) == ("lapsed", 0)
    assert "order_not_taken" not in Notification.objects.values_list("template", flat=True)
    assert borne() == (0, 0, 0)


def test_a_dispute_of_money_that_came_astray_is_not_about_the_devices(
    place: Place, pay: Place, listing: Listing, now: datetime, fiona: User, drain: Callable[[], None]
) -> None:
    """Paid twice: the order stands, since its own payment is not disputed."""
    order = place((listing, 1))
    first = Payment.objects.get(reference=order.pk)
    open_payment(first, return_url="/", at=now)
    cancel_payment(first, by=BY, at=now)
    sandbox.pay(SandboxIntent.objects.get(pk=first.gateway_id), CARD)
    assert settle_payment(first.pk, at=now).status == "stray"
    second = request_payment(purpose="order", reference=order.pk, amount=order.total, by=BY, at=now)
    open_payment(second, return_url="/", at=now)
    sandbox.pay(SandboxIntent.objects.get(pk=f"pay_{second.pk.hex}"), CARD)
    settle_payment(second.pk, at=now)
    drain()
    opened = str(sandbox_disputes.open_dispute(first.gateway_id, at=now, tell=False))
    record_dispute("sandbox", opened, at=now + timedelta(days=8))
    drain()
    dispute = Dispute.objects.get()
    bear_dispute(dispute, plant=listing.plant, reason="Paid twice.", by=fiona, at=now)
    assert order.lines.get().status == "paid"
    assert borne() == (0, -MINE, 0)
