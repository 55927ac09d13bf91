"""A plant with an account of its own at the payment provider is settled there, one without as before."""

from datetime import datetime, timedelta

import pytest

from backmarket.payments.gateways import sandbox_connect
from backmarket.payments.models import ConnectAccount, Payout, SandboxIntent
from backmarket.payments.reconciliation import CHECKS, differences
from backmarket.payments.selectors import balance
from backmarket.payments.services import send_due_payouts
from backmarket.payments.services.connect import follow_account
from orders.models import OrderLine
from orders.reconciliation import CHECKS as ORDERS
from orders.services.settlement import settle_plants
from refurbishers.models import Refurbisher
from refurbishers.services.accounts import open_plant_account

pytestmark = pytest.mark.django_db


def connected(plant: Refurbisher, at: datetime, answer: str) -> ConnectAccount:
    account = open_plant_account(plant, by="system:test", at=at)
    sandbox_connect.fill_in(SandboxIntent.objects.get(pk=account.gateway_id), answer)
    return follow_account(account.pk, at=at)


@pytest.mark.parametrize("iban", ["", "FR7630006000011234567890189"])
def test_a_ready_account_is_paid_by_a_transfer_with_or_without_a_bank_account(
    delivered_line: OrderLine, now: datetime, iban: str
) -> None:
    Refurbisher.objects.filter(pk=delivered_line.plant_id).update(iban=iban)
    account = connected(delivered_line.plant, now, "complete")
    at = now + timedelta(days=40)
    assert (settle_plants(at), send_due_payouts(at) > 0) == (1, True)
    payout = Payout.objects.get()
    assert (payout.status, payout.gateway, payout.destination) == ("paid", "sandbox_connect", account.gateway_id)
    assert balance("plant", str(delivered_line.plant_id)).minor == 0
    assert [*differences(CHECKS), *differences(ORDERS)] == []


@pytest.mark.parametrize("answer", ["review", "incomplete"])
def test_until_it_is_ready_the_bank_account_is_paid(delivered_line: OrderLine, now: datetime, answer: str) -> None:
    connected(delivered_line.plant, now, answer)
    settle_plants(now + timedelta(days=40))
    payout = Payout.objects.get()
    assert (payout.gateway, payout.destination, bool(payout.iban)) == ("sandbox", "", True)


def test_with_neither_the_money_waits(delivered_line: OrderLine, now: datetime) -> None:
    Refurbisher.objects.filter(pk=delivered_line.plant_id).update(iban="")
    connected(delivered_line.plant, now, "review")
    assert settle_plants(now + timedelta(days=40)) == 0
