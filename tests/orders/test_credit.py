"""Credit at the checkout and on the way back: promised once, taken once, given back in the same proportion."""

import html
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.invoices.models import Invoice
from backmarket.money import Money
from backmarket.payments import reconciliation as payments_checks
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import LedgerEntry, LedgerMovement, Payment, Refund, SandboxIntent
from backmarket.payments.reconciliation import differences
from backmarket.payments.selectors import available_credit, balance, credit_of
from backmarket.payments.services import (
    CannotRefund,
    NotEnoughCredit,
    leave_credit,
    open_payment,
    request_refund,
    retry_refund,
    settle_payment,
    settle_pending_payments,
)
from catalog.models import Listing
from orders import reconciliation
from orders.models import Order, OrderLine
from orders.selectors import usable_credit
from orders.services.cart import add_to_cart, open_cart
from orders.services.checkout import settle_order
from orders.services.refunds import refund_line
from orders.services.waiting import CannotOrder, give_up_order, prolong_order
from tests.orders.conftest import CARD, place_from

pytestmark = pytest.mark.django_db
BY = "system:test"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def give(person: User, minor: int, at: datetime) -> None:
    leave_credit(person, eur(minor), reference=uuid4(), label="T1 · iPhone", at=at)


def free(person: User, at: datetime) -> int:
    return available_credit(person, "EUR", at).minor


def payment_of(order: Order) -> Payment:
    return Payment.objects.get(reference=order.pk)


def in_order() -> bool:
    return not list(differences({**payments_checks.CHECKS, **reconciliation.CHECKS}))


@pytest.fixture
def by_credit(place: Callable[..., Order], pay: Callable[..., Order], alice: User, listing: Listing, now: datetime):  # type: ignore[no-untyped-def]
    """An order of two devices (609.80 with shipping once: 604.90), paid with so much credit."""

    def bought(minor: int, quantity: int = 2) -> Order:
        give(alice, minor, now)
        return pay(place((listing, quantity), credit_minor=minor))

    return bought


def test_part_by_credit_and_the_rest_by_card(by_credit: Callable[..., Order], alice: User, now: datetime) -> None:
    order = by_credit(10_001)
    payment = payment_of(order)
    assert (order.payment_status, order.total, order.credit, order.to_pay) == (
        "captured", eur(60_490), eur(10_001), eur(50_489),
    )  # fmt: skip
    assert (payment.gateway, payment.amount, payment.credit, payment.total) == (
        "sandbox", eur(50_489), eur(10_001), eur(60_490),
    )  # fmt: skip
    assert SandboxIntent.objects.get(pk=payment.gateway_id).amount_minor == 50_489
    entries = LedgerEntry.objects.filter(movement__key=f"capture:{payment.pk}")
    assert set(entries.values_list("account", "party", "amount_minor")) == {
        ("gateway", "", -50_489), ("credit", str(alice.pk), -10_001), ("buyer", "", 60_490),
    }  # fmt: skip
    assert credit_of(alice) == eur(0)
    assert in_order()


def test_an_order_that_credit_covers_asks_no_bank(by_credit: Callable[..., Order], alice: User, now: datetime) -> None:
    order = by_credit(60_490)
    payment = payment_of(order)
    assert (order.payment_status, payment.gateway, payment.amount, payment.status) == (
        "captured", "credit", eur(0), "captured",
    )  # fmt: skip
    assert {line.status for line in order.lines.all()} == {"paid"}
    assert not SandboxIntent.objects.exists()
    assert (credit_of(alice), balance("buyer")) == (eur(0), eur(60_490))
    assert in_order()


@pytest.fixture
def pay(pay: Callable[..., Order], drain: Callable[[], None], now: datetime) -> Callable[..., Order]:
    """The conftest's, for orders that no bank is asked about too: opening them leads straight back."""

    def paid(order: Order, *, at: datetime = now, card: str = CARD) -> Order:
        if order.to_pay:
            return pay(order, at=at, card=card)
        assert open_payment(payment_of(order), return_url="/back/", at=at) == "/back/"
        settle_payment(payment_of(order).pk, at=at)
        drain()
        order.refresh_from_db()
        return order

    return paid


