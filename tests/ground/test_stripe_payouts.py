"""Money to people by Stripe, heard by a stand-in that refuses what Stripe's published shapes do."""

import hmac
import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.conf import settings as live
from django.test import Client

from backmarket.errors import GatewayError
from backmarket.events import inbox
from backmarket.events.models import Event, IncomingWebhook
from backmarket.payments import services
from backmarket.payments.gateways import stripe
from backmarket.payments.gateways.stripe_payouts import Payouts
from backmarket.payments.models import Payout
from backmarket.payments.selectors import balance, ledger_sum
from tests.ground.bank_steps import IBAN, order, status_of
from tests.ground.money_steps import eur
from tests.ground.stripe_bank import MONEY, PAYMENTS, StripeBank, stripe_bank

pytestmark = pytest.mark.django_db
SECRET = "whsec_payouts"


@pytest.fixture
def bank(settings: Any) -> Iterator[StripeBank]:
    with stripe_bank() as found:
        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = found.url, "sk_test_x"
        settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_PAYOUT_WEBHOOK_SECRET = "whsec_payments", SECRET
        settings.STRIPE_FINANCIAL_ACCOUNT, settings.PAYOUT_GATEWAY = "fa_1", "stripe"
        yield found
        assert found.wrong == []


def made_by(bank: StripeBank, path: str) -> list[tuple[Any, dict[str, str]]]:
    return [(body, headers) for method, where, body, headers in bank.calls if (method, where) == ("POST", path)]


# What Stripe is told


def test_a_payout_is_four_calls_that_say_no_more_than_they_must(bank: StripeBank, now: datetime) -> None:
    payout = order(now)
    assert services.send_due_payouts(now) == 1
    assert [where for _method, where, _body, _headers in bank.calls if _method == "POST"] == [
        "/v2/core/accounts",
        f"{MONEY}/outbound_setup_intents",
        f"{MONEY}/recipient_verifications",
        PAYMENTS,
    ]
    ((person, person_headers),) = made_by(bank, "/v2/core/accounts")
    assert person == {
        "contact_email": live.SUPPORT_EMAIL,
        "identity": {
            "country": "fr",
            "entity_type": "individual",
            "individual": {"given_name": "Carol", "surname": "Petit"},
        },
        "configuration": {"recipient": {"capabilities": {"bank_accounts": {"local": {"requested": True}}}}},
        "metadata": {"payout": str(payout.pk)},
    }
    ((account, account_headers),) = made_by(bank, f"{MONEY}/outbound_setup_intents")
    assert account == {
        "payout_method_data": {
            "type": "bank_account",
            "bank_account": {"account_number": IBAN, "country": "FR", "currency": "eur"},
        },
        "usage_intent": "payment",
    }
    ((money, money_headers),) = made_by(bank, PAYMENTS)
    assert money == {
        "from": {"financial_account": "fa_1", "currency": "eur"},
        "to": {"recipient": "accounts_1", "payout_method": "pm_2", "currency": "eur"},
        "amount": {"value": 25_000, "currency": "eur"},
        "description": "Back Market trade T1042",
        "statement_descriptor": "Back Market",
        "recipient_notification": {"setting": "none"},
        "metadata": {"payout": str(payout.pk)},
        "recipient_verification": "recipient_verifications_3",
    }
    keys = [headers["Idempotency-Key"] for headers in (person_headers, account_headers, money_headers)]
    assert keys == [f"{payout.pk}-recipient", f"{payout.pk}-account", str(payout.pk)]
    assert account_headers["Stripe-Context"] == "accounts_1"
    assert {headers["Stripe-Version"] for *_, headers in bank.calls} == {stripe.API_VERSION}
    payout.refresh_from_db()
    assert (payout.status, payout.gateway, payout.gateway_id) == ("sent", "stripe", "outbound_payments_4")
    assert (balance("consumer", "7"), balance("bank"), ledger_sum()) == (eur(-25_000), eur(25_000), {"EUR": 0})


def test_a_plant_is_a_company(bank: StripeBank, now: datetime) -> None:
    order(now, account="plant", party="42", purpose="settlement", holder="Atelier Neuf SAS", label="BM1")
    services.send_due_payouts(now)
    ((recipient, _headers),) = made_by(bank, "/v2/core/accounts")
    assert recipient["identity"] == {
        "country": "fr",
        "entity_type": "company",
        "business_details": {"registered_name": "Atelier Neuf SAS"},
    }


def test_the_name_is_checked_only_where_the_law_asks_for_it(bank: StripeBank, now: datetime, settings: Any) -> None:
    settings.MARKET_COUNTRY = "GB"
    order(now)
    services.send_due_payouts(now)
    assert made_by(bank, f"{MONEY}/recipient_verifications") == []
    assert "recipient_verification" not in made_by(bank, PAYMENTS)[0][0]


