"""A worker dies while it pays: before the bank has the order, or after, and nobody is paid twice or forgotten.

The dying worker is a real process; the bank is a server of this test that remembers idempotency keys as Stripe does.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as live

from backmarket.payments import services
from backmarket.payments.models import LedgerMovement, Payout
from backmarket.payments.selectors import balance, ledger_sum
from tests.ground.bank_steps import order
from tests.ground.money_steps import eur
from tests.ground.stripe_bank import MONEY, PAYMENTS, StripeBank, stripe_bank
from tests.journeys.test_crash import PATIENCE, SETUP, environment

pytestmark = [pytest.mark.journey, pytest.mark.race, pytest.mark.django_db(transaction=True)]

STEPS = ("/v2/core/accounts", f"{MONEY}/outbound_setup_intents", f"{MONEY}/recipient_verifications", PAYMENTS)
SEND = (
    "from datetime import datetime; from backmarket.payments.services import send_due_payouts\n"
    "send_due_payouts(datetime.fromisoformat(sys.argv[1]))"
)
# A worker whose calls carry a new key each time: the bank cannot know that it was asked before.
FORGETFUL = (
    "from uuid import uuid4; from backmarket.payments.gateways import stripe_payouts\n"
    "stripe_payouts._key = lambda payout, part='', **more: {'idempotency_key': str(uuid4()), **more}\n"
)


@pytest.fixture
def bank(settings: Any) -> Iterator[StripeBank]:
    with stripe_bank() as found:
        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = found.url, "sk_test_x"
        settings.STRIPE_FINANCIAL_ACCOUNT, settings.PAYOUT_GATEWAY = "fa_1", "stripe"
        yield found


def send(bank: StripeBank, at: datetime, *, die_at: str = "", code: str = SEND) -> int:
    """A worker sends what is due; when the bank has done `die_at`, it is killed before it hears the answer."""
    facts = {"STRIPE_API_BASE": bank.url, "STRIPE_SECRET_KEY": "sk_test_x", "STRIPE_FINANCIAL_ACCOUNT": "fa_1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SETUP + code, at.isoformat()], cwd=live.BASE_DIR, env=environment(**facts),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def kill(path: str) -> None:
        if path == die_at:
            os.kill(process.pid, signal.SIGKILL)

    bank.before_answer = kill
    try:
        return process.wait(timeout=PATIENCE)
    finally:
        bank.before_answer = lambda path: None
        process.kill()


def assert_paid_once(bank: StripeBank, payout: Payout) -> None:
    payout.refresh_from_db()
    (paid,) = bank.payments.values()
    assert (paid["amount"]["value"], paid["metadata"]) == (25_000, {"payout": str(payout.pk)})
    assert (payout.status, payout.gateway_id) == ("sent", paid["id"])
    assert (balance("consumer", "7"), balance("bank"), ledger_sum()) == (eur(-25_000), eur(25_000), {"EUR": 0})
    assert LedgerMovement.objects.filter(kind="payout").count() == 1


@pytest.mark.parametrize("die_at", STEPS, ids=["recipient", "account", "verification", "payment"])
def test_a_worker_killed_at_any_step_pays_once(bank: StripeBank, now: datetime, die_at: str) -> None:
    """Killed after the last one the bank has the order, and our row does not say so."""
    payout = order(now)

    assert send(bank, now, die_at=die_at) == -signal.SIGKILL

    payout.refresh_from_db()
    assert (payout.status, payout.sending_at, payout.attempts) == ("ordered", now, 1)
    assert len(bank.payments) == (die_at == PAYMENTS)
    with pytest.raises(services.CannotCancelPayout):
        services.cancel_payout(payout, by="guest", at=now)
    assert ledger_sum() == {}

    assert send(bank, now + timedelta(minutes=10)) == 0
    assert_paid_once(bank, payout)
    assert send(bank, now + timedelta(minutes=20)) == 0
    assert_paid_once(bank, payout)


def test_control_without_our_key_the_killed_worker_would_have_paid_twice(bank: StripeBank, now: datetime) -> None:
    order(now)
    assert send(bank, now, die_at=PAYMENTS, code=FORGETFUL + SEND) == -signal.SIGKILL
    assert send(bank, now + timedelta(minutes=10), code=FORGETFUL + SEND) == 0
    assert len(bank.payments) == 2
