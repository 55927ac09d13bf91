"""A dispute that was lost and is won after all: its money comes back once, to whoever had borne it, and to no buyer
twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.models import Dispute, Payment, Refund, SandboxIntent
from backmarket.payments.reconciliation import CHECKS, differences
from backmarket.payments.selectors import balance, credit_of
from backmarket.payments.services import (
    follow_decided_disputes,
    follow_disputes,
    leave_credit,
    record_dispute,
    submit_answer,
)
from catalog.models import Listing
from orders.invoice_reconciliation import CHECKS as PAPERS
from orders.models import Earning, Order, OrderLine, Settlement
from orders.pages import order_page
from orders.reconciliation import CHECKS as ORDERS
from orders.services.disputes import bear_dispute, regain_dispute
from orders.services.settlement import settle_plants
from orders.statements import statement_until
from refurbishers.models import Refurbisher
from tests.ground.money_steps import eur
from tests.ground.stripe_server import StripeServer
from tests.ground.stripe_steps import interpret_all
from tests.orders.at_stripe import pay_at
from tests.orders.test_disputes import disputed, lost, url

pytestmark = pytest.mark.django_db
Place, Drain = Callable[..., Order], Callable[[], None]
ClientOf = Callable[[User], Client]
# One device of each plant, shipping included.
MINE, OTHERS = 30_490, 19_999


def in_order(at: datetime) -> bool:
    checks = {**CHECKS, **ORDERS, **PAPERS}
    return list(differences(checks, heard=at + timedelta(days=400))) == []


def won_after_all(dispute: Dispute, at: datetime, drain: Drain) -> None:
    """The scheme overrules the bank; we hear of it again and again."""
    SandboxIntent.objects.filter(pk=dispute.gateway_id).update(status="won")
    for _time in range(3):
        record_dispute("sandbox", dispute.gateway_id, at=at)
        drain()
        regain_dispute(Dispute.objects.get(pk=dispute.pk), at=at)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.lost, balance("dispute")) == ("won", eur(0), eur(0))


def mails_to(address: str) -> list[str]:
    return [mail.template for mail in Notification.objects.order_by("created_at") if mail.recipient == address]


def rows(plant: Refurbisher) -> list[tuple[str, int]]:
    mine = Earning.objects.filter(plant=plant, kind__in=["dispute", "regained"])
    return [*mine.order_by("created_at").values_list("kind", "amount_minor")]


@pytest.fixture
def both(place: Place, pay: Place, listing: Listing, other_listing: Listing) -> Order:
    return pay(place((listing, 1), (other_listing, 1)))


def test_whoever_bore_it_has_it_again_once(
    both: Order, deliver: Any, listing: Listing, fiona: User, now: datetime, drain: Drain, client_of: ClientOf
) -> None:
    """The plant's part with its next settlement, the house's at once, and the provider's fee too."""
    deliver(both)
    dispute, later = lost(both, now), now + timedelta(days=60)
    drain()
    bear_dispute(dispute, plant=listing.plant, reason="Sent to another address.", by=fiona, at=now)
    settle_plants(now + timedelta(days=40))
    drain()
    before = balance("plant", str(listing.plant_id))
    Notification.objects.all().delete()
    won_after_all(dispute, later, drain)
    assert rows(listing.plant) == [("dispute", -MINE), ("regained", MINE)]
    assert (dispute.regained, balance("compensation")) == (eur(MINE + OTHERS), eur(0))
    assert balance("plant", str(listing.plant_id)) - before == eur(MINE)
    assert (dispute.fee_minor, dispute.fee_returned_minor, Refund.objects.count()) == (1_500, 1_500, 0)
    assert mails_to(fiona.email) == ["dispute_won"]
    told = [str(line.what) for line in statement_until(listing.plant, later + timedelta(days=1), "EUR").lines]
    assert told[-2:] == ["Payment that came back, as the dispute was won after all", "What we had borne of it"]
    assert in_order(now)

    assert settle_plants(now + timedelta(days=80)) == 1
    settlement = Settlement.objects.filter(plant=listing.plant).latest("settled_date")
    assert ("regained", MINE) in settlement.earnings.values_list("kind", "amount_minor")
    assert settlement.payout.amount == settlement.total == eur(MINE - 3_600)  # what was left of before was below zero
    assert in_order(now)
    page = client_of(fiona).get(url(dispute)).content.decode()
    assert "came back to who bore it" in page.lower()
    assert "€504.89" in page


def test_undecided_nobody_bears_it_any_more(both: Order, deliver: Any, now: datetime, drain: Drain) -> None:
    deliver(both)
    dispute = lost(both, now)
    drain()
    won_after_all(dispute, now + timedelta(days=30), drain)
    assert (balance("compensation"), Earning.objects.filter(kind__in=["dispute", "regained"]).count()) == (eur(0), 0)
    assert in_order(now)


def test_a_dispute_won_at_once_gives_nobody_anything(
    delivered_line: OrderLine, now: datetime, fiona: User, drain: Drain
) -> None:
    dispute = disputed(delivered_line.order, now)
    SandboxIntent.objects.filter(pk=dispute.gateway_id).update(status="won")
    record_dispute("sandbox", dispute.gateway_id, at=now)
    drain()
    assert not Notification.objects.filter(template="dispute_won").exists()
    assert not Event.objects.filter(kind="dispute.regained").exists()
    assert in_order(now)


