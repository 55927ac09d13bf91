"""The sandbox bank plays disputes: the card that is disputed, both endings, and silence."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery.signals import before_task_publish

from backmarket.accounts.models import User
from backmarket.payments import services
from backmarket.payments.gateways import sandbox, sandbox_disputes
from backmarket.payments.models import Dispute, SandboxIntent
from backmarket.payments.services.retention import DISPUTED_UNTIL
from backmarket.payments.tasks import dispute_sandbox_payment
from backmarket.payments.webhooks import interpret
from tests.ground.money_steps import captured, eur, opened

pytestmark = pytest.mark.django_db
DISPUTED = "4000 0000 0000 0259"


def disputed(at: datetime) -> Dispute:
    payment = captured(at)
    services.record_dispute("sandbox", str(sandbox_disputes.open_dispute(payment.gateway_id, at=at)), at=at)
    return Dispute.objects.get()


def state(dispute: Dispute, at: datetime) -> str:
    services.follow_disputes(at)
    dispute.refresh_from_db()
    return dispute.status


def test_the_documented_card_is_paid_and_then_disputed(now: datetime) -> None:
    asked: list[Any] = []

    def seen(sender: str, body: Any, headers: dict[str, Any], **more: Any) -> None:
        if sender == dispute_sandbox_payment.name:
            asked.append((tuple(body[0]), bool(headers["eta"])))

    before_task_publish.connect(seen, weak=False)
    assert DISPUTED in sandbox.CARDS
    payment, intent = opened(now)
    sandbox.pay(intent, DISPUTED)
    before_task_publish.disconnect(seen)
    assert asked == [((intent.pk,), True)]
    services.settle_payment(payment.pk, at=now)
    dispute_sandbox_payment(intent.pk)
    told = json.loads(sandbox.webhook_body(SandboxIntent.objects.get(kind="dispute")))
    assert sandbox.subject_of(told) == ("dispute", f"dp_{payment.pk.hex}")
    for _time in range(2):
        assert interpret("sandbox", told, at=now)
    assert Dispute.objects.get().amount == eur(10_000)


def test_what_was_not_taken_is_not_disputed(now: datetime) -> None:
    _payment, intent = opened(now)
    assert sandbox_disputes.open_dispute(intent.pk, at=now) is None
    sandbox.give_up(intent)
    assert sandbox_disputes.open_dispute(intent.pk, at=now) is None


@pytest.mark.parametrize(
    ("evidence", "end"), [({"shipping_tracking_number": "BM1"}, "won"), ({"uncategorized_text": "Sent."}, "lost")]
)
def test_evidence_decides(now: datetime, sam: User, evidence: dict[str, str], end: str) -> None:
    dispute = disputed(now)
    services.answer_dispute(dispute, evidence, by=sam, at=now)
    assert state(dispute, now) == "under_review"
    assert state(dispute, now + timedelta(days=3, seconds=-1)) == "under_review"
    assert state(dispute, now + timedelta(days=3)) == end
    assert dispute.lost == (eur(0) if end == "won" else eur(10_000))


def test_what_we_told_the_bank_of_its_customer_is_forgotten_in_the_end(now: datetime, sam: User) -> None:
    dispute = disputed(now)
    services.answer_dispute(dispute, {"customer_name": "Alice Martin"}, by=sam, at=now)
    services.follow_disputes(now)
    services.forget_transfers(now + DISPUTED_UNTIL * 2)  # not while it is open
    dispute.refresh_from_db()
    assert "Alice Martin" in dispute.evidence
    decided = now + timedelta(days=3)
    assert state(dispute, decided) == "lost"
    assert services.forget_transfers(decided + DISPUTED_UNTIL - timedelta(seconds=1)) == 0
    assert services.forget_transfers(decided + DISPUTED_UNTIL) == 1
    dispute.refresh_from_db()
    assert dispute.evidence == ""


def test_silence_loses(now: datetime) -> None:
    dispute = disputed(now)
    assert state(dispute, now + timedelta(days=7, seconds=-1)) == "needs_response"
    assert state(dispute, now + timedelta(days=7)) == "lost"


def test_what_does_what_is_on_the_sandboxs_page(client: Any) -> None:
    page = client.get("/sandbox/").content.decode()
    assert DISPUTED in page
    assert "Evidence with a parcel" in page
    assert "Left half-way" in page
