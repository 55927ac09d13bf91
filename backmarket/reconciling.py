"""The comparison of all books, each night and when the desk asks: what it finds is kept, told, and mended by nobody."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from backmarket.events.services import record
from backmarket.invoices.models import Paper
from backmarket.invoices.reconciliation import paper_differences, papers_to_read
from backmarket.payments import reconciliation as payments
from backmarket.payments.models import Reconciliation
from backmarket.payments.reconciliation import Difference, gateway_differences
from buyback import reconciliation as buyback
from orders import invoice_reconciliation as invoices
from orders import reconciliation as orders

CHECKS = {**payments.CHECKS, **orders.CHECKS, **buyback.CHECKS, **invoices.CHECKS}
# So many days of payments the provider is asked about: a refund of a month is still fresh, a dispute mostly not yet.
DAYS = 35
BY = "system:reconciliation"


def differences(at: datetime, *, days: int | None, every_paper: bool = False) -> Iterator[Difference]:
    """All that differs now; the provider is asked about `days` of payments, or, where None, about none. Of the archive
    a part is read, or all of it."""
    yield from payments.differences(CHECKS, heard=at - invoices.HEARD_AFTER)
    yield from paper_differences(Paper.objects.all() if every_paper else papers_to_read(at))
    if days is not None:
        yield from gateway_differences(at - timedelta(days=days))


def reconcile_books(at: datetime) -> int:
    """Compare what the desk has asked for, or else as each night; returns how many differences were found."""
    waiting = list(Reconciliation.objects.filter(finished_at=None).order_by("started_at"))
    return sum(_compare(row, at) for row in waiting or [Reconciliation.objects.create(started_at=at)])


def _compare(begun: Reconciliation, at: datetime) -> int:
    """Keep what is found, and tell finance of it. Network: outside transactions."""
    found = [asdict(each) | {"what": str(each.what)} for each in differences(at, days=begun.days)]
    with transaction.atomic():
        begun.finished_at, begun.count = at, len(found)
        begun.differences = list(islice(found, Reconciliation.KEPT))
        begun.save(update_fields=["finished_at", "count", "differences"])
        if found:
            record("reconciliation.differs", begun, by=BY, at=at, data={"count": len(found)})
    return len(found)
