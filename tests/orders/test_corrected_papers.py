"""What papers say of each other, and of each device: the invoices that are corrected, and each line's own guarantee."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.invoices.models import Invoice
from backmarket.reconciling import differences
from catalog.models import Listing
from orders.models import Order, OrderLine, Settlement
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants
from refurbishers.models import Refurbisher
from tests.factories import ListingFactory
from tests.orders.test_invoices import said
from tests.orders.test_settlement import SETTLED

pytestmark = pytest.mark.django_db
Place, Pay, Deliver = Callable[..., Order], Callable[..., Order], Callable[..., None]
LATER = SETTLED + timedelta(days=1)
NEXT = SETTLED + timedelta(days=10)


@pytest.fixture(autouse=True)
def _private_files(tmp_path: object, settings: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def given_back(delivered_line: OrderLine, settle_refunds: Callable[..., None]) -> Invoice:
    """The credit note for the commission of a sale that was settled ten days before."""
    settle_plants(SETTLED)
    refund_line(delivered_line, reason="goodwill", by="system:test", at=LATER)
    settle_refunds(LATER)
    settle_plants(NEXT)
    return Invoice.objects.get(kind="commission_credit")


def test_a_commission_credit_note_names_the_invoice_that_it_corrects(
    given_back: Invoice, delivered_line: OrderLine
) -> None:
    assert given_back.facts["corrects"] == [{"number": "COM-2026-000001", "date": "2026-12-16"}]
    words = said(given_back)
    for part in (
        "Corrects the invoice COM-2026-000001 of 16 Dec 2026",
        "of 26 Dec 2026, with which it was given back",
        f"{delivered_line.title} (COM-2026-000001)",
    ):
        assert part in words, part


def test_its_page_and_the_export_say_so_too(
    given_back: Invoice, bob: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(bob)
    page = client.get(reverse("plant:invoices_invoice_change", args=[given_back.pk])).content.decode()
    assert page.count("COM-2026-000001") == 2
    answer: Any = client.get(reverse("plant:invoices_invoice_changelist") + "export/")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row["Corrects"] for row in rows if row["Number"] == given_back.code] == ["COM-2026-000001"]
    buyers = Invoice.objects.get(kind="credit_note")
    assert [row["Corrects"] for row in rows if row["Number"] == buyers.code] == ["INV-2026-000001"]


def test_what_is_earned_and_what_is_given_back_are_two_papers(
    delivered_line: OrderLine, place: Place, pay: Pay, deliver: Deliver, plant: Refurbisher,
    settle_refunds: Callable[..., None],
) -> None:  # fmt: skip
    dear = ListingFactory(plant=plant, price_minor=90_000)
    deliver(pay(place((dear, 1))))
    dear_line = OrderLine.objects.get(listing=dear)
    dear_line.earnings.update(due_at=NEXT)
    settle_plants(SETTLED)
    refund_line(delivered_line, reason="goodwill", by="system:test", at=LATER)
    settle_refunds(LATER)
    settle_plants(NEXT)
    settlement = Settlement.objects.latest("settled_date")
    papers = Invoice.objects.filter(reference=settlement.pk).order_by("kind")
    assert [(paper.code, paper.total.minor, paper.corrects_codes) for paper in papers] == [
        ("COM-2026-000002", 10_800, ""), ("COMCN-2026-000001", 3_600, "COM-2026-000001"),
    ]  # fmt: skip
    earned, back = map(said, papers)
    assert ("from which it was deducted" in earned, "Commission given back" in earned) == (True, False)
    assert ("with which it was given back" in back, str(dear_line.order.number) in back) == (True, False)
    assert not list(differences(NEXT, days=None))


def test_a_sale_taken_back_before_it_is_settled_corrects_nothing(
    delivered_line: OrderLine, settle_refunds: Callable[..., None]
) -> None:
    refund_line(delivered_line, reason="goodwill", by="system:test", at=SETTLED - timedelta(days=2))
    settle_refunds(SETTLED - timedelta(days=2))
    settle_plants(SETTLED)
    paper = Invoice.objects.get(kind="commission")
    assert ("corrects" in paper.facts, paper.corrects_codes) == (False, "")


@pytest.fixture
def longer(plant: Refurbisher) -> Listing:
    return ListingFactory(plant=plant, guarantee_months=24)


def test_an_invoice_says_the_guarantee_of_its_device(place: Place, pay: Pay, deliver: Deliver, longer: Listing) -> None:
    deliver(pay(place((longer, 1))))
    words = said(Invoice.objects.get(kind="invoice"))
    assert "Commercial guarantee of the seller: 24 months from delivery." in words
    assert "at least" not in words


def test_devices_of_one_parcel_have_each_its_own(
    place: Place, pay: Pay, deliver: Deliver, longer: Listing, listing: Listing
) -> None:
    deliver(pay(place((longer, 1), (listing, 1))))
    invoice = Invoice.objects.get(kind="invoice")
    words = said(invoice)
    for line in OrderLine.objects.all():
        what = f"{line.title}, {line.get_grade_display()}"
        assert f"guarantee of the seller for {what}: {line.guarantee_months} months from delivery" in words