def test_credit_is_promised_with_the_stock_and_free_when_the_order_gives_way(
    place: Callable[..., Order], alice: User, listing: Listing, now: datetime
) -> None:
    give(alice, 10_000, now)
    first = place((listing, 1), credit_minor=8_000)
    assert (free(alice, now), credit_of(alice)) == (2_000, eur(10_000))
    # The same cart, and other credit: another order, which takes the first one's place.
    second = place_from(first.cart, buyer=alice, at=now, credit_minor=10_000)  # type: ignore[arg-type]
    first.refresh_from_db()
    assert (first.payment_status, second.pk != first.pk, free(alice, now)) == ("cancelled", True, 0)
    # The same once more is the same order.
    assert place_from(first.cart, buyer=alice, at=now, credit_minor=10_000).pk == second.pk  # type: ignore[arg-type]
    give_up_order(second, by=alice, at=now)
    assert free(alice, now) == 10_000


def test_the_promise_ends_by_time_alone_and_going_on_renews_it(
    place: Callable[..., Order], alice: User, listing: Listing, now: datetime
) -> None:
    give(alice, 10_000, now)
    order = place((listing, 1), credit_minor=10_000)
    late = now + timedelta(minutes=9)
    prolong_order(order, at=late)
    assert free(alice, now + timedelta(minutes=18)) == 0
    assert free(alice, now + timedelta(minutes=19)) == 10_000


def test_what_has_gone_meanwhile_is_not_promised_again(
    place: Callable[..., Order], alice: User, listing: Listing, other_listing: Listing, now: datetime
) -> None:
    give(alice, 10_000, now)
    order = place((listing, 1), credit_minor=10_000)
    later = now + timedelta(minutes=20)
    place((other_listing, 1), credit_minor=10_000, cart=open_cart(None, None), at=later)
    with pytest.raises(NotEnoughCredit):
        prolong_order(order, at=later)
    order.refresh_from_db()
    assert order.reserved_until == now + timedelta(minutes=10)


def test_more_than_there_is_or_than_it_costs_is_refused(
    place: Callable[..., Order], alice: User, listing: Listing, now: datetime
) -> None:
    with pytest.raises(NotEnoughCredit) as refusal:
        place((listing, 1), credit_minor=1, cart=open_cart(None, None))
    assert refusal.value.field == "credit"
    give(alice, 99_999, now)
    with pytest.raises(CannotOrder) as refusal_too:
        place((listing, 1), credit_minor=30_491, cart=open_cart(None, None))
    assert refusal_too.value.field == "credit"
    assert (Order.objects.count(), Payment.objects.count(), free(alice, now)) == (0, 0, 99_999)
    with pytest.raises(CannotOrder):  # nobody's credit pays for a guest
        place((listing, 1), credit_minor=1, buyer=None)
    assert not Order.objects.exists()


def test_a_card_is_never_asked_for_less_than_banks_take(
    place: Callable[..., Order], alice: User, listing: Listing, now: datetime
) -> None:
    give(alice, 30_480, now)
    cart = open_cart(alice, None)
    with pytest.raises(CannotOrder, match="below"):
        place((listing, 1), credit_minor=30_441, cart=open_cart(None, None))
    assert not Order.objects.exists()
    assert usable_credit(alice, cart, eur(30_490), at=now) == eur(30_440)
    assert place((listing, 1), credit_minor=30_440).to_pay == eur(50)