def test_a_shape_that_stripe_does_not_know_is_refused_by_the_stand_in(bank: StripeBank) -> None:
    """The control of all these tests."""
    status, _answer = bank.answer("POST", PAYMENTS, {"Idempotency-Key": "k"}, {"amount": 1, "iban": IBAN})
    assert status == 400
    wrong, bank.wrong = bank.wrong, []
    assert "OutboundPaymentCreateParams.iban is not known" in wrong
    assert "OutboundPaymentCreateParams.to is missing" in wrong


# What it answers


@pytest.mark.parametrize("match", ["verified", "acknowledged"])
def test_an_account_in_the_right_name_is_paid(bank: StripeBank, now: datetime, match: str) -> None:
    bank.match = match
    order(now)
    assert services.send_due_payouts(now) == 1


def test_an_account_in_another_name_is_not_paid_and_another_is_asked_for(bank: StripeBank, now: datetime) -> None:
    bank.match = "awaiting_acknowledgement"
    payout = order(now)
    assert services.send_due_payouts(now) == 1
    payout.refresh_from_db()
    assert (payout.status, payout.failure) == ("bounced", "payout_method_holder_name_incorrect")
    assert made_by(bank, PAYMENTS) == []
    assert Event.objects.get(kind="payout.bounced").data["fault"] == "payee"
    assert ledger_sum() == {}


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"status": "processing"}, "sent"),
        ({"status": "posted", "expected_arrival_date": "2026-11-25T09:00:00.000Z"}, "sent"),
        ({"status": "posted", "expected_arrival_date": "2026-11-24T09:00:00.000Z"}, "paid"),
        ({"status": "posted", "status_transitions": {"posted_at": "2026-11-24T08:00:00.000Z"}}, "paid"),
        ({"status": "failed", "status_details": {"failed": {"reason": "payout_method_declined"}}}, "bounced"),
        ({"status": "returned", "status_details": {"returned": {"reason": "payout_method_closed"}}}, "bounced"),
        ({"status": "canceled"}, "bounced"),
    ],
)
def test_what_became_of_it_is_asked(bank: StripeBank, now: datetime, facts: dict[str, Any], status: str) -> None:
    payout = order(now)
    services.send_due_payouts(now)
    bank.say("outbound_payments_4", **facts)
    services.send_due_payouts(now + timedelta(days=1, hours=1))
    assert status_of(payout) == status
    assert balance("consumer", "7") == (eur(0) if status == "bounced" else eur(-25_000))
    assert ledger_sum() == {"EUR": 0}


@pytest.mark.parametrize(
    ("reason", "fault"), [("payout_method_closed", "payee"), ("review_rejected", "house"), ("never_heard_of", "house")]
)
def test_whose_fault_it_was_is_told(bank: StripeBank, now: datetime, reason: str, fault: str) -> None:
    order(now)
    services.send_due_payouts(now)
    bank.say("outbound_payments_4", status="returned", status_details={"returned": {"reason": reason}})
    services.send_due_payouts(now + timedelta(hours=1))
    assert Event.objects.get(kind="payout.bounced").data["fault"] == fault


# Once


def test_a_repeated_call_pays_once_and_finds_what_it_paid(bank: StripeBank, now: datetime) -> None:
    payout = order(now)
    payout.attempts = 1
    first = Payouts().payout(payout)  # and the worker dies before it can note it
    Payout.objects.filter(pk=payout.pk).update(sending_at=now, attempts=1)
    assert services.send_due_payouts(now + timedelta(minutes=10)) == 1
    payout.refresh_from_db()
    assert (payout.gateway_id, payout.attempts) == (first, 2)
    assert len(bank.payments) == 1
    assert balance("consumer", "7") == eur(-25_000)


def test_what_was_paid_is_found_even_when_the_payments_key_is_forgotten(bank: StripeBank, now: datetime) -> None:
    payout = order(now)
    payout.attempts = 1
    first = Payouts().payout(payout)
    del bank.known[str(payout.pk)]
    payout.attempts = 2
    assert Payouts().payout(payout) == first
    assert len(bank.payments) == 1


def test_a_call_so_old_that_its_keys_are_forgotten_is_never_repeated(bank: StripeBank, now: datetime) -> None:
    payout = order(now)
    bank.fail[PAYMENTS] = (503, {"error": {"type": "api_error", "message": "later"}})
    services.send_due_payouts(now)
    calls = len(bank.calls)
    bank.fail.clear()
    assert services.send_due_payouts(now + timedelta(days=26)) == 0
    payout.refresh_from_db()
    assert (payout.status, payout.failure, len(bank.calls)) == ("ordered", "unanswered", calls)
    with pytest.raises(services.CannotCancelPayout):
        services.cancel_payout(payout, by="guest", at=now)


