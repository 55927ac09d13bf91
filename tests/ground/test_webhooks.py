"""Webhooks: signed, kept once, harmless however often and in whatever order they come."""

import json
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from backmarket.events import inbox
from backmarket.events.models import Event, IncomingWebhook
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import Payment, SandboxIntent
from tests.ground.money_steps import CARD, captured, opened

pytestmark = pytest.mark.django_db

URL = "/webhooks/payments/sandbox/"


def post(body: bytes, header: str | None = None, url: str = URL) -> HttpResponse:
    signature = inbox.sign(body, settings.SANDBOX_WEBHOOK_SECRET) if header is None else header
    response: Any = Client(enforce_csrf_checks=True).post(
        url, body, content_type="application/json", headers={inbox.SIGNATURE_HEADER: signature}
    )
    return response


def paid_at_the_bank(now: datetime) -> tuple[Payment, bytes]:
    payment, intent = opened(now)
    sandbox.pay(intent, CARD)
    return payment, sandbox.webhook_body(SandboxIntent.objects.get(pk=intent.pk))


def test_a_signed_webhook_is_kept_and_settles_the_payment(now: datetime) -> None:
    payment, body = paid_at_the_bank(now)
    assert post(body).status_code == 200
    webhook = IncomingWebhook.objects.get()
    assert inbox.handle_webhook(webhook.pk, at=now) is True
    payment.refresh_from_db()
    webhook.refresh_from_db()
    assert (payment.status, webhook.attempts) == ("captured", 1)
    assert webhook.handled_at is not None


def test_a_replayed_webhook_is_answered_200_and_changes_nothing(now: datetime) -> None:
    _payment, body = paid_at_the_bank(now)
    assert [post(body).status_code for _time in range(3)] == [200, 200, 200]
    webhook = IncomingWebhook.objects.get()
    assert [inbox.handle_webhook(webhook.pk, at=now) for _time in range(2)] == [True, False]
    assert Event.objects.filter(kind="payment.captured").count() == 1


def test_a_late_webhook_of_a_settled_payment_changes_nothing(now: datetime) -> None:
    payment = captured(now)
    intent = SandboxIntent.objects.get()
    intent.status = "failed"  # an old notice: what counts is what the bank says when asked
    assert post(sandbox.webhook_body(intent)).status_code == 200
    inbox.handle_webhook(IncomingWebhook.objects.get().pk, at=now)
    payment.refresh_from_db()
    assert payment.status == "captured"


def test_a_webhook_of_something_unknown_is_kept_and_given_up_in_the_end(now: datetime) -> None:
    body = json.dumps({"id": "evt_1", "payment": uuid4().hex}).encode()
    assert post(body).status_code == 200
    webhook = IncomingWebhook.objects.get()
    assert inbox.handle_webhook(webhook.pk, at=now) is False
    IncomingWebhook.objects.update(received_at=timezone.now() - timedelta(hours=1))
    for _time in range(inbox.MAX_ATTEMPTS + 2):
        assert inbox.handle_waiting_webhooks(now) == 0
    webhook.refresh_from_db()
    assert (webhook.attempts, webhook.last_error) == (inbox.MAX_ATTEMPTS, "unknown subject")


def test_a_webhook_whose_message_was_lost_is_interpreted_by_the_job(now: datetime) -> None:
    payment, body = paid_at_the_bank(now)
    post(body)
    IncomingWebhook.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    assert inbox.handle_waiting_webhooks(now) == 1
    payment.refresh_from_db()
    assert payment.status == "captured"


def test_a_wrong_signature_is_400_and_nothing_is_kept(now: datetime) -> None:
    _payment, body = paid_at_the_bank(now)
    old = inbox.sign(body, settings.SANDBOX_WEBHOOK_SECRET, seconds=int(time.time()) - 301)
    foreign = inbox.sign(body, "another secret")
    other_body = inbox.sign(b"{}", settings.SANDBOX_WEBHOOK_SECRET)
    for header in ("", "t=1,v1=x", "nonsense", old, foreign, other_body):
        assert post(body, header).status_code == 400
    assert IncomingWebhook.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"{}", b"null"])
def test_a_signed_body_that_is_no_event_is_400(body: bytes) -> None:
    assert post(body).status_code == 400


@pytest.mark.parametrize("url", ["/webhooks/payments/unheard-of/", "/webhooks/other/sandbox/"])
def test_an_unknown_provider_is_404(url: str) -> None:
    assert post(b"{}", url=url).status_code == 404


def test_a_stripe_webhook_without_a_configured_secret_is_never_believed() -> None:
    assert post(b'{"id": "evt_1"}', url="/webhooks/payments/stripe/").status_code == 400


def test_reading_a_webhook_address_is_405() -> None:
    assert Client().get(URL).status_code == 405


def test_a_webhook_that_cannot_be_interpreted_notes_why(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    _payment, body = paid_at_the_bank(now)
    post(body)
    webhook = IncomingWebhook.objects.get()
    monkeypatch.setitem(inbox.INTERPRETERS, "payments", "tests.ground.test_webhooks.fail")
    with pytest.raises(RuntimeError):
        inbox.handle_webhook(webhook.pk, at=now)
    webhook.refresh_from_db()
    assert (webhook.attempts, webhook.last_error, webhook.handled_at) == (1, "RuntimeError", None)


def fail(name: str, body: dict[str, Any], *, at: datetime) -> bool:
    raise RuntimeError("the provider's server is down")
