"""Stripe: hosted Checkout, refunds and signed webhooks by the official SDK. One class, no state of our own.

Money to other people is in stripe_payouts.py.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import stripe
from django.conf import settings

from backmarket.errors import GatewayError
from backmarket.events import inbox
from backmarket.events.inbox import BadSignature
from backmarket.money import Money
from backmarket.payments.gateways.base import Checkout, Outcome, Report, State, Transfer
from backmarket.payments.models import Payment, Refund

# Objects change shape with the version: it moves here, with the tests, never by itself.
API_VERSION = "2026-10-28.endive"
TOLERANCE = int(inbox.TOLERANCE.total_seconds())
PASSING = (stripe.APIConnectionError, stripe.RateLimitError)
T = TypeVar("T")


def client() -> stripe.StripeClient:
    """Bound to the pinned version; STRIPE_API_BASE points it to a stand-in."""
    bases: Any = {"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else None
    return stripe.StripeClient(settings.STRIPE_SECRET_KEY, stripe_version=API_VERSION, base_addresses=bases)


def ask(call: Callable[[], T]) -> T:
    try:
        return call()
    except stripe.StripeError as error:
        passing = isinstance(error, PASSING) or (error.http_status or 0) >= 500 or error.http_status == 409
        raise GatewayError(error.code or type(error).__name__, retry=passing) from error


class Gateway:
    """See base.PaymentGateway."""

    def checkout(self, payment: Payment, *, return_url: str) -> Checkout:
        item = {
            "quantity": 1,
            "price_data": {
                "currency": payment.currency.lower(),
                "unit_amount": payment.amount_minor,
                "product_data": {"name": settings.SITE_NAME},
            },
        }
        params: Any = {
            "mode": "payment",
            "client_reference_id": str(payment.pk),
            "line_items": [item],
            "payment_intent_data": {"metadata": {"payment": str(payment.pk)}},
            "success_url": return_url,
            "cancel_url": return_url,
        }
        options: Any = {"idempotency_key": str(payment.pk)}
        session = ask(lambda: client().v1.checkout.sessions.create(params, options))
        return Checkout(session.id, session.url or "")

    def status(self, payment: Payment) -> Report:
        session = self._session(payment)
        amount = Money(session.amount_total or 0, (session.currency or payment.currency).upper())
        if session.payment_status == "paid":
            return Report(State.CAPTURED, amount)
        return Report(State.CANCELLED if session.status == "expired" else State.PENDING, amount)

    def cancel(self, payment: Payment) -> None:
        session = self._session(payment)
        if session.status == "open":
            ask(lambda: client().v1.checkout.sessions.expire(session.id))
        elif session.payment_status == "paid":
            params: Any = {"payment_intent": session.payment_intent}
            ask(lambda: client().v1.refunds.create(params, {"idempotency_key": f"cancel-{payment.pk}"}))

    def refund(self, refund: Refund) -> Transfer:
        if refund.gateway_id:  # keys expire after a day: from now on ask, never order again
            answer = ask(lambda: client().v1.refunds.retrieve(refund.gateway_id))
        else:
            params: Any = {
                "payment_intent": self._session(refund.payment).payment_intent,
                "amount": refund.amount_minor,
                "metadata": {"refund": str(refund.pk)},
            }
            answer = ask(lambda: client().v1.refunds.create(params, {"idempotency_key": str(refund.pk)}))
        outcomes = {"succeeded": Outcome.DONE, "failed": Outcome.FAILED, "canceled": Outcome.FAILED}
        outcome = outcomes.get(answer.status or "", Outcome.PENDING)
        return Transfer(answer.id, outcome, getattr(answer, "failure_reason", None) or "")

    def _session(self, payment: Payment) -> Any:
        return ask(lambda: client().v1.checkout.sessions.retrieve(payment.gateway_id))


def read_webhook(body: bytes, headers: Mapping[str, str]) -> str:
    """Events about payments and events about payouts come from two destinations, each with a secret of its own."""
    for secret in filter(None, (settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_PAYOUT_WEBHOOK_SECRET)):
        try:
            stripe.WebhookSignature.verify_header(body.decode(), headers.get("Stripe-Signature", ""), secret, TOLERANCE)
            return str(json.loads(body)["id"])
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError):
            continue
    raise BadSignature


def subject_of(body: dict[str, Any]) -> tuple[str, str] | None:
    kind, thing = str(body.get("type", "")), (body.get("data") or {}).get("object") or {}
    if kind.startswith("checkout.session.") and thing.get("client_reference_id"):
        return "payment", str(thing["client_reference_id"])
    if kind.startswith("refund.") and thing.get("metadata", {}).get("refund"):
        return "refund", str(thing["metadata"]["refund"])
    if kind.startswith("v2.money_management.outbound_payment."):
        return "payout", str((body.get("related_object") or {}).get("id", ""))
    return None