@pytest.mark.parametrize(("status", "retry"), [(500, True), (503, True), (429, True), (400, False), (403, False)])
def test_only_passing_failures_leave_the_payout_at_the_bank(
    bank: StripeBank, now: datetime, status: int, retry: bool
) -> None:
    payout = order(now)
    bank.fail[PAYMENTS] = (status, {"error": {"type": "api_error", "code": "no", "message": "no"}})
    assert services.send_due_payouts(now) == 0
    payout.refresh_from_db()
    assert (payout.status, payout.sending_at is not None) == ("ordered", retry)


def test_a_payout_of_no_known_gateway_is_refused() -> None:
    from backmarket.payments.gateways import payout_gateway

    with pytest.raises(GatewayError, match="no payout gateway"):
        payout_gateway("cheque")


# Webhooks


def news(payment_id: str, kind: str = "posted", number: int = 1) -> bytes:
    """A thin event, as an event destination delivers it."""
    name = "v2.money_management.outbound_payment"
    related = {"id": payment_id, "type": name, "url": f"{PAYMENTS}/{payment_id}"}
    event = {"id": f"evt_{number}", "object": "v2.core.event", "type": f"{name}.{kind}", "livemode": False}
    return json.dumps(event | {"created": "2026-11-24T08:00:00.000Z", "related_object": related}).encode()


def deliver(body: bytes, secret: str = SECRET) -> int:
    stamp = int(time.time())
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={digest}"}
    return (
        Client().post("/webhooks/payments/stripe/", body, content_type="application/json", headers=headers).status_code
    )


def interpret(at: datetime) -> list[bool]:
    return [inbox.handle_webhook(each.pk, at=at) for each in IncomingWebhook.objects.filter(handled_at=None)]


def test_a_webhook_settles_through_the_inbox_once(bank: StripeBank, now: datetime) -> None:
    payout, at = order(now), now + timedelta(days=1, hours=1)
    services.send_due_payouts(now)
    bank.say("outbound_payments_4", status="posted", expected_arrival_date="2026-11-24T09:00:00.000Z")
    assert [deliver(news("outbound_payments_4")) for _time in range(3)] == [200] * 3
    assert interpret(at) == [True]
    assert status_of(payout) == "paid"
    assert deliver(news("outbound_payments_4", "updated", 2)) == 200
    assert interpret(at) == [True]
    assert Event.objects.filter(kind="payout.paid").count() == 1


def test_money_that_comes_back_after_it_had_arrived_is_owed_again(bank: StripeBank, now: datetime) -> None:
    payout, at = order(now), now + timedelta(days=1, hours=1)
    services.send_due_payouts(now)
    bank.say("outbound_payments_4", status="posted", expected_arrival_date="2026-11-24T09:00:00.000Z")
    services.send_due_payouts(at)
    assert status_of(payout) == "paid"
    bank.say("outbound_payments_4", status="returned", status_details={"returned": {"reason": "payout_method_closed"}})
    deliver(news("outbound_payments_4", "returned"))
    assert interpret(at + timedelta(days=2)) == [True]
    assert status_of(payout) == "bounced"
    assert (balance("consumer", "7"), balance("bank"), ledger_sum()) == (eur(0), eur(0), {"EUR": 0})


def test_news_that_comes_before_we_noted_the_payment_waits(bank: StripeBank, now: datetime) -> None:
    payout = order(now)
    assert deliver(news("outbound_payments_4")) == 200
    assert interpret(now) == [False]
    services.send_due_payouts(now)
    bank.say("outbound_payments_4", status="failed", status_details={"failed": {"reason": "payout_method_declined"}})
    assert interpret(now) == [True]
    assert status_of(payout) == "bounced"


def test_news_with_another_signature_is_not_believed(bank: StripeBank, now: datetime) -> None:
    assert deliver(news("outbound_payments_4"), "whsec_mallory") == 400
    assert deliver(news("outbound_payments_4"), "whsec_payments") == 200  # our other destination
    assert IncomingWebhook.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{"type": "v2.money_management.outbound_payment.posted"}, {"type": "v2.core.account.updated"}, {"type": 7}, {}],
)
def test_news_of_nothing_we_know_harms_nobody(bank: StripeBank, now: datetime, body: dict[str, Any]) -> None:
    assert deliver(json.dumps({"id": "evt_9"} | body).encode()) == 200
    interpret(now)
    assert not Payout.objects.exists()
