"""A sheet before it is an inspection: kept half-filled, with photos, or filled in from a diagnostics report."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import record
from buyback.diagnostics import Filled, InvalidReport, Report, lay_over, read_report
from buyback.models import DiagnosticsReport, SheetDraft, Trade
from buyback.services.evidence import cleaned, keep_photos
from buyback.services.inspections import CannotInspect, current_specification

MAX_NOTE = 500


class SheetChanged(DomainError):
    """A colleague has kept the sheet since it was opened; `version` is what they kept."""

    code = "sheet_changed"
    default_message = _("A colleague has saved this sheet meanwhile. Save again to replace theirs with yours.")


class WrongDevice(InvalidReport):
    code = "wrong_device"
    default_message = _(
        "This report is about another device. If the parcel held another one than the seller described, "
        "suspend the trade as “another device was in the parcel”."
    )


def keep_draft(
    trade: Trade,
    *,
    sheet: Mapping[str, Any],
    note: str,
    seen: int,
    by: User,
    at: datetime,
    photos: Sequence[File] = (),
) -> SheetDraft:
    """Keep what is filled in so far, so that anybody of the plant can go on later. Nothing is graded.

    `seen` is the draft's version when this person opened it. Raises SheetChanged, CannotInspect, InvalidPhoto on
    `photos`, or TooManyPhotos.
    """
    images = cleaned(photos)
    with transaction.atomic():
        draft = _locked_draft(trade, by, at)
        if draft.version != seen and draft.saved_by_id != by.pk:
            raise SheetChanged
        _write(draft, _known_values(trade, sheet), note, by, at)
        keep_photos(trade, images, at=at)
    return draft


def _locked_draft(trade: Trade, by: User, at: datetime) -> SheetDraft:
    """The trade is locked, so that a draft is never kept of a sheet that has just been handed in."""
    locked = lock(Trade.objects.filter(pk=trade.pk)).get()
    if locked.status != Trade.Status.RECEIVED:
        raise CannotInspect(_("This device is not waiting for its inspection any more."))
    return SheetDraft.objects.get_or_create(trade=trade, defaults={"saved_by": by, "saved_at": at})[0]


def _known_values(trade: Trade, sheet: Mapping[str, Any]) -> dict[str, Any]:
    codes = [check["code"] for check in current_specification(trade).checks]
    return {code: sheet[code] for code in codes if sheet.get(code) not in (None, "")}


def _write(draft: SheetDraft, sheet: dict[str, Any], note: str, by: User, at: datetime) -> None:
    draft.sheet, draft.note = sheet, note.strip()[:MAX_NOTE]
    draft.version, draft.saved_by, draft.saved_at = draft.version + 1, by, at
    draft.save()


def import_report(trade: Trade, content: bytes, *, by: User, at: datetime) -> DiagnosticsReport:
    """Fill the draft in from a report, and keep the report as evidence. What a technician has chosen stays.

    The same report again is kept once. Raises InvalidReport, WrongDevice or CannotInspect.
    """
    report = read_report(content)
    _check_device(report, trade)
    filled = lay_over(report, current_specification(trade).checks)
    with transaction.atomic():
        draft = _locked_draft(trade, by, at)
        before = trade.reports.order_by("-uploaded_at", "-pk").first()
        kept, created = _keep_report(trade, report, filled, by, at)
        measured = before.values if before else {}
        free = [code for code in filled.values if draft.sheet.get(code) in (None, measured.get(code))]
        _write(draft, draft.sheet | {code: filled.values[code] for code in free}, draft.note, by, at)
        if created:
            record("trade.report_imported", trade, by=by, at=at, data={"report": str(kept.pk)})
    return kept


def _check_device(report: Report, trade: Trade) -> None:
    found = re.sub(r"[\s./-]", "", report.identifier).upper()
    if not found:
        raise InvalidReport(_("The report does not say which device it is about: its “identifier” is missing."))
    if found != trade.identifier:
        raise WrongDevice


def _keep_report(
    trade: Trade, report: Report, filled: Filled, by: User, at: datetime
) -> tuple[DiagnosticsReport, bool]:
    facts = {
        "tool": report.tool,
        "tool_version": report.tool_version,
        "ran_at": report.ran_at,
        "raw": report.raw,
        "values": filled.values,
        "problems": [asdict(problem) for problem in filled.problems],
        "uploaded_by": by,
        "uploaded_at": at,
    }
    digest = hashlib.sha256(report.raw.encode()).hexdigest()
    return DiagnosticsReport.objects.get_or_create(trade=trade, digest=digest, defaults=facts)
