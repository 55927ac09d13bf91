"""A server on this machine that speaks Stripe's API in front of an account, and remembers idempotency keys.

It does so as docs.stripe.com/api/idempotent_requests says, errors and signed webhooks too. The buyer's browser is
`confirm`; what goes wrong is told with `fault`.
"""

import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser

from backmarket.payments.gateways.stripe import API_VERSION
from tests.ground.standing_in import Answering, standing_in
from tests.ground.stripe_account import VISA, Answer, Refused
from tests.ground.stripe_connect_account import StripePlatform

SECRET_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET = "sk_test_x", "pk_test_x", "whsec_x"


@dataclass
class Fault:
    """What goes wrong with the next `times` calls. `after`: the thing is done first. Status 0 hangs up unanswered."""

    call: str
    status: int = 500
    after: bool = False
    times: int = 1_000
    seconds: float = 0


@dataclass
class Kept:
    """What is known under an idempotency key; no answer while it is being worked out."""

    fingerprint: str
    answer: Answer | None = None


@dataclass
class StripeServer(StripePlatform):
    """`calls` is (method and path, form, headers) of each; `before_answer` is told of a call when its thing is done."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    before_answer: Callable[[str], None] = lambda path: None

    def fault(self, call: str, **facts: Any) -> Fault:
        """`call` is the method and the beginning of the path: "POST /v1/refunds"."""
        self.faults.append(Fault(call, **facts))
        return self.faults[-1]

    def heard(self, call: str) -> list[dict[str, Any]]:
        """The forms of every call that begins so."""
        return [form for known, form, _headers in self.calls if known.startswith(call)]

    def confirm(self, intent_id: str, method: str = VISA) -> Answer:
        """The buyer presses Pay: Stripe.js asks over HTTP, with the publishable key and the secret of the page."""
        secret = self.intents[intent_id]["client_secret"]
        form = {"payment_method": method, "client_secret": secret}
        return post(f"{self.url}/v1/payment_intents/{intent_id}/confirm", form, PUBLISHABLE_KEY)

    def deliver(self, event: dict[str, Any], site: str, *, secret: str = WEBHOOK_SECRET, age: int = 0) -> int:
        """Post an event to the shop, signed; returns the status it was answered with."""
        body = json.dumps(event).encode()
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature(body, secret, age)}
        try:
            with urlopen(Request(f"{site}/webhooks/payments/stripe/", body, headers), timeout=60) as answer:  # noqa: S310
                return int(answer.status)
        except HTTPError as error:
            error.close()
            return error.code

    def answer(self, method: str, target: str, headers: dict[str, str], raw: bytes) -> Answer | None:
        path, query = urlsplit(target).path, urlsplit(target).query
        call, form = f"{method} {path}", read_form(headers, raw) if raw else nested(query)
        with self.lock:
            self.calls.append((call, form, headers))
        try:
            self._check(path, headers, form)
            return self._once(call, form, headers.get("Idempotency-Key", "") if method == "POST" else "")
        except Refused as refusal:
            return refusal.answer

    def _check(self, path: str, headers: dict[str, str], form: dict[str, Any]) -> None:
        by_buyer = path.endswith("/confirm")
        if headers.get("Authorization") != f"Bearer {PUBLISHABLE_KEY if by_buyer else SECRET_KEY}":
            raise Refused(401, "Invalid API Key provided")
        if not by_buyer and headers.get("Stripe-Version") != API_VERSION:
            raise Refused(400, f"Invalid Stripe API version: {headers.get('Stripe-Version')}")

    def _once(self, call: str, form: dict[str, Any], key: str) -> Answer | None:
        """The answer kept under the key, else the thing is done; its answer is kept, a failure of ours too."""
        before = self._fault(call, after=False)
        if before:
            return before_status(before)
        fingerprint = json.dumps([call, form], sort_keys=True)
        with self.lock:
            known = self.kept.get(key) if key else None
            if known and known.fingerprint != fingerprint:
                message = f"Keys for idempotent requests can only be used with the same parameters. Try using a key other than '{key}'."  # noqa: E501
                raise Refused(400, message, kind="idempotency_error")
            if known and known.answer is None:
                message = f"There is currently another in-progress request using this Idempotent Key: {key}"
                raise Refused(409, message, kind="idempotency_error", code="idempotency_key_in_use")
            if known:
                return known.answer
            mine = Kept(fingerprint)
            if key:
                self.kept[key] = mine
        return self._fresh(call, form, key, mine)

    def _fresh(self, call: str, form: dict[str, Any], key: str, mine: Kept) -> Answer | None:
        try:
            with self.lock:
                done = self.do(call, form)
        except Refused as refusal:
            done = refusal.answer
        self.before_answer(call)
        after = self._fault(call, after=True)
        if after and after.status:
            done = server_error(after.status)
        mine.answer = done
        return None if after and not after.status else done

    def _fault(self, call: str, *, after: bool) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.after == after and fault.times and call.startswith(fault.call):
                    fault.times -= 1
                    break
            else:
                return None
        time.sleep(fault.seconds)
        return fault if fault.status != 200 else None


def server_error(status: int) -> Answer:
    return status, {
        "error": {"type": "api_error", "message": "Sorry! There was an error while talking to our servers."}
    }


def before_status(fault: Fault) -> Answer | None:
    return server_error(fault.status) if fault.status else None


def read_form(headers: dict[str, str], raw: bytes) -> dict[str, Any]:
    """As typed, or in parts where it has a file: that is its name and, in base64, its content."""
    kind = headers.get("Content-Type", "")
    if not kind.startswith("multipart/form-data"):
        return nested(raw.decode())
    facts = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(raw))}
    typed, files = MultiPartParser(facts, BytesIO(raw), [TemporaryFileUploadHandler()]).parse()
    return typed.dict() | {name: _file(files[name]) for name in files}


def _file(file: Any) -> dict[str, str]:
    with file:
        return {"filename": file.name, "content": b64encode(file.read()).decode()}


def nested(text: str) -> dict[str, Any]:
    """A form as Stripe reads it: a[b]=c is {"a": {"b": "c"}}."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *path, last = name.replace("]", "").split("[")
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return found


def signature(body: bytes, secret: str = WEBHOOK_SECRET, age: int = 0) -> str:
    stamp = int(time.time()) - age
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def post(url: str, form: dict[str, str], key: str) -> Answer:
    request = Request(url, urlencode(form).encode(), {"Authorization": f"Bearer {key}"})  # noqa: S310
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


@contextmanager
def stripe_server() -> Iterator[StripeServer]:
    stripe = StripeServer()

    class Handler(Answering):
        def answer(self) -> None:
            answer = stripe.answer(self.command, self.path, dict(self.headers), self.read())
            if answer is None:
                self.close_connection = True
                return
            # Kept under the key: a repetition would only be told the same.
            final = {"Stripe_Should_Retry": "false"} if answer[0] >= 500 else {}
            self.send(answer[0], "application/json", json.dumps(answer[1]).encode(), **final)

    with standing_in(Handler) as stripe.url:
        yield stripe
