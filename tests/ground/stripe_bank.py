"""Stripe's money management on this machine: it remembers idempotency keys, and refuses what its published shapes do.

The shapes are those of the pinned SDK, which is made from Stripe's own description of the API.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args, get_origin
from urllib.parse import parse_qs, urlsplit

from stripe.params.v2.core import _account_create_params as accounts
from stripe.params.v2.money_management import _outbound_payment_create_params as payments
from stripe.params.v2.money_management import _outbound_setup_intent_create_params as intents
from stripe.params.v2.money_management import _recipient_verification_create_params as verifications
from typing_extensions import get_type_hints, is_typeddict

from tests.ground.standing_in import Answering, standing_in

MONEY = "/v2/money_management"
PAYMENTS = f"{MONEY}/outbound_payments"
SHAPES: dict[str, tuple[Any, str]] = {
    "/v2/core/accounts": (accounts, "AccountCreateParams"),
    f"{MONEY}/outbound_setup_intents": (intents, "OutboundSetupIntentCreateParams"),
    f"{MONEY}/recipient_verifications": (verifications, "RecipientVerificationCreateParams"),
    PAYMENTS: (payments, "OutboundPaymentCreateParams"),
}


def misshapen(kind: Any, value: Any, module: Any, path: str = "") -> list[str]:
    """Where `value` is not what the SDK's description of this parameter says."""
    if is_typeddict(kind):
        if not isinstance(value, dict):
            return [f"{path} is no object"]
        hints = get_type_hints(kind, vars(module))
        wrong = [f"{path}.{name} is not known" for name in value if name not in hints]
        wrong += [f"{path}.{name} is missing" for name in kind.__required_keys__ if name not in value]
        known = [(name, part) for name, part in value.items() if name in hints]
        return wrong + [w for name, part in known for w in misshapen(hints[name], part, module, f"{path}.{name}")]
    if get_origin(kind) is Literal:
        return [] if value in get_args(kind) else [f"{path} is {value!r}"]
    if kind in (str, int, bool) and type(value) is not kind:
        return [f"{path} is {value!r}"]
    return []


class StripeBank:
    """What one Stripe account would hold. `say` sets what becomes of a payment, `fail` the answer to a path."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any, dict[str, str]]] = []
        self.known: dict[str, tuple[int, dict[str, Any]]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.wrong: list[str] = []
        self.match = "verified"
        self.fail: dict[str, tuple[int, dict[str, Any]]] = {}
        self.before_answer: Callable[[str], None] = lambda path: None
        self.url = ""
        self._lock = threading.Lock()

    def say(self, payment_id: str, **facts: Any) -> None:
        self.payments[payment_id] |= facts

    def answer(self, method: str, target: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, Any]]:
        path = urlsplit(target).path
        with self._lock:
            self.calls.append((method, target, body, headers))
            if path in self.fail:
                return self.fail[path]
            if method == "GET":
                return self._look_up(path, parse_qs(urlsplit(target).query))
            key = headers.get("Idempotency-Key", "")
            if key not in self.known:
                self.known[key] = self._make(path, body, len(self.known) + 1)
            return self.known[key]

    def _look_up(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        if path == PAYMENTS:
            of = [each for each in self.payments.values() if each["to"]["recipient"] in query["recipient"]]
            return 200, {"data": of, "next_page_url": None, "previous_page_url": None}
        return 200, self.payments[path.rpartition("/")[2]]

    def _make(self, path: str, body: Any, number: int) -> tuple[int, dict[str, Any]]:
        module, name = SHAPES[path]
        if wrong := misshapen(getattr(module, name), body, module, name):
            self.wrong += wrong
            return 400, {"error": {"type": "invalid_request_error", "code": "parameter_invalid", "message": str(wrong)}}
        made: dict[str, Any] = {
            "id": f"{path.rpartition('/')[2]}_{number}",
            "object": f"v2{path[3:-1]}",
            "livemode": False,
        }
        if path == PAYMENTS:
            made |= body | {"status": "processing", "status_details": None, "expected_arrival_date": None}
            self.payments[made["id"]] = made
        elif path.endswith("outbound_setup_intents"):
            made["payout_method"] = {"id": f"pm_{number}", "object": "v2.money_management.payout_method"}
        elif path.endswith("recipient_verifications"):
            made["status"] = self.match
        return 200, made


@contextmanager
def stripe_bank() -> Iterator[StripeBank]:
    bank = StripeBank()

    class Handler(Answering):
        def answer(self) -> None:
            raw = self.read()
            status, answer = bank.answer(self.command, self.path, dict(self.headers), json.loads(raw) if raw else None)
            bank.before_answer(urlsplit(self.path).path)
            self.send(status, "application/json", json.dumps(answer).encode())

    with standing_in(Handler) as bank.url:
        yield bank
