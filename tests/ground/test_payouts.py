from datetime import datetime, timedelta

import pytest

from backmarket.errors import GatewayError
from backmarket.events.models import Event
from backmarket.payments import services
from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN, Gateway
from backmarket.payments.models import Payout, SandboxIntent
from backmarket.payments.selectors import balance, ledger_sum
from tests.ground.bank_steps import order, status_of
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db


def test_a_payout_is_sent_when_due_and_on_the_account_the_next_business_day(now: datetime) -> None:
    payout = order(now, due_at=now + timedelta(hours=1))
    assert services.send_due_payouts(now) == 0
    assert services.send_due_payouts(now + timedelta(hours=1)) == 1
    assert (balance("consumer", "7"), balance("bank"), ledger_sum()) == (eur(-25_000), eur(25_000), {"EUR": 0})
    assert services.send_due_payouts(now.replace(day=24, hour=8)) == 0
    assert services.send_due_payouts(now.replace(day=24, hour=9)) == 1
    assert status_of(payout) == "paid"
    assert Event.objects.filter(kind="payout.paid").get().data == {
        "purpose": "trade",
        "reference": str(payout.reference),
    }


def test_killed_between_the_call_and_the_note_it_is_paid_once(now: datetime) -> None:
    payout = order(now)
    Gateway().payout(payout)  # the worker dies here: the bank has it, our row is still ordered
    assert status_of(payout) == "ordered"
    assert services.send_due_payouts(now) == 1
    assert services.send_due_payouts(now) == 0
    assert SandboxIntent.objects.filter(kind="payout").count() == 1
    assert balance("consumer", "7") == eur(-25_000)


def test_a_payout_that_the_bank_may_have_cannot_be_cancelled(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    payout = order(now)

    def killed(self: Gateway, payout: Payout) -> str:
        raise GatewayError("no answer", retry=True)

    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "payout", killed)
        assert services.send_due_payouts(now) == 0
    with pytest.raises(services.CannotCancelPayout):
        services.cancel_payout(payout, by="guest", at=now)
    assert services.send_due_payouts(now) == 1
    assert status_of(payout) == "sent"


def test_what_the_bank_refused_stays_ordered_and_can_be_cancelled(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    payout = order(now)

    def refused(self: Gateway, payout: Payout) -> str:
        raise GatewayError("not possible")

    monkeypatch.setattr(Gateway, "payout", refused)
    assert services.send_due_payouts(now) == 0
    payout.refresh_from_db()
    assert (payout.status, payout.failure, payout.sending_at) == ("ordered", "not possible", None)
    services.cancel_payout(payout, by="guest", at=now)
    assert status_of(payout) == "cancelled"


def test_a_refusal_after_an_unanswered_call_gives_nothing_up(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first call may have paid: were the payout let go, another one could pay a second time."""
    payout = order(now)
    answers = [GatewayError("no answer", retry=True), GatewayError("AC04"), GatewayError("key expired")]

    def answer(self: Gateway, payout: Payout) -> str:
        raise answers.pop(0)

    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "payout", answer)
        for hours in range(3):
            assert services.send_due_payouts(now + timedelta(hours=hours)) == 0
    payout.refresh_from_db()
    assert (payout.status, payout.failure, payout.sending_at, payout.attempts) == ("ordered", "key expired", now, 3)
    with pytest.raises(services.CannotCancelPayout):
        services.cancel_payout(payout, by="guest", at=now)
    assert services.send_due_payouts(now + timedelta(hours=4)) == 1
    assert (status_of(payout), balance("consumer", "7")) == ("sent", eur(-25_000))


def test_a_bounced_payout_is_booked_back_and_can_be_ordered_again(now: datetime) -> None:
    payout = order(now, iban=EXAMPLE_BOUNCING_IBAN)
    services.send_due_payouts(now)
    services.send_due_payouts(now + timedelta(days=1))
    assert status_of(payout) == "bounced"
    assert (balance("consumer", "7"), balance("bank"), ledger_sum()) == (eur(0), eur(0), {"EUR": 0})
    again = order(now, reference=payout.reference)
    assert again.status == "ordered"


def test_one_thing_is_paid_out_once(now: datetime) -> None:
    payout = order(now)
    with pytest.raises(services.CannotPayOut):
        order(now, reference=payout.reference)
    assert Payout.objects.count() == 1


def test_nothing_cannot_be_paid_out(now: datetime) -> None:
    with pytest.raises(services.CannotPayOut, match="nothing"):
        order(now, amount=eur(0))


def test_a_sent_payout_cannot_be_cancelled(now: datetime) -> None:
    payout = order(now)
    services.send_due_payouts(now)
    with pytest.raises(services.CannotCancelPayout):
        services.cancel_payout(payout, by="guest", at=now)
    assert status_of(payout) == "sent"


def test_a_cancelled_payout_is_never_sent(now: datetime) -> None:
    payout = order(now)
    services.cancel_payout(payout, by="guest", at=now)
    assert services.send_due_payouts(now) == 0
    assert SandboxIntent.objects.count() == 0


def test_a_settlement_reduces_the_plants_claim(now: datetime) -> None:
    order(now, purpose="settlement", account="plant", party="42")
    services.send_due_payouts(now)
    assert (balance("plant", "42"), balance("consumer", "42")) == (eur(-25_000), eur(0))


def test_one_payouts_trouble_is_not_the_next_ones(now: datetime) -> None:
    broken, good = order(now, due_at=now - timedelta(days=1)), order(now)
    Payout.objects.filter(pk=broken.pk).update(gateway="unheard-of")
    assert services.send_due_payouts(now) == 1
    assert (status_of(broken), status_of(good)) == ("ordered", "sent")
