"""A buyer's bank takes money back: one row, the right state, every cent booked once, whatever Stripe says and when."""

import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import F

from backmarket.accounts.models import User
from backmarket.errors import GatewayError
from backmarket.events.models import Event, IncomingWebhook
from backmarket.notifications.models import Notification
from backmarket.payments import reconciliation, services
from backmarket.payments.models import Dispute, LedgerMovement, Payment, Refund
from backmarket.payments.selectors import balance, ledger_sum
from tests.factories import UserFactory
from tests.ground.money_steps import eur
from tests.ground.stripe_account import fee
from tests.ground.stripe_connect_account import DISPUTE_FEE
from tests.ground.stripe_server import StripeServer
from tests.ground.stripe_steps import captured, interpret_all
from tests.races.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
EVIDENCE = {"shipping_tracking_number": "BM00000000017", "uncategorized_text": "Delivered on Monday."}


@pytest.fixture
def finance(sam: User) -> User:
    """The only one at the desk who may answer."""
    person: User = UserFactory(email="fiona@backmarket.example", is_staff=True)
    person.groups.add(Group.objects.get(name="finance"))
    return person


def heard(bank: StripeServer, payment: Payment, at: datetime, **facts: Any) -> Dispute:
    """Opened at Stripe, and noted here."""
    opened = bank.dispute(payment.gateway_id, **facts)
    services.record_dispute("stripe", opened["id"], at=at)
    return Dispute.objects.get(gateway_id=opened["id"])


def met(together: threading.Barrier) -> None:
    """All are told the same at the same moment."""
    together.wait(timeout=30)


def books() -> tuple[int, int, int]:
    """What Stripe owes us, what disputes have taken, what Stripe has kept: in cents, and the books are right."""
    assert ledger_sum() == {"EUR": 0}
    assert list(reconciliation.differences(reconciliation.CHECKS)) == []
    return -balance("gateway").minor, -balance("dispute").minor, -balance("gateway_fee").minor


def kinds() -> list[str]:
    return list(Event.objects.filter(kind__startswith="dispute.").order_by("id").values_list("kind", flat=True))


KEPT = fee(10_000)


# Fees


def test_what_stripe_keeps_of_a_capture_is_booked_once(bank: StripeServer, live_server: Any, now: datetime) -> None:
    """Stripe may know it only later: until then nothing is booked, and every word of it after that changes nothing."""
    bank.knows_fees = False
    payment = captured(bank, now)
    assert (payment.fee_minor, books()) == (None, (10_000, 0, 0))
    bank.settle_fee(payment.gateway_id)
    assert bank.deliver(bank.event("charge.updated"), live_server.url) == 200
    assert interpret_all(now) == [True]
    assert books() == (10_000 - KEPT, 0, KEPT)
    at_once([partial(services.settle_payment, payment.pk, at=now)] * 6)
    assert LedgerMovement.objects.filter(kind="fee").count() == 1


def test_a_fee_that_nobody_tells_us_of_is_asked_for_by_the_clock(bank: StripeServer, now: datetime) -> None:
    bank.knows_fees = False
    payment = captured(bank, now)
    services.settle_pending_payments(now + timedelta(hours=1))
    bank.knows_fees = True
    services.settle_pending_payments(now + timedelta(hours=2))
    payment.refresh_from_db()
    assert (payment.fee_minor, books()) == (KEPT, (10_000 - KEPT, 0, KEPT))


# Webhooks


