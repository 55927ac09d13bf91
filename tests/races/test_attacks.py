"""What a thief, or bad luck, tries: paid twice, paid for nothing, or another's order opened."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.payments import services as payments
from backmarket.payments.gateways import sandbox
from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN
from backmarket.payments.models import LedgerMovement, Payment, Payout, Refund, SandboxIntent
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.shipping.models import Parcel
from backmarket.states import IllegalMove
from buyback.models import Trade
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.inspections import CannotAnswer, answer_counter_offer
from buyback.services.payouts import order_payouts
from buyback.services.trades import CannotChangeIban, change_iban
from catalog.models import Listing
from orders.links import guest_token
from orders.models import CartItem, Claim, Earning, Order, OrderLine
from orders.services import claims
from orders.services.checkout import settle_order
from orders.services.deadlines import watch_order_deadlines
from orders.services.fulfilment import refuse_line, ship_consignment
from orders.services.returns import confirm_withdrawal
from refurbishers.models import Refurbisher
from tests.buyback.steps import IBAN, OTHER_IBAN, countered, validated
from tests.factories import imei
from tests.ground.money_steps import CARD, eur, opened
from tests.orders.conftest import carry
from tests.races.together import at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

DAY = timedelta(days=1)
THIRD_IBAN = "FR7610107001011234567890129"


def ship(order: Order, at: datetime) -> Parcel:
    numbers = {line.pk: imei() for line in order.lines.all()}
    return ship_consignment(
        order.consignments.get(), identifiers=numbers, by="system:test", at=at, courier="colissimo",
        tracking_number=uuid.uuid4().hex[:12],
    )  # fmt: skip


def opened_claim(line: OrderLine, at: datetime) -> Claim:
    return claims.open_claim(
        line, issue="BATTERY", wish=Claim.Wish.REPAIR, description="The battery is flat by noon.", by="guest", at=at
    )


# Bank accounts of sellers


def active_payout(trade: Trade) -> Payout:
    return Payout.objects.get(reference=trade.pk, status=Payout.Status.ORDERED)


def test_a_new_account_given_while_the_payout_is_ordered_gets_the_money(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    """The payout must be read after the trade is locked: joined into the locking query, a row that changed while
    the lock was waited for comes without its payout, and the money goes to the old account."""
    trade = validated(plant, carol, now)

    outcome = meanwhile(
        partial(order_payouts, now + DAY),
        partial(change_iban, trade, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=now + DAY),
    )

    assert outcome is None
    assert (Trade.objects.get().iban, active_payout(trade).iban) == (OTHER_IBAN, OTHER_IBAN)


def test_the_last_of_two_new_accounts_gets_the_money(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = validated(plant, carol, now)
    order_payouts(now + DAY)
    change = partial(change_iban, holder="Carol Petit", by=carol, at=now + DAY)
    tabs = [Trade.objects.get() for _tab in range(2)]

    assert meanwhile(partial(change, tabs[0], iban=OTHER_IBAN), partial(change, tabs[1], iban=THIRD_IBAN)) is None

    assert (Trade.objects.get().iban, active_payout(trade).iban) == (THIRD_IBAN, THIRD_IBAN)
    assert sorted(Payout.objects.values_list("status", flat=True)) == ["cancelled", "cancelled", "ordered"]


def test_changing_the_account_while_the_bank_has_the_order_pays_once(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    """Without `sending_at`, written before the bank is called, a payout in its hands could be cancelled and ordered
    again: paid twice."""
    trade, at = validated(plant, carol, now), now + 2 * DAY
    order_payouts(now + DAY)
    payout = active_payout(trade)
    change = partial(change_iban, trade, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=at)

    def the_bank_is_slow() -> None:
        facts = {"amount_minor": payout.amount_minor, "currency": "EUR", "status": "sent"}
        SandboxIntent.objects.create(id=f"out_{payout.pk.hex}", kind="payout", **facts)

    def refused() -> None:
        with pytest.raises(payments.CannotCancelPayout):
            change()

    assert meanwhile(the_bank_is_slow, partial(payments.send_due_payouts, at), refused) == 1

    assert (Trade.objects.get().iban, Payout.objects.get().status) == (IBAN, "sent")
    with pytest.raises(CannotChangeIban):
        change()
    assert payments.send_due_payouts(now + 5 * DAY) == 1
    assert SandboxIntent.objects.filter(kind="payout").count() == 1
    assert balance("consumer", str(carol.pk)) == eur(0)


def test_a_bounced_payout_ordered_by_two_clicks_is_paid_once(plant: Refurbisher, carol: User, now: datetime) -> None:
    """Without the lock on the trade the second click meets `payout_one_active_per_reference`."""
    trade = validated(plant, carol, now)
    change = partial(change_iban, holder="Carol Petit", by=carol)
    change(trade, iban=EXAMPLE_BOUNCING_IBAN, at=now)
    order_payouts(now + DAY)
    payments.send_due_payouts(now + 2 * DAY)
    payments.send_due_payouts(now + 4 * DAY)
    assert Payout.objects.get().status == "bounced"
    tabs = [Trade.objects.get() for _tab in range(4)]

    results = at_once([partial(change, tab, iban=OTHER_IBAN, at=now + 5 * DAY) for tab in tabs])

    assert results == [None] * 4
    payments.send_due_payouts(now + 9 * DAY)
    payments.send_due_payouts(now + 12 * DAY)
    assert sorted(Payout.objects.values_list("status", flat=True)) == ["bounced", *["cancelled"] * 3, "paid"]
    assert balance("consumer", str(carol.pk)) == eur(0)


# Counter-offers


def test_at_the_last_instant_the_seller_and_the_clock_cannot_both_decide(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = countered(plant, carol, now)
    end = trade.counter_offer.answer_by
    with pytest.raises(CannotAnswer, match="over"):
        answer_counter_offer(trade, accept=True, by=carol, at=end)
    accept = partial(answer_counter_offer, trade, accept=True, by=carol, at=end - timedelta(microseconds=1))

    said, lapsed = at_once([accept, partial(watch_trade_deadlines, end)])

    trade.refresh_from_db()
    in_time = said is None
    assert (lapsed, isinstance(said, CannotAnswer)) == (0 if in_time else 1, not in_time)
    assert trade.status == ("validated" if in_time else "returning")
    assert LedgerMovement.objects.count() == (1 if in_time else 0)


def test_a_parcel_declared_lost_when_its_device_is_on_its_way_back_pays_nobody(
    plant: Refurbisher, carol: User, drain: Callable, now: datetime
) -> None:
    """The plant scanned the device at its gate, the courier never did: the seller has it back, or the money."""
    trade = countered(plant, carol, now)
    answer_counter_offer(trade, accept=False, by=carol, at=now + DAY)

    carry(trade.parcel, at=now + 2 * DAY, to=Parcel.Status.LOST)
    drain()

    assert (Trade.objects.get().status, LedgerMovement.objects.count()) == ("returning", 0)
    carry(Trade.objects.get().return_parcel, at=now + 3 * DAY, to=Parcel.Status.LOST)
    drain()
    assert (Trade.objects.get().status, LedgerMovement.objects.count()) == ("validated", 1)


# Refunds


def test_what_is_shipped_in_the_minute_of_the_deadline_is_not_refunded(
    place: Callable, pay: Callable, listing: Listing, now: datetime
) -> None:
    """The job lists late lines first and locks each afterwards: it must look at the status again."""
    order, late = pay(place((listing, 1))), now + 8 * DAY

    outcome = meanwhile(partial(ship, order, late), partial(watch_order_deadlines, late))

    assert outcome == 0
    assert (order.lines.get().status, Refund.objects.count()) == ("shipped", 0)


def test_a_plant_that_ships_and_refuses_at_once_gives_no_device_away(
    place: Callable, pay: Callable, listing: Listing, now: datetime
) -> None:
    order = pay(place((listing, 1)))
    refuse = partial(refuse_line, order.lines.get(), reason="defect_found", by="system:test", at=now)

    outcome = meanwhile(partial(ship, order, now), refuse)

    assert isinstance(outcome, IllegalMove)
    assert (order.lines.get().status, Refund.objects.count()) == ("shipped", 0)


def test_a_lost_parcel_found_before_its_refund_left_pays_nobody_twice(
    place: Callable, pay: Callable, listing: Listing, drain: Callable, settle_refunds: Callable, now: datetime
) -> None:
    """The buyer keeps the refund, so the plant must not keep the proceeds of the late delivery."""
    order = pay(place((listing, 1)))
    parcel = ship(order, now)
    carry(parcel, at=now + 3 * DAY, to=Parcel.Status.LOST)
    drain()
    carry(parcel, at=now + 4 * DAY)
    drain()
    settle_refunds(now + 5 * DAY)

    assert order.lines.get().status == "refunded"
    assert (balance("buyer"), balance("plant", str(listing.plant_id)), balance("commission")) == (eur(0),) * 3
    assert (Earning.objects.aggregate(total=Sum("amount_minor"))["total"] or 0) == 0


def test_withdrawing_while_support_refunds_the_case_gives_the_money_back_once(
    delivered_line: OrderLine, now: datetime
) -> None:
    """Both lock the line before the case; the other way round the two would wait for each other in a circle."""
    at = now + 3 * DAY
    claim = opened_claim(delivered_line, at)

    refused = meanwhile(
        lambda: lock(OrderLine.objects.filter(pk=delivered_line.pk)).get(),
        partial(claims.refund_claim, claim, by="system:test", at=at),
        partial(confirm_withdrawal, delivered_line, name="Alice Martin", by="guest", at=at),
    )

    assert isinstance(refused, claims.ClaimClosed)
    claim.refresh_from_db()
    assert (claim.status, Refund.objects.count()) == ("withdrawn", 0)
    claims_again = at_once([partial(confirm_withdrawal, delivered_line, name="Alice", by="guest", at=at)] * 2)
    assert [type(result).__name__ for result in claims_again] == ["CannotWithdraw"] * 2


def test_a_replacement_ordered_by_two_clicks_takes_one_device(
    delivered_line: OrderLine, listing: Listing, now: datetime
) -> None:
    """Without the look at the status under the lock the second click asks the stock again: an error page."""
    at = now + 3 * DAY
    claim = opened_claim(delivered_line, at)
    claims.accept_claim(claim, by="system:test", at=at)
    claims.receive_claim_device(claim, by="system:test", at=at)
    copies = [Claim.objects.select_related("line").get() for _tab in range(4)]

    results = at_once([partial(claims.start_replacement, copy, by="system:test", at=at) for copy in copies])

    assert sorted(type(result).__name__ for result in results) == ["IllegalMove"] * 3 + ["NoneType"]
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (3, 0)


def test_a_case_reopened_after_a_replacement_can_be_replaced_again(
    delivered_line: OrderLine, listing: Listing, alice: User, now: datetime
) -> None:
    at = now + 3 * DAY
    claim = opened_claim(delivered_line, at)
    for _device in range(2):
        claims.accept_claim(claim, by="system:test", at=at)
        claims.receive_claim_device(claim, by="system:test", at=at)
        claims.start_replacement(claim, by="system:test", at=at)
        claims.send_replacement(claim, identifier=imei(), by="system:test", at=at)
        claims.deliver_back(claim, at=at)
        claims.post_message(claim, role="customer", author=alice, text="This one is broken too.", at=at)
        claim = Claim.objects.select_related("line").get()

    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved, claim.status) == (2, 0, "awaiting_plant")


# Payments


def test_money_that_comes_for_a_cancelled_payment_goes_back_though_nobody_told_the_bank(now: datetime) -> None:
    """The message that closes the bank's page may be lost in a crash: the webhook of the money that comes all the
    same has it written down, and sent back once."""
    payment, intent = opened(now)
    payments.cancel_payment(payment, by="system:test", at=now)
    sandbox.pay(intent, CARD)

    assert [payments.settle_payment(payment.pk, at=now).status for _webhook in range(2)] == ["stray"] * 2

    assert_sent_back(payment, intent, now)


def assert_sent_back(payment: Payment, intent: SandboxIntent, now: datetime) -> None:
    """Booked in, booked out, and at the bank the whole of it has gone back, however often it is asked."""
    for _beat in range(2):
        payments.send_refunds(now)
    intent.refresh_from_db()
    assert (intent.status, intent.refunded_minor) == ("captured", intent.amount_minor)
    refund = Refund.objects.get(payment=payment)
    assert (refund.status, refund.amount_minor) == ("succeeded", intent.amount_minor)
    booked = LedgerMovement.objects.filter(key__in=[f"capture:{payment.pk}", f"refund:{refund.pk}"])
    assert (booked.count(), ledger_sum()) == (2, {"EUR": 0})


def test_a_payment_cancelled_while_its_money_comes_is_either_one_or_the_other(now: datetime) -> None:
    for _round in range(5):
        payment, intent = opened(now)
        sandbox.pay(intent, CARD)
        cancel = partial(payments.cancel_payment, Payment.objects.get(pk=payment.pk), by="system:test", at=now)

        results = at_once([partial(payments.settle_payment, payment.pk, at=now), cancel])

        if isinstance(results[1], IllegalMove):
            payment.refresh_from_db()
            assert payment.status == "captured"
            assert not Refund.objects.filter(payment=payment).exists()
        else:  # what the worker does after a cancellation
            assert payments.settle_payment(payment.pk, at=now).status == "stray"
            assert_sent_back(payment, intent, now)


def test_of_two_who_pay_for_one_unit_the_late_one_has_the_money_back(
    place: Callable, listing: Listing, carol: User, now: datetime
) -> None:
    """The first let the ten minutes pass, the second reserved, and both pay in the same instant."""
    Listing.objects.filter(pk=listing.pk).update(on_hand=1)
    late = place((listing, 1))
    quick = place((listing, 1), buyer=carol, at=now + timedelta(minutes=11))
    for order in (late, quick):
        payment = Payment.objects.get(reference=order.pk)
        payments.open_payment(payment, return_url="http://testserver/", at=now)
        sandbox.pay(SandboxIntent.objects.get(pk=payment.gateway_id), CARD)
        payments.settle_payment(payment.pk, at=now)
    settle = partial(settle_order, at=now + timedelta(minutes=12))

    assert at_once([partial(settle, order.pk) for order in (late, quick) for _worker in range(2)]) == [None] * 4

    assert [order.lines.get().status for order in (late, quick)] == ["cancelled", "paid"]
    assert Refund.objects.get().reference == late.lines.get().pk
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (0, 0)


# Doors


def test_a_guests_link_opens_its_own_order_only(
    place: Callable, listing: Listing, alice: User, client_of: Callable[[User], Client]
) -> None:
    mine, other = place((listing, 1), buyer=None), place((listing, 1), buyer=None)
    alices, browser = place((listing, 1)), Client()
    link = reverse("guest-order-open", args=[guest_token(mine)])

    assert browser.post(link, {"postcode": mine.address.postcode}).status_code == 302
    assert browser.get(reverse("order", args=[mine.pk])).status_code == 200
    for stranger in (other, alices):
        assert browser.get(reverse("order", args=[stranger.pk])).status_code == 404
        assert browser.post(reverse("checkout-pay", args=[stranger.pk])).status_code == 404
        assert browser.get(reverse("checkout-return", args=[stranger.pk])).status_code == 404
    signature = guest_token(mine).split(":", 1)[1]
    forged = reverse("guest-order-open", args=[f"{other.pk}:{signature}"])
    assert browser.get(forged).status_code == 404
    assert browser.get(reverse("guest-order-open", args=[guest_token(alices)])).status_code == 404
    assert client_of(alice).get(reverse("order", args=[mine.pk])).status_code == 404


@pytest.mark.parametrize("quantity", ["-1", "0", "11", "1e9", "9" * 40, "", "1;2", "٣٣"])
def test_no_quantity_but_one_to_ten_enters_a_cart(quantity: str, listing: Listing) -> None:
    browser, fine = Client(), {"listing": str(listing.pk)}
    assert browser.post(reverse("cart-add"), {**fine, "quantity": quantity}).status_code == 302
    assert not CartItem.objects.exists()

    browser.post(reverse("cart-add"), {**fine, "quantity": 2})
    change = reverse("cart-change", args=[CartItem.objects.get().pk])
    assert browser.post(change, {"quantity": quantity}).status_code == 422
    assert browser.post(reverse("cart-change", args=[int("9" * 40)]), {"quantity": 1}).status_code == 404
    assert CartItem.objects.get().quantity == 2