def test_card_money_whose_credit_has_gone_goes_back_whole(
    place: Callable[..., Order], alice: User, listing: Listing, now: datetime, drain: Callable[[], None]
) -> None:
    """The page of the bank was left open for longer than the promise, and the credit spent elsewhere."""
    give(alice, 10_000, now)
    order = place((listing, 1), credit_minor=10_000)
    payment, later = payment_of(order), now + timedelta(minutes=30)
    open_payment(payment, return_url="/", at=now)
    place((listing, 1), credit_minor=10_000, cart=open_cart(None, None), at=later)
    sandbox.pay(SandboxIntent.objects.get(pk=f"pay_{payment.pk.hex}"), CARD)
    settle_payment(payment.pk, at=later)
    drain()
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.payment_status, payment.status, payment.failure) == ("failed", "stray", "credit_gone")
    refund = Refund.objects.get()
    assert (refund.amount, refund.credit, credit_of(alice)) == (eur(20_490), eur(0), eur(10_000))
    assert in_order()


def test_a_whole_promise_that_ran_out_is_taken_as_long_as_it_is_there(
    place: Callable[..., Order], alice: User, listing: Listing, now: datetime
) -> None:
    """The buyer confirmed it and never came back: the clock follows, as for any payment."""
    give(alice, 30_490, now)
    order = place((listing, 1), credit_minor=30_490)
    open_payment(payment_of(order), return_url="/", at=now)
    later = now + timedelta(minutes=30)
    assert settle_pending_payments(later) == 1
    settle_order(order.pk, at=later)
    order.refresh_from_db()
    assert (order.payment_status, credit_of(alice)) == ("captured", eur(0))
    give(alice, 30_490, now)
    other = place((listing, 1), credit_minor=30_490)
    open_payment(payment_of(other), return_url="/", at=now)
    place((listing, 1), credit_minor=30_490, cart=open_cart(None, None), at=later)
    settle_payment(payment_of(other).pk, at=later)
    failed = payment_of(other)
    assert (failed.status, failed.failure, credit_of(alice)) == ("failed", "credit_gone", eur(30_490))
    assert in_order()


def test_lines_go_back_in_the_proportion_in_which_they_were_paid(
    by_credit: Callable[..., Order], alice: User, now: datetime, settle_refunds: Callable[[datetime], None]
) -> None:
    order = by_credit(10_001)
    one, two = order.lines.order_by("pk")
    refund_line(one, reason="buyer", by=alice, at=now)
    first = Refund.objects.get(reference=one.pk)
    # 302.45 of 604.90 is half of it; half of 100.01 is 50.005.
    assert (first.total, first.credit, first.status) == (one.gross, eur(5_001), "pending")
    assert (credit_of(alice), in_order()) == (eur(5_001), True)
    refund_line(two, reason="buyer", by=alice, at=now)
    second = Refund.objects.get(reference=two.pk)
    assert (second.total, second.credit) == (two.gross, eur(5_000))
    settle_refunds(now)
    assert (credit_of(alice), balance("buyer"), in_order()) == (eur(10_001), eur(0), True)
    assert {line.status for line in order.lines.all()} == {"refunded"}
    payment = payment_of(order)
    assert (payment.refundable, payment.card_left, payment.credit_left) == (eur(0), eur(0), eur(0))


def test_all_credit_is_back_at_once_and_the_line_with_it(
    by_credit: Callable[..., Order], alice: User, now: datetime, drain: Callable[[], None]
) -> None:
    order = by_credit(60_490)
    line = order.lines.first()
    assert line is not None
    refund_line(line, reason="buyer", by=alice, at=now)
    refund = Refund.objects.get()
    assert (refund.status, refund.amount, refund.credit) == ("succeeded", eur(0), line.gross)
    assert credit_of(alice) == line.gross
    drain()
    line.refresh_from_db()
    assert (line.status, in_order()) == ("refunded", True)
    assert LedgerMovement.objects.filter(kind="refund").count() == 0


