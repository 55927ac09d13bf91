"""Are the papers in the archive those that were put there? See backmarket.payments.reconciliation.

This check reads files, so it asks of some only: the newest, and each night another part of all.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.invoices.models import Paper
from backmarket.invoices.services import is_archived, kept_file
from backmarket.payments.reconciliation import Difference

NEW = timedelta(days=3)
# Every file is read once in so many nights.
NIGHTS = 30
IDS = 1 << 128


def papers_to_read(at: datetime) -> QuerySet[Paper]:
    """What is new, and the part of the archive whose night this is: ids are random, so the parts are alike."""
    night = at.toordinal() % NIGHTS
    first, last = UUID(int=IDS * night // NIGHTS), UUID(int=IDS * (night + 1) // NIGHTS - 1)
    return Paper.objects.filter(archived_at__gte=at - NEW) | Paper.objects.filter(pk__gte=first, pk__lte=last)


def paper_differences(papers: QuerySet[Paper]) -> Iterator[Difference]:
    """Those whose file is gone, or is another; what is expected is the total that the paper shows."""
    for paper in papers.select_related("invoice").order_by("pk").iterator():
        content, invoice = kept_file(paper), paper.invoice
        about = f"{invoice.code} of {invoice.issuer['name']}"
        facts = (about, invoice.total_minor, None, invoice.currency)
        if content is None:
            yield Difference("paper_gone", _("An archived paper is gone"), *facts)
        elif not is_archived(paper, content):
            yield Difference("paper_changed", _("An archived paper is not the one that was put there"), *facts)
