"""Steps that tests with Stripe's stand-in share: the shop set to it, payments as a buyer makes them, its webhooks."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from backmarket.events import inbox
from backmarket.events.models import IncomingWebhook
from backmarket.payments import services
from backmarket.payments.models import Payment
from tests.ground.money_steps import eur
from tests.ground.stripe_account import VISA
from tests.ground.stripe_server import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, StripeServer, stripe_server


@pytest.fixture
def bank(settings: Any) -> Iterator[StripeServer]:
    with stripe_server() as found:
        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = found.url, SECRET_KEY
        settings.STRIPE_PUBLISHABLE_KEY, settings.STRIPE_WEBHOOK_SECRET = PUBLISHABLE_KEY, WEBHOOK_SECRET
        settings.PAYMENT_GATEWAY = "stripe"
        yield found


def opened(at: datetime, minor: int = 10_000, *, capture: str = "automatic", reference: UUID | None = None) -> Payment:
    payment = services.request_payment(
        purpose="order", reference=reference or uuid4(), amount=eur(minor), by="guest", at=at, capture=capture
    )
    assert services.open_payment(payment, return_url="", at=at) == ""
    return payment


def paid(bank: StripeServer, at: datetime, minor: int = 10_000, **facts: Any) -> Payment:
    """Paid at Stripe, and nobody has told us yet."""
    payment = opened(at, minor, **facts)
    assert bank.confirm(payment.gateway_id, VISA)[0] == 200
    return payment


def captured(bank: StripeServer, at: datetime, minor: int = 10_000) -> Payment:
    return services.settle_payment(paid(bank, at, minor).pk, at=at)


def interpret_all(at: datetime) -> list[bool]:
    """What a worker does with every webhook that waits, in the order in which they came."""
    waiting = IncomingWebhook.objects.filter(handled_at=None).order_by("pk")
    return [inbox.handle_webhook(pk, at=at) for pk in list(waiting.values_list("pk", flat=True))]