def test_what_the_bank_refused_is_asked_of_it_again_without_the_credit_that_is_back(
    place: Callable[..., Order], pay: Callable[..., Order], alice: User, listing: Listing, now: datetime,
    settle_refunds: Callable[[datetime], None],
) -> None:  # fmt: skip
    """The sandbox refuses refunds that end in 07 cents."""
    give(alice, 10_483, now)
    order = pay(place((listing, 1), credit_minor=10_483))
    line = order.lines.get()
    refund_line(line, reason="buyer", by=alice, at=now)
    settle_refunds(now)
    failed = Refund.objects.get()
    assert (failed.status, failed.amount.minor, credit_of(alice).minor, in_order()) == (
        "failed", 20_007, 10_483, True,
    )  # fmt: skip
    again = retry_refund(failed, by=BY, at=now + timedelta(days=1))
    assert (again.amount, again.credit, credit_of(alice).minor) == (failed.amount, eur(0), 10_483)
    with pytest.raises(CannotRefund):
        request_refund(payment_of(order), reference=line.pk, amount=again.amount, reason="x", by=BY, at=now)
    known = request_refund(payment_of(order), reference=line.pk, amount=line.gross, reason="x", by=BY, at=now)
    assert (known.pk, in_order()) == (again.pk, True)


def test_parts_of_a_line_sum_to_the_cent(by_credit: Callable[..., Order], alice: User, now: datetime) -> None:
    payment = payment_of(by_credit(10_001))
    parts = [1, 2, 3, 10_000, 17, 50_467]
    for part in parts:
        request_refund(payment, reference=uuid4(), amount=eur(part), reason="goodwill", by=BY, at=now)
    rows = list(Refund.objects.order_by("created_at", "credit_minor"))
    assert sum(row.total.minor for row in rows) == sum(parts) == 60_490
    assert (sum(row.credit_minor for row in rows), credit_of(alice).minor) == (10_001, 10_001)
    with pytest.raises(CannotRefund):
        request_refund(payment, reference=uuid4(), amount=eur(1), reason="goodwill", by=BY, at=now)


def test_invoice_and_credit_note_say_what_paid(
    by_credit: Callable[..., Order], deliver: Callable[[Order], None], alice: User, now: datetime,
    settle_refunds: Callable[[datetime], None],
) -> None:  # fmt: skip
    order = by_credit(10_001)
    deliver(order)
    invoice = Invoice.objects.get(kind="invoice")
    assert (invoice.facts["credit_minor"], invoice.facts["card_minor"]) == (10_001, 50_489)
    line = order.lines.order_by("pk").first()
    assert line is not None
    refund_line(line, reason="goodwill", by=BY, at=now + timedelta(days=4))
    settle_refunds(now + timedelta(days=4))
    note = Invoice.objects.get(kind="credit_note")
    assert (note.total, note.facts["credit_minor"], note.facts["card_minor"]) == (line.gross, 5_001, 25_244)


def test_the_database_keeps_a_credit_from_going_below_zero(alice: User, now: datetime) -> None:
    give(alice, 100, now)
    movement = LedgerMovement.objects.create(key="x", kind="x", reference=uuid4(), happened_at=now)
    with pytest.raises(IntegrityError, match="below zero"), transaction.atomic():
        LedgerEntry.objects.create(
            movement=movement, account="credit", party=str(alice.pk), amount_minor=-101, currency="EUR"
        )


