"""What we say to Stripe, heard by a stand-in on this machine."""

import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from backmarket.errors import GatewayError
from backmarket.events.inbox import BadSignature
from backmarket.money import Money
from backmarket.payments.gateways import stripe
from backmarket.payments.gateways.base import Outcome, State
from backmarket.payments.models import Payment, Refund

SESSION = {"id": "cs_1", "object": "checkout.session", "url": "https://pay.example/cs_1", "amount_total": 12345}
SESSION |= {"currency": "eur", "payment_status": "paid", "status": "complete", "payment_intent": "pi_1"}
ANSWERS: dict[str, dict[str, Any]] = {
    "/v1/checkout/sessions": SESSION,
    "/v1/checkout/sessions/cs_1": SESSION,
    "/v1/refunds": {"id": "re_1", "object": "refund", "status": "pending"},
    "/v1/refunds/re_1": {"id": "re_1", "object": "refund", "status": "succeeded"},
}


class Standin(BaseHTTPRequestHandler):
    heard: list[tuple[str, str, dict[str, str], dict[str, list[str]]]] = []
    status = 200

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.heard.append((self.command, self.path, dict(self.headers), parse_qs(body)))
        answer = ANSWERS[self.path] if self.status == 200 else {"error": {"type": "api_error", "message": "no"}}
        data = json.dumps(answer).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def standin(settings: Any) -> Iterator[type[Standin]]:
    server = HTTPServer(("127.0.0.1", 0), Standin)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_x", "whsec_x"
    Standin.heard, Standin.status = [], 200
    yield Standin
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def payment(now: datetime) -> Payment:
    return Payment(id=uuid4(), amount_minor=12345, currency="EUR", gateway="stripe", created_at=now)


def test_a_checkout_carries_our_id_the_amount_and_the_pinned_version(standin: type[Standin], payment: Payment) -> None:
    checkout = stripe.Gateway().checkout(payment, return_url="https://shop.example/back/")
    ((method, path, headers, form),) = standin.heard
    assert (checkout.gateway_id, checkout.url) == ("cs_1", "https://pay.example/cs_1")
    assert (method, path) == ("POST", "/v1/checkout/sessions")
    assert (headers["Idempotency-Key"], headers["Stripe-Version"]) == (str(payment.pk), stripe.API_VERSION)
    assert form["client_reference_id"] == [str(payment.pk)]
    assert form["line_items[0][price_data][unit_amount]"] == ["12345"]
    assert form["line_items[0][price_data][currency]"] == ["eur"]
    assert form["success_url"] == form["cancel_url"] == ["https://shop.example/back/"]


def test_a_paid_session_is_captured_with_its_amount(standin: type[Standin], payment: Payment) -> None:
    payment.gateway_id = "cs_1"
    report = stripe.Gateway().status(payment)
    assert (report.state, report.amount) == (State.CAPTURED, Money(12345, "EUR"))


def test_a_refund_is_ordered_once_and_asked_about_afterwards(standin: type[Standin], payment: Payment) -> None:
    payment.gateway_id = "cs_1"
    refund = Refund(id=uuid4(), payment=payment, amount_minor=500, currency="EUR")
    first = stripe.Gateway().refund(refund)
    _method, path, headers, form = standin.heard[-1]
    assert (path, headers["Idempotency-Key"], form["amount"]) == ("/v1/refunds", str(refund.pk), ["500"])
    assert (form["payment_intent"], first.outcome) == (["pi_1"], Outcome.PENDING)
    refund.gateway_id = first.gateway_id
    assert stripe.Gateway().refund(refund).outcome == Outcome.DONE
    assert standin.heard[-1][:2] == ("GET", "/v1/refunds/re_1")


@pytest.mark.parametrize(("status", "retry"), [(500, True), (429, True), (400, False), (401, False)])
def test_only_passing_failures_are_worth_another_try(
    standin: type[Standin], payment: Payment, status: int, retry: bool
) -> None:
    standin.status = status
    with pytest.raises(GatewayError) as failure:
        stripe.Gateway().checkout(payment, return_url="https://shop.example/")
    assert failure.value.retry is retry


def signed(body: bytes, key: str = "whsec_x") -> dict[str, str]:
    stamp = int(time.time())
    digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={digest}"}


def test_a_webhook_is_believed_only_with_stripes_signature(standin: type[Standin]) -> None:
    event = {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "data": {"object": SESSION}}
    body = json.dumps(event).encode()
    assert stripe.read_webhook(body, signed(body)) == "evt_1"
    for headers in ({}, signed(body, "another"), signed(b"{}")):
        with pytest.raises(BadSignature):
            stripe.read_webhook(body, headers)


@pytest.mark.parametrize(
    ("kind", "thing", "subject"),
    [
        ("checkout.session.completed", {"client_reference_id": "p"}, ("payment", "p")),
        ("checkout.session.expired", {}, None),
        ("refund.updated", {"metadata": {"refund": "r"}}, ("refund", "r")),
        ("refund.updated", {"metadata": {}}, None),
        ("customer.created", {"client_reference_id": "p"}, None),
    ],
)
def test_a_webhook_names_the_row_it_is_about(kind: str, thing: dict[str, Any], subject: object) -> None:
    assert stripe.subject_of({"type": kind, "data": {"object": thing}}) == subject
