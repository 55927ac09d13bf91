"""The papers tell what the orders and the ledger tell, and whoever changes one of them is found out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.invoices.models import Invoice, Paper
from backmarket.invoices.reconciliation import NIGHTS, papers_to_read
from backmarket.invoices.services import archive_papers
from backmarket.money import Money
from backmarket.payments.models import Refund
from backmarket.payments.reconciliation import differences as asked
from backmarket.payments.services import leave_credit, retry_refund
from backmarket.reconciling import differences
from backmarket.wiring import WIRING
from catalog.models import Listing
from orders.invoice_reconciliation import CHECKS
from orders.models import Order, OrderLine, PartRefund, Settlement
from orders.services.goodwill import refund_part
from orders.services.invoicing import credit_refund, invoice_missing
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants
from tests.orders.test_conservation import SEQUENCES, START, Shop
from tests.orders.test_reconcile import by_force, reconcile

pytestmark = pytest.mark.django_db
BY = "system:test"
Found = list[tuple[str, str, int | None, int | None]]
CLOSE_ONLY = ["orders.handlers.close_refunded_line"]


def found(at: datetime) -> Found:
    """What a comparison finds at that instant: check, about, expected, found."""
    return [(each.check, each.about, each.expected, each.found) for each in differences(at, days=None)]


@pytest.fixture(autouse=True)
def archive(tmp_path: Path, settings: Any) -> Path:
    settings.PRIVATE_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def life(
    place: Callable[..., Order], pay: Callable[..., Order], deliver: Callable[..., None], listing: Listing,
    settle_refunds: Callable[[datetime], None], now: datetime,
) -> datetime:  # fmt: skip
    """Two devices, 302.45 each: 20.00 of one went back to its buyer, who keeps it, and all of the other. Both sales
    are settled, with 36.00 of commission left. Returns the day after."""
    order = pay(place((listing, 2)))
    deliver(order)
    kept, back = order.lines.order_by("pk")
    later = now + timedelta(days=4)
    refund_part(kept, key=uuid4(), amount=Money(2_000, "EUR"), reason="looks", borne_by="house", by=BY, at=later)
    refund_line(back, reason="goodwill", by=BY, at=later)
    settle_refunds(later)
    settle_plants(now + timedelta(days=40))
    return now + timedelta(days=41)


def test_what_nobody_touched_agrees(life: datetime) -> None:
    assert sorted(Invoice.objects.values_list("kind", "total_minor")) == [
        ("commission", 3_600), ("credit_note", 2_000), ("credit_note", 30_245), ("invoice", 60_490),
    ]  # fmt: skip
    assert found(life) == []


def test_a_parcel_without_its_invoice_is_found_once_the_clock_has_had_its_time(
    place: Callable[..., Order], pay: Callable[..., Order], deliver: Callable[..., None], listing: Listing,
    now: datetime, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(WIRING, "line.shipped", [])
    order = pay(place((listing, 2)))
    deliver(order)
    sent = now + timedelta(days=1)
    assert found(sent + timedelta(hours=2)) == []
    late = sent + timedelta(hours=2, seconds=1)
    assert found(late) == [("parcels_invoiced", f"order {order.number}, atelier-neuf", 60_490, None)]
    invoice_missing(late)
    assert found(late) == []


def test_an_invoice_of_another_sum_is_found(life: datetime) -> None:
    by_force("invoices_invoice", "total_minor = total_minor + 1 WHERE kind = 'invoice'")
    assert found(life) == [("invoices", "INV-2026-000001 of Atelier Neuf SAS", 60_490, 60_491)]


def test_an_invoice_that_says_what_nobody_bought_is_found(life: datetime) -> None:
    by_force("orders_orderline", "invoice_id = NULL")
    number = Order.objects.get().number
    assert found(life) == [
        ("parcels_invoiced", f"order {number}, atelier-neuf", 60_490, None),
        ("invoices", "INV-2026-000001 of Atelier Neuf SAS", None, 60_490),
    ]


@pytest.mark.parametrize("part", [True, False])
def test_a_credit_note_of_another_amount_is_found(life: datetime, part: bool) -> None:
    parts = PartRefund.objects.values("pk")
    about = Refund.objects.filter(reference__in=parts) if part else Refund.objects.exclude(reference__in=parts)
    refund = about.get()
    by_force("invoices_invoice", f"total_minor = total_minor - 1 WHERE key = 'refund:{refund.pk}'")
    assert found(life) == [("credit_notes", f"refund:{refund.pk}", refund.amount_minor, refund.amount_minor - 1)]


def test_a_credit_note_that_nobody_has_the_money_of_is_found(life: datetime) -> None:
    note = Invoice.objects.filter(kind="credit_note", total_minor=2_000).get()
    by_force("invoices_invoice", f"key = 'refund:none' WHERE id = '{note.pk}'")
    assert sorted(found(life)) == [
        ("credit_notes", note.key, 2_000, None),
        ("credit_notes", "refund:none", None, 2_000),
    ]


def test_a_refund_without_its_credit_note_is_found(
    delivered_line: OrderLine, settle_refunds: Callable[[datetime], None], now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(WIRING, "refund.succeeded", CLOSE_ONLY)
    later = now + timedelta(days=4)
    refund_line(delivered_line, reason="goodwill", by=BY, at=later)
    settle_refunds(later)
    refund = Refund.objects.get()
    assert found(later + timedelta(hours=2)) == []
    late = later + timedelta(hours=2, seconds=1)
    assert found(late) == [("credit_notes", f"refund:{refund.pk}", 30_490, None)]
    credit_refund(refund, at=late)
    assert found(late) == []


def test_what_the_bank_refused_first_is_on_the_note_with_what_went_back_to_the_credit(
    place: Callable[..., Order], pay: Callable[..., Order], deliver: Callable[..., None], alice: User, listing: Listing,
    settle_refunds: Callable[[datetime], None], now: datetime,
) -> None:  # fmt: skip
    """The sandbox refuses refunds that end in 07 cents."""
    leave_credit(alice, Money(10_483, "EUR"), reference=uuid4(), label="T1", at=now)
    order = pay(place((listing, 1), credit_minor=10_483))
    deliver(order)
    later = now + timedelta(days=4)
    refund_line(order.lines.get(), reason="goodwill", by=BY, at=later)
    settle_refunds(later)
    again = retry_refund(Refund.objects.get(status="failed"), by=BY, at=later)
    Refund.objects.filter(pk=again.pk).update(status="succeeded", succeeded_at=later)
    assert list(asked(CHECKS, heard=later)) == []
    (missing,) = asked(CHECKS, heard=later + timedelta(seconds=1))
    assert (missing.about, missing.expected, missing.found) == (f"refund:{again.pk}", 30_490, None)
    credit_refund(again, at=later)
    assert list(asked(CHECKS, heard=later + timedelta(seconds=1))) == []


def test_a_commission_invoice_of_another_amount_is_found(life: datetime) -> None:
    by_force("invoices_invoice", "total_minor = total_minor - 1 WHERE kind = 'commission'")
    assert found(life) == [("commission_invoices", f"settlement {Settlement.objects.get().pk}", 3_600, 3_599)]


def test_a_commission_without_its_invoice_is_found_and_an_invoice_without_its_commission(life: datetime) -> None:
    other = uuid4()
    by_force("invoices_invoice", f"reference = '{other}' WHERE kind = 'commission'")
    assert sorted(found(life)) == sorted(
        [
            ("commission_invoices", f"settlement {Settlement.objects.get().pk}", 3_600, None),
            ("commission_invoices", f"settlement {other}", None, 3_600),
        ]
    )


def test_commission_given_back_is_below_zero(
    delivered_line: OrderLine, settle_refunds: Callable[[datetime], None], now: datetime
) -> None:
    settle_plants(now + timedelta(days=40))
    refund_line(delivered_line, reason="goodwill", by=BY, at=now + timedelta(days=41))
    settle_refunds(now + timedelta(days=41))
    settle_plants(now + timedelta(days=51))
    later = now + timedelta(days=52)
    assert found(later) == []
    by_force("invoices_invoice", "total_minor = total_minor - 1 WHERE kind = 'commission_credit'")
    second = Settlement.objects.latest("settled_date")
    assert found(later) == [("commission_invoices", f"settlement {second.pk}", -3_600, -3_599)]


# The archive


def paper_of(kind: str) -> Paper:
    return Paper.objects.select_related("invoice").get(invoice__kind=kind)


def test_a_paper_that_is_gone_and_one_that_is_another_are_found(life: datetime) -> None:
    archive_papers(life)
    assert found(life) == []
    sale, commission = paper_of("invoice"), paper_of("commission")
    Path(sale.file.path).unlink()
    with Path(commission.file.path).open("ab") as file:
        file.write(b" ")
    assert sorted(found(life)) == [
        ("paper_changed", "COM-2027-000001 of Back Market SAS", 3_600, None),
        ("paper_gone", "INV-2026-000001 of Atelier Neuf SAS", 60_490, None),
    ]


def test_a_paper_with_another_hash_is_found(life: datetime) -> None:
    archive_papers(life)
    by_force("invoices_paper", f"sha256 = repeat('0', 64) WHERE invoice_id = '{paper_of('invoice').pk}'")
    assert found(life) == [("paper_changed", "INV-2026-000001 of Atelier Neuf SAS", 60_490, None)]


def test_an_old_paper_is_read_once_in_thirty_nights_or_when_all_are(life: datetime) -> None:
    archive_papers(life)
    sale = paper_of("invoice")
    Path(sale.file.path).unlink()
    old = life + timedelta(days=100)
    nights = [old + timedelta(days=number) for number in range(NIGHTS)]
    assert [papers_to_read(night).filter(pk=sale.pk).exists() for night in nights].count(True) == 1
    assert [sum(papers_to_read(night).count() for night in nights)] == [Paper.objects.count()]
    told = [found(night) for night in nights]
    assert [each for each in told if each] == [[("paper_gone", "INV-2026-000001 of Atelier Neuf SAS", 60_490, None)]]
    unread = next(night for night, each in zip(nights, told, strict=True) if not each)
    assert [each.check for each in differences(unread, days=None, every_paper=True)] == ["paper_gone"]


def test_the_command_prints_it(life: datetime) -> None:
    timetravel.travel_to(life)
    archive_papers(timetravel.now())
    by_force("invoices_invoice", "total_minor = total_minor + 1 WHERE kind = 'invoice'")
    Path(paper_of("commission").file.path).unlink()
    assert reconcile("--without-gateway", "--every-paper").splitlines() == [
        "invoices: INV-2026-000001 of Atelier Neuf SAS: An invoice is not the sum of what its devices were sold for:"
        " expected €604.90, found €604.91",
        "paper_gone: COM-2027-000001 of Back Market SAS: An archived paper is gone: expected €36.00, found nothing",
    ]


# Whatever happens


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=SEQUENCES)
def test_in_any_life_every_paper_is_written_and_none_too_much(
    listing: Listing, other_listing: Listing, place: Callable[..., Order], now: datetime, alice: User,
    steps: list[tuple[str, int]],
) -> None:  # fmt: skip
    with transaction.atomic():
        Listing.objects.update(on_hand=50)
        shop = Shop([listing, other_listing], place, now, alice)
        for step, number in [*START, *steps]:
            shop.take(step, number)
        invoice_missing(shop.at)
        for refund in Refund.objects.filter(status="succeeded").order_by("created_at", "pk"):
            credit_refund(refund, at=shop.at)
        assert Invoice.objects.exists()
        assert list(asked(CHECKS, heard=shop.at + timedelta(days=1))) == []
        transaction.set_rollback(True)