def test_a_buyer_without_a_device_is_paid_by_us_when_their_bank_takes_its_money_again(
    place: Place, pay: Place, deliver: Any, listing: Listing, other_listing: Listing, alice: User, fiona: User,
    now: datetime, drain: Drain, settle_refunds: Callable[[datetime], None],
) -> None:  # fmt: skip
    """One device was not sent, and a part of it was paid by credit, which went back at once and does not go back again;
    the other was, and its plant bore it."""
    leave_credit(alice, eur(10_000), reference=uuid4(), label="T1 · iPhone", at=now)
    order = pay(place((listing, 1), (other_listing, 1), credit_minor=10_000))
    deliver(order, of=listing.plant)
    dispute, later = lost(order, now), now + timedelta(days=45)
    drain()
    drain()
    unsent = order.lines.get(listing=other_listing)
    assert (unsent.status, unsent.cancel_reason) == ("refunded", "disputed")
    first = Refund.objects.get()
    credit = credit_of(alice)
    bear_dispute(Dispute.objects.get(), plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=now)
    assert in_order(now)
    Notification.objects.all().delete()

    won_after_all(dispute, later, drain)
    assert in_order(now)
    settle_refunds(later)
    drain()
    again = Refund.objects.exclude(pk=first.pk).get()
    first.refresh_from_db()
    payment = Payment.objects.get(reference=order.pk)
    assert (first.status, first.failure, again.status) == ("failed", "dispute_won", "succeeded")
    assert (again.amount, again.credit, credit_of(alice)) == (first.amount, eur(0), credit)
    assert (payment.refunded_minor, dispute.covered_minor, balance("buyer")) == (first.amount_minor, 0, eur(0))
    assert SandboxIntent.objects.get(pk=payment.gateway_id).refunded_minor == first.amount_minor
    assert mails_to(order.email) == ["dispute_turned"]
    view = next(v for parcel in order_page(order, later).parcels for v in parcel.lines if v.line.pk == unsent.pk)
    titles = [str(step.title) for step in view.refund.steps]
    assert "Your bank has taken it back, as the dispute was decided otherwise" in titles
    assert "The bank refused it" not in titles
    assert in_order(now)


def test_the_clock_hears_of_what_no_webhook_told(
    both: Order, deliver: Any, fiona: User, now: datetime, drain: Drain, client_of: ClientOf
) -> None:
    """The sandbox's bank loses what asks for arbitration, and is overruled a month later."""
    timetravel.travel_to(now)
    deliver(both)
    dispute = disputed(both, timetravel.now())
    answer = client_of(fiona).post(url(dispute, "answer"), {"note": "We ask for arbitration."})
    assert answer.status_code == 302
    submit_answer(dispute.pk, at=now)
    follow_disputes(now + timedelta(days=4))
    dispute.refresh_from_db()
    assert (dispute.status, dispute.lost) == ("lost", eur(MINE + OTHERS))
    assert [follow_decided_disputes(now + timedelta(days=days)) for days in (20, 34)] == [0, 1]
    drain()
    dispute.refresh_from_db()
    assert (dispute.status, dispute.lost, in_order(now)) == ("won", eur(0), True)


def test_the_database_lets_nobody_regain_more_than_was_borne_and_came_back(
    both: Order, deliver: Any, fiona: User, now: datetime
) -> None:
    deliver(both)
    dispute = lost(both, now)
    bear_dispute(dispute, plant=None, reason="Ours.", by=fiona, at=now)
    for change in ({"regained_minor": 1}, {"regained_minor": -1}):
        with pytest.raises(IntegrityError, match="dispute_regains"), transaction.atomic():
            Dispute.objects.filter(pk=dispute.pk).update(**change)


@pytest.mark.parametrize("late", [False, True])
def test_stripe_reinstates_the_funds_before_or_after_it_says_won(
    bank: StripeServer, place: Place, deliver: Any, drain: Drain, now: datetime, listing: Listing, fiona: User,
    live_server: Any, late: bool,
) -> None:  # fmt: skip
    """Each word of it is heard twice, and the money is here once."""
    order = place((listing, 1))
    payment = pay_at(bank, order, at=now)
    drain()
    deliver(order)
    opened = bank.dispute(payment.gateway_id)["id"]
    bank.decide(opened, "lost")
    record_dispute("stripe", opened, at=now)
    drain()
    dispute = Dispute.objects.get()
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=now)
    bank.decide(opened, "won", back=0 if late else MINE)
    if late:
        record_dispute("stripe", opened, at=now)
        drain()
        assert (Dispute.objects.get().status, rows(listing.plant)) == ("won", [("dispute", -MINE)])
        bank.move_funds(opened, MINE)
    for kind in ("charge.dispute.funds_reinstated", "charge.dispute.closed") * 2:
        assert bank.deliver(bank.event(kind), live_server.url) == 200
        interpret_all(now)
        drain()
    dispute.refresh_from_db()
    assert rows(listing.plant) == [("dispute", -MINE), ("regained", MINE)]
    assert (dispute.status, dispute.regained, balance("dispute"), balance("compensation")) == (
        "won", eur(MINE), eur(0), eur(0),
    )  # fmt: skip
    assert in_order(now)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_heard_by_many_at_once_it_is_given_back_once(
    both: Order, deliver: Any, listing: Listing, fiona: User, now: datetime
) -> None:
    from tests.races.together import at_once

    deliver(both)
    dispute = lost(both, now)
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=now)
    SandboxIntent.objects.filter(pk=dispute.gateway_id).update(status="won")
    record_dispute("sandbox", dispute.gateway_id, at=now)
    copies = [Dispute.objects.get(pk=dispute.pk) for _worker in range(6)]
    assert at_once([partial(regain_dispute, copy, at=now) for copy in copies]) == [None] * 6
    assert (rows(listing.plant), balance("dispute")) == ([("dispute", -MINE), ("regained", MINE)], Money(0, "EUR"))
    assert in_order(now)
