"""The grading job: each submitted inspection sheet is graded once, by the specification it was filled in against."""

from datetime import datetime
from functools import partial

import structlog
from django.db import models, transaction

from backmarket.errors import DomainError
from backmarket.events.services import record
from backmarket.jobs import each
from buyback.models import Inspection
from catalog.grading import grade_sheet

log = structlog.get_logger(__name__)


def grade_pending_devices(at: datetime) -> int:
    """Grade every sheet that waits; returns how many. One that cannot be graded is logged and stays behind."""
    return each("grade_devices", _waiting().values_list("pk", flat=True), partial(_grade_or_log, at=at))


def _waiting() -> models.QuerySet[Inspection]:
    return Inspection.objects.filter(graded_at=None).order_by("submitted_at")


def _grade_or_log(inspection_id: int, at: datetime) -> bool:
    try:
        return grade_inspection(inspection_id, at)
    except DomainError as error:
        log.error("inspection_not_gradable", inspection=inspection_id, code=error.code, check=error.field)
        return False


def grade_inspection(inspection_id: int, at: datetime) -> bool:
    """Grade one sheet; False when it is graded already, or being graded. Raises InvalidSheet, IncompleteAnswers."""
    with transaction.atomic():
        waiting = _waiting().select_for_update(skip_locked=True, of=("self",))
        inspection = (
            waiting.select_related("specification", "trade__quote__question_set").filter(pk=inspection_id).first()
        )
        if inspection is None:
            return False
        quote = inspection.trade.quote
        verdict = grade_sheet(
            inspection.specification.checks, inspection.sheet, quote.question_set.questions, quote.answers
        )
        inspection.condition_found = verdict.condition_found
        inspection.grade_reachable = verdict.grade_reachable or ""
        inspection.verdict = verdict.as_json()
        inspection.graded_at = at
        inspection.save(update_fields=["condition_found", "grade_reachable", "verdict", "graded_at"])
        record("trade.graded", inspection.trade, by="system:grade_devices", at=at)
    return True
