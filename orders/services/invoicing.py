"""Who is invoiced what, and when: buyers for each parcel that left, plants for the commission of each settlement."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from backmarket.db import lock
from backmarket.invoices.models import Invoice
from backmarket.invoices.services import issue_invoice
from backmarket.jobs import each
from backmarket.payments.models import Refund
from orders.invoice_drafts import commission_drafts, commission_lines, credit_draft, credit_key, sale_draft
from orders.models import Consignment, OrderLine, Settlement
from orders.services.goodwill import part_of

JOB = "system:invoices"


def invoice_sent_lines(consignment: Consignment, *, at: datetime) -> bool:
    """The plant's invoice for what has left of a consignment; False when all of that is on one already."""
    with transaction.atomic():
        lines = list(lock(consignment.lines.to_invoice()))
        if not lines:
            return False
        invoice = issue_invoice(sale_draft(consignment, lines, at), by=JOB)
        OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(invoice=invoice)
    return True


def credit_refund(refund: Refund, *, at: datetime) -> bool:
    """The credit note for money that is back, once; False when nothing was invoiced: it was refunded before it left.

    Raises CannotCredit above what the invoice of that device has left.
    """
    with transaction.atomic():
        part = part_of(refund)
        line = lock(OrderLine.objects.filter(pk=part.line_id if part else refund.reference)).first()
        if line is None or line.shipped_at is None:
            return False
        if line.invoice_id is None:
            invoice_sent_lines(line.consignment, at=at)
            line.refresh_from_db(fields=["invoice"])
        assert line.invoice_id is not None  # noqa: S101 - issued just now
        invoice = lock(Invoice.objects.filter(pk=line.invoice_id)).get()
        # What a dispute had given back, and we now do in its place, has its note already.
        done = Refund.objects.filter(reference=refund.reference, succeeded_at__isnull=False)
        if Invoice.objects.filter(key__in=[credit_key(each) for each in done]).exists():
            return False
        issue_invoice(credit_draft(invoice, refund, line, at), by=JOB)
    return True


def invoice_commission(settlement: Settlement, *, at: datetime) -> bool:
    """The house's invoice for the commission in a settlement, and its credit note for what is given back of earlier
    ones; False when there is neither."""
    with transaction.atomic():
        lines = commission_lines([settlement])[settlement.pk]
        for draft in commission_drafts(settlement, lines, at):
            issue_invoice(draft, by=JOB)
    return bool(lines)


def invoice_missing(at: datetime) -> int:
    """Invoice what left and is on no invoice: it was not heard of, or left before there were any. Returns how many."""
    missing = Consignment.objects.filter(lines__in=OrderLine.objects.to_invoice()).order_by("pk").distinct()
    return each("invoice_missing", missing.values_list("pk", flat=True), partial(_invoice, at=at))


def _invoice(consignment_id: UUID, at: datetime) -> bool:
    return invoice_sent_lines(Consignment.objects.get(pk=consignment_id), at=at)
