"""What money is for: named and linked in every list and on every page of the desk, and exported as it is shown."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backmarket.accounts.models import User
from backmarket.invoices.models import Invoice
from backmarket.payments.models import Dispute, LedgerEntry, LedgerMovement, Payment, Payout, Reconciliation, Refund
from backmarket.payments.services import book
from buyback.models import Trade
from buyback.services.inspections import validate_trade
from buyback.services.payouts import order_payouts
from orders.models import Earning, Order, OrderLine, Settlement
from orders.services.settlement import settle_plants
from refurbishers.models import Refurbisher
from tests.admin.rows import url
from tests.buyback.steps import graded
from tests.factories import UserFactory
from tests.reviews.deals import delivered_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_is")]
ClientOf = Callable[[User], Client]


@pytest.fixture
def desk(fiona: User, client_of: ClientOf) -> Client:
    return client_of(fiona)


@pytest.fixture
def line(plant: Refurbisher, alice: User, now: datetime) -> OrderLine:
    return delivered_line(plant, alice, now - timedelta(days=5))


def payment_of(order: Order, at: datetime, **facts: Any) -> Payment:
    known = {"status": "captured", "gateway": "sandbox", "gateway_id": f"pay_{uuid4().hex}", "captured_at": at}
    return Payment.objects.create(
        purpose="order", reference=order.pk, amount_minor=30_490, currency="EUR", created_at=at, **known | facts
    )


def refund_of(payment: Payment, reference: Any, at: datetime) -> Refund:
    return Refund.objects.create(
        payment=payment, reference=reference, reason="goodwill", amount_minor=2_000, currency="EUR", created_at=at
    )


def link(row: Model, words: str) -> str:
    return f'<a href="{url("desk", row)}">{words}</a>'


def exported(client: Client, model: type[Model], query: str = "", site: str = "desk") -> list[list[str]]:
    answer: Any = client.get(url(site, model, "changelist") + f"export/{query}")
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.fixture
def trade(plant: Refurbisher, carol: User, now: datetime, drain: Callable[[], None]) -> Trade:
    """Bought for 250.00 €, whose payout is ordered."""
    bought = graded(plant, carol, now - timedelta(hours=1))
    validate_trade(bought, by="system:test", at=now)
    order_payouts(now)
    drain()
    return bought


# Names


def test_a_payment_and_its_refund_name_their_order_and_their_device(
    desk: Client, line: OrderLine, now: datetime
) -> None:
    order, device = link(line.order, str(line.order.number)), link(line, f"{line.order.number} · {line.title}")
    payment = payment_of(line.order, now)
    refund = refund_of(payment, line.pk, now)
    for page, words in (
        (url("desk", Payment, "changelist"), order), (url("desk", payment), order),
        (url("desk", Refund, "changelist"), device), (url("desk", refund), device),
    ):  # fmt: skip
        shown = desk.get(page).content.decode()
        assert words in shown, page
        assert f"{line.order_id}</" not in shown
    assert url("desk", refund) in desk.get(url("desk", payment)).content.decode()
    assert f"History: {line.order.number}" in desk.get(url("desk", payment, "history")).content.decode()


def test_a_dispute_names_its_order_on_its_list_and_in_its_export(desk: Client, line: OrderLine, now: datetime) -> None:
    payment = payment_of(line.order, now)
    dispute = Dispute.objects.create(
        payment=payment, gateway_id="dp_1", reason="fraudulent", amount_minor=30_490, currency="EUR", due_at=now,
        created_at=now,
    )  # fmt: skip
    for page in (url("desk", Dispute, "changelist"), url("desk", dispute)):
        assert link(line.order, str(line.order.number)) in desk.get(page).content.decode()
    row = dict(zip(*exported(desk, Dispute), strict=True))
    assert (row["Dispute"], row["About"], row["Amount"]) == ("dp_1", str(line.order.number), "304.90")


def test_a_payout_an_earning_and_a_movement_name_their_trade(desk: Client, trade: Trade) -> None:
    named = link(trade, f"{trade} · {trade.variant}")
    payout, earning = Payout.objects.get(), Earning.objects.get()
    movement = LedgerMovement.objects.get(kind="trade")
    for row in (payout, earning, movement):
        for page in (url("desk", type(row), "changelist"), url("desk", row)):
            assert named in desk.get(page).content.decode(), page


def test_who_may_not_open_it_reads_its_name_without_a_link(fiona: User, desk: Client, trade: Trade) -> None:
    finance = fiona.groups.get()
    finance.permissions.remove(finance.permissions.get(codename="view_trade"))
    page = desk.get(url("desk", Payout, "changelist")).content.decode()
    assert f"{trade} · {trade.variant}" in page
    assert url("desk", trade) not in page


def test_what_nobody_knows_keeps_its_key(desk: Client, now: datetime) -> None:
    unknown = uuid4()
    Payment.objects.create(purpose="order", reference=unknown, amount_minor=1, currency="EUR", created_at=now)
    assert str(unknown) in desk.get(url("desk", Payment, "changelist")).content.decode()


@pytest.mark.parametrize("model", [Payment, Refund, LedgerMovement, Earning])
def test_a_list_of_several_costs_what_a_list_of_one_does(
    desk: Client, plant: Refurbisher, now: datetime, model: type[Model]
) -> None:
    def more() -> None:
        line = delivered_line(plant, UserFactory(), now - timedelta(days=5))
        refund_of(payment_of(line.order, now), line.pk, now)
        sides = [("plant", str(plant.pk), -line.gross), ("buyer", "", line.gross)]
        book(f"unsale:{line.pk}", kind="unsale", reference=line.pk, entries=sides, at=now)
        Earning.objects.create(
            plant=plant, line=line, kind="sale", amount_minor=100, currency="EUR", due_at=now, created_at=now
        )

    more()
    page = url("desk", model, "changelist")
    one = queries(desk, page)
    for _ in range(4):
        more()
    assert queries(desk, page) == one


# Exports


def test_an_export_holds_the_pile_and_the_search_that_are_shown(
    desk: Client, line: OrderLine, trade: Trade, now: datetime
) -> None:
    payment_of(line.order, now)
    payment_of(line.order, now, status="stray", stray_at=now)
    assert [len(exported(desk, Payment, query)) for query in ("", "?pile=stray", "?status__exact=captured")] == [
        3,
        2,
        2,
    ]
    assert len(exported(desk, Payment, f"?q={uuid4()}")) == 1
    assert len(exported(desk, Payout, "?pile=bounced")) == 1
    page = desk.get(url("desk", Payment, "changelist") + "?pile=stray&p=1").content.decode()
    assert re.findall(r'href="([^"]*/export/[^"]*)"', page) == [
        url("desk", Payment, "changelist") + "export/?pile=stray"
    ]


def test_a_filter_that_means_nothing_leads_back_to_the_list(desk: Client) -> None:
    answer = desk.get(url("desk", Payment, "changelist") + "export/?created_at__nonsense=1")
    assert (answer.status_code, answer["Location"]) == (302, url("desk", Payment, "changelist"))


def test_an_instant_is_the_markets_to_the_second(desk: Client, line: OrderLine, now: datetime) -> None:
    """Half past eleven in the evening by UTC is the next day in Paris."""
    late = now.replace(month=11, day=30, hour=0, minute=36, second=10, microsecond=642_393) + timedelta(days=1)
    payment_of(line.order, late)
    row = dict(zip(*exported(desk, Payment), strict=True))
    assert row["Created"] == "2026-12-01 00:36:10"
    assert (row["About"], row["Amount"], row["Currency"]) == (str(line.order.number), "304.90", "EUR")


def test_the_ledger_has_a_row_for_each_entry_in_units(desk: Client, trade: Trade, plant: Refurbisher) -> None:
    head, *entries = exported(desk, LedgerMovement)
    assert head == ["Movement", "Kind", "About", "Date", "Account", "Party", "Amount", "Currency"]
    about = f"{trade} · {trade.variant}"
    assert sorted((row[2], row[5], row[6], row[7]) for row in entries) == sorted(
        [(about, plant.name, "-250.00", "EUR"), (about, str(trade.seller_id), "250.00", "EUR")]
    )
    assert LedgerEntry.objects.count() == len(entries)


def test_payouts_name_their_trade_or_their_plant(desk: Client, trade: Trade) -> None:
    row = dict(zip(*exported(desk, Payout), strict=True))
    assert (row["Number"], row["About"], row["Amount"]) == (str(trade), f"{trade} · {trade.variant}", "250.00")
    assert row["Account"].startswith("…")


def test_a_plants_settlements_say_what_was_sold_and_what_was_kept(
    trade: Trade, plant: Refurbisher, bob: User, client_of: ClientOf, now: datetime
) -> None:
    settle_plants(now + timedelta(days=10))
    settlement = Settlement.objects.get()
    row = dict(zip(*exported(client_of(bob), Settlement, site="plant"), strict=True))
    assert row["Settlement"] == settlement.number
    assert (row["Gross"], row["Commission"], row["Amount"]) == ("-250.00", "0.00", "-250.00")
    assert (row["State"], row["Paid to"], row["Commission invoice"]) == ("to be paid", "", "")


def test_commissions_alone_are_exported_where_they_alone_are_shown(
    line: OrderLine, bob: User, client_of: ClientOf, now: datetime
) -> None:
    from orders.services.invoicing import invoice_sent_lines

    invoice_sent_lines(line.consignment, at=now)
    client = client_of(bob)
    assert len(exported(client, Invoice, site="plant")) == 2
    assert len(exported(client, Invoice, "?pile=commission", site="plant")) == 1


# The comparison of the books


def test_a_comparison_under_way_has_found_nothing_yet(desk: Client, now: datetime) -> None:
    """23:35 by UTC is 00:35 in Paris."""
    begun = Reconciliation.objects.create(started_at=now.replace(hour=0, minute=35))
    page = desk.get(url("desk", begun)).content.decode()
    assert ("Everything agrees." in page, "It is under way: load this page again." in page) == (False, True)
    assert "23:35" not in page
    begun.finished_at = now
    begun.save()
    assert "Everything agrees." in desk.get(url("desk", begun)).content.decode()
