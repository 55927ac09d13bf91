from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError

from backmarket.errors import GatewayError
from backmarket.events.models import Event
from backmarket.payments import services
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import LedgerMovement, Payment, Refund, SandboxIntent
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.tasks import settle_payment
from backmarket.states import IllegalMove
from tests.ground.money_steps import CARD, RETURN, at_provider, captured, eur, opened

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_a_paid_checkout_is_captured_and_booked_once(now: datetime) -> None:
    payment = captured(now)
    assert (payment.status, payment.captured_at) == ("captured", now)
    assert (at_provider(), balance("buyer"), ledger_sum()) == (eur(-10_000), eur(10_000), {"EUR": 0})
    assert kinds() == ["payment.requested", "payment.captured"]
    assert Event.objects.last().data == {"purpose": "order", "reference": str(payment.reference)}  # type: ignore[union-attr]


def test_browser_return_and_webhook_settle_the_same_payment_once(now: datetime) -> None:
    payment = captured(now)
    again = services.settle_payment(payment.pk, at=now + timedelta(minutes=1))
    assert (again.status, again.captured_at) == ("captured", now)
    assert LedgerMovement.objects.count() == 2  # the capture and its fee
    assert kinds().count("payment.captured") == 1


def test_the_same_amount_reuses_the_pending_payment_and_its_page(now: datetime) -> None:
    reference = uuid4()
    first, intent = opened(now, 5000, reference)
    second, same = opened(now, 5000, reference)
    assert (first.pk, intent.pk) == (second.pk, same.pk)
    assert (Payment.objects.count(), SandboxIntent.objects.count()) == (1, 1)


def test_another_amount_replaces_the_pending_payment(now: datetime) -> None:
    reference = uuid4()
    first, _intent = opened(now, 5000, reference)
    second, _intent = opened(now, 6000, reference)
    first.refresh_from_db()
    assert (first.status, second.status, second.amount_minor) == ("cancelled", "pending", 6000)


def test_what_is_paid_cannot_be_paid_again(now: datetime) -> None:
    payment = captured(now)
    with pytest.raises(services.CannotPay):
        services.request_payment(
            purpose="order", reference=payment.reference, amount=payment.amount, by="guest", at=now
        )
    with pytest.raises(services.CannotPay):
        services.open_payment(payment, return_url=RETURN, at=now)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("minor", [0, -1])
def test_nothing_cannot_be_paid(now: datetime, minor: int) -> None:
    with pytest.raises(services.CannotPay, match="nothing to pay"):
        services.request_payment(purpose="order", reference=uuid4(), amount=eur(minor), by="guest", at=now)


def test_an_amount_ending_in_02_is_refused_and_books_nothing(now: datetime) -> None:
    payment = captured(now, 10_002)
    assert (payment.status, payment.failure) == ("failed", "card_declined")
    assert LedgerMovement.objects.count() == 0
    assert kinds() == ["payment.requested", "payment.failed"]


def test_an_amount_ending_in_13_stays_pending(now: datetime) -> None:
    payment = captured(now, 10_013)
    assert payment.status == "pending"
    assert LedgerMovement.objects.count() == 0


@pytest.mark.parametrize(("code", "status"), [("123456", "captured"), ("000000", "failed")])
def test_an_amount_ending_in_33_asks_for_a_code(now: datetime, code: str, status: str) -> None:
    payment, intent = opened(now, 10_033)
    sandbox.pay(intent, CARD)
    assert services.settle_payment(payment.pk, at=now).status == "pending"
    sandbox.answer_challenge(intent, code)
    assert services.settle_payment(payment.pk, at=now).status == status


def test_a_buyer_who_gives_up_cancels_the_payment(now: datetime) -> None:
    payment, intent = opened(now)
    sandbox.give_up(intent)
    assert services.settle_payment(payment.pk, at=now).status == "cancelled"
    assert LedgerMovement.objects.count() == 0


def test_an_amount_that_differs_from_the_gateways_is_never_captured(now: datetime) -> None:
    payment, intent = opened(now)
    sandbox.pay(intent, CARD)
    SandboxIntent.objects.update(amount_minor=100)
    payment = services.settle_payment(payment.pk, at=now)
    refund = Refund.objects.get()
    assert (payment.status, payment.failure) == ("stray", "amount_mismatch")
    assert (refund.reference, refund.amount, refund.reason) == (payment.pk, eur(100), "amount_mismatch")
    assert (at_provider(), balance("buyer"), ledger_sum()) == (eur(-100), eur(100), {"EUR": 0})
    services.send_refund(refund.pk, at=now)
    assert SandboxIntent.objects.get(kind="payment").refunded_minor == 100
    assert (at_provider(), balance("buyer")) == (eur(0), eur(0))


