"""Stripe: PaymentIntents for Stripe's own card fields on our page, refunds and signed webhooks, by the official SDK.

One class, no state of our own. Money to other people is in stripe_payouts.py.
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
from backmarket.payments.gateways.base import Checkout, KnownRefund, Outcome, Report, State, Transfer
from backmarket.payments.models import Payment, Refund

# Objects change shape with the version: it moves here, with the tests, never by itself.
API_VERSION = "2026-10-28.endive"
TOLERANCE = int(inbox.TOLERANCE.total_seconds())
# Seconds: a buyer waits in front of some of these calls.
TIMEOUT = 10
PASSING = (stripe.APIConnectionError, stripe.RateLimitError)
STATES = {
    "requires_capture": State.AUTHORISED,
    "succeeded": State.CAPTURED,
    "canceled": State.CANCELLED,
}
# The buyer may still do something about it.
PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
OUTCOMES = {"succeeded": Outcome.DONE, "failed": Outcome.FAILED, "canceled": Outcome.FAILED}
# Where an intent says what Stripe keeps.
FEE = "latest_charge.balance_transaction"
OVERTAKEN = "payment_intent_unexpected_state"
T = TypeVar("T")


def client() -> stripe.StripeClient:
    """Bound to the pinned version; STRIPE_API_BASE points it to a stand-in."""
    bases: Any = dict.fromkeys(("api", "files"), settings.STRIPE_API_BASE) if settings.STRIPE_API_BASE else None
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        stripe_version=API_VERSION,
        base_addresses=bases,
        http_client=stripe.new_default_http_client(timeout=TIMEOUT),
    )


def ask(call: Callable[[], T]) -> T:
    try:
        return call()
    except stripe.StripeError as error:
        passing = isinstance(error, PASSING) or (error.http_status or 0) >= 500 or error.http_status == 409
        raise GatewayError(error.code or type(error).__name__, retry=passing) from error


def ask_twice(call: Callable[[str], T], key: str) -> T:
    """Make something new under an idempotency key, or under a second one, as lasting as the first: Stripe keeps a
    failure of its own under a key, and repeats it for a day."""
    try:
        return ask(lambda: call(key))
    except GatewayError as error:
        cause = error.__cause__
        if not isinstance(cause, stripe.APIError) or (cause.http_status or 0) < 500:
            raise
        return ask(lambda: call(f"{key}-again"))


class Gateway:
    """See base.PaymentGateway."""

    def checkout(self, payment: Payment, *, return_url: str) -> Checkout:
        intent = self._intent(payment) if payment.gateway_id else _create(payment)
        secret = intent.client_secret if intent.status in PAYABLE else ""
        return Checkout(intent.id, key=settings.STRIPE_PUBLISHABLE_KEY, secret=secret or "", failure=_refusal(intent))

    def status(self, payment: Payment) -> Report:
        return _report(self._intent(payment))

    def capture(self, payment: Payment) -> Report:
        return self._move(
            payment, ("requires_capture",), lambda intents: intents.capture(payment.gateway_id, {"expand": [FEE]})
        )

    def cancel(self, payment: Payment) -> Report:
        return self._move(payment, (*PAYABLE, "requires_capture"), lambda intents: intents.cancel(payment.gateway_id))

    def _move(self, payment: Payment, sources: tuple[str, ...], call: Callable[[Any], Any]) -> Report:
        """Move the intent where its state allows it. Without a key of ours: the state itself forbids it twice, and
        Stripe would repeat a failure that it has kept under a key for a day."""
        intent = self._intent(payment)
        if intent.status in sources:
            try:
                intent = ask(lambda: call(client().v1.payment_intents))
            except GatewayError as error:
                if str(error) != OVERTAKEN:
                    raise
                intent = self._intent(payment)
        return _report(intent)

    def refund(self, refund: Refund) -> Transfer:
        if refund.gateway_id:
            return _transfer(ask(lambda: client().v1.refunds.retrieve(refund.gateway_id)))
        # Keys are forgotten after a day, and failures are kept under them: so first look for what was done already.
        for known in self.refunds(refund.payment):
            if known.ours == str(refund.pk):
                return known.transfer
        params: Any = {
            "payment_intent": refund.payment.gateway_id,
            "amount": refund.amount_minor,
            "metadata": {"refund": str(refund.pk)},
        }
        return _transfer(ask(lambda: client().v1.refunds.create(params, {"idempotency_key": str(refund.pk)})))

    def refunds(self, payment: Payment) -> list[KnownRefund]:
        params: Any = {"payment_intent": payment.gateway_id, "limit": 100}
        found = ask(lambda: list(client().v1.refunds.list(params).auto_paging_iter()))
        return [
            KnownRefund(
                _transfer(each), Money(each.amount, each.currency.upper()), getattr(each.metadata, "refund", "")
            )
            for each in found
        ]

    def _intent(self, payment: Payment) -> Any:
        """With its charge, which knows the card and what Stripe keeps."""
        return ask(lambda: client().v1.payment_intents.retrieve(payment.gateway_id, {"expand": [FEE]}))


def _create(payment: Payment) -> Any:
    """One intent for one row, however often it is asked for. One that nobody has confirmed costs nothing."""
    params: Any = {
        "amount": payment.amount_minor,
        "currency": payment.currency.lower(),
        "capture_method": "manual" if payment.capture == Payment.Capture.MANUAL else "automatic",
        # Means that leave our page come back with the secret in the address; those that stay do not.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"payment": str(payment.pk)},
    }
    intents = client().v1.payment_intents

    def create(key: str) -> Any:
        # A double click meets itself there, and is told to come back: the SDK does.
        return intents.create(params, {"idempotency_key": key, "max_network_retries": 2})

    return ask_twice(create, str(payment.pk))


def _refusal(intent: Any) -> str:
    """Why the last card was refused: the bank's reason where it gives one."""
    error = intent.last_payment_error if intent.status == "requires_payment_method" else None
    return "" if error is None else str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "")