def test_the_same_news_twenty_times_at_once_are_one_dispute(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    """Without the lock on the payment two workers open it twice, and one dies of `dispute.gateway_id` being unique."""
    payment = captured(bank, now)
    bank.dispute(payment.gateway_id)
    event = bank.event("charge.dispute.created")
    assert at_once([partial(bank.deliver, event, live_server.url)] * 20) == [200] * 20
    assert IncomingWebhook.objects.count() == 1
    together = threading.Barrier(8)
    bank.before_answer = lambda call: met(together) if call.startswith("GET /v1/disputes") else None
    assert at_once([partial(services.record_dispute, "stripe", "dp_1", at=now)] * 8) == [True] * 8
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.amount, dispute.payment_id) == ("needs_response", eur(10_000), payment.pk)
    assert books() == (10_000 - KEPT - 10_000 - DISPUTE_FEE, 10_000, KEPT + DISPUTE_FEE)
    assert kinds() == ["dispute.opened"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_news_in_any_order_end_in_the_same_place(
    bank: StripeServer, live_server: Any, now: datetime, order: tuple[int, ...]
) -> None:
    payment = captured(bank, now)
    dispute = bank.dispute(payment.gateway_id)
    bank.decide(dispute["id"], "won")
    news = [event for event in bank.events if event["type"].startswith("charge.dispute.")]
    for number in order:
        assert bank.deliver(news[number], live_server.url) == 200
        assert bank.deliver(news[number], live_server.url) == 200
    assert interpret_all(now) == [True] * 4
    found = Dispute.objects.get()
    assert (found.status, found.lost) == ("won", eur(0))
    assert books() == (10_000 - KEPT - DISPUTE_FEE, 0, KEPT + DISPUTE_FEE)


def test_a_dispute_of_a_payment_that_is_not_ours_is_answered_and_left_alone(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    payment = captured(bank, now)
    bank.dispute(payment.gateway_id)
    Payment.objects.filter(pk=payment.pk).update(gateway_id="pi_of_another_shop")
    assert bank.deliver(bank.event("charge.dispute.created"), live_server.url) == 200
    assert interpret_all(now) == [True]
    assert not Dispute.objects.exists()


def test_what_no_webhook_told_is_found_by_the_clock(bank: StripeServer, now: datetime) -> None:
    dispute = heard(bank, captured(bank, now), now)
    bank.decide(dispute.gateway_id, "lost")
    assert services.follow_disputes(now + timedelta(days=1)) == 1
    dispute.refresh_from_db()
    assert (dispute.status, dispute.lost, kinds()) == ("lost", eur(10_000), ["dispute.opened", "dispute.lost"])


# Refunds meanwhile


def test_what_is_disputed_is_not_refunded(bank: StripeServer, now: datetime) -> None:
    """Taken away, the money goes to the buyer twice: by their bank and by us. Stripe refuses it, too."""
    payment = captured(bank, now)
    heard(bank, payment, now)
    facts = {"reference": uuid4(), "amount": eur(1_000), "reason": "goodwill", "by": "guest", "at": now}
    with pytest.raises(services.CannotRefund, match="disputed"):
        services.request_refund(payment, **facts)
    bank.decide("dp_1", "lost")
    services.record_dispute("stripe", "dp_1", at=now)
    with pytest.raises(services.CannotRefund, match="lost"):
        services.request_refund(payment, **facts)
    assert (Refund.objects.count(), bank.heard("POST /v1/refunds")) == (0, [])


def test_of_a_part_that_was_lost_the_rest_may_still_go_back(bank: StripeServer, now: datetime) -> None:
    payment = captured(bank, now)
    heard(bank, payment, now, amount=4_000)
    bank.decide("dp_1", "lost")
    services.record_dispute("stripe", "dp_1", at=now)
    facts = {"reason": "goodwill", "by": "guest", "at": now}
    with pytest.raises(services.CannotRefund):
        services.request_refund(payment, reference=uuid4(), amount=eur(6_001), **facts)
    assert services.request_refund(payment, reference=uuid4(), amount=eur(6_000), **facts).amount == eur(6_000)


def test_an_inquiry_takes_no_money_and_may_be_refunded(bank: StripeServer, now: datetime) -> None:
    payment = captured(bank, now)
    dispute = heard(bank, payment, now, status="warning_needs_response")
    assert (dispute.inquiry, dispute.status, books()) == (True, "needs_response", (10_000 - KEPT, 0, KEPT))
    refund = services.request_refund(
        payment, reference=uuid4(), amount=eur(10_000), reason="goodwill", by="guest", at=now
    )
    assert services.send_refund(refund.pk, at=now).status == "succeeded"
    bank.decide(dispute.gateway_id, "warning_closed")
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    dispute.refresh_from_db()
    assert dispute.status == "closed"


# Our answer


def test_the_answer_is_handed_in_once(bank: StripeServer, now: datetime, sam: User) -> None:
    dispute = heard(bank, captured(bank, now), now)
    services.answer_dispute(dispute, EVIDENCE, by=sam, at=now)
    with pytest.raises(services.CannotAnswer):
        services.answer_dispute(dispute, EVIDENCE, by=sam, at=now)
    at_once([partial(services.submit_answer, dispute.pk, at=now)] * 6)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.submitted_at) == ("under_review", now)
    stripes = bank.disputes["dp_1"]
    assert (stripes["evidence"], stripes["evidence_details"]["submission_count"]) == (EVIDENCE, 1)


def test_an_answer_that_stripe_did_not_hear_is_handed_in_by_the_clock(
    bank: StripeServer, now: datetime, sam: User
) -> None:
    dispute = heard(bank, captured(bank, now), now)
    fault = bank.fault("POST /v1/disputes", status=503)
    services.answer_dispute(dispute, EVIDENCE, by=sam, at=now)
    with pytest.raises(GatewayError):
        services.submit_answer(dispute.pk, at=now)
    fault.times = 0
    bank.kept.clear()  # Stripe forgets a key after a day
    assert services.follow_disputes(now + timedelta(days=1)) == 1
    dispute.refresh_from_db()
    assert dispute.status == "under_review"


def test_finance_is_told_at_once_and_two_days_before_the_answer_is_due(
    bank: StripeServer, now: datetime, finance: User, drain: Callable[[], None]
) -> None:
    payment = captured(bank, now)
    Event.objects.update(published_at=now)  # of an order that is not there
    dispute = heard(bank, payment, now)
    drain()
    for day in (0, 0, 4, 5, 5, 6):
        due = dispute.due_at or now
        services.follow_disputes(due - timedelta(days=7 - day))
        drain()
    sent = Notification.objects.order_by("-template").values_list("template", "recipient")
    assert list(sent) == [("dispute_opened", finance.email), ("dispute_due_soon", finance.email)]


# Who bears it


def test_a_lost_dispute_is_borne_once_and_only_when_lost(bank: StripeServer, now: datetime, sam: User) -> None:
    dispute = heard(bank, captured(bank, now), now)
    bear = partial(
        services.bear_loss, dispute, borne_by="house", bearers=[("compensation", "", eur(10_000))], reason="Ours.",
        by=sam, at=now,
    )  # fmt: skip
    with pytest.raises(services.CannotDecide):
        bear()
    bank.decide(dispute.gateway_id, "lost")
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    dispute.refresh_from_db()
    bear()
    with pytest.raises(services.CannotDecide):
        bear()
    assert (balance("dispute"), balance("compensation")) == (eur(0), eur(-10_000))
    books()


@pytest.mark.parametrize(
    ("end", "field", "checks"),
    [
        ("lost", "taken_minor", ["disputes", "disputes_unborne"]),
        ("lost", "fee_minor", ["disputes"]),
        ("lost", "borne_minor", ["disputes_borne"]),
        ("won", "fee_returned_minor", ["disputes_back"]),
    ],
)
def test_a_dispute_that_says_something_else_than_the_books_is_found(
    bank: StripeServer, now: datetime, sam: User, end: str, field: str, checks: list[str]
) -> None:
    dispute = heard(bank, captured(bank, now), now)
    bank.decide(dispute.gateway_id, end)
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    dispute.refresh_from_db()
    if end == "lost":
        bearers = [("compensation", "", dispute.lost)]
        services.bear_loss(dispute, borne_by="house", bearers=bearers, reason="Ours.", by=sam, at=now)
    books()
    Dispute.objects.update(**{field: F(field) + 1})
    assert [found.check for found in reconciliation.differences(reconciliation.CHECKS)] == checks


@pytest.mark.parametrize(
    "change",
    [
        {"borne_by": "house"},
        {"returned_minor": 10_001},
        {"status": "forgotten"},
        {"amount_minor": 0},
        {"answered_at": None, "submitted_at": "2026-11-20T09:00Z"},
    ],
)
def test_the_database_refuses_what_no_dispute_is(bank: StripeServer, now: datetime, change: dict[str, Any]) -> None:
    dispute = heard(bank, captured(bank, now), now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.filter(pk=dispute.pk).update(**change)
