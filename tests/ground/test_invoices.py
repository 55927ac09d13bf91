"""Numbers without gaps, rows that never change, papers that are the ones archived."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from structlog.testing import capture_logs

from backmarket import rotation
from backmarket.invoices.drafts import Draft, Line
from backmarket.invoices.models import Invoice, Kind, Paper, Series
from backmarket.invoices.papers import invoice_pdf
from backmarket.invoices.services import (
    PaperChanged,
    archive_paper,
    archive_papers,
    issue_invoice,
    issue_invoices,
    read_paper,
)
from backmarket.money import Money
from tests.pdf import text_of

pytestmark = pytest.mark.django_db
BY = "system:test"
PLANT, OTHER, ORDER = UUID(int=1), UUID(int=2), UUID(int=3)
ISSUER = {
    "name": "Atelier Neuf SAS", "lines": ["1 rue de l'Atelier", "69007 Lyon"], "country": "FR",
    "registration": "RCS 000 000 000", "vat_number": "FR00000000000", "on_behalf": "Back Market SAS",
}  # fmt: skip
BUYER = {"name": "Alice Martin", "lines": ["12 rue des Lilas", "75011 Paris"], "country": "FR", "vat_number": ""}
FACTS = {"order": 1042, "sent_date": "2026-11-24", "paid_date": "2026-11-23", "guarantee_months": 12}


@pytest.fixture(autouse=True)
def _private_files(tmp_path: Path, settings: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def line(gross: int = 30_490, vat: int = 5_082, **more: Any) -> Line:
    said = {
        "subject": "line-1", "what": "iPhone 12, Good", "number": "353982100000014", "bps": 2000, "country": "FR",
        "scheme": "regular",
    }  # fmt: skip
    return Line(gross=Money(gross, "EUR"), vat=Money(vat, "EUR"), **(said | more))


def draft(key: str, at: datetime, **more: Any) -> Draft:
    said = {
        "kind": Kind.INVOICE, "party": PLANT, "reference": ORDER, "language": "en-gb", "issuer": ISSUER,
        "recipient": BUYER, "lines": [line()], "facts": FACTS,
    }  # fmt: skip
    return Draft(key=key, issued_at=at, **(said | more))


def note(invoice: Invoice, key: str, at: datetime, gross: int, vat: int, **more: Any) -> Draft:
    facts = {"order": 1042, "corrected": invoice.code, "corrected_date": "2026-11-24"}
    lines = [line(gross, vat)]
    return draft(key, at, **({"kind": Kind.CREDIT_NOTE, "corrects": invoice, "lines": lines, "facts": facts} | more))


def rotate(**change: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(rotation.ROTATING)
        Invoice.objects.update(**change)


# Numbers


def test_every_issuer_kind_and_year_counts_for_itself(now: datetime) -> None:
    first = issue_invoice(draft("a", now), by=BY)
    codes = [
        issue_invoice(draft("b", now), by=BY).code,
        issue_invoice(draft("c", now, party=OTHER), by=BY).code,
        issue_invoice(draft("d", now + timedelta(days=60)), by=BY).code,
        issue_invoice(note(first, "e", now, 100, 17), by=BY).code,
        issue_invoice(draft("f", now, kind=Kind.COMMISSION), by=BY).code,
        issue_invoice(draft("g", now, kind=Kind.COMMISSION, party=OTHER), by=BY).code,
    ]
    assert (first.code, codes) == (
        "INV-2026-000001",
        [
            "INV-2026-000002", "INV-2026-000001", "INV-2027-000001", "CN-2026-000001", "COM-2026-000001",
            "COM-2026-000002",
        ],
    )  # fmt: skip


def test_the_year_is_the_markets(now: datetime) -> None:
    """Half past midnight in Paris is still last year in UTC."""
    new_year = datetime.fromisoformat("2026-12-31T23:30:00+00:00")
    assert issue_invoice(draft("a", new_year), by=BY).code == "INV-2027-000001"


def test_a_cause_is_invoiced_once(now: datetime) -> None:
    first = issue_invoice(draft("a", now), by=BY)
    assert issue_invoice(draft("a", now + timedelta(days=1)), by=BY) == first
    assert issue_invoices([draft("a", now), draft("b", now)]) == [Invoice.objects.get(key="b")]
    assert list(Invoice.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_what_is_rolled_back_gives_its_number_back(now: datetime) -> None:
    with transaction.atomic():
        assert issue_invoice(draft("a", now), by=BY).number == 1
        transaction.set_rollback(True)
    assert issue_invoice(draft("b", now), by=BY).number == 1
    assert Series.objects.get().last_number == 1


def test_the_database_refuses_a_number_that_leaves_a_gap_or_comes_twice(now: datetime) -> None:
    issue_invoice(draft("a", now), by=BY)
    for number in (1, 3):
        Series.objects.update(last_number=number - 1)
        with pytest.raises(DatabaseError), transaction.atomic():
            issue_invoice(draft("b", now), by=BY)
    assert Invoice.objects.count() == 1


# Rows that never change


@pytest.mark.parametrize(
    "change",
    [
        {"total_minor": 1}, {"number": 2}, {"code": "INV-2026-000002"}, {"recipient": "{}"}, {"issuer": {}},
        {"lines": []}, {"language": "fr"}, {"key": "z"},
    ],
)  # fmt: skip
def test_an_invoice_is_never_changed(now: datetime, change: dict[str, Any]) -> None:
    issue_invoice(draft("a", now), by=BY)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Invoice.objects.update(**change)


def test_neither_an_invoice_nor_its_paper_is_deleted_and_a_paper_is_never_changed(now: datetime) -> None:
    invoice = issue_invoice(draft("a", now), by=BY)
    archive_paper(invoice.pk, at=now)
    for statement in ("DELETE FROM invoices_paper", "DELETE FROM invoices_invoice"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Paper.objects.update(sha256="0" * 64)


def test_a_recipient_is_sealed_and_moves_under_a_new_key_only_while_keys_are_rotated(now: datetime) -> None:
    invoice = issue_invoice(draft("a", now), by=BY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient FROM invoices_invoice")
        assert "Alice" not in cursor.fetchone()[0]
    again = invoice.recipient
    rotate(recipient=again)
    with pytest.raises(DatabaseError, match="append-only"):
        rotate(recipient=again, total_minor=1)
    invoice.refresh_from_db()
    assert (invoice.recipient_facts, invoice.total_minor) == (BUYER, 30_490)


@pytest.mark.parametrize(
    "wrong",
    [{"facts": {"email": "alice@example.com"}}, {"issuer": {"name": "X"}}, {"lines": [line(scheme="none")]}],
)
def test_what_a_paper_could_not_be_drawn_from_is_not_stored(now: datetime, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        issue_invoice(draft("a", now, **wrong), by=BY)
    assert not Invoice.objects.exists()


# Credit notes


def test_credit_notes_never_sum_to_more_than_the_invoice(now: datetime) -> None:
    invoice = issue_invoice(draft("a", now), by=BY)
    issue_invoice(note(invoice, "b", now, 30_000, 5_000), by=BY)
    for gross, vat in ((491, 0), (490, 83)):
        with pytest.raises(IntegrityError), transaction.atomic():
            issue_invoice(note(invoice, "c", now, gross, vat), by=BY)
    issue_invoice(note(invoice, "c", now, 490, 82), by=BY)
    assert sum(credit.total_minor for credit in invoice.credit_notes.all()) == invoice.total_minor


def test_a_credit_note_corrects_an_invoice_of_its_own_seller(now: datetime) -> None:
    invoice = issue_invoice(draft("a", now), by=BY)
    credit = issue_invoice(note(invoice, "b", now, 100, 17), by=BY)
    for wrong in (note(invoice, "c", now, 100, 17, party=OTHER), note(credit, "d", now, 100, 17)):
        with pytest.raises(IntegrityError), transaction.atomic():
            issue_invoice(wrong, by=BY)
    for kind, corrects in ((Kind.CREDIT_NOTE, None), (Kind.INVOICE, invoice)):
        with pytest.raises(IntegrityError), transaction.atomic():
            issue_invoice(draft("e", now, kind=kind, corrects=corrects), by=BY)


# Papers


def test_a_paper_is_drawn_once_and_kept_with_its_hash(now: datetime) -> None:
    invoice = issue_invoice(draft("a", now), by=BY)
    first = read_paper(invoice, at=now)
    paper = Paper.objects.get()
    assert first.startswith(b"%PDF-")
    assert paper.sha256 == hashlib.sha256(first).hexdigest()
    assert (archive_paper(invoice.pk, at=now + timedelta(days=1)), Paper.objects.count()) == (paper, 1)
    assert read_paper(invoice, at=now + timedelta(days=1)) == first == invoice_pdf(invoice)


def test_what_no_worker_drew_the_clock_draws(now: datetime) -> None:
    issue_invoices([draft("a", now), draft("b", now)])
    assert archive_papers(now) == 2
    assert archive_papers(now) == 0
    assert Paper.objects.count() == 2


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_changed_file_is_not_handed_out_and_is_logged(now: datetime, damage: str) -> None:
    invoice = issue_invoice(draft("a", now), by=BY)
    read_paper(invoice, at=now)
    file = Path(Paper.objects.get().file.path)
    content = file.read_bytes()
    file.unlink()
    if damage == "changed":
        file.write_bytes(content.replace(b"%PDF-1.4", b"%PDF-1.5"))
    with capture_logs() as logged, pytest.raises(PaperChanged):
        read_paper(invoice, at=now)
    assert logged == [{"event": "paper_changed", "invoice": str(invoice.pk), "log_level": "error"}]
    assert Paper.objects.count() == 1


def test_a_paper_says_who_sold_what_to_whom_and_when(now: datetime) -> None:
    said = text_of(invoice_pdf(issue_invoice(draft("a", now), by=BY)))
    for words in (
        "Invoice INV-2026-000001", "Issued on 23 Nov 2026", "Order 1042", "Sent on 24 Nov 2026", "Paid on 23 Nov 2026",
        "Atelier Neuf SAS", "1 rue de l'Atelier", "RCS 000 000 000", "VAT no. FR00000000000", "Alice Martin",
        "12 rue des Lilas", "iPhone 12, Good", "353982100000014", "€304.90", "€254.08", "€50.82", "France, 20%",
        "Legal guarantee of conformity: 24 months", "guarantee of the seller: 12 months from delivery",
        "on behalf of the seller",
    ):  # fmt: skip
        assert words in said, words


@pytest.mark.parametrize(
    ("scheme", "bps", "vat", "country", "words", "absent"),
    [
        ("regular", 2550, 6_195, "FI", ["25.5%", "Finland", "€61.95", "one-stop shop"], ["Margin"]),
        ("margin", 0, 0, "FR", ["Margin scheme", "Régime particulier"], ["Without VAT", "20%", "one-stop"]),
        ("export", 0, 0, "FR", ["Export out of the European Union"], ["Without VAT"]),
        ("reverse", 0, 0, "DE", ["Reverse charge / Autoliquidation", "art. 196"], ["Without VAT"]),
        ("outside", 0, 0, "CH", ["outside the European Union"], ["Without VAT"]),
    ],
)
def test_a_paper_says_what_the_law_wants_of_each_scheme(
    now: datetime, scheme: str, bps: int, vat: int, country: str, words: list[str], absent: list[str]
) -> None:
    taxed = line(30_490, vat, bps=bps, scheme=scheme, country=country)
    said = " ".join(text_of(invoice_pdf(issue_invoice(draft("a", now, lines=[taxed]), by=BY))).split())
    assert [word for word in words if word not in said] == []
    assert [word for word in absent if word in said] == []


@pytest.mark.parametrize(
    ("language", "country", "words"),
    [
        ("en-gb", "FR", "Margin scheme – Second-hand goods / Régime particulier – Biens d'occasion"),
        ("en-gb", "IE", "Margin scheme – Second-hand goods:"),
        ("fr", "FR", "Régime particulier – Biens d'occasion:"),
        ("fr", "DE", "Régime particulier – Biens d'occasion / Gebrauchtgegenstände/Sonderregelung"),
        ("de", "DE", "Gebrauchtgegenstände/Sonderregelung:"),
    ],
)
def test_the_laws_words_are_in_the_readers_language_and_in_the_sellers(
    now: datetime, language: str, country: str, words: str
) -> None:
    margin = line(30_490, 0, bps=0, scheme="margin")
    issuer = ISSUER | {"country": country}
    made = issue_invoice(draft("a", now, lines=[margin], language=language, issuer=issuer), by=BY)
    assert words in " ".join(text_of(invoice_pdf(made)).split())


def test_a_credit_note_says_what_it_corrects(now: datetime) -> None:
    invoice = issue_invoice(draft("a", now), by=BY)
    said = text_of(invoice_pdf(issue_invoice(note(invoice, "b", now, 10_000, 1_667), by=BY)))
    for words in ("Credit note CN-2026-000001", "Corrects the invoice INV-2026-000001", "Total given back: €100.00"):
        assert words in said
    assert "Legal guarantee" not in said
