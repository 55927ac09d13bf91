"""What one Stripe account would hold: PaymentIntents and their refunds, moved as Stripe's reference says.

docs.stripe.com/payments/paymentintents/lifecycle for the states; which parameters there are, the SDK describes.
"""

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from stripe import RequestOptions
from stripe.params import _payment_intent_cancel_params as cancelling
from stripe.params import _payment_intent_capture_params as capturing
from stripe.params import _payment_intent_create_params as creating
from stripe.params import _refund_create_params as refunding
from typing_extensions import is_typeddict

from backmarket.payments.gateways.stripe import API_VERSION

VISA, DECLINED, POOR = "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds"
CHALLENGED, SLOW = "pm_card_authenticationRequired", "pm_usBankAccount_processing"
REFUSALS = {DECLINED: "generic_decline", POOR: "insufficient_funds"}
SHAPES: dict[str, tuple[Any, str]] = {
    "create": (creating, "PaymentIntentCreateParams"),
    "capture": (capturing, "PaymentIntentCaptureParams"),
    "cancel": (cancelling, "PaymentIntentCancelParams"),
    "refund": (refunding, "RefundCreateParams"),
}
# Not sent in the form: the SDK's own.
OPTIONS = RequestOptions.__annotations__
CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture")
Answer = tuple[int, dict[str, Any]]


