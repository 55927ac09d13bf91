"""Issue invoices under the next number of their series, and keep the paper of each."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.invoices.drafts import Draft, SeriesKey
from backmarket.invoices.models import PREFIX, Invoice, Kind, Paper, Series
from backmarket.invoices.papers import invoice_pdf
from backmarket.jobs import each
from backmarket.money import total

log = structlog.get_logger(__name__)
BATCH = 500
# How many papers the job draws at a time: half a second of a processor.
DRAWN_AT_ONCE = 100


class PaperChanged(DomainError):
    """The file is not the one that was archived, or it is gone."""

    code = "paper_changed"
    default_message = _(
        "This paper cannot be shown: our copy of it is damaged. Write to us, and we look for the original."
    )


def issue_invoice(draft: Draft, *, by: Actor) -> Invoice:
    """The invoice of this cause, written with the next number of its series; issued before, the one there is.

    Its paper is drawn after the commit. Refused by the database: a credit note above what its invoice has left.
    """
    with transaction.atomic():
        written = issue_invoices([draft])
        if not written:
            return Invoice.objects.get(key=draft.key)
        record("invoice.issued", written[0], by=by, at=draft.issued_at)
        transaction.on_commit(partial(_archive_soon, written[0].pk), robust=True)
    return written[0]


def issue_invoices(drafts: Sequence[Draft]) -> list[Invoice]:
    """Write every draft whose cause has no invoice yet, in the order given; returns those. No paper is drawn."""
    with transaction.atomic():
        series = _locked({draft.series for draft in drafts})
        known = set(Invoice.objects.filter(key__in=[draft.key for draft in drafts]).values_list("key", flat=True))
        new = [_numbered(draft, series[draft.series]) for draft in drafts if draft.key not in known]
        Series.objects.bulk_update(series.values(), ["last_number"])
        return Invoice.objects.bulk_create(new, batch_size=BATCH)


def _locked(keys: Iterable[SeriesKey]) -> dict[SeriesKey, Series]:
    """The rows that count, made where they are missing: nobody else takes a number of them before we commit."""
    made = [Series.objects.get_or_create(issuer=i, kind=k, year=y)[0].pk for i, k, y in sorted(keys)]
    return {(row.issuer, row.kind, row.year): row for row in lock(Series.objects.filter(pk__in=made))}


def _numbered(draft: Draft, series: Series) -> Invoice:
    series.last_number += 1
    currency = draft.lines[0].gross.currency
    invoice = Invoice(
        key=draft.key, series=series, number=series.last_number, kind=draft.kind, party=draft.party,
        code=f"{PREFIX[Kind(draft.kind)]}-{series.year}-{series.last_number:06}", reference=draft.reference,
        corrects=draft.corrects, language=draft.language, issuer=draft.issuer, recipient=json.dumps(draft.recipient),
        lines=[line.facts for line in draft.lines], facts=draft.facts, currency=currency, issued_at=draft.issued_at,
        total_minor=total((line.gross for line in draft.lines), currency).minor,
        vat_minor=total((line.vat for line in draft.lines), currency).minor,
    )  # fmt: skip
    for name in ("issuer", "lines", "facts"):
        Invoice._meta.get_field(name).run_validators(getattr(invoice, name))  # type: ignore[union-attr]
    return invoice


def _archive_soon(invoice_id: UUID) -> None:
    from backmarket.invoices.tasks import archive_paper as task

    task.delay(str(invoice_id))


def archive_paper(invoice_id: UUID, *, at: datetime) -> Paper:
    """Draw the paper of an invoice and keep it with its hash; the one that is kept, when it was drawn before."""
    with transaction.atomic():
        invoice = lock(Invoice.objects.filter(pk=invoice_id)).get()
        kept = Paper.objects.filter(invoice=invoice).first()
        if kept is not None:
            return kept
        content = invoice_pdf(invoice)
        paper = Paper(invoice=invoice, sha256=hashlib.sha256(content).hexdigest(), archived_at=at)
        paper.file.save(f"{invoice.pk}.pdf", ContentFile(content), save=False)
        paper.save(force_insert=True)
    return paper


def archive_papers(at: datetime) -> int:
    """Draw what no worker has drawn yet, oldest first, some at a time; returns how many."""
    waiting = Invoice.objects.filter(paper=None).order_by("issued_at", "pk").values_list("pk", flat=True)
    return each("archive_papers", waiting[:DRAWN_AT_ONCE], lambda pk: bool(archive_paper(pk, at=at)))


def read_paper(invoice: Invoice, *, at: datetime) -> bytes:
    """The PDF as it was archived, drawn now when it was not yet. A file that differs is logged: PaperChanged."""
    paper = archive_paper(invoice.pk, at=at)
    content = kept_file(paper)
    if content is None or not is_archived(paper, content):
        log.error("paper_changed", invoice=str(invoice.pk))
        raise PaperChanged
    return content


def kept_file(paper: Paper) -> bytes | None:
    """What the archive has under the name of this paper, whatever it is; None where nothing can be read."""
    try:
        with paper.file.open("rb") as kept:
            return bytes(kept.read())
    except OSError:
        return None


def is_archived(paper: Paper, content: bytes) -> bool:
    """Is this what was put there?"""
    return hashlib.sha256(content).hexdigest() == paper.sha256