def test_money_that_comes_in_after_the_cancellation_goes_back(now: datetime) -> None:
    """By a row that says so and a refund: the ledger shows both, and the bank is asked last."""
    payment, intent = opened(now)
    sandbox.pay(intent, CARD)
    services.cancel_payment(payment, by="guest", at=now)
    settle_payment(str(payment.pk))
    settle_payment(str(payment.pk))
    payment.refresh_from_db()
    assert (payment.status, payment.failure) == ("stray", "came_late")
    assert SandboxIntent.objects.get().refunded_minor == 0
    services.send_refund(Refund.objects.get().pk, at=now)
    assert SandboxIntent.objects.get(kind="payment").refunded_minor == 10_000
    assert list(LedgerMovement.objects.values_list("kind", flat=True)) == ["capture", "fee", "refund"]
    assert (at_provider(), balance("buyer")) == (eur(0), eur(0))


def test_a_cancelled_payment_cannot_be_paid_at_the_bank(now: datetime) -> None:
    payment, intent = opened(now)
    services.cancel_payment(payment, by="guest", at=now)
    settle_payment(str(payment.pk))
    sandbox.pay(intent, CARD)
    assert SandboxIntent.objects.get().status == "cancelled"
    payment.refresh_from_db()
    assert payment.closed_at is not None


def test_an_amount_ending_in_61_is_paid_some_seconds_later(now: datetime) -> None:
    payment, intent = opened(now, 10_061)
    sandbox.pay(intent, CARD)
    assert services.settle_payment(payment.pk, at=now).status == "pending"
    sandbox.finish(intent.pk)
    assert services.settle_payment(payment.pk, at=now).status == "captured"


def test_an_amount_ending_in_71_cannot_be_opened_just_now(now: datetime) -> None:
    with pytest.raises(GatewayError) as failure:
        opened(now, 10_071)
    assert failure.value.retry
    assert Payment.objects.get().status == "pending"


@pytest.mark.parametrize("minor", [10_000, 10_033, 10_061])
def test_the_sandbox_authorises_and_captures_when_told(now: datetime, minor: int) -> None:
    payment = services.request_payment(
        purpose="order", reference=uuid4(), amount=eur(minor), by="guest", at=now, capture="manual"
    )
    services.open_payment(payment, return_url=RETURN, at=now)
    intent = SandboxIntent.objects.get()
    sandbox.pay(intent, CARD)
    sandbox.answer_challenge(intent, "123456")
    sandbox.finish(intent.pk)
    payment = services.settle_payment(payment.pk, at=now)
    assert (payment.status, LedgerMovement.objects.count()) == ("authorised", 0)
    services.capture_payment(payment, by="system:test", at=now)
    assert services.settle_payment(payment.pk, at=now).status == "captured"
    assert (balance("buyer"), ledger_sum()) == (eur(minor), {"EUR": 0})


def test_another_way_of_capturing_replaces_the_pending_payment(now: datetime) -> None:
    first, _intent = opened(now)
    second = services.request_payment(
        purpose="order", reference=first.reference, amount=first.amount, by="guest", at=now, capture="manual"
    )
    first.refresh_from_db()
    assert (first.status, second.status, second.capture) == ("cancelled", "pending", "manual")


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"status": "stray"}, "payment_captured_has_date"),
        ({"received_minor": 5}, "payment_other_amount_is_stray"),
        ({"capturing_at": datetime(2026, 11, 23, tzinfo=UTC)}, "payment_capture_decided_only_by_hand"),
    ],
)
def test_the_database_refuses_what_must_never_be(now: datetime, facts: dict[str, Any], constraint: str) -> None:
    opened(now)
    with pytest.raises(IntegrityError, match=constraint):
        Payment.objects.update(**facts)


def test_only_a_pending_payment_can_be_cancelled(now: datetime) -> None:
    payment = captured(now)
    with pytest.raises(IllegalMove):
        services.cancel_payment(payment, by="guest", at=now)
    payment.refresh_from_db()
    assert payment.status == "captured"


def test_a_lost_webhook_and_a_closed_browser_lose_no_money(now: datetime) -> None:
    payment, intent = opened(now)
    sandbox.pay(intent, CARD)
    assert services.settle_pending_payments(now + timedelta(minutes=1)) == 0
    assert services.settle_pending_payments(now + timedelta(minutes=6)) == 1
    payment.refresh_from_db()
    assert payment.status == "captured"


def test_a_gateway_that_does_not_answer_changes_nothing(now: datetime) -> None:
    payment, _intent = opened(now)
    SandboxIntent.objects.all().delete()
    with pytest.raises(GatewayError):
        services.settle_payment(payment.pk, at=now)
    payment.refresh_from_db()
    assert payment.status == "pending"
