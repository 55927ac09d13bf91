"""What we say to Stripe by its own SDK, and how we take what it answers: a stand-in on this machine plays it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from backmarket.errors import GatewayError
from backmarket.events.inbox import BadSignature
from backmarket.payments.gateways import stripe
from backmarket.payments.gateways.base import Checkout, Outcome, Report, State
from backmarket.payments.models import Payment, Refund
from tests.ground.money_steps import eur
from tests.ground.stripe_account import CHALLENGED, DECLINED, POOR, SLOW, VISA, fee
from tests.ground.stripe_server import PUBLISHABLE_KEY, StripeServer, signature

CREATE, REFUND = "POST /v1/payment_intents", "POST /v1/refunds"


def row(now: datetime, **facts: Any) -> Payment:
    return Payment(**{"amount_minor": 12_345, "currency": "EUR", "gateway": "stripe", "created_at": now, **facts})


@pytest.fixture
def payment(bank: StripeServer, now: datetime) -> Payment:
    return open_at(row(now))


def open_at(payment: Payment) -> Payment:
    payment.gateway_id = stripe.Gateway().checkout(payment, return_url="").gateway_id
    return payment


def refund_of(payment: Payment, minor: int = 500) -> Refund:
    return Refund(id=uuid4(), payment=payment, amount_minor=minor, currency="EUR")


def test_an_intent_carries_our_id_the_amount_and_the_pinned_version(bank: StripeServer, now: datetime) -> None:
    payment = row(now)
    checkout = stripe.Gateway().checkout(payment, return_url="https://shop.example/back/")
    ((call, form, headers),) = bank.calls
    assert checkout == Checkout("pi_1", key=PUBLISHABLE_KEY, secret="pi_1_secret_1")
    assert (call, headers["Idempotency-Key"]) == (CREATE, str(payment.pk))
    assert headers["Stripe-Version"] == stripe.API_VERSION
    assert form == {
        "amount": "12345",
        "currency": "eur",
        "capture_method": "automatic",
        "automatic_payment_methods": {"enabled": "true", "allow_redirects": "never"},
        "metadata": {"payment": str(payment.pk)},
    }


def test_the_secret_of_the_page_is_not_in_any_text_of_it(payment: Payment) -> None:
    assert "secret_1" not in repr(stripe.Gateway().checkout(payment, return_url=""))


def test_opening_again_finds_the_same_intent(bank: StripeServer, payment: Payment) -> None:
    again = stripe.Gateway().checkout(payment, return_url="")
    assert (again.gateway_id, again.secret) == ("pi_1", "pi_1_secret_1")
    assert [call for call, _form, _headers in bank.calls] == [CREATE, "GET /v1/payment_intents/pi_1"]


def test_a_double_click_opens_one_intent(bank: StripeServer, now: datetime) -> None:
    """The second call meets the first one in progress (409), waits as the SDK does, and is answered the same."""
    payment = row(now)
    bank.fault(CREATE, after=True, status=200, seconds=0.3, times=1)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _click: stripe.Gateway().checkout(payment, return_url=""), range(2)))
    assert found[0] == found[1]
    assert len(bank.intents) == 1


def test_other_amounts_under_the_same_key_are_refused(bank: StripeServer, now: datetime) -> None:
    payment = row(now)
    open_at(payment)
    payment.gateway_id, payment.amount_minor = "", 1
    with pytest.raises(GatewayError) as failure:
        stripe.Gateway().checkout(payment, return_url="")
    assert (failure.value.retry, len(bank.intents)) == (False, 1)


@pytest.mark.parametrize(
    ("act", "capture", "report"),
    [
        (lambda bank: None, "automatic", Report(State.PENDING, eur(12_345))),
        (
            lambda bank: bank.confirm("pi_1", VISA),
            "automatic",
            Report(State.CAPTURED, eur(12_345), country="US", fee=eur(fee(12_345))),
        ),
        (lambda bank: bank.confirm("pi_1", VISA), "manual", Report(State.AUTHORISED, eur(12_345), country="US")),
        (lambda bank: bank.confirm("pi_1", SLOW), "automatic", Report(State.PENDING, eur(12_345))),
        (lambda bank: bank.confirm("pi_1", CHALLENGED), "automatic", Report(State.PENDING, eur(12_345))),
        (
            lambda bank: bank.confirm("pi_1", DECLINED),
            "automatic",
            Report(State.PENDING, eur(12_345), "generic_decline"),
        ),
        (lambda bank: bank.confirm("pi_1", POOR), "manual", Report(State.PENDING, eur(12_345), "insufficient_funds")),
    ],
    ids=["open", "paid", "authorised", "processing", "3-D Secure", "declined", "poor"],
)
def test_what_an_intent_is_in_our_words(
    bank: StripeServer, now: datetime, act: Callable[[StripeServer], Any], capture: str, report: Report
) -> None:
    payment = open_at(row(now, capture=capture))
    act(bank)
    assert stripe.Gateway().status(payment) == report


def test_a_declined_card_leaves_the_intent_for_another(bank: StripeServer, payment: Payment) -> None:
    assert bank.confirm("pi_1", DECLINED)[0] == 402
    assert stripe.Gateway().checkout(payment, return_url="").failure == "generic_decline"
    assert bank.confirm("pi_1", VISA)[0] == 200
    assert stripe.Gateway().status(payment).state == State.CAPTURED


@pytest.mark.parametrize(
    ("passed", "state", "failure"),
    [(True, State.CAPTURED, ""), (False, State.PENDING, "payment_intent_authentication_failure")],
)
def test_3d_secure_is_passed_or_not(
    bank: StripeServer, payment: Payment, passed: bool, state: State, failure: str
) -> None:
    bank.confirm("pi_1", CHALLENGED)
    bank.authenticate("pi_1", passed=passed)
    report = stripe.Gateway().status(payment)
    assert (report.state, report.failure) == (state, failure)


def test_authorised_money_is_taken_once_or_released_once(bank: StripeServer, now: datetime) -> None:
    taken, released = (open_at(row(now, id=uuid4(), capture="manual")) for _each in range(2))
    for payment in (taken, released):
        bank.confirm(payment.gateway_id, VISA)
    gateway = stripe.Gateway()
    assert [gateway.capture(taken).state for _time in range(2)] == [State.CAPTURED] * 2
    assert [gateway.cancel(released).state for _time in range(2)] == [State.CANCELLED] * 2
    # Whoever comes second hears what is true, and changes nothing.
    assert (gateway.cancel(taken).state, gateway.capture(released).state) == (State.CAPTURED, State.CANCELLED)
    assert len(bank.heard("POST /v1/payment_intents/pi_1/capture")) == 1


@pytest.mark.parametrize("act", ["capture", "cancel"])
def test_a_failure_of_stripe_after_it_did_what_we_asked_is_seen_the_next_time(
    bank: StripeServer, now: datetime, act: str
) -> None:
    payment = open_at(row(now, capture="manual"))
    bank.confirm("pi_1", VISA)
    bank.fault(f"POST /v1/payment_intents/pi_1/{act}", after=True)
    with pytest.raises(GatewayError) as failure:
        getattr(stripe.Gateway(), act)(payment)
    assert failure.value.retry
    done = {"capture": State.CAPTURED, "cancel": State.CANCELLED}
    assert getattr(stripe.Gateway(), act)(payment).state == done[act]


def test_a_failure_that_stripe_keeps_under_our_key_does_not_lock_the_buyer_out(
    bank: StripeServer, now: datetime
) -> None:
    bank.fault(CREATE, after=True, times=1)
    payment = open_at(row(now))
    assert (payment.gateway_id, len(bank.intents)) == ("pi_2", 2)
    payment.gateway_id = ""
    assert open_at(payment).gateway_id == "pi_2"


def test_a_refund_is_ordered_once_and_asked_about_afterwards(bank: StripeServer, payment: Payment) -> None:
    bank.confirm("pi_1", VISA)
    bank.refunds_are, refund = "pending", refund_of(payment)
    first = stripe.Gateway().refund(refund)
    _call, form, headers = bank.calls[-1]
    assert (form["amount"], form["metadata"]) == ("500", {"refund": str(refund.pk)})
    assert (headers["Idempotency-Key"], first.outcome) == (str(refund.pk), Outcome.PENDING)
    bank.end_refund(first.gateway_id, "succeeded")
    refund.gateway_id = first.gateway_id
    assert stripe.Gateway().refund(refund).outcome == Outcome.DONE
    assert len(bank.heard(REFUND)) == 1


@pytest.mark.parametrize("status", [500, 0], ids=["500", "no answer"])
def test_a_refund_whose_answer_was_lost_is_found_and_not_ordered_again(
    bank: StripeServer, payment: Payment, status: int
) -> None:
    """Also when the key is forgotten, after a day: what was done is looked for first."""
    bank.confirm("pi_1", VISA)
    bank.fault(REFUND, after=True, status=status)
    refund = refund_of(payment)
    with pytest.raises(GatewayError) as failure:
        stripe.Gateway().refund(refund)
    bank.kept.clear()
    assert failure.value.retry
    assert stripe.Gateway().refund(refund).gateway_id == "re_1"
    assert (len(bank.made), bank.intents["pi_1"]["_refunded"]) == (1, 500)


def test_more_than_is_left_is_refused_for_good(bank: StripeServer, payment: Payment) -> None:
    bank.confirm("pi_1", VISA)
    bank.refund_at_dashboard("pi_1", 12_000)
    with pytest.raises(GatewayError) as failure:
        stripe.Gateway().refund(refund_of(payment))
    assert (failure.value.retry, bank.intents["pi_1"]["_refunded"]) == (False, 12_000)


def test_refunds_are_listed_with_whose_they_are(bank: StripeServer, payment: Payment) -> None:
    bank.confirm("pi_1", VISA)
    refund = refund_of(payment)
    stripe.Gateway().refund(refund)
    bank.refund_at_dashboard("pi_1", 100)
    found = stripe.Gateway().refunds(payment)
    assert [(each.amount, each.ours) for each in found] == [(eur(100), ""), (eur(500), str(refund.pk))]


@pytest.mark.parametrize(("status", "retry"), [(500, True), (429, True), (400, False), (401, False), (0, True)])
def test_only_passing_failures_are_worth_another_try(
    bank: StripeServer, now: datetime, status: int, retry: bool
) -> None:
    bank.fault(CREATE, status=status)
    with pytest.raises(GatewayError) as failure:
        stripe.Gateway().checkout(row(now), return_url="")
    assert failure.value.retry is retry


def test_a_call_of_another_version_or_with_unknown_parameters_is_refused(bank: StripeServer, now: datetime) -> None:
    """The stand-in is strict: what it takes, Stripe takes."""
    bank.answer(
        "POST", "/v1/payment_intents", {"Authorization": "Bearer sk_test_x", "Stripe-Version": "2020-01-01"}, b""
    )
    assert bank.intents == {}
    wrong = {"Authorization": "Bearer sk_test_x", "Stripe-Version": stripe.API_VERSION}
    answer = bank.answer("POST", "/v1/payment_intents", wrong, b"amount=1&currency=eur&colour=red")
    assert answer is not None
    assert (answer[0], answer[1]["error"]["param"]) == (400, "colour")


def test_a_webhook_is_believed_only_with_stripes_recent_signature(bank: StripeServer, payment: Payment) -> None:
    body = json.dumps(bank.event("payment_intent.created")).encode()
    assert stripe.read_webhook(body, {"Stripe-Signature": signature(body)}) == "evt_1"
    wrong = ["", signature(body, "another"), signature(b"{}"), signature(body, age=301)]
    for header in wrong:
        with pytest.raises(BadSignature):
            stripe.read_webhook(body, {"Stripe-Signature": header})


@pytest.mark.parametrize(
    ("kind", "thing", "subject"),
    [
        ("payment_intent.succeeded", {"metadata": {"payment": "p"}}, ("payment", "p")),
        ("payment_intent.succeeded", {"metadata": {}}, None),
        ("refund.updated", {"metadata": {"refund": "r"}, "payment_intent": "pi"}, ("refund", "r")),
        ("refund.created", {"metadata": {}, "payment_intent": "pi"}, ("refunds", "pi")),
        ("charge.refunded", {"metadata": {"payment": "p"}, "payment_intent": "pi"}, ("refunds", "pi")),
        ("charge.refunded", {"metadata": None, "payment_intent": None}, None),
        ("customer.created", {"metadata": {"payment": "p"}}, None),
    ],
)
def test_a_webhook_names_what_it_is_about(kind: str, thing: dict[str, Any], subject: object) -> None:
    assert stripe.subject_of({"type": kind, "data": {"object": thing}}) == subject
