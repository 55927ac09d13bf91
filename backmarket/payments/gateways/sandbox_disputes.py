"""Disputes at the sandbox bank: it takes the money back, hears both sides, and decides by what it was told.

Evidence with a parcel's number wins, any other loses, and so does silence. Evidence that asks for arbitration loses,
and the card scheme overrules the bank a month later. The tables are shown at /sandbox/.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.core.files.base import File
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from backmarket.errors import GatewayError
from backmarket.money import Money
from backmarket.payments.gateways.base import DisputeReport
from backmarket.payments.models import Dispute, SandboxIntent

# How long the shop may take, and how long the buyer's bank does.
ANSWER_WITHIN, DECIDED_AFTER, OVERRULED_AFTER = timedelta(days=7), timedelta(days=3), timedelta(days=30)
FEE_MINOR = 1_500
REASON = "product_not_received"
WINNING, OVERRULING = "shipping_tracking_number", "arbitration"
TABLE: dict[Any, Any] = {
    _("Evidence with a parcel's number"): _("Won, three days later."),
    _("Evidence without one"): _("Lost, three days later."),
    _("Evidence with the word “%(word)s”") % {"word": OVERRULING}: _(
        "Lost, three days later; won after all, a month on."
    ),
    _("No answer within seven days"): _("Lost."),
}
Status = Dispute.Status
Facts = dict[str, Any]


class Disputes:
    """See base.DisputeGateway."""

    def dispute(self, gateway_id: str, *, at: datetime) -> DisputeReport:
        try:
            intent = SandboxIntent.objects.get(pk=gateway_id, kind="dispute")
        except SandboxIntent.DoesNotExist:
            raise GatewayError("The sandbox bank has never heard of this.") from None
        state = _judge(intent, at)
        if state != intent.status:
            SandboxIntent.objects.filter(pk=intent.pk, status=intent.status).update(status=state)
        return _report(intent, state)

    def upload(self, paper: File[bytes], *, key: str) -> str:
        """It keeps the file's hash: nobody there reads it."""
        told = {"name": paper.name, "sha256": sha256(paper.read()).hexdigest()}
        facts = {"kind": "file", "status": "kept", "amount_minor": 0, "currency": "EUR", "facts": told}
        name = f"file_{sha256(key.encode()).hexdigest()[:32]}"
        intent, _is_new = SandboxIntent.objects.get_or_create(id=name, defaults=facts)
        return intent.pk

    def answer(self, dispute: Dispute, evidence: dict[str, str], *, at: datetime) -> DisputeReport:
        known = self.dispute(dispute.gateway_id, at=at)
        if known.state == Status.NEEDS_RESPONSE:
            waiting = SandboxIntent.objects.filter(pk=dispute.gateway_id, status=Status.NEEDS_RESPONSE)
            for intent in waiting:
                turns = OVERRULING in " ".join(evidence.values()).lower()
                wins = bool(evidence.get(WINNING)) and not turns
                told = {"answered_at": at.isoformat(), "wins": wins, "turns": turns}
                waiting.update(status=Status.UNDER_REVIEW, facts=intent.facts | told)
        return self.dispute(dispute.gateway_id, at=at)


def _judge(intent: SandboxIntent, at: datetime) -> str:
    facts: Facts = intent.facts
    if intent.status == Status.NEEDS_RESPONSE and at >= _instant(facts["due_at"]):
        return Status.LOST
    if intent.status == Status.UNDER_REVIEW and at >= _instant(facts["answered_at"]) + DECIDED_AFTER:
        return Status.WON if facts["wins"] else Status.LOST
    if intent.status == Status.LOST and facts.get("turns"):
        overruled = at >= _instant(facts["answered_at"]) + DECIDED_AFTER + OVERRULED_AFTER
        return Status.WON if overruled else Status.LOST
    return intent.status


def _instant(text: str) -> datetime:
    found = parse_datetime(text)
    assert found is not None  # noqa: S101 - we wrote it
    return found


def _report(intent: SandboxIntent, state: str) -> DisputeReport:
    amount, nothing = Money(intent.amount_minor, intent.currency), Money(0, intent.currency)
    fee, won = Money(FEE_MINOR, intent.currency), state == Status.WON
    return DisputeReport(
        intent.pk, intent.facts["payment"], state, amount, REASON, _instant(intent.facts["due_at"]),
        amount, fee, amount if won else nothing, fee if won else nothing,
    )  # fmt: skip


def open_dispute(payment_intent: str, *, at: datetime, tell: bool = True) -> str | None:
    """The holder of the card asks for what they do not have back; returns the dispute's id, None unless money is left.

    `tell`: the shop hears of it by a webhook."""
    paid = SandboxIntent.objects.filter(pk=payment_intent, kind="payment", status="captured").first()
    if paid is None or paid.refunded_minor >= paid.amount_minor:
        return None
    intent, is_new = SandboxIntent.objects.get_or_create(
        id=f"dp_{payment_intent.removeprefix('pay_')}",
        defaults={
            "kind": "dispute",
            "status": Status.NEEDS_RESPONSE,
            "amount_minor": paid.amount_minor - paid.refunded_minor,
            "currency": paid.currency,
            "facts": {"payment": paid.pk, "due_at": (at + ANSWER_WITHIN).isoformat()},
        },
    )
    if is_new and tell:
        from backmarket.payments.tasks import deliver_sandbox_webhook

        deliver_sandbox_webhook.delay(intent.pk)
    return intent.pk
