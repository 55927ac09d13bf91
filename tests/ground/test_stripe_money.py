"""Money through Stripe, from the row to the ledger: by webhook over HTTP, in any order, late, twice, or not at all."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from backmarket.errors import GatewayError
from backmarket.events import inbox
from backmarket.events.models import Event, IncomingWebhook
from backmarket.payments import services
from backmarket.payments.models import LedgerMovement, Payment, Refund
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.states import IllegalMove
from tests.ground.money_steps import at_provider, eur
from tests.ground.stripe_account import DECLINED, SLOW, VISA
from tests.ground.stripe_server import StripeServer
from tests.ground.stripe_steps import captured, interpret_all, opened, paid
from tests.races.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
REFUND = "POST /v1/refunds"


def booked() -> tuple[dict[str, int], int, int]:
    """What is in the ledger: everything, what lies at the provider, what is held for buyers."""
    return ledger_sum(), -at_provider().minor, balance("buyer").minor


def ask(payment: Payment, minor: int, at: datetime, reference: Any = None) -> Refund:
    return services.request_refund(
        payment, reference=reference or uuid4(), amount=eur(minor), reason="withdrawal", by="guest", at=at
    )


def kinds(prefix: str) -> list[str]:
    return list(Event.objects.filter(kind__startswith=prefix).order_by("id").values_list("kind", flat=True))


# Webhooks


def test_twenty_times_the_same_webhook_at_once_capture_once(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    """Without `webhook_received_once` twenty are kept; without the lock on the payment each worker books a capture."""
    payment = paid(bank, now)
    event = bank.event("payment_intent.succeeded")
    assert at_once([partial(bank.deliver, event, live_server.url)] * 20) == [200] * 20
    webhook = IncomingWebhook.objects.get()
    at_once([partial(inbox.handle_webhook, webhook.pk, at=now)] * 6)
    payment.refresh_from_db()
    assert payment.status == "captured"
    assert booked() == ({"EUR": 0}, 10_000, 10_000)
    assert kinds("payment.") == ["payment.requested", "payment.captured"]


def test_news_in_any_order_end_in_the_same_place(bank: StripeServer, live_server: Any, now: datetime) -> None:
    """A refund is heard of before its payment, and that it was paid before that it is on its way."""
    payment = opened(now)
    bank.confirm(payment.gateway_id, SLOW)
    bank.finish(payment.gateway_id)
    bank.refund_at_dashboard(payment.gateway_id, 2_500)
    for kind in ("charge.refunded", "refund.created", "payment_intent.succeeded", "payment_intent.processing"):
        assert bank.deliver(bank.event(kind), live_server.url) == 200
    assert interpret_all(now) == [True] * 4
    payment.refresh_from_db()
    assert (payment.status, payment.refunded_minor, payment.refundable) == ("captured", 2_500, eur(7_500))
    assert Refund.objects.get().reason == "provider"
    assert booked() == ({"EUR": 0}, 7_500, 7_500)


def test_a_webhook_replayed_after_everything_is_over_changes_nothing(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    payment = captured(bank, now)
    services.send_refund(ask(payment, 10_000, now).pk, at=now)
    for event in bank.events:
        assert [bank.deliver(event, live_server.url) for _time in range(2)] == [200, 200]
    assert all(interpret_all(now + timedelta(days=3)))
    assert IncomingWebhook.objects.count() == len(bank.events)
    assert (Refund.objects.count(), LedgerMovement.objects.count()) == (1, 3)
    assert booked() == ({"EUR": 0}, 0, 0)


def test_what_is_not_ours_is_answered_and_left_alone(bank: StripeServer, live_server: Any, now: datetime) -> None:
    payment = paid(bank, now)
    known = bank.event("payment_intent.succeeded")
    unknown: list[dict[str, Any]] = [
        {"id": "evt_a", "type": "customer.created", "data": {"object": {"id": "cus_1"}}},
        {"id": "evt_b", "type": "payment_intent.succeeded", "data": {"object": {"metadata": {"payment": "no id"}}}},
        {
            "id": "evt_c",
            "type": "payment_intent.succeeded",
            "data": {"object": {"metadata": {"payment": str(uuid4())}}},
        },
        {"id": "evt_d", "type": "charge.refunded", "data": {"object": {"payment_intent": "pi_of_another_shop"}}},
        {"id": "evt_e", "type": "payment_intent.succeeded", "data": None},
    ]
    assert [bank.deliver(event, live_server.url) for event in unknown] == [200] * 5
    assert interpret_all(now) == [True, True, False, False, True]
    for forged in ({"secret": "whsec_other"}, {"age": 301}):
        assert bank.deliver(known, live_server.url, **forged) == 400
    payment.refresh_from_db()
    assert (payment.status, IncomingWebhook.objects.filter(external_id=known["id"]).count()) == ("pending", 0)
    assert booked() == ({}, 0, 0)


def test_a_card_that_is_refused_leaves_the_payment_open_and_says_why(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    payment = opened(now)
    bank.confirm(payment.gateway_id, DECLINED)
    bank.deliver(bank.event("payment_intent.payment_failed"), live_server.url)
    interpret_all(now)
    payment.refresh_from_db()
    assert (payment.status, payment.failure) == ("pending", "generic_decline")
    bank.confirm(payment.gateway_id, VISA)
    payment = services.settle_payment(payment.pk, at=now)
    assert (payment.status, payment.failure) == ("captured", "")
    assert booked() == ({"EUR": 0}, 10_000, 10_000)


def test_two_tabs_pay_the_intent_that_the_row_knows(bank: StripeServer, now: datetime) -> None:
    """Also when Stripe has forgotten the key between them: what was opened second is shown to nobody."""
    payment = services.request_payment(purpose="order", reference=uuid4(), amount=eur(100), by="guest", at=now)
    tabs = [Payment.objects.get(pk=payment.pk) for _tab in range(2)]
    for tab in tabs:
        services.open_payment(tab, return_url="", at=now)
        bank.kept.clear()
    assert len(bank.intents) == 2
    assert [tab.gateway_id for tab in tabs] == ["pi_1", "pi_1"]
    assert services.card_form(tabs[1]).secret == bank.intents["pi_1"]["client_secret"]


# Authorised first


def test_authorised_money_is_taken_when_we_say_so(bank: StripeServer, now: datetime) -> None:
    payment = services.settle_payment(paid(bank, now, capture="manual").pk, at=now)
    assert (payment.status, payment.received, booked()) == ("authorised", eur(0), ({}, 0, 0))
    for _time in range(2):
        services.capture_payment(payment, by="system:test", at=now)
    assert bank.intents[payment.gateway_id]["status"] == "requires_capture"  # the row first
    with pytest.raises(IllegalMove):
        services.cancel_payment(payment, by="system:test", at=now)
    assert at_once([partial(services.settle_payment, payment.pk, at=now)] * 4)
    payment.refresh_from_db()
    assert (payment.status, booked()) == ("captured", ({"EUR": 0}, 10_000, 10_000))
    assert kinds("payment.cap") == ["payment.capturing", "payment.captured"]


def test_a_capture_whose_answer_was_lost_is_finished_by_the_clock(bank: StripeServer, now: datetime) -> None:
    payment = services.settle_payment(paid(bank, now, capture="manual").pk, at=now)
    services.capture_payment(payment, by="system:test", at=now)
    bank.fault("POST /v1/payment_intents/pi_1/capture", after=True)
    with pytest.raises(GatewayError):
        services.settle_payment(payment.pk, at=now)
    # Authorisations last for days: the clock goes on asking.
    assert services.settle_pending_payments(now + timedelta(days=6)) == 1
    assert booked() == ({"EUR": 0}, 10_000, 10_000)


def test_released_money_is_never_taken(bank: StripeServer, now: datetime) -> None:
    payment = services.settle_payment(paid(bank, now, capture="manual").pk, at=now)
    services.cancel_payment(payment, by="system:test", at=now)
    with pytest.raises(services.CannotCapture):
        services.capture_payment(payment, by="system:test", at=now)
    payment = services.settle_payment(payment.pk, at=now)
    assert (payment.status, payment.closed_at) == ("cancelled", now)
    assert (bank.intents[payment.gateway_id]["status"], booked()) == ("canceled", ({}, 0, 0))


def test_an_authorisation_that_the_bank_lets_go_is_not_taken(bank: StripeServer, now: datetime) -> None:
    payment = services.settle_payment(paid(bank, now, capture="manual").pk, at=now)
    services.capture_payment(payment, by="system:test", at=now)
    bank.intents[payment.gateway_id]["status"] = "canceled"
    payment = services.settle_payment(payment.pk, at=now)
    assert (payment.status, booked()) == ("cancelled", ({}, 0, 0))


# Money that fits nothing


def test_money_for_a_payment_given_up_is_booked_and_goes_back(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    """The buyer pays while we give up: the row says so first, then there is a refund, then Stripe is asked for it."""
    payment = paid(bank, now)
    services.cancel_payment(payment, by="guest", at=now)
    bank.deliver(bank.event("payment_intent.succeeded"), live_server.url)
    assert interpret_all(now) == [True]
    payment.refresh_from_db()
    refund = Refund.objects.get()
    assert (payment.status, payment.failure, payment.captured_at) == ("stray", "came_late", now)
    assert (refund.status, refund.amount, refund.reason, len(bank.made)) == ("pending", eur(10_000), "came_late", 0)
    assert booked() == ({"EUR": 0}, 10_000, 10_000)
    at_once([partial(services.settle_payment, payment.pk, at=now)] * 3)
    services.send_refund(refund.pk, at=now)
    payment.refresh_from_db()
    assert (payment.refunded_minor, payment.refundable, len(bank.made)) == (10_000, eur(0), 1)
    assert booked() == ({"EUR": 0}, 0, 0)
    assert kinds("payment.")[1:] == ["payment.cancelled", "payment.stray"]


def test_another_amount_than_ours_is_never_captured_and_goes_back_as_it_came(bank: StripeServer, now: datetime) -> None:
    """However many hear of it at once: all have asked Stripe before the first of them writes."""
    payment = paid(bank, now)
    bank.intents[payment.gateway_id] |= {"amount_received": 99}
    bank.fault("GET /v1/payment_intents", after=True, status=200, seconds=0.5)
    results = at_once([partial(services.settle_payment, payment.pk, at=now)] * 4)
    assert [type(result) for result in results] == [Payment] * 4
    payment.refresh_from_db()
    assert (payment.status, payment.failure, payment.received) == ("stray", "amount_mismatch", eur(99))
    assert booked() == ({"EUR": 0}, 99, 99)
    services.send_refund(Refund.objects.get().pk, at=now)
    assert (bank.intents[payment.gateway_id]["_refunded"], booked()) == (99, ({"EUR": 0}, 0, 0))


def test_another_amount_authorised_than_ours_is_released(bank: StripeServer, now: datetime) -> None:
    payment = paid(bank, now, capture="manual")
    bank.intents[payment.gateway_id] |= {"amount_capturable": 99}
    payment = services.settle_payment(payment.pk, at=now)
    assert (payment.status, payment.failure) == ("failed", "amount_mismatch")
    assert services.settle_payment(payment.pk, at=now).closed_at == now
    assert (bank.intents[payment.gateway_id]["status"], booked()) == ("canceled", ({}, 0, 0))


def test_a_payment_given_up_while_stripe_is_away_is_closed_by_the_clock(bank: StripeServer, now: datetime) -> None:
    payment = opened(now)
    services.cancel_payment(payment, by="guest", at=now)
    fault = bank.fault("GET")
    assert services.settle_pending_payments(now) == 0
    fault.times = 0
    services.settle_pending_payments(now + timedelta(minutes=5))
    payment.refresh_from_db()
    assert (payment.closed_at, bank.intents[payment.gateway_id]["status"]) == (now + timedelta(minutes=5), "canceled")
    asked = len(bank.calls)
    services.settle_pending_payments(now + timedelta(minutes=10))
    assert len(bank.calls) == asked


# Refunds


def test_the_refund_button_twice_pays_back_once(bank: StripeServer, now: datetime) -> None:
    payment, reference = captured(bank, now), uuid4()
    first, second = at_once([partial(ask, payment, 4_000, now, reference)] * 2)
    assert first.pk == second.pk
    at_once([partial(services.send_refund, first.pk, at=now)] * 6)
    payment.refresh_from_db()
    assert (payment.refunded_minor, bank.intents["pi_1"]["_refunded"], len(bank.made)) == (4_000, 4_000, 1)
    assert booked() == ({"EUR": 0}, 6_000, 6_000)


@pytest.mark.parametrize("status", [500, 0], ids=["500", "no answer"])
def test_a_refund_that_stripe_made_and_did_not_own_up_to_is_made_once(
    bank: StripeServer, now: datetime, status: int
) -> None:
    refund = ask(captured(bank, now), 4_000, now)
    bank.fault(REFUND, after=True, status=status)
    assert services.send_refunds(now) == 0
    assert booked() == ({"EUR": 0}, 10_000, 10_000)
    assert services.send_refunds(now + timedelta(minutes=5)) == 1
    refund.refresh_from_db()
    assert (refund.status, refund.gateway_id, len(bank.made)) == ("succeeded", "re_1", 1)
    assert booked() == ({"EUR": 0}, 6_000, 6_000)


def test_while_stripe_is_slow_its_webhook_finishes_the_refund_and_nobody_waits_for_a_lock(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    """Our row is there first: the webhook names it. The answer that comes afterwards finds nothing to do."""
    payment = captured(bank, now)
    refund = ask(payment, 4_000, now)
    done, may_answer = threading.Event(), threading.Event()

    def hold(call: str) -> None:
        if call == REFUND:
            done.set()
            assert may_answer.wait(30)

    bank.before_answer = hold
    sending = threading.Thread(target=in_thread, args=[partial(services.send_refund, refund.pk, at=now)])
    sending.start()
    assert done.wait(30)
    with transaction.atomic():
        Payment.objects.select_for_update(nowait=True).get(pk=payment.pk)
    for kind in ("charge.refunded", "refund.created"):
        bank.deliver(bank.event(kind), live_server.url)
    assert interpret_all(now) == [True, True]
    assert Refund.objects.get().status == "succeeded"
    may_answer.set()
    sending.join()
    payment.refresh_from_db()
    assert (payment.refunded_minor, payment.reserved_refund_minor, Refund.objects.count()) == (4_000, 0, 1)
    assert booked() == ({"EUR": 0}, 6_000, 6_000)


def in_thread(call: Callable[[], Any]) -> None:
    try:
        call()
    finally:
        connection.close()


def test_a_refund_made_at_stripe_is_recorded_once(bank: StripeServer, live_server: Any, now: datetime) -> None:
    """Without the lock and the unique id of the provider each of the six would write one."""
    payment = captured(bank, now)
    bank.refund_at_dashboard("pi_1", 3_000)
    bank.fault("GET /v1/refunds", after=True, status=200, seconds=0.5)
    assert at_once([partial(services.record_provider_refunds, payment, at=now)] * 6) == [True] * 6
    for kind in ("refund.created", "charge.refunded"):
        bank.deliver(bank.event(kind), live_server.url)
    interpret_all(now)
    payment.refresh_from_db()
    refund = Refund.objects.get()
    assert (refund.reason, refund.gateway_id, refund.status) == ("provider", "re_1", "succeeded")
    assert (payment.refunded_minor, booked()) == (3_000, ({"EUR": 0}, 7_000, 7_000))
    with pytest.raises(services.CannotRefund):
        ask(payment, 7_001, now)


def test_a_refund_at_stripe_that_is_under_way_is_followed(bank: StripeServer, now: datetime) -> None:
    payment = captured(bank, now)
    bank.refunds_are = "pending"
    bank.refund_at_dashboard("pi_1", 3_000)
    assert services.record_provider_refunds(payment, at=now)
    payment.refresh_from_db()
    assert (payment.reserved_refund_minor, booked()) == (3_000, ({"EUR": 0}, 10_000, 10_000))
    bank.end_refund("re_1", "failed", failure_reason="expired_or_canceled_card")
    assert services.send_refunds(now) == 1
    payment.refresh_from_db()
    assert (payment.reserved_refund_minor, Refund.objects.get().failure) == (0, "expired_or_canceled_card")


def test_both_refund_at_once_and_no_more_than_was_paid_goes_back(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    """Support refunds all here while somebody refunds half there: Stripe refuses ours, and then theirs is written."""
    payment = captured(bank, now)
    ours = ask(payment, 10_000, now)
    bank.refund_at_dashboard("pi_1", 5_000)
    bank.deliver(bank.event("charge.refunded"), live_server.url)
    assert interpret_all(now) == [False]
    assert services.send_refund(ours.pk, at=now).status == "failed"
    assert interpret_all(now) == [True]
    payment.refresh_from_db()
    assert (payment.refunded_minor, payment.reserved_refund_minor) == (5_000, 0)
    assert booked() == ({"EUR": 0}, 5_000, 5_000)
