"""What a payment provider's webhook means: ask the provider, for webhooks are only a hint that something happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backmarket.payments import gateways
from backmarket.payments.models import ConnectAccount, Payment, Payout, Refund
from backmarket.payments.services import (
    follow_payout,
    record_dispute,
    record_provider_refunds,
    send_refund,
    settle_payment,
)
from backmarket.payments.services.connect import follow_account
from backmarket.payments.services.reversals import record_reversals


def interpret(name: str, body: dict[str, Any], *, at: datetime) -> bool:
    """Settle the payment, refund or payout that the webhook names; False when we do not know it (yet)."""
    subject = gateways.module(name).subject_of(body)
    if subject is None:
        return True  # a kind of event that we never asked for
    kind, text = subject
    if kind == "payout":
        return _follow(name, text, at)
    if kind == "dispute":
        return record_dispute(name, text, at=at)
    if kind == "account":
        return _ask_account(name, text, at)
    if kind == "transfer":
        return _look_at_transfer(name, text, at)
    if kind == "refunds":
        return _look(name, text, at)
    try:
        pk = UUID(text)
    except ValueError:
        return True
    if kind == "refund":
        return _known(Refund, pk) and bool(send_refund(pk, at=at))
    return _known(Payment, pk) and bool(settle_payment(pk, at=at))


def _follow(name: str, gateway_id: str, at: datetime) -> bool:
    """The provider's news of a payout, by the provider's id: it may come before we have noted that id."""
    payout = Payout.objects.filter(gateway=name, gateway_id=gateway_id).exclude(gateway_id="").first()
    if payout is not None:
        follow_payout(payout.pk, at)
    return payout is not None


def _ask_account(name: str, gateway_id: str, at: datetime) -> bool:
    """The provider's news of a payee's account: they may come before we have noted its id."""
    known = ConnectAccount.objects.filter(gateway=gateways.CONNECT[name], gateway_id=gateway_id).first()
    return known is not None and bool(follow_account(known.pk, at=at))


def _look_at_transfer(name: str, gateway_id: str, at: datetime) -> bool:
    """The provider's news of a transfer to a payee's account, and of what was taken back of it."""
    payout = Payout.objects.filter(gateway=gateways.CONNECT[name], gateway_id=gateway_id).first()
    if payout is None:
        return False
    follow_payout(payout.pk, at)
    return record_reversals(payout, at=at)


def _look(name: str, gateway_id: str, at: datetime) -> bool:
    """The provider's news of a refund that is not ours; the payment itself may not have been heard of yet."""
    payment = Payment.objects.filter(gateway=name, gateway_id=gateway_id).exclude(gateway_id="").first()
    if payment is None:
        return False
    payment = settle_payment(payment.pk, at=at)
    return payment.status in Payment.TAKEN and record_provider_refunds(payment, at=at)


def _known(model: type[Payment] | type[Refund], pk: UUID) -> bool:
    return model.objects.filter(pk=pk).exists()
