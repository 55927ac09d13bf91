import threading
from datetime import datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from backmarket.errors import GatewayError
from backmarket.events.models import Event
from backmarket.payments import services
from backmarket.payments.gateways.sandbox import Gateway
from backmarket.payments.models import LedgerMovement, Payment, Refund, SandboxIntent
from backmarket.payments.selectors import balance, ledger_sum
from tests.ground.money_steps import at_provider, captured, eur, opened

pytestmark = pytest.mark.django_db


def ask(payment: Payment, minor: int, at: datetime, reference: object = None) -> Refund:
    reference = reference or uuid4()
    return services.request_refund(
        payment,
        reference=reference,
        amount=eur(minor),
        reason="withdrawal",
        by="guest",
        at=at,  # type: ignore[arg-type]
    )


def test_a_refund_reserves_first_and_is_booked_when_it_succeeds(now: datetime) -> None:
    payment = captured(now)
    refund = ask(payment, 4000, now)
    payment.refresh_from_db()
    assert (payment.reserved_refund_minor, payment.refunded_minor, payment.refundable) == (4000, 0, eur(6000))
    assert services.send_refund(refund.pk, at=now).status == "succeeded"
    payment.refresh_from_db()
    assert (payment.reserved_refund_minor, payment.refunded_minor, payment.refundable) == (0, 4000, eur(6000))
    assert (balance("buyer"), at_provider(), ledger_sum()) == (eur(6000), eur(-6000), {"EUR": 0})
    assert Event.objects.filter(kind="refund.succeeded").get().data == {
        "purpose": "order",
        "payment": str(payment.pk),
        "reference": str(refund.reference),
        "reason": "withdrawal",
    }


def test_never_more_than_captured_minus_refunded_minus_pending(now: datetime) -> None:
    payment = captured(now)
    services.send_refund(ask(payment, 4000, now).pk, at=now)
    ask(payment, 5000, now)
    with pytest.raises(services.CannotRefund):
        ask(payment, 1001, now)
    ask(payment, 1000, now)
    payment.refresh_from_db()
    assert payment.refundable == eur(0)
    assert Refund.objects.count() == 3


@pytest.mark.parametrize("minor", [0, -5])
def test_a_refund_is_more_than_nothing(now: datetime, minor: int) -> None:
    with pytest.raises(services.CannotRefund):
        ask(captured(now), minor, now)


def test_only_captured_money_is_refunded(now: datetime) -> None:
    payment, _intent = opened(now)
    with pytest.raises(services.CannotRefund):
        ask(payment, 100, now)
    assert Refund.objects.count() == 0


def test_asking_twice_for_the_same_thing_gives_one_refund(now: datetime) -> None:
    payment, reference = captured(now), uuid4()
    assert ask(payment, 4000, now, reference).pk == ask(payment, 4000, now, reference).pk
    with pytest.raises(services.CannotRefund, match="another amount"):
        ask(payment, 4001, now, reference)
    payment.refresh_from_db()
    assert payment.reserved_refund_minor == 4000


def test_a_refusal_for_good_frees_the_claim_and_lets_us_try_anew(now: datetime) -> None:
    payment, reference = captured(now), uuid4()
    refund = services.send_refund(ask(payment, 4007, now, reference).pk, at=now)
    payment.refresh_from_db()
    assert (refund.status, payment.reserved_refund_minor, payment.refunded_minor) == ("failed", 0, 0)
    assert LedgerMovement.objects.filter(kind="refund").count() == 0
    assert ask(payment, 4000, now, reference).status == "pending"


def test_killed_between_the_call_and_the_note_the_buyer_is_refunded_once(now: datetime) -> None:
    payment = captured(now)
    refund = ask(payment, 4000, now)
    Gateway().refund(refund)  # the worker dies here: the bank has it, our row is pending
    assert services.send_refunds(now) == 1
    assert services.send_refunds(now) == 0
    assert SandboxIntent.objects.filter(kind="refund").count() == 1
    assert SandboxIntent.objects.get(kind="payment").refunded_minor == 4000
    assert balance("buyer") == eur(6000)


def test_a_passing_failure_leaves_the_refund_pending(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = captured(now)
    refund = ask(payment, 4000, now)

    def unreachable(self: Gateway, refund: Refund) -> None:
        raise GatewayError("no answer", retry=True)

    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "refund", unreachable)
        assert services.send_refunds(now) == 0
    refund.refresh_from_db()
    assert refund.status == "pending"
    assert services.send_refunds(now) == 1


def test_one_refund_of_the_provider_is_one_row(now: datetime) -> None:
    payment = captured(now)
    first, second = ask(payment, 100, now), ask(payment, 200, now)
    Refund.objects.filter(pk=first.pk).update(gateway_id="re_1")
    with pytest.raises(IntegrityError, match="refund_gateway_id_once"):
        Refund.objects.filter(pk=second.pk).update(gateway_id="re_1")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_simultaneous_refunds_never_exceed_the_payment(now: datetime) -> None:
    payment = captured(now)
    start, outcomes = threading.Barrier(6), []

    def run() -> None:
        start.wait()
        try:
            ask(payment, 4000, now)
            outcomes.append("yes")
        except services.CannotRefund:
            outcomes.append("no")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    payment.refresh_from_db()
    assert sorted(outcomes) == ["no"] * 4 + ["yes"] * 2
    assert payment.reserved_refund_minor == 8000
