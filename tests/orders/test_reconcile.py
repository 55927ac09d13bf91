"""Ledger, provider and rows tell one story, and whoever changes one of them is found out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import LedgerEntry, Payment, Payout, Refund, SandboxIntent
from backmarket.payments.services import (
    cancel_payment,
    leave_credit,
    open_payment,
    pay_credit_out,
    send_due_payouts,
    send_refunds,
    settle_payment,
)
from catalog.models import Listing
from orders.models import Earning, Order, OrderLine, Settlement
from orders.services.refunds import close_refunded_line, refund_line
from orders.services.settlement import settle_plants
from tests.buyback.steps import IBAN
from tests.orders.conftest import CARD


def reconcile(*options: str) -> str:
    """What the command prints; AssertionError where its exit code does not fit."""
    out = StringIO()
    code = 0
    try:
        call_command("reconcile", *options, stdout=out)
    except CommandError as error:
        code = error.returncode
    told = out.getvalue()
    assert (code, told == "No difference.\n") in [(0, True), (1, False)]
    return told if code else ""


def found(*options: str) -> set[str]:
    return {line.split(":")[0] for line in reconcile(*options).splitlines()}


def by_force(table: str, change: str) -> None:
    """What a hand at the database would do, its triggers asleep."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {change}")  # noqa: S608 - a test's own words
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def life(
    delivered_line: OrderLine, place: Callable[..., Order], pay: Callable[..., Order], listing: Listing, now: datetime
) -> datetime:
    """A sale that is settled, one that is refunded before it is sent, one that waits; returns the instant after it."""
    gone = pay(place((listing, 1))).lines.get()
    refund_line(gone, reason="buyer", by="system:test", at=now)
    send_refunds(now)
    close_refunded_line(Refund.objects.get(), at=now)
    pay(place((listing, 2)))
    at = now + timedelta(days=40)
    settle_plants(at)
    send_due_payouts(at)
    return at


@pytest.mark.django_db
def test_a_shop_that_nobody_touched_has_no_difference(life: datetime, drain: Callable[[], None]) -> None:
    assert reconcile() == ""
    refund_line(OrderLine.objects.get(status="delivered"), reason="goodwill", by="system:test", at=life)
    assert reconcile() == ""
    send_refunds(life)
    drain()
    assert reconcile() == ""


@pytest.mark.parametrize(
    ("table", "change", "checks"),
    [
        (
            "payments_ledgerentry",
            "amount_minor = amount_minor + 1 WHERE account = 'commission'",
            {"ledger_zero", "commission_invoices"},
        ),
        ("payments_payment", "amount_minor = amount_minor + 1", {"captures", "order_payments", "gateway_captured"}),
        ("payments_payment", "fee_minor = fee_minor + 1", {"fees"}),
        ("payments_payment", "refunded_minor = refunded_minor + 1 WHERE refunded_minor = 0", {"refunded"}),
        ("payments_payment", "reserved_refund_minor = 1 WHERE refunded_minor = 0", {"reserved"}),
        ("payments_refund", "amount_minor = amount_minor - 1", {"refunds", "refunded"}),
        ("payments_payout", "amount_minor = amount_minor + 1", {"payouts", "plants_money", "settlements_paid"}),
        ("orders_order", "total_minor = total_minor + 1", {"order_totals", "order_payments"}),
        ("orders_orderline", "status = 'refunded', refunded_at = now() WHERE status = 'paid'", {"buyers_money"}),
        ("orders_orderline", "parts_minor = 1 WHERE status = 'delivered'", {"line_parts"}),
        ("orders_orderline", "parts_minor = 1 WHERE status = 'paid'", {"line_parts", "buyers_money"}),
        ("orders_earning", "amount_minor = amount_minor + 1", {"plants_money", "settlements"}),
        ("orders_settlement", "total_minor = total_minor + 1", {"settlements", "settlements_paid"}),
    ],
)
@pytest.mark.django_db
def test_each_falsehood_is_found(life: datetime, table: str, change: str, checks: set[str]) -> None:
    by_force(table, change)
    assert found() == checks


@pytest.fixture
def credit_life(
    place: Callable[..., Order], pay: Callable[..., Order], alice: User, listing: Listing, now: datetime
) -> None:
    """Credit that was left, used for a part of an order, and given back for one device of it."""
    leave_credit(alice, Money(40_000, "EUR"), reference=uuid4(), label="T1", at=now)
    order = pay(place((listing, 2), credit_minor=20_001))
    refund_line(order.lines.all()[0], reason="buyer", by="system:test", at=now)
    send_refunds(now)
    close_refunded_line(Refund.objects.get(), at=now)
    pay_credit_out(alice, Money(1_000, "EUR"), holder="Alice Martin", iban=IBAN, key=uuid4(), by=alice, at=now)
    send_due_payouts(now + timedelta(hours=1))


@pytest.mark.parametrize(
    ("table", "change", "checks"),
    [
        ("payments_payment", "credit_minor = credit_minor + 1", {"captures", "order_payments", "credit"}),
        ("payments_payment", "credit_back_minor = credit_back_minor + 1", {"credit_given_back", "credit"}),
        ("payments_refund", "credit_minor = credit_minor + 1", {"credit_back", "credit_given_back"}),
        ("payments_payout", "amount_minor = amount_minor + 1", {"payouts", "credit"}),
        ("orders_order", "credit_minor = credit_minor + 1", {"order_payments"}),
    ],
)
@pytest.mark.django_db
def test_each_falsehood_about_credit_is_found(credit_life: None, table: str, change: str, checks: set[str]) -> None:
    # Left out of nothing, for this shop buys no devices: what is owed to sellers is below what was left as credit.
    known = {"sellers_money"}
    assert found("--without-gateway") == known
    by_force(table, change)
    assert found("--without-gateway") == known | checks


@pytest.mark.django_db
def test_what_the_provider_says_otherwise_is_found(life: datetime) -> None:
    SandboxIntent.objects.filter(kind="payment").update(status="cancelled")
    assert found() == {"gateway_captured"}
    SandboxIntent.objects.filter(kind="payment").delete()
    assert found() == {"gateway_silent"}
    assert found("--days=0") == set()
    assert found("--without-gateway") == set()


@pytest.mark.django_db
def test_what_was_never_booked_is_found(life: datetime) -> None:
    assert LedgerEntry.objects.exists()
    assert Payment.objects.exists()
    assert Payout.objects.exists()
    assert Earning.objects.exists()
    assert Settlement.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE payments_ledgerentry")
    assert found("--without-gateway") == {
        "captures", "fees", "refunds", "payouts", "buyers_money", "commission_invoices",
    }  # fmt: skip


def test_money_that_came_astray_is_no_difference_before_and_after_it_went_back(
    no_rules: None, life: datetime, place: Callable[..., Order], listing: Listing, now: datetime
) -> None:
    """One payment came after it was given up, another in an amount of its own."""
    for minor in (None, 5_000):
        payment = Payment.objects.get(reference=place((listing, 1)).pk)
        open_payment(payment, return_url="/", at=now)
        sandbox.pay(SandboxIntent.objects.get(pk=payment.gateway_id), CARD)
        if minor is None:
            cancel_payment(payment, by="system:test", at=now)
        else:
            SandboxIntent.objects.filter(pk=payment.gateway_id).update(amount_minor=minor)
        assert settle_payment(payment.pk, at=now).status == "stray"
    assert reconcile() == ""
    assert send_refunds(now) == 2
    assert reconcile() == ""
