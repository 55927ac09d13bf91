"""What the bank answers about a file: read, shown with what it would change, applied once by a person."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import record
from backmarket.payments import sepa
from backmarket.payments.gateways.base import Outcome, Transfer
from backmarket.payments.models import BankReport, Payout, PayoutFile
from backmarket.payments.reasons import HAD_ALREADY
from backmarket.payments.services.payouts import settle_payout
from backmarket.payments.status_reports import StatusReport, TransferWord, UnreadableReport, Word, read_status_report

SETTLED, REFUSED = frozenset({"ACSC", "ACCC"}), frozenset({"RJCT", "CANC"})
ON_ITS_WAY = frozenset({"ACCP", "ACSP", "ACTC", "ACWC", "ACWP", "PART", "PATC", "PDNG", "RCVD"})


class Verdict(StrEnum):
    """What a row of a report does, or why it does nothing. Only the first two are applied."""

    PAID = "paid"
    BOUNCED = "bounced"
    STAYS = "stays"
    NO_CHANGE = "no_change"
    UNKNOWN = "unknown"
    OTHER_AMOUNT = "other_amount"
    NOT_SENT = "not_sent"
    TWICE = "twice"
    NOT_UNDERSTOOD = "not_understood"
    HAD_ALREADY = "had_already"


APPLIED = (Verdict.PAID, Verdict.BOUNCED)
PROBLEMS = (
    Verdict.UNKNOWN, Verdict.OTHER_AMOUNT, Verdict.NOT_SENT, Verdict.TWICE, Verdict.NOT_UNDERSTOOD, Verdict.HAD_ALREADY,
)  # fmt: skip


@dataclass(frozen=True)
class ReportRow:
    """One transfer of a report; `payout` is None when its id is none of the file's."""

    end_to_end_id: str
    word: Word
    payout: Payout | None
    verdict: Verdict


class CannotApply(DomainError):
    """It was applied before, or is so old that what it said has been erased."""

    code = "cannot_apply"
    default_message = _("This report has been applied already.")


def keep_bank_report(content: bytes, *, by: User, at: datetime) -> BankReport:
    """Read an uploaded report and keep it, changing nothing yet; the same file again is the report there is.

    Raises UnreadableReport: not a report, or not about a file of ours.
    """
    digest = hashlib.sha256(content).hexdigest()
    if known := BankReport.objects.filter(sha256=digest).first():
        return known
    read = read_status_report(content)
    about = PayoutFile.objects.filter(message_id=read.original_message_id).first()
    if about is None:
        raise UnreadableReport(_("This report answers a file that was not made here."))
    try:
        with transaction.atomic():
            report = BankReport.objects.create(
                sha256=digest,
                message_id=read.message_id,
                file=about,
                content=base64.b64encode(content).decode(),
                read_by=by,
                created_at=at,
            )
            record("bank_report.read", report, by=by, at=at, data={"file": str(about.pk)})
    except IntegrityError:  # the same file, in another tab
        return BankReport.objects.get(sha256=digest)
    return report


def preview_report(report: BankReport) -> list[ReportRow]:
    """What applying it would do now, row by row: those that change something first, then the problems. Once erased,
    nothing."""
    if report.erased_at is not None:
        return []
    read = read_status_report(base64.b64decode(report.content))
    rows = _rows(read, report.file)
    order = [*APPLIED, *PROBLEMS, Verdict.STAYS, Verdict.NO_CHANGE]
    return sorted(rows, key=lambda row: (order.index(row.verdict), row.end_to_end_id))


def _rows(read: StatusReport, about: PayoutFile) -> Iterator[ReportRow]:
    payouts = {item.payout_id: item.payout for item in about.items.select_related("payout")}
    named = {sepa.payout_id(each.end_to_end_id): each for each in read.transfers}
    times = Counter(sepa.payout_id(each.end_to_end_id) for each in read.transfers)
    for each in read.transfers:
        payout = payouts.get(sepa.payout_id(each.end_to_end_id) or about.pk)
        verdict = _verdict(each, payout, about)
        if payout is not None and times[payout.pk] > 1 and verdict in APPLIED:
            verdict = Verdict.TWICE
        yield ReportRow(each.end_to_end_id, each.word, payout, verdict)
    if read.others is not None and read.others.status != "PART":
        for pk, payout in payouts.items():
            if pk not in named:
                each = TransferWord(sepa.end_to_end_id(payout), read.others, None)
                yield ReportRow(each.end_to_end_id, each.word, payout, _verdict(each, payout, about))


def _verdict(each: TransferWord, payout: Payout | None, about: PayoutFile) -> Verdict:
    if payout is None:
        return Verdict.UNKNOWN
    if each.amount is not None and each.amount != payout.amount:
        return Verdict.OTHER_AMOUNT
    if each.word.status not in SETTLED | REFUSED | ON_ITS_WAY:
        return Verdict.NOT_UNDERSTOOD
    if about.status != PayoutFile.Status.HANDED:
        return Verdict.NOT_SENT
    if payout.status != Payout.Status.SENT:
        return Verdict.NO_CHANGE
    if each.word.status in ON_ITS_WAY:
        return Verdict.STAYS
    if each.word.status in REFUSED and each.word.reason in HAD_ALREADY:  # the first of the two files pays it
        return Verdict.HAD_ALREADY
    return Verdict.PAID if each.word.status in SETTLED else Verdict.BOUNCED


def apply_bank_report(report: BankReport, *, by: User, at: datetime) -> int:
    """Do what the preview says, all of it or nothing; returns how many payouts moved.

    Raises CannotApply afterwards, and once it is erased.
    """
    with transaction.atomic():
        locked = lock(BankReport.objects.filter(pk=report.pk)).get()
        if locked.applied_at is not None:
            raise CannotApply
        if locked.erased_at is not None:
            raise CannotApply(_("What this report said has been erased: it is more than thirteen months old."))
        list(lock(Payout.objects.filter(file_items__file=locked.file_id)))
        rows = preview_report(locked)
        moved = sum(_apply(row, locked, by, at) for row in rows)
        locked.rows = [[row.end_to_end_id, row.word.status, row.word.reason, row.verdict.value] for row in rows]
        locked.applied_at = at
        locked.save(update_fields=["rows", "applied_at"])
        record("bank_report.applied", locked, by=by, at=at, data={"moved": moved})
    report.refresh_from_db()
    return moved


def _apply(row: ReportRow, report: BankReport, by: User, at: datetime) -> bool:
    if row.payout is None or row.verdict not in APPLIED:
        return False
    outcome = Outcome.DONE if row.verdict == Verdict.PAID else Outcome.FAILED
    reason = "" if outcome == Outcome.DONE else row.word.reason or ("canceled" if row.word.status == "CANC" else "")
    return settle_payout(row.payout.pk, Transfer(report.file.message_id, outcome, reason), by=by, at=at)