class Refused(Exception):
    """An error in Stripe's shape."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", **facts: Any) -> None:
        self.answer: Answer = (status, {"error": {"type": kind, "message": message, **facts}})
        super().__init__(message)


@dataclass
class StripeAccount:
    """`refunds_are` is the status that a new refund has."""

    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    refunds_are: str = "succeeded"
    knows_fees: bool = True
    lock: Any = field(default_factory=threading.RLock)

    def authenticate(self, intent_id: str, *, passed: bool = True) -> None:
        """The buyer answers the bank's question (3-D Secure)."""
        with self.lock:
            intent = self.intents[intent_id]
            assert intent["status"] == "requires_action"
            if passed:
                self._charge(intent)
            else:
                self._refuse(intent, "payment_intent_authentication_failure", "")

    def finish(self, intent_id: str) -> None:
        """A slow means of payment has arrived."""
        with self.lock:
            self._charge(self.intents[intent_id])

    def refund_at_dashboard(self, intent_id: str, amount: int) -> dict[str, Any]:
        """Somebody presses Refund on Stripe's own pages."""
        with self.lock:
            return self._refund({"payment_intent": intent_id, "amount": str(amount)})[1]

    def end_refund(self, refund_id: str, status: str, **facts: Any) -> None:
        with self.lock:
            refund = self.made[refund_id]
            refund |= {"status": status, **facts}
            if status == "failed":
                self.intents[refund["payment_intent"]]["_refunded"] -= refund["amount"]
            self._tell("refund.failed" if status == "failed" else "refund.updated", refund)

    def event(self, kind: str, number: int = -1) -> dict[str, Any]:
        """The last event of this kind, or that of the number."""
        return [event for event in self.events if event["type"] == kind][number]

    def do(self, call: str, form: dict[str, Any]) -> Answer:
        method, path = call.split(" ")
        parts = path.split("/")[2:]
        if parts[0] == "refunds":
            return self._refunds(method, parts[1:], form)
        if method == "POST" and len(parts) == 1:
            return self._create(form)
        if parts[0] != "payment_intents" or parts[1] not in self.intents:
            raise Refused(404, f"No such payment_intent: '{parts[-1]}'", code="resource_missing", param="intent")
        intent = self.intents[parts[1]]
        if method == "POST":
            act = {"confirm": self._confirm, "capture": self._capture, "cancel": self._cancel}[parts[2]]
            act(intent, form)
        return 200, self._expanded(intent, form)

    def _expanded(self, intent: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
        """With the charge and what Stripe keeps of it, where the caller asks for it."""
        found = shown(intent)
        if "latest_charge.balance_transaction" not in form.get("expand", {}).values() or not found["latest_charge"]:
            return found
        kept = None
        if intent["status"] == "succeeded" and self.knows_fees:
            kept = {
                "id": f"txn_{intent['id'][3:]}", "object": "balance_transaction", "amount": intent["amount_received"],
                "currency": intent["currency"], "fee": fee(intent["amount_received"]),
                "net": intent["amount_received"] - fee(intent["amount_received"]), "type": "charge",
            }  # fmt: skip
        card = {"brand": "visa", "country": "US"}  # as Stripe's usual test cards have it
        details = {"type": "card", "card": card}
        charge = {"id": found["latest_charge"], "object": "charge", "balance_transaction": kept}
        charge["payment_method_details"] = details
        return found | {"latest_charge": charge}

    def settle_fee(self, intent_id: str) -> None:
        """Some time after an asynchronous capture Stripe knows what it keeps, and says so."""
        with self.lock:
            intent, self.knows_fees = self.intents[intent_id], True
            self._tell(
                "charge.updated",
                {
                    "id": intent["latest_charge"],
                    "object": "charge",
                    "metadata": intent["metadata"],
                    "payment_intent": intent_id,
                    "balance_transaction": f"txn_{intent_id[3:]}",
                },
            )

    def _create(self, form: dict[str, Any]) -> Answer:
        known_names("create", form)
        number, amount = len(self.intents) + 1, int(form["amount"])
        intent = {
            "id": f"pi_{number}", "object": "payment_intent", "amount": amount, "amount_capturable": 0,
            "amount_received": 0, "capture_method": form.get("capture_method", "automatic_async"),
            "client_secret": f"pi_{number}_secret_{number}", "currency": form["currency"], "livemode": False,
            "last_payment_error": None, "latest_charge": None, "metadata": form.get("metadata", {}),
            "automatic_payment_methods": form.get("automatic_payment_methods"), "next_action": None,
            "status": "requires_payment_method", "_refunded": 0,
        }  # fmt: skip
        self.intents[intent["id"]] = intent
        self._tell("payment_intent.created", shown(intent))
        return 200, shown(intent)

    def _confirm(self, intent: dict[str, Any], form: dict[str, Any]) -> None:
        if form["client_secret"] != intent["client_secret"]:
            raise Refused(404, f"No such payment_intent: '{intent['id']}'", code="resource_missing", param="intent")
        if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
            raise unexpected(intent, "confirm")
        method = form["payment_method"]
        if code := REFUSALS.get(method):
            self._refuse(intent, "card_declined", code)
            facts = {"code": "card_declined", "decline_code": code, "payment_intent": shown(intent)}
            raise Refused(402, "Your card was declined.", kind="card_error", **facts)
        if method == CHALLENGED:
            intent |= {"status": "requires_action", "next_action": {"type": "use_stripe_sdk"}}
            self._tell("payment_intent.requires_action", shown(intent))
        elif method == SLOW:
            intent["status"] = "processing"
            self._tell("payment_intent.processing", shown(intent))
        else:
            self._charge(intent)

    def _refuse(self, intent: dict[str, Any], code: str, decline_code: str) -> None:
        error = {"type": "card_error", "code": code, "message": "Your card was declined."}
        if decline_code:
            error["decline_code"] = decline_code
        intent |= {"status": "requires_payment_method", "last_payment_error": error, "next_action": None}
        self._tell("payment_intent.payment_failed", shown(intent))

    def _charge(self, intent: dict[str, Any]) -> None:
        intent |= {"latest_charge": f"ch_{intent['id'][3:]}", "last_payment_error": None, "next_action": None}
        if intent["capture_method"] == "manual":
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            self._tell("payment_intent.amount_capturable_updated", shown(intent))
        else:
            self._succeed(intent)

    def _succeed(self, intent: dict[str, Any]) -> None:
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "amount_capturable": 0}
        self._tell("payment_intent.succeeded", shown(intent))

    def _capture(self, intent: dict[str, Any], form: dict[str, Any]) -> None:
        known_names("capture", form)
        if intent["status"] != "requires_capture":
            raise unexpected(intent, "capture")
        self._succeed(intent)

    def _cancel(self, intent: dict[str, Any], form: dict[str, Any]) -> None:
        known_names("cancel", form)
        if intent["status"] not in CANCELABLE:
            raise unexpected(intent, "cancel")
        intent |= {"status": "canceled", "amount_capturable": 0}
        self._tell("payment_intent.canceled", shown(intent))

    def _refunds(self, method: str, parts: list[str], form: dict[str, Any]) -> Answer:
        if method == "POST":
            known_names("refund", form)
            return self._refund(form)
        if parts:
            return 200, self.made[parts[0]]
        of = [each for each in self.made.values() if each["payment_intent"] == form["payment_intent"]]
        return 200, {"object": "list", "data": of[::-1], "has_more": False, "url": "/v1/refunds"}

    def _refund(self, form: dict[str, Any]) -> Answer:
        intent = self.intents[form["payment_intent"]]
        amount, left = int(form["amount"]), intent["amount_received"] - intent["_refunded"]
        if intent["status"] != "succeeded":
            message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise Refused(400, message, param="payment_intent")
        if left == 0:
            charge = intent["latest_charge"]
            raise Refused(400, f"Charge {charge} has already been refunded.", code="charge_already_refunded")
        if amount > left:
            message = f"Refund amount (€{amount / 100}) is greater than unrefunded amount on charge (€{left / 100})"
            raise Refused(400, message, param="amount")
        intent["_refunded"] += amount
        refund = {
            "id": f"re_{len(self.made) + 1}", "object": "refund", "amount": amount, "charge": intent["latest_charge"],
            "currency": intent["currency"], "metadata": form.get("metadata", {}), "payment_intent": intent["id"],
            "reason": None, "status": self.refunds_are,
        }  # fmt: skip
        self.made[refund["id"]] = refund
        self._tell("refund.created", refund)
        charge = {
            "id": refund["charge"], "object": "charge", "amount": intent["amount"], "metadata": intent["metadata"],
            "amount_refunded": intent["_refunded"], "payment_intent": intent["id"],
            "refunded": intent["_refunded"] == intent["amount"],
        }  # fmt: skip
        self._tell("charge.refunded", charge)
        return 200, refund

    def _tell(self, kind: str, thing: dict[str, Any]) -> None:
        self.events.append(
            {
                "id": f"evt_{len(self.events) + 1}",
                "object": "event",
                "api_version": API_VERSION,
                "created": int(time.time()),
                "livemode": False,
                "pending_webhooks": 1,
                "type": kind,
                "request": {"id": None, "idempotency_key": None},
                "data": {"object": dict(thing)},
            }
        )


