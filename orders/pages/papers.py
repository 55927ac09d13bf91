"""The papers of an order, and whether more of them are to come."""

from dataclasses import dataclass

from backmarket.invoices.models import Invoice
from backmarket.invoices.selectors import papers_about
from orders.models import OrderLine
from orders.pages.orders import OrderPage

Line = OrderLine.Status
BEFORE_IT_LEAVES = (Line.ON_HOLD, Line.PAID, Line.ACCEPTED)


@dataclass(frozen=True)
class Papers:
    issued: list[Invoice]
    more: bool


def papers_of(page: OrderPage) -> Papers:
    """What was issued, oldest first; `more` while a device that is paid for has not left."""
    lines = [view.line for parcel in page.parcels for view in parcel.lines]
    invoiced = any(line.invoice_id for line in lines)
    issued = list(papers_about(page.order.pk)) if invoiced else []
    return Papers(issued, any(line.status in BEFORE_IT_LEAVES for line in lines))
