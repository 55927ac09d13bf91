"""The papers of the year: an invoice for every parcel that left, a credit note for every refund, the commissions."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from backmarket.invoices.drafts import Draft
from backmarket.invoices.models import Invoice
from backmarket.invoices.services import issue_invoices
from backmarket.management.seeding.base import BATCH, Trail, known
from backmarket.payments.models import Refund
from orders.invoice_drafts import commission_draft, commission_lines, credit_draft, sale_draft
from orders.models import OrderLine, Settlement
from orders.services.invoicing import JOB


def load(at: datetime) -> str:
    trail = Trail()
    sales, notes, commissions = _sales(trail), _credits(trail), _commissions(trail)
    trail.write()
    return f"{sales} invoices, {notes} credit notes, {commissions} commission invoices"


def _issue(drafts: Iterable[Draft], trail: Trail) -> list[Invoice]:
    """In the order of their dates, as their numbers are."""
    written = issue_invoices(sorted(drafts, key=lambda draft: draft.issued_at))
    for invoice in written:
        trail.add("invoice.issued", invoice, by=JOB, at=invoice.issued_at)
    return written


def _sales(trail: Trail) -> int:
    """One paper for what left a plant for one order at one time."""
    lines = OrderLine.objects.to_invoice().select_related("consignment__plant", "consignment__order__address")
    parcels = defaultdict(list)
    for line in lines.order_by("pk"):
        parcels[line.consignment_id, known(line.shipped_at)].append(line)
    drafts = [sale_draft(mine[0].consignment, mine, sent_at) for (_pk, sent_at), mine in parcels.items()]
    invoices = _issue(drafts, trail)
    invoice_of = {line["subject"]: invoice for invoice in invoices for line in invoice.lines}
    for mine in parcels.values():
        for line in mine:
            line.invoice = invoice_of[str(line.pk)]
    OrderLine.objects.bulk_update([line for mine in parcels.values() for line in mine], ["invoice"], batch_size=BATCH)
    return len(invoices)


def _credits(trail: Trail) -> int:
    invoice_of = {line.pk: line.invoice for line in OrderLine.objects.exclude(invoice=None).select_related("invoice")}
    refunds = Refund.objects.filter(status=Refund.Status.SUCCEEDED, reference__in=invoice_of)
    drafts = [credit_draft(known(invoice_of[r.reference]), r, known(r.succeeded_at)) for r in refunds]
    return len(_issue(drafts, trail))


def _commissions(trail: Trail) -> int:
    settlements = Settlement.objects.select_related("plant")
    made = [(each, commission_lines(each)) for each in settlements]
    return len(_issue((commission_draft(each, lines, each.created_at) for each, lines in made if lines), trail))
