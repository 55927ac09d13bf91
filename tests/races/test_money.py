"""Money under many hands: every payment, refund, payout, settlement, decision and rating happens once."""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.events import inbox
from backmarket.events.models import Event, IncomingWebhook
from backmarket.payments import services as payments
from backmarket.payments.gateways import sandbox
from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN
from backmarket.payments.models import LedgerMovement, Payment, Payout, Refund, SandboxIntent
from backmarket.payments.selectors import balance, ledger_sum
from buyback.models import CounterOffer, Trade
from buyback.services.inspections import answer_counter_offer
from buyback.services.trades import CannotAcceptQuote, accept_quote
from catalog.models import Listing
from orders.models import Earning, Order, OrderLine, Settlement
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants
from refurbishers.models import Refurbisher
from reviews.models import Review
from reviews.services import rate_line
from tests.buyback.steps import countered, quoted, terms
from tests.ground.money_steps import CARD, captured, eur
from tests.races.together import PATIENCE, at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

MANY = 20
SOME = 6


def paid_at_the_bank(order: Order, at: datetime) -> Payment:
    """The buyer has paid, and nobody has told us yet."""
    payment = Payment.objects.get(reference=order.pk)
    payments.open_payment(payment, return_url="http://testserver/", at=at)
    sandbox.pay(SandboxIntent.objects.get(pk=payment.gateway_id), CARD)
    return payment


def webhook_of(payment: Payment) -> Callable[[], int]:
    """One delivery of the bank's signed webhook; returns the status it was answered with."""
    body = sandbox.webhook_body(SandboxIntent.objects.get(pk=payment.gateway_id))
    with_signature = {inbox.SIGNATURE_HEADER: inbox.sign(body, settings.SANDBOX_WEBHOOK_SECRET)}
    address = reverse("webhook", args=["payments", "sandbox"])
    return lambda: Client().post(address, body, content_type="application/json", headers=with_signature).status_code


def outcomes(results: list[object]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)


def test_the_same_webhook_twenty_times_at_once_captures_once(place: Callable, listing: Listing, now: datetime) -> None:
    """Without `webhook_received_once` twenty rows are kept; without both the lock on the payment and the
    compare-and-swap of `states.move` it is captured by every worker, and only the ledger's key books it once."""
    payment = paid_at_the_bank(place((listing, 1)), now)

    assert at_once([webhook_of(payment)] * MANY) == [200] * MANY
    webhook = IncomingWebhook.objects.get()
    at_once([lambda: inbox.handle_webhook(webhook.pk, at=now)] * SOME)

    payment.refresh_from_db()
    assert payment.status == "captured"
    assert LedgerMovement.objects.get(kind="capture").key == f"capture:{payment.pk}"
    assert LedgerMovement.objects.exclude(kind="capture").get().kind == "fee"
    assert (balance("buyer"), ledger_sum()) == (payment.amount, {"EUR": 0})
    assert Event.objects.filter(kind="payment.captured").count() == 1


def test_the_browsers_return_and_the_webhook_settle_one_order_once(
    place: Callable, listing: Listing, alice: User, client_of: Callable[[User], Client], now: datetime
) -> None:
    """Both call `settle_payment` and `settle_order`; without the lock on the order its stock is sold twice."""
    order = place((listing, 1))
    payment = paid_at_the_bank(order, now)
    webhook_of(payment)()
    webhook = IncomingWebhook.objects.get()
    browsers = [client_of(alice) for _tab in range(3)]

    def come_back(browser: Client) -> int:
        return browser.get(reverse("checkout-return", args=[order.pk])).status_code

    hook = partial(inbox.handle_webhook, webhook.pk, at=now)
    results = at_once([*(partial(come_back, browser) for browser in browsers), *[hook] * 3])

    assert results[:3] == [302] * 3
    order.refresh_from_db()
    listing.refresh_from_db()
    assert (order.payment_status, order.lines.get().status) == ("captured", "paid")
    assert (listing.on_hand, listing.reserved) == (4, 0)
    assert sorted(LedgerMovement.objects.values_list("kind", flat=True)) == ["capture", "fee"]
    assert Event.objects.filter(kind="order.captured").count() == 1


