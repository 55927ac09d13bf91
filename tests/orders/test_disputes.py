"""Disputes of orders: put before staff, answered with what we know, and borne by the house or by the plant at fault."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.gateways import sandbox_disputes
from backmarket.payments.models import Approval, Dispute, Payment, Refund
from backmarket.payments.reconciliation import CHECKS, differences
from backmarket.payments.selectors import balance
from backmarket.payments.services import CannotDecide, follow_disputes, record_dispute
from catalog.models import Listing
from orders.models import Earning, FraudRule, Order, OrderLine, Settlement
from orders.reconciliation import CHECKS as ORDERS
from orders.services.disputes import bear_dispute, disputed_lines, end_unsent_lines, evidence_of, untracked_plants
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants
from refurbishers.models import ServiceFact

pytestmark = pytest.mark.django_db


@pytest.fixture
def time_is(now: datetime, settings: object) -> None:
    """The entry points believe that it is `now`."""
    timetravel.travel_to(now)


Place = Callable[..., Order]
NOTHING = Money(0, "EUR")


def disputed(order: Order, at: datetime) -> Dispute:
    payment = Payment.objects.get(reference=order.pk, status="captured")
    opened = sandbox_disputes.open_dispute(payment.gateway_id, at=at, tell=False)
    record_dispute("sandbox", str(opened), at=at)
    return Dispute.objects.get(payment=payment)


def lost(order: Order, at: datetime) -> Dispute:
    """Nobody answers."""
    dispute = disputed(order, at)
    follow_disputes(at + timedelta(days=8))
    dispute.refresh_from_db()
    assert dispute.status == "lost"
    return dispute


def in_order() -> bool:
    return [*differences(CHECKS), *differences(ORDERS)] == []


def url(dispute: Dispute, step: str = "") -> str:
    base = f"/desk/payments/dispute/{dispute.pk}/"
    return f"{base}do/{step}/" if step else f"{base}change/"


def test_what_is_not_sent_yet_is_put_before_staff(
    place: Place, pay: Place, listing: Listing, delivered_line: OrderLine, now: datetime
) -> None:
    order = pay(place((listing, 1)))
    disputed(order, now)
    disputed(delivered_line.order, now)
    assert list(disputed_lines(unsent=True)) == [order.lines.get()]


def test_the_evidence_is_what_we_know_of_the_order(delivered_line: OrderLine, now: datetime) -> None:
    told = evidence_of(disputed(delivered_line.order, now), note="She signed for it.")
    parcel = delivered_line.consignment.parcel
    assert parcel is not None
    assert told["shipping_tracking_number"] == parcel.tracking_number
    assert told["product_description"] == delivered_line.title
    assert told["customer_email_address"] == delivered_line.order.email
    assert "2026-11" in told["refund_policy_disclosure"]
    assert told["uncategorized_text"].startswith("She signed for it.")
    assert "Invoice" in told["uncategorized_text"]


def test_finance_answers_at_the_desk_and_a_tracking_number_wins(
    delivered_line: OrderLine, now: datetime, fiona: User, client_of: Callable[[User], Client], time_is: None
) -> None:
    dispute = disputed(delivered_line.order, timetravel.now())
    client = client_of(fiona)
    page = client.get(url(dispute)).content.decode()
    assert delivered_line.title in page
    assert str(dispute.payment.disputes.get().due_at.year) in page
    assert client.post(url(dispute, "answer"), {"note": "Delivered."}).status_code == 302
    dispute.refresh_from_db()
    assert json.loads(dispute.evidence)["uncategorized_text"].startswith("Delivered.")
    follow_disputes(timetravel.now())
    dispute.refresh_from_db()
    assert dispute.status == "under_review"
    follow_disputes(timetravel.now() + timedelta(days=3))
    dispute.refresh_from_db()
    assert (dispute.status, balance("dispute")) == ("won", NOTHING)
    assert in_order()


def test_support_reads_a_dispute_and_answers_none(
    delivered_line: OrderLine, now: datetime, sam: User, client_of: Callable[[User], Client], time_is: None
) -> None:
    dispute = disputed(delivered_line.order, timetravel.now())
    assert client_of(sam).get(url(dispute)).status_code == 200
    assert client_of(sam).post(url(dispute, "answer"), {"note": "x"}).status_code == 403


def test_the_house_bears_what_is_lost_unless_the_plant_cannot_prove_it_sent(
    delivered_line: OrderLine, fiona: User, now: datetime
) -> None:
    dispute = lost(delivered_line.order, now)
    assert untracked_plants(dispute) == []
    bear_dispute(dispute, plant=None, reason="Delivered, but the bank decided so.", by=fiona, at=now)
    assert (dispute.borne_by, balance("compensation"), balance("dispute")) == ("house", -dispute.amount, NOTHING)
    assert not Earning.objects.filter(kind="dispute").exists()
    assert in_order()


def test_a_plant_at_fault_bears_its_part_in_its_next_settlement(
    place: Place, pay: Place, deliver: Callable[..., None], listing: Listing, other_listing: Listing, fiona: User,
    now: datetime,
) -> None:  # fmt: skip
    """Its own lines, not those of the order's other plant; and not a second time."""
    order = pay(place((listing, 1), (other_listing, 1)))
    deliver(order)
    dispute = lost(order, now)
    bear_dispute(dispute, plant=listing.plant, reason="Sent to another address.", by=fiona, at=now)
    with pytest.raises(CannotDecide):
        bear_dispute(dispute, plant=listing.plant, reason="Again.", by=fiona, at=now)
    part = Earning.objects.get(kind="dispute")
    assert (part.plant, part.amount_minor) == (listing.plant, -30_490)
    assert (balance("compensation").minor, balance("dispute")) == (-19_999, NOTHING)
    settle_plants(now + timedelta(days=40))
    assert Settlement.objects.get(plant=listing.plant).earnings.filter(kind="dispute").exists()
    assert in_order()