def _country(intent: Any) -> str:
    """Where the card was issued; empty before there is a charge, where it is not shown, and for other means."""
    charge = intent.latest_charge
    details = getattr(charge, "payment_method_details", None)
    return str(getattr(getattr(details, "card", None), "country", None) or "")


def _report(intent: Any) -> Report:
    state = STATES.get(intent.status, State.PENDING)
    counted = {State.AUTHORISED: intent.amount_capturable, State.CAPTURED: intent.amount_received}
    amount = counted.get(state, intent.amount)
    fee = _fee(intent) if state == State.CAPTURED else None
    return Report(state, Money(amount, intent.currency.upper()), _refusal(intent), _country(intent), fee)


def _fee(intent: Any) -> Money | None:
    """What Stripe keeps, which it may know only some time after it took the money."""
    found = getattr(intent.latest_charge, "balance_transaction", None)
    return None if found is None or isinstance(found, str) else Money(found.fee, found.currency.upper())


def _transfer(refund: Any) -> Transfer:
    outcome = OUTCOMES.get(refund.status or "", Outcome.PENDING)
    return Transfer(refund.id, outcome, getattr(refund, "failure_reason", None) or "")


def read_webhook(body: bytes, headers: Mapping[str, str]) -> str:
    """Events about payments, payouts and other people's accounts come from three destinations, each with a secret."""
    for secret in filter(None, _secrets()):
        try:
            stripe.WebhookSignature.verify_header(body.decode(), headers.get("Stripe-Signature", ""), secret, TOLERANCE)
            return str(json.loads(body)["id"])
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError):
            continue
    raise BadSignature


def _secrets() -> tuple[str, ...]:
    return (
        settings.STRIPE_WEBHOOK_SECRET,
        settings.STRIPE_PAYOUT_WEBHOOK_SECRET,
        settings.STRIPE_CONNECT_WEBHOOK_SECRET,
    )


def _ours(thing: dict[str, Any], noun: str) -> str:
    """The id of our row that the provider's object was made for."""
    return str((thing.get("metadata") or {}).get(noun, ""))


def subject_of(body: dict[str, Any]) -> tuple[str, str] | None:
    """A refund that we ordered is named by our row, one made at the provider by the payment there."""
    kind, thing = str(body.get("type", "")), (body.get("data") or {}).get("object") or {}
    about_payment = kind.startswith("payment_intent.") or kind == "charge.updated"  # by then its fee is known
    if about_payment and (payment := _ours(thing, "payment")):
        return "payment", payment
    if kind.startswith("refund.") and (refund := _ours(thing, "refund")):
        return "refund", refund
    if (kind.startswith("refund.") or kind == "charge.refunded") and thing.get("payment_intent"):
        return "refunds", str(thing["payment_intent"])
    if kind.startswith("charge.dispute."):
        return "dispute", str(thing.get("id", ""))
    if kind == "account.updated":
        return "account", str(thing.get("id", ""))
    if kind.startswith("transfer."):
        return "transfer", str(thing.get("id", ""))
    if kind.startswith("v2.money_management.outbound_payment."):
        return "payout", str((body.get("related_object") or {}).get("id", ""))
    return None