def test_one_line_is_refunded_once_however_many_ask(delivered_line: OrderLine, now: datetime) -> None:
    """Without the lock on the line all pass the first check; then the lock on the payment and
    `refund_once_per_reference` still leave one row, and the reversal's unique key one booking."""
    at = now + timedelta(days=5)
    ask = partial(refund_line, delivered_line, reason="withdrawal", by="system:test", at=at)

    assert outcomes(at_once([ask] * SOME)) == {"Refund": 1, "CannotRefundLine": SOME - 1}

    refund = Refund.objects.get()
    at_once([partial(payments.send_refund, refund.pk, at=at)] * SOME)
    payment = Payment.objects.get()
    assert (payment.refunded_minor, payment.reserved_refund_minor) == (30490, 0)
    assert SandboxIntent.objects.get(kind="payment").refunded_minor == 30490
    assert LedgerMovement.objects.filter(kind="refund").count() == 1
    assert (balance("buyer"), balance("plant", str(delivered_line.plant_id))) == (eur(0), eur(0))


def test_control_refunds_that_look_before_they_claim_are_stopped_by_the_database_alone(now: datetime) -> None:
    """`payment_never_refunded_above_captured` is the last door, behind the service's condition and lock."""
    payment, looked = captured(now), Barrier(SOME)
    rows = Payment.objects.filter(pk=payment.pk)

    def naive() -> bool:
        seen = rows.get()
        looked.wait(timeout=PATIENCE)
        if seen.refundable.minor < 6000:
            return False
        Refund.objects.create(
            payment=seen, reference=uuid.uuid4(), reason="naive", amount_minor=6000, currency="EUR", created_at=now
        )
        return bool(rows.update(reserved_refund_minor=seen.reserved_refund_minor + 6000))

    assert at_once([naive] * SOME) == [True] * SOME
    promised = Refund.objects.aggregate(total=Sum("amount_minor"))["total"]
    assert promised == 36_000 > payment.amount_minor
    with pytest.raises(IntegrityError, match="payment_never_refunded_above_captured"):
        rows.update(reserved_refund_minor=payment.amount_minor + 1)


def test_workers_settling_at_once_pay_a_plant_once(delivered_line: OrderLine, now: datetime) -> None:
    """The plant is locked, and so are its earnings: either lock is enough. Without both the settlements meet in the
    unique (plant, date, currency), and the second worker dies of it; without that too all is paid out twice."""
    at = datetime(2026, 12, 16, 9, tzinfo=now.tzinfo)

    assert meanwhile(partial(settle_plants, at), partial(settle_plants, at)) == 0

    assert (Settlement.objects.count(), Payout.objects.get().amount) == (1, delivered_line.proceeds)


def test_a_refund_racing_the_settlement_leaves_no_cent_behind(delivered_line: OrderLine, now: datetime) -> None:
    """Settled first, the refund is a negative row of the next settlement; refunded first, the two cancel out."""
    at = datetime(2026, 12, 16, 9, tzinfo=now.tzinfo)
    ask = partial(refund_line, delivered_line, reason="claim", by="system:test", at=at)

    assert outcomes(at_once([partial(settle_plants, at), ask])) == {"int": 1, "Refund": 1}

    settle_plants(datetime(2026, 12, 26, 9, tzinfo=now.tzinfo))
    earned = Earning.objects.exclude(kind="carried").aggregate(total=Sum("amount_minor"))["total"]
    paid_out = Payout.objects.aggregate(total=Sum("amount_minor"))["total"] or 0
    owed = Earning.objects.filter(settlement=None).aggregate(total=Sum("amount_minor"))["total"] or 0
    assert (earned, paid_out + owed) == (0, 0)


