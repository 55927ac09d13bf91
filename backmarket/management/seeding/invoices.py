"""The papers of the year: an invoice for every parcel that left, a credit note for every refund, the commissions."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django.db import connection

from backmarket.invoices.drafts import Draft
from backmarket.invoices.models import Invoice
from backmarket.invoices.services import issue_invoices
from backmarket.management.seeding.base import Trail, known
from backmarket.payments.models import Refund
from orders.invoice_drafts import commission_drafts, commission_lines, credit_draft, sale_draft
from orders.models import OrderLine, Settlement
from orders.services.invoicing import JOB

NAME_INVOICES = """
UPDATE orders_orderline AS line SET invoice_id = invoice.id
FROM invoices_invoice AS invoice, jsonb_array_elements(invoice.lines) AS said
WHERE invoice.kind = 'invoice' AND (said ->> 'subject')::uuid = line.id AND line.invoice_id IS NULL
"""


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
    with connection.cursor() as cursor:
        cursor.execute(NAME_INVOICES)
    return len(invoices)


def _credits(trail: Trail) -> int:
    refunds = Refund.objects.filter(status=Refund.Status.SUCCEEDED)
    lines = OrderLine.objects.filter(pk__in=refunds.values("reference")).exclude(invoice=None)
    sold = {line.pk: line for line in lines.select_related("invoice")}
    drafts = [
        credit_draft(known(line.invoice), refund, line, known(refund.succeeded_at))
        for refund in refunds
        if (line := sold.get(refund.reference))
    ]
    return len(_issue(drafts, trail))


def _commissions(trail: Trail) -> int:
    """Date by date: what gives a commission back names the paper that had it."""
    settlements = list(Settlement.objects.select_related("plant").order_by("created_at"))
    lines = commission_lines(settlements)
    issued = 0
    for at, of_date in groupby(settlements, key=lambda each: each.created_at):
        drafts = (draft for each in of_date for draft in commission_drafts(each, lines[each.pk], at))
        issued += len(_issue(drafts, trail))
    return issued
