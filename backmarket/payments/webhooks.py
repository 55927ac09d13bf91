"""What a payment provider's webhook means: ask the provider, for webhooks are only a hint that something happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backmarket.payments import gateways
from backmarket.payments.models import Payment, Refund
from backmarket.payments.services import send_refund, settle_payment


def interpret(name: str, body: dict[str, Any], *, at: datetime) -> bool:
    """Settle the payment or refund that the webhook names; False when we do not know it (yet)."""
    subject = gateways.module(name).subject_of(body)
    if subject is None:
        return True  # a kind of event that we never asked for
    kind, text = subject
    try:
        pk = UUID(text)
    except ValueError:
        return True
    if kind == "refund":
        return _known(Refund, pk) and bool(send_refund(pk, at=at))
    return _known(Payment, pk) and bool(settle_payment(pk, at=at))


def _known(model: type[Payment] | type[Refund], pk: UUID) -> bool:
    return model.objects.filter(pk=pk).exists()