def test_two_workers_send_a_payout_once(now: datetime) -> None:
    """The row's id is the bank's idempotency key, and only one of them moves it to sent: without the compare-and-swap
    both would count it."""
    order = partial(
        payments.order_payout, purpose="trade", amount=eur(25_000), holder="Carol Petit", account="consumer"
    )
    order(reference=uuid.uuid4(), iban="FR7630006000011234567890189", party="7", due_at=now, by="system:test", at=now)

    assert sum(at_once([partial(payments.send_due_payouts, now)] * SOME)) == 1

    assert SandboxIntent.objects.filter(kind="payout").count() == 1
    assert Event.objects.filter(kind="payout.sent").count() == 1
    assert (balance("consumer", "7"), balance("bank")) == (eur(-25_000), eur(25_000))


def test_a_payout_bounces_once_however_many_hear_of_it(now: datetime) -> None:
    """Without the compare-and-swap each worker would give the claim back once more."""
    order = partial(
        payments.order_payout, purpose="trade", amount=eur(25_000), holder="Carol Petit", account="consumer"
    )
    order(reference=uuid.uuid4(), iban=EXAMPLE_BOUNCING_IBAN, party="7", due_at=now, by="system:test", at=now)
    payments.send_due_payouts(now)

    assert sum(at_once([partial(payments.send_due_payouts, now + timedelta(days=1))] * SOME)) == 1

    assert Event.objects.filter(kind="payout.bounced").count() == 1
    assert (balance("consumer", "7"), balance("bank"), ledger_sum()) == (eur(0), eur(0), {"EUR": 0})


def test_a_double_click_on_accept_makes_one_trade(plant: Refurbisher, carol: User, now: datetime) -> None:
    """Without the compare-and-swap of the quote the second click may end in the unique key of its trade: an error
    page. Whichever check it meets first, the answer is in words."""
    quote = quoted(plant, now)
    facts = terms(quote, carol, now)
    clicks = [partial(accept_quote, type(quote).objects.get(pk=quote.pk), **facts) for _click in range(2)]

    results = at_once(clicks)

    assert sum(isinstance(result, Trade) for result in results) == 1
    assert sum(isinstance(result, CannotAcceptQuote) for result in results) == 1
    assert Trade.objects.count() == 1


def test_of_two_opposite_answers_to_a_counter_offer_one_wins(plant: Refurbisher, carol: User, now: datetime) -> None:
    """Without the lock on the open counter-offer both answers are taken, and the trade's own move refuses the second
    one only because it cannot be validated and on its way back at once."""
    for _round in range(5):
        pk = countered(plant, carol, now).pk
        copies = [Trade.objects.get(pk=pk) for _tab in range(2)]
        at = now + timedelta(hours=1)
        answers = [
            partial(answer_counter_offer, copy, accept=accept, by=carol, at=at)
            for copy, accept in zip(copies, [True, False], strict=True)
        ]

        results = at_once(answers)

        assert sorted(type(result).__name__ for result in results) == ["CannotAnswer", "NoneType"]
        trade, offer = Trade.objects.get(pk=pk), CounterOffer.objects.get(trade_id=pk)
        won = "accepted" if results[0] is None else "refused"
        owed = LedgerMovement.objects.filter(key=f"trade:{pk}").count()
        expected = ("validated", 18_000, 1) if won == "accepted" else ("returning", 25_000, 0)
        assert (offer.answer, (trade.status, trade.price_minor, owed)) == (won, expected)


def test_a_line_rated_twice_at_once_has_one_rating(
    delivered_line: OrderLine, alice: User, drain: Callable[[], None], now: datetime
) -> None:
    """Without the one-to-one key of the rating both are published, and the plant's stars count twice."""
    stars = {"stars_device": 5, "stars_delivery": 4, "stars_service": 5, "words": "Fine."}
    rate = partial(rate_line, delivered_line, author=alice, by=alice, at=now + timedelta(days=4), **stars)

    results = at_once([rate] * SOME)

    assert outcomes(results) == {"Review": 1, "CannotRate": SOME - 1}
    drain()
    assert (Review.objects.count(), Refurbisher.objects.get(pk=delivered_line.plant_id).rating_count) == (1, 1)
