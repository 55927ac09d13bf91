"""How a paper leaves the house."""

from datetime import datetime

from django.http import HttpResponse

from backmarket.invoices.models import Invoice
from backmarket.invoices.services import read_paper


def pdf_response(invoice: Invoice, *, at: datetime) -> HttpResponse:
    """The archived PDF, for somebody who may see it. Raises PaperChanged."""
    headers = {"Content-Disposition": f'inline; filename="{invoice.code}.pdf"'}
    return HttpResponse(read_paper(invoice, at=at), content_type="application/pdf", headers=headers)
