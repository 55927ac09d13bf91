"""Stripe's disputes: what the buyer's bank says, and our answer to it."""

from datetime import UTC, datetime
from typing import Any

from django.core.files.base import File

from backmarket.errors import GatewayError
from backmarket.money import Money
from backmarket.payments.gateways.base import DisputeReport
from backmarket.payments.gateways.stripe import ask, ask_twice, client
from backmarket.payments.models import Dispute

Status = Dispute.Status
STATES = {
    "warning_needs_response": Status.NEEDS_RESPONSE,
    "needs_response": Status.NEEDS_RESPONSE,
    "appeal_needs_response": Status.NEEDS_RESPONSE,
    "warning_under_review": Status.UNDER_REVIEW,
    "under_review": Status.UNDER_REVIEW,
    "appeal_under_review": Status.UNDER_REVIEW,
    "won": Status.WON,
    "lost": Status.LOST,
    "warning_closed": Status.CLOSED,
    "prevented": Status.CLOSED,
}
INQUIRY = "warning_"


class Disputes:
    """See base.DisputeGateway."""

    def dispute(self, gateway_id: str, *, at: datetime) -> DisputeReport:
        return _report(ask(lambda: client().v1.disputes.retrieve(gateway_id)))

    def upload(self, paper: File[bytes], *, key: str) -> str:
        files = client().v1.files

        def create(key: str) -> Any:
            paper.seek(0)
            return files.create({"purpose": "dispute_evidence", "file": paper}, {"idempotency_key": key})

        return str(ask_twice(create, key).id)

    def answer(self, dispute: Dispute, evidence: dict[str, str], *, at: datetime) -> DisputeReport:
        """Handed in only where it waits for an answer: its own state forbids it twice."""
        disputes, known = client().v1.disputes, self.dispute(dispute.gateway_id, at=at)
        if known.state != Status.NEEDS_RESPONSE:
            return known
        params: Any = {"evidence": evidence, "submit": True, "metadata": {"dispute": str(dispute.pk)}}
        options: Any = {"idempotency_key": f"{dispute.pk}-{known.due_at:%Y%m%d}" if known.due_at else str(dispute.pk)}
        return _report(ask(lambda: disputes.update(dispute.gateway_id, params, options)))


def _report(found: Any) -> DisputeReport:
    if found.status not in STATES:
        raise GatewayError(f"dispute_{found.status}"[:100])
    due = found.evidence_details.due_by if found.evidence_details else None
    taken, fee = _sums(found, -1)
    returned, fee_returned = _sums(found, 1)
    return DisputeReport(
        found.id, str(found.payment_intent or ""), STATES[found.status], _money(found.amount, found), found.reason,
        datetime.fromtimestamp(due, UTC) if due else None,
        taken, fee, returned, fee_returned, inquiry=found.status.startswith(INQUIRY),
    )  # fmt: skip


def _sums(found: Any, sign: int) -> tuple[Money, Money]:
    """What moved in this direction for the dispute, and the fee that went with it: both positive."""
    moved = [each for each in found.balance_transactions if each.amount * sign > 0]
    amount, fee = sum(each.amount for each in moved) * sign, sum(each.fee for each in moved) * -sign
    return _money(amount, found), _money(max(0, fee), found)


def _money(minor: int, found: Any) -> Money:
    return Money(minor, found.currency.upper())
