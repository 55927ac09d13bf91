"""Credit under many hands: one balance is promised once, and a sale is credit or a transfer, never both."""

import uuid
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier

import pytest

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments import services as payments
from backmarket.payments.models import CreditAccount, LedgerMovement, Payment, Payout
from backmarket.payments.selectors import available_credit, balance, credit_of, ledger_sum
from backmarket.payments.services.ledger import book
from buyback.models import Trade
from buyback.services.credit import keep_as_credit, pay_out_credit
from buyback.services.payouts import order_payouts
from catalog.models import Listing
from orders.models import Cart, Order
from orders.services.cart import add_to_cart, open_cart
from orders.services.checkout import place_order
from refurbishers.models import Refurbisher
from tests.buyback.steps import validated
from tests.factories import AddressFactory, ListingFactory
from tests.races.together import PATIENCE, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
SOME = 6


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def outcomes(results: list[object]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)


def give(person: User, minor: int, at: datetime) -> None:
    payments.leave_credit(person, eur(minor), reference=uuid.uuid4(), label="T1", at=at)


def filled(listing: Listing, at: datetime) -> Cart:
    cart = open_cart(None, None)
    add_to_cart(cart, listing, quantity=1, at=at)
    return cart


def order_from(cart: Cart, buyer: User, at: datetime) -> Order:
    return place_order(
        cart, address=AddressFactory(user=buyer), email=buyer.email, buyer=buyer, language="en",
        checkout_key=uuid.uuid4(), conditions_version="2026-11", by=buyer, at=at, credit_minor=10_000,
    )  # fmt: skip


def test_checkouts_at_once_spend_one_balance(now: datetime, alice: User) -> None:
    """Of different offers, for those who want the same one wait for its stock already."""
    listings = [ListingFactory(on_hand=50) for _tab in range(SOME)]
    for _round in range(4):
        give(alice, 10_000, now)
        carts = [filled(listing, now) for listing in listings]
        results = at_once([partial(order_from, cart, alice, now) for cart in carts])
        assert outcomes(results) == {"Order": 1, "NotEnoughCredit": SOME - 1}
        assert available_credit(alice, "EUR", now) == eur(0)
    assert Payment.objects.filter(credit_minor=10_000).count() == 4


def test_control_who_looks_without_the_lock_promises_it_to_all(now: datetime, alice: User) -> None:
    give(alice, 10_000, now)
    looked = Barrier(SOME)

    def naive() -> Payment:
        assert available_credit(alice, "EUR", now) >= eur(10_000)
        looked.wait(timeout=PATIENCE)
        return Payment.objects.create(
            purpose="order", reference=uuid.uuid4(), amount_minor=1, currency="EUR", gateway="sandbox", created_at=now,
            credit_minor=10_000, credit_of=alice, credit_until=now + timedelta(hours=1),
        )  # fmt: skip

    assert outcomes(at_once([naive] * SOME)) == {"Payment": SOME}
    assert available_credit(alice, "EUR", now) == eur(-50_000)


def test_the_database_itself_lets_no_two_take_the_same_credit(now: datetime, alice: User) -> None:
    """Even who asks nobody: the trigger waits for the account's row, and then sees what the other has taken."""
    give(alice, 10_000, now)

    def naive(number: int) -> LedgerMovement:
        entries = [("credit", str(alice.pk), eur(-10_000)), ("buyer", "", eur(10_000))]
        return book(f"x:{number}", kind="x", reference=uuid.uuid4(), entries=entries, at=now)

    results = at_once([partial(naive, number) for number in range(SOME)])
    assert outcomes(results) == {"LedgerMovement": 1, "IntegrityError": SOME - 1}
    assert (credit_of(alice), ledger_sum()) == (eur(0), {"EUR": 0})


def test_paid_out_or_spent_but_never_both(now: datetime, carol: User, plant: Refurbisher) -> None:
    listing = ListingFactory(on_hand=50)
    for _round in range(4):
        trade = validated(plant, carol, now)
        keep_as_credit(trade, by=carol, at=now)
        whole = available_credit(carol, "EUR", now)
        out = partial(pay_out_credit, carol, amount=whole, holder="", iban="", key=uuid.uuid4(), by=carol, at=now)
        results = at_once([out, partial(order_from, filled(listing, now), carol, now), out])
        assert outcomes(results)["NotEnoughCredit"] >= 1
        assert available_credit(carol, "EUR", now) >= eur(0)
        payments.send_due_payouts(now + timedelta(hours=1))
        assert credit_of(carol) >= eur(0)


def test_stopped_or_sent_but_never_both(now: datetime, carol: User, plant: Refurbisher) -> None:
    """`cancel_payout` and the sender lock the payout."""
    keep_as_credit(validated(plant, carol, now), by=carol, at=now)
    for _round in range(5):
        before, day = credit_of(carol), now + timedelta(days=1)
        key = uuid.uuid4()
        payout = pay_out_credit(carol, amount=eur(1_000), holder="", iban="", key=key, by=carol, at=now)
        stop = partial(payments.stop_credit_payout, Payout.objects.get(pk=payout.pk), by=carol, at=day)
        results = at_once([stop, partial(payments.send_due_payouts, day), partial(payments.send_due_payouts, day)])
        payout.refresh_from_db()
        assert (payout.status == "cancelled", results[0] is None, before - credit_of(carol)) in [
            (True, True, eur(0)), (False, False, eur(1_000)),
        ]  # fmt: skip
        assert available_credit(carol, "EUR", day) == credit_of(carol)


def test_left_as_credit_or_sent_to_the_bank_but_never_both(now: datetime, carol: User, plant: Refurbisher) -> None:
    """`cancel_payout` and the sender lock the payout; who comes second finds it gone, or on its way."""
    for _round in range(5):
        trade = validated(plant, carol, now)
        assert order_payouts(now) == 1
        before, day = credit_of(carol), now + timedelta(days=1)
        keep = partial(keep_as_credit, Trade.objects.get(pk=trade.pk), by=carol, at=day)
        at_once([keep, partial(payments.send_due_payouts, day), partial(payments.send_due_payouts, day)])
        payments.send_due_payouts(day)
        trade = Trade.objects.get(pk=trade.pk)
        payout = Payout.objects.get(reference=trade.pk)
        left = credit_of(carol) - before
        assert (trade.credited_at is not None, payout.status, left) in [
            (True, "cancelled", eur(25_000)), (False, "sent", eur(0)), (False, "paid", eur(0)),
        ]  # fmt: skip
        assert balance("consumer", str(carol.pk)) == eur(0)


def test_clicked_many_times_it_is_left_once(now: datetime, carol: User, plant: Refurbisher) -> None:
    trade = validated(plant, carol, now)
    copies = [Trade.objects.get(pk=trade.pk) for _tab in range(SOME)]
    results = at_once([partial(keep_as_credit, copy, by=carol, at=now) for copy in copies])
    assert outcomes(results) == {"NoneType": 1, "CannotKeepAsCredit": SOME - 1}
    assert (credit_of(carol), CreditAccount.objects.count()) == (eur(25_000), 1)
