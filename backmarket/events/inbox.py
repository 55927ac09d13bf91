"""Incoming webhooks of every provider: signed, kept once under the provider's own id, interpreted afterwards.

A family ("payments", "couriers") and a name ("sandbox") make the provider's key "payments.sandbox".
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string

from backmarket.db import fitting, storable
from backmarket.events.models import IncomingWebhook

log = structlog.get_logger(__name__)

# Each takes (name, body, at) and returns whether it knew what the webhook is about; it is idempotent.
INTERPRETERS = {
    "payments": "backmarket.payments.webhooks.interpret",
    "couriers": "backmarket.shipping.webhooks.interpret",
}
MAX_ATTEMPTS, KEY_LENGTH = 10, 120
RETRY_AFTER = timedelta(seconds=30)
KEPT_FOR = timedelta(days=90)
# A signature older than this is a replay; the real clock counts, not the sandbox's.
TOLERANCE = timedelta(minutes=5)
SIGNATURE_HEADER = "Sandbox-Signature"


class BadSignature(Exception):
    """The webhook is not from whom it says, or too old, or unreadable."""


def sign(body: bytes, secret: str, *, seconds: int | None = None) -> str:
    """The sandboxes' signature header: "t=<unix seconds>,v1=<HMAC-SHA256 of '<t>.<body>'>"."""
    stamp = int(time.time()) if seconds is None else seconds
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def verify(body: bytes, header: str, secret: str) -> None:
    """Raises BadSignature unless `sign` made the header from this body, recently."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    if not secret or not parts.get("t", "").isdigit():
        raise BadSignature
    seconds = int(parts["t"])
    if not hmac.compare_digest(sign(body, secret, seconds=seconds), header):
        raise BadSignature
    if abs(time.time() - seconds) > TOLERANCE.total_seconds():
        raise BadSignature


def event_id(body: bytes, headers: Mapping[str, str], secret: str) -> str:
    """The id of a sandbox's webhook whose signature holds; raises BadSignature."""
    verify(body, headers.get(SIGNATURE_HEADER, ""), secret)
    try:
        return str(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        raise BadSignature from None


def receive(provider: str, external_id: str, body: dict[str, Any]) -> IncomingWebhook | None:
    """Keep a verified webhook and have it interpreted after the commit; None when it came before."""
    key, facts = fitting(external_id, KEY_LENGTH), {"body": storable(body), "received_at": timezone.now()}
    with transaction.atomic():
        webhook, is_new = IncomingWebhook.objects.get_or_create(provider=provider, external_id=key, defaults=facts)
        if not is_new:
            return None
        transaction.on_commit(partial(_soon, webhook.pk), robust=True)
    return webhook


def _soon(webhook_id: int) -> None:
    from backmarket.events.tasks import handle_webhook as task

    task.delay(webhook_id)


def handle_webhook(webhook_id: int, *, at: datetime) -> bool:
    """Interpret a kept webhook unless that was done; False when nothing was there to do or its subject is unknown yet.

    Two workers may do it at once: interpreters lock what they change and change it once.
    """
    webhook = IncomingWebhook.objects.filter(pk=webhook_id, handled_at=None).first()
    if webhook is None:
        return False
    family, name = webhook.provider.split(".", 1)
    this = IncomingWebhook.objects.filter(pk=webhook_id)
    try:
        known: bool = import_string(INTERPRETERS[family])(name, webhook.body, at=at)
    except Exception as error:
        this.update(attempts=F("attempts") + 1, last_error=type(error).__name__)
        raise
    handled = {"handled_at": timezone.now()} if known else {"last_error": "unknown subject"}
    this.update(attempts=F("attempts") + 1, **handled)
    return known


def handle_waiting_webhooks(at: datetime) -> int:
    """Interpret again what a lost message or a failure left behind; gives up after MAX_ATTEMPTS. Returns how many."""
    waiting = IncomingWebhook.objects.filter(
        handled_at=None, attempts__lt=MAX_ATTEMPTS, received_at__lt=timezone.now() - RETRY_AFTER
    )
    done = 0
    for webhook_id in list(waiting.values_list("pk", flat=True)):
        try:
            done += handle_webhook(webhook_id, at=at)
        except Exception:
            log.exception("webhook_failed", webhook=webhook_id)
    return done


def forget_old_webhooks(at: datetime) -> int:
    """Empty the bodies of webhooks that were handled 90 days ago; the rows stay, so that none is taken twice."""
    return IncomingWebhook.objects.filter(handled_at__lte=at - KEPT_FOR).exclude(body={}).update(body={})
