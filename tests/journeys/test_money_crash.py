"""A worker is killed between each two steps of a payment, a refund and a settlement: the next beat ends it, once.

The dying worker is a real process; the provider is the stand-in with a memory, which may have done the thing before the
worker died. Payouts have tests of their own (test_payout_crash.py).
"""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings as live

from backmarket.payments import services
from backmarket.payments.models import LedgerMovement, Payment, Payout
from backmarket.payments.selectors import balance, ledger_sum
from orders.models import Earning, OrderLine, Settlement
from orders.services.settlement import settle_plants
from tests.ground.money_steps import eur
from tests.ground.stripe_server import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, StripeServer
from tests.ground.stripe_steps import bank, captured, paid  # noqa: F401
from tests.journeys.test_crash import PATIENCE, SETUP, environment
from tests.orders.conftest import deliver, delivered_line, listing, pay, place  # noqa: F401

pytestmark = [pytest.mark.journey, pytest.mark.race, pytest.mark.django_db(transaction=True)]

DIE = "os.kill(os.getpid(), signal.SIGKILL)"
AT = "from datetime import datetime; at = datetime.fromisoformat(sys.argv[1])\n"
OPEN = AT + (
    "from backmarket.payments.models import Payment; from backmarket.payments.services import open_payment\n"
    "open_payment(Payment.objects.get(pk=sys.argv[2]), return_url='', at=at)"
)
SETTLE = AT + (
    "from uuid import UUID; from backmarket.payments.services import settle_payment\n"
    "settle_payment(UUID(sys.argv[2]), at=at)"
)
SEND = AT + "from backmarket.payments.services import send_refunds; send_refunds(at)"
SETTLE_PLANTS = AT + "from orders.services.settlement import settle_plants; settle_plants(at)"
# Where a process may die by itself: before it commits, or after.
BEFORE_COMMIT = (
    f"from django.db.backends.base.base import BaseDatabaseWrapper\nBaseDatabaseWrapper._commit = lambda self: {DIE}\n"
)
AFTER_COMMIT = (
    "from django.db.backends.base.base import BaseDatabaseWrapper\n"
    "commit = BaseDatabaseWrapper._commit\n"
    f"BaseDatabaseWrapper._commit = lambda self: (commit(self), {DIE})\n"
)


def run(stripe: StripeServer | None, code: str, *arguments: object, die_at: str = "") -> int:
    """A worker runs `code`; when the provider has done `die_at`, it is killed before it hears the answer."""
    facts = {"PAYMENT_GATEWAY": "sandbox"}
    if stripe is not None:
        facts = {
            "PAYMENT_GATEWAY": "stripe", "PAYOUT_GATEWAY": "sandbox", "STRIPE_API_BASE": stripe.url,
            "STRIPE_SECRET_KEY": SECRET_KEY, "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", SETUP + code, *map(str, arguments)], cwd=live.BASE_DIR, env=environment(**facts),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def kill(call: str) -> None:
        if die_at and call.startswith(die_at):
            os.kill(process.pid, signal.SIGKILL)

    if stripe is not None:
        stripe.before_answer = kill
    try:
        return process.wait(timeout=PATIENCE)
    finally:
        if stripe is not None:
            stripe.before_answer = lambda call: None
        process.kill()


# Payments


@pytest.mark.parametrize("where", [AFTER_COMMIT, "POST /v1/payment_intents"], ids=["row written", "opened at Stripe"])
def test_a_payment_whose_opening_died_is_opened_once(bank: StripeServer, now: datetime, where: str) -> None:  # noqa: F811
    """The buyer presses Pay again, and pays one intent."""
    payment = services.request_payment(purpose="order", reference=uuid4(), amount=eur(10_000), by="guest", at=now)
    code, die_at = (OPEN, where) if where.startswith("POST") else (where + OPEN, "")
    assert run(bank, code, now.isoformat(), payment.pk, die_at=die_at) in (-signal.SIGKILL, 0)

    services.open_payment(Payment.objects.get(), return_url="", at=now)

    payment.refresh_from_db()
    assert list(bank.intents) == [payment.gateway_id]
    assert bank.intents[payment.gateway_id]["amount"] == 10_000


@pytest.mark.parametrize("where", [BEFORE_COMMIT, AFTER_COMMIT, "GET /v1/payment_intents"])
def test_a_payment_whose_settling_died_is_captured_once(bank: StripeServer, now: datetime, where: str) -> None:  # noqa: F811
    payment = paid(bank, now)
    code, die_at = (SETTLE, where) if where.startswith("GET") else (where + SETTLE, "")
    assert run(bank, code, now.isoformat(), payment.pk, die_at=die_at) == -signal.SIGKILL
    payment.refresh_from_db()
    done = where == AFTER_COMMIT
    assert (payment.status, LedgerMovement.objects.count()) == (("captured", 2) if done else ("pending", 0))

    for _beat in range(2):
        services.settle_pending_payments(now + timedelta(minutes=10))

    payment.refresh_from_db()
    assert (payment.status, balance("buyer"), ledger_sum()) == ("captured", eur(10_000), {"EUR": 0})
    assert sorted(LedgerMovement.objects.values_list("kind", flat=True)) == ["capture", "fee"]


# Refunds


@pytest.mark.parametrize("where", [BEFORE_COMMIT, AFTER_COMMIT, "POST /v1/refunds"])
def test_a_refund_whose_sending_died_is_paid_once(bank: StripeServer, now: datetime, where: str) -> None:  # noqa: F811
    payment = captured(bank, now)
    refund = services.request_refund(
        payment, reference=uuid4(), amount=eur(4_000), reason="goodwill", by="system:test", at=now
    )
    code, die_at = (SEND, where) if where.startswith("POST") else (where + SEND, "")
    assert run(bank, code, now.isoformat(), die_at=die_at) == -signal.SIGKILL

    for _beat in range(2):
        services.send_refunds(now + timedelta(minutes=10))

    refund.refresh_from_db()
    payment.refresh_from_db()
    (sent,) = bank.made.values()
    assert (sent["amount"], refund.status, refund.gateway_id) == (4_000, "succeeded", sent["id"])
    assert (payment.refunded_minor, payment.reserved_refund_minor) == (4_000, 0)
    assert (balance("buyer"), ledger_sum()) == (eur(6_000), {"EUR": 0})


# Settlements


@pytest.mark.parametrize("where", [BEFORE_COMMIT, AFTER_COMMIT])
def test_a_settlement_that_died_is_made_once(
    delivered_line: OrderLine,  # noqa: F811
    where: str,
) -> None:
    at = delivered_line.delivered_at + timedelta(days=25)  # type: ignore[operator]
    assert run(None, where + SETTLE_PLANTS, at.isoformat()) == -signal.SIGKILL
    assert Settlement.objects.count() == Payout.objects.count() == (where == AFTER_COMMIT)

    for _beat in range(2):
        settle_plants(at + timedelta(days=1))

    (payout,) = Payout.objects.all()
    assert (Settlement.objects.get().payout, payout.amount) == (payout, eur(26_890))
    assert set(Earning.objects.values_list("settlement", flat=True)) == {Settlement.objects.get().pk}
    assert ledger_sum() == {"EUR": 0}