def test_the_database_refuses_payments_that_cannot_be(by_credit: Callable[..., Order], now: datetime) -> None:
    payment = payment_of(by_credit(10_001))
    for change, name in (
        ({"amount_minor": 0}, "payment_positive"),
        ({"gateway": "credit"}, "payment_positive"),
        ({"credit_of": None}, "payment_credit_is_somebodys"),
        ({"credit_at": None}, "payment_captured_took_credit"),
        ({"credit_back_minor": 10_002}, "payment_never_more_credit_back"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(**change)
    with pytest.raises(IntegrityError, match="order_credit_within_total"), transaction.atomic():
        Order.objects.update(credit_minor=60_491)


# Pages


FORM = {
    "name": "Alice Martin", "line1": "1 rue de la Paix", "postcode": "75002", "city": "Paris", "country": "FR",
    "accept": "on",
}  # fmt: skip


@pytest.fixture
def shopper(client_of: Callable[[User], Client], alice: User, listing: Listing, now: datetime) -> Client:
    add_to_cart(open_cart(alice, None), listing, quantity=1, at=now)
    return client_of(alice)


def post(client: Client, **more: str):  # type: ignore[no-untyped-def]
    return client.post(reverse("checkout"), {**FORM, "checkout_key": str(uuid4()), **more})


def test_the_checkout_speaks_of_credit_only_to_who_has_some(shopper: Client, alice: User, now: datetime) -> None:
    assert b"use_credit" not in shopper.get(reverse("checkout")).content
    give(alice, 50_000, now)
    page = shopper.get(reverse("checkout")).content.decode()
    assert 'name="use_credit"' in page
    assert 'value="304.90"' in page  # all of it, up to the total
    assert "credit" in shopper.get(reverse("cart")).content.decode()


def test_too_much_is_said_beside_the_field(shopper: Client, alice: User, now: datetime) -> None:
    give(alice, 5_000, now)
    answer = post(shopper, use_credit="on", credit="50.01")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["credit"])
    assert not Order.objects.exists()


def test_credit_for_all_of_it_leads_to_a_paid_order(shopper: Client, alice: User, now: datetime) -> None:
    give(alice, 50_000, now)
    answer = post(shopper, use_credit="on", credit="304.90")
    order = Order.objects.get()
    assert answer.url.endswith(reverse("checkout-return", args=[order.pk]))
    assert shopper.get(answer.url).url == reverse("order", args=[order.pk])
    order.refresh_from_db()
    assert (order.payment_status, credit_of(alice).minor) == ("captured", 50_000 - 30_490)
    page = shopper.get(reverse("order", args=[order.pk])).content.decode()
    assert "By credit" in page


def test_who_does_not_tick_it_pays_all_by_card(shopper: Client, alice: User, now: datetime) -> None:
    give(alice, 50_000, now)
    post(shopper, credit="304.90")
    assert (Order.objects.get().credit_minor, Payment.objects.get().amount) == (0, eur(30_490))


def test_the_emails_say_which_way_money_came_and_went(
    by_credit: Callable[..., Order], alice: User, now: datetime, settle_refunds: Callable[[datetime], None]
) -> None:
    from backmarket.notifications.models import MailboxMessage

    order = by_credit(10_001)
    line = order.lines.order_by("pk").first()
    assert line is not None
    refund_line(line, reason="buyer", by=alice, at=now)
    settle_refunds(now)
    bodies = " ".join(MailboxMessage.objects.values_list("text", flat=True)).replace("\xa0", " ")
    assert "50.01" in bodies
    assert "252.44" in bodies
    assert "100.01" in bodies
    assert Event.objects.filter(kind="refund.succeeded").count() == 1
    assert OrderLine.objects.get(pk=line.pk).status == "refunded"


@pytest.mark.parametrize(
    ("minor", "said"),
    [
        (60_490, "What you paid with your credit is yours to use again."),
        (10_001, "is yours to use again, and your bank has been asked to give you the rest back."),
        (1, "is yours to use again, and your bank has been asked to give you the rest back."),
    ],
)
def test_who_cancels_reads_where_the_money_really_goes(
    by_credit: Callable[..., Order], client_of: Callable[[User], Client], alice: User, minor: int, said: str
) -> None:
    order, browser = by_credit(minor), client_of(alice)
    page = browser.post(reverse("line-cancel", args=[order.lines.order_by("pk").first().pk]), follow=True)
    assert f"{said}" in html.unescape(page.content.decode())
    parcel = reverse("parcel-cancel", args=[order.consignments.get().pk])
    asked = browser.get(parcel).content.decode()
    assert ("on the means you paid with" in asked) == (minor < 60_490)
    page = browser.post(parcel, follow=True)
    assert said in html.unescape(page.content.decode())
    assert ("Your bank has been asked to give you the money back." in page.content.decode()) is False