def test_who_bears_much_is_decided_by_two(
    place: Place, pay: Place, listing: Listing, fiona: User, now: datetime, client_of: Callable[[User], Client],
    time_is: None,
) -> None:  # fmt: skip
    FraudRule.objects.update(is_active=False)
    Listing.objects.filter(pk=listing.pk).update(price_minor=250_000)
    dispute = lost(pay(place((listing, 1))), timetravel.now() - timedelta(days=9))
    answer = {"bearer": "house", "reason": "Nobody answered in time."}
    assert client_of(fiona).post(url(dispute, "bear"), answer).status_code == 302
    dispute.refresh_from_db()
    assert (dispute.borne_by, Approval.objects.get().amount) == ("", dispute.lost)


def test_a_lost_dispute_cancels_what_was_not_sent_and_its_buyer_is_not_paid_twice(
    place: Place, pay: Place, listing: Listing, now: datetime, drain: Callable[[], None]
) -> None:
    """What was held for it covers the loss: nobody has to bear it, and no job tries to refund it for ever."""
    listing.refresh_from_db()
    stock = listing.on_hand
    order = pay(place((listing, 1)))
    Notification.objects.all().delete()
    dispute = lost(order, now)
    for _time in range(2):
        drain()
        end_unsent_lines(dispute, at=now)
    line, refund = order.lines.get(), Refund.objects.get()
    assert (line.status, line.cancel_reason, refund.status, refund.reason) == (
        "refunded", "disputed", "succeeded", "disputed",
    )  # fmt: skip
    dispute.refresh_from_db()
    listing.refresh_from_db()
    assert (dispute.lost, balance("dispute"), balance("buyer"), listing.on_hand) == (NOTHING, NOTHING, NOTHING, stock)
    assert list(Notification.objects.values_list("template", flat=True)) == ["plant_line_cancelled"]
    assert not ServiceFact.objects.exists()
    assert in_order()


@pytest.mark.parametrize(
    "answer",
    [
        {"bearer": "house"},
        {"reason": "Why."},
        {"bearer": "nobody", "reason": "x"},
        {"bearer": "house", "reason": "x" * 501},
    ],
)
def test_a_decision_without_its_parts_is_asked_again(
    delivered_line: OrderLine, fiona: User, client_of: Callable[[User], Client], time_is: None, answer: dict[str, str]
) -> None:
    dispute = lost(delivered_line.order, timetravel.now() - timedelta(days=9))
    assert client_of(fiona).post(url(dispute, "bear"), answer).status_code == 422
    dispute.refresh_from_db()
    assert dispute.borne_by == ""


def test_an_answer_is_no_longer_than_a_letter(
    delivered_line: OrderLine, fiona: User, client_of: Callable[[User], Client], time_is: None
) -> None:
    dispute = disputed(delivered_line.order, timetravel.now())
    assert client_of(fiona).post(url(dispute, "answer"), {"note": "x" * 4001}).status_code == 422
    dispute.refresh_from_db()
    assert dispute.answered_at is None


def test_an_unsent_line_of_a_disputed_order_is_not_refunded(
    place: Place, pay: Place, listing: Listing, now: datetime
) -> None:
    order = pay(place((listing, 1)))
    disputed(order, now)
    with pytest.raises(Exception, match="disputed"):
        refund_line(order.lines.get(), reason="goodwill", by="system:test", at=now)
    assert order.lines.get().status == "paid"