def fee(amount: int) -> int:
    return amount * 15 // 1000 + 25


def shown(intent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in intent.items() if not name.startswith("_")}


def unexpected(intent: dict[str, Any], act: str) -> Refused:
    message = f"This PaymentIntent could not be {act}ed because it has a status of {intent['status']}."
    return Refused(400, message, code="payment_intent_unexpected_state", payment_intent=shown(intent))


def known_names(call: str, form: dict[str, Any]) -> None:
    """Stripe refuses parameters that it does not know; which those are, the SDK describes."""
    module, name = SHAPES[call]
    if wrong := unknown(getattr(module, name), form, module):
        raise Refused(400, f"Received unknown parameter: {wrong[0]}", code="parameter_unknown", param=wrong[0])


def unknown(kind: Any, form: dict[str, Any], module: Any) -> list[str]:
    """Names in a form that this description does not have, and in the forms inside it."""
    known = {name: str(hint) for name, hint in kind.__annotations__.items() if name not in OPTIONS}
    wrong = [name for name in form if name not in known]
    for name, part in form.items():
        inner = [getattr(module, word, None) for word in re.findall(r"\w+", known.get(name, ""))]
        wrong += [each for shape in inner if is_typeddict(shape) for each in unknown(shape, part, module)]
    return wrong
