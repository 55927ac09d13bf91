"""Which papers there are."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from backmarket.invoices.models import Invoice
from backmarket.money import Money


def papers_about(*references: UUID) -> QuerySet[Invoice]:
    """Invoices and credit notes of orders, or of settlements, in the order in which they were issued."""
    return Invoice.objects.filter(reference__in=references).order_by("issued_at", "number")


def credited_of(invoice: Invoice, subject: str) -> tuple[Money, Money]:
    """What credit notes have given back of one line of an invoice: gross, and the VAT in it."""
    lines = _lines_about(invoice.credit_notes.all(), subject)
    return (
        Money(sum(line["gross_minor"] for line in lines), invoice.currency),
        Money(sum(line["vat_minor"] for line in lines), invoice.currency),
    )


def _lines_about(notes: "QuerySet[Invoice] | Collection[Invoice]", subject: str) -> list[dict[str, int]]:
    return [line for note in notes for line in note.lines if line["subject"] == subject]
