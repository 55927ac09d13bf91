"""A settlement on its page, as PDF and as CSV: what it is made of, row by row, down to what is paid and to where."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.invoices.models import Invoice
from buyback.models import Trade
from buyback.services.inspections import validate_trade
from orders.models import OrderLine, Settlement
from orders.services.goodwill import refund_part
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants
from refurbishers.models import Refurbisher
from tests.buyback.steps import graded
from tests.orders.test_plant_account import BEFORE, NEXT, eur
from tests.orders.test_settlement import SETTLED
from tests.pdf import text_of

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def trade(delivered_line: OrderLine, plant: Refurbisher, carol: User, drain: Callable[[], None]) -> Trade:
    """The plant sold a phone, and bought one for 250.00 €."""
    bought = graded(plant, carol, BEFORE - timedelta(hours=1))
    validate_trade(bought, by="system:test", at=BEFORE)
    drain()
    return bought


@pytest.fixture
def settlement(trade: Trade) -> Settlement:
    settle_plants(SETTLED)
    return Settlement.objects.get()


def rows(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def paper(client: Client, site: str, settlement: Settlement, step: str) -> Any:
    return client.post(reverse(f"{site}:orders_settlement_step", args=[settlement.pk, step]))


def test_the_csv_holds_every_row_and_ends_with_what_is_paid(
    settlement: Settlement, trade: Trade, delivered_line: OrderLine, bob: User, client_of: ClientOf
) -> None:
    head, sale, bought, total = rows(paper(client_of(bob), "plant", settlement, "csv"))
    assert head[4:9] == ["Gross", "Commission", "VAT on commission", "Label", "Amount"]
    line = f"{delivered_line.order.number} · {delivered_line.title}"
    assert sale[2:9] == ["Sale", line, "304.90", "-30.00", "-6.00", "0.00", "268.90"]
    assert bought[1:9] == [
        "2026-12-14 10:00:00", "Device bought", f"{trade} · {trade.variant}", "-250.00", "0.00", "0.00", "0.00",
        "-250.00",
    ]  # fmt: skip
    assert total[2:9] == ["Total", "", "54.90", "-30.00", "-6.00", "0.00", "18.90"]
    assert settlement.payout.amount == eur(1_890)
    ends = [settlement.number, "EUR", "…0189", Invoice.objects.get(kind="commission").code]
    assert [[row[0], *row[9:12]] for row in (sale, bought, total)] == [ends] * 3
    assert sale[12].endswith(reverse("plant:orders_orderline_change", args=[delivered_line.pk]))
    assert bought[12].endswith(reverse("plant:buyback_trade_change", args=[trade.pk]))


def test_the_pdf_says_the_same(settlement: Settlement, trade: Trade, bob: User, client_of: ClientOf) -> None:
    words = text_of(paper(client_of(bob), "plant", settlement, "pdf").content)
    for part in (
        f"Settlement: {settlement.number}", "Total: €18.90", "Paid to the account: …0189", "Transfer: ordered",
        "Invoice of our commission: COM-2026-000001", f"Device bought · {trade}", "€304.90", "-€30.00", "-€6.00",
        "€268.90", "-€250.00", "€54.90",
    ):  # fmt: skip
        assert part in words, part
    assert words.count("€18.90") > 1


@pytest.mark.parametrize("site", ["plant", "desk"])
def test_the_page_links_every_row_and_ends_with_the_sum(
    settlement: Settlement, trade: Trade, delivered_line: OrderLine, bob: User, olga: User, client_of: ClientOf,
    site: str,
) -> None:  # fmt: skip
    page = client_of(bob if site == "plant" else olga).get(
        reverse(f"{site}:orders_settlement_change", args=[settlement.pk])
    )
    made_of = next(each for each in page.context["panels"] if each.title == "What this settlement is made of")
    shown = [[cell for _name, cell in row] for row in made_of.context["rows"]]
    for row, name, about in ((shown[0], "orders_orderline", delivered_line), (shown[1], "buyback_trade", trade)):
        assert f'href="{reverse(f"{site}:{name}_change", args=[about.pk])}"' in row[2]
    assert "<strong>€18.90</strong>" in shown[-1]
    assert "…0189" in page.content.decode()


@pytest.mark.parametrize("name", ["fiona", "olga"])
def test_the_desk_has_the_plants_papers(
    settlement: Settlement, name: str, olga: User, client_of: ClientOf, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(name))
    page = client.get(reverse("desk:orders_settlement_change", args=[settlement.pk])).content.decode()
    for step, title in (("pdf", "Statement as PDF"), ("csv", "Statement as CSV"), ("account", "Account as CSV")):
        assert title in page
        assert paper(client, "desk", settlement, step).status_code == 200
    assert paper(client, "desk", settlement, "pdf").content[:5] == b"%PDF-"


def test_a_refund_later_gives_its_commission_back_row_by_row(
    delivered_line: OrderLine, olga: User, bob: User, client_of: ClientOf, settle_refunds: Callable[..., None]
) -> None:
    settle_plants(SETTLED)
    later = SETTLED + timedelta(days=1)
    refund_part(delivered_line, key=uuid4(), amount=eur(3_049), reason="goodwill", borne_by="plant", by=olga, at=later)
    settle_refunds(later)
    refund_line(delivered_line, reason="goodwill", by="system:test", at=later + timedelta(hours=1))
    settle_plants(NEXT)
    last = Settlement.objects.latest("settled_date")
    made = [row[2:9] for row in rows(paper(client_of(bob), "plant", last, "csv"))[1:]]
    assert [[row[0], *row[2:]] for row in made] == [
        ["Refund in part", "-30.49", "3.00", "0.60", "0.00", "-26.89"],
        ["Refund", "-274.41", "27.00", "5.40", "0.00", "-242.01"],
        ["Total", "-304.90", "30.00", "6.00", "0.00", "-268.90"],
    ]
    assert last.total == eur(-26_890)


def test_the_account_is_a_file_of_its_own(settlement: Settlement, bob: User, client_of: ClientOf) -> None:
    lines = rows(paper(client_of(bob), "plant", settlement, "account"))
    assert [row[1] for row in lines[1:4]] == ["Opening balance", "Order line sold", "Commission"]
    assert (lines[-1][1], lines[-1][4]) == ("Closing balance", "18.90")
