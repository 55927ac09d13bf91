"""Support decides, and time decides where nobody does."""

import logging
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.jobs import each
from backmarket.market import calendar
from backmarket.states import move
from orders.models import Claim, ClaimMessage, OrderLine
from orders.services.claims.cases import answer_claim, post_message, require_open, resolve_claim
from orders.services.claims.remedies import (
    AT_PLANT,
    accept_claim,
    refund_claim,
    return_unrepaired,
    start_repair,
    start_replacement,
)

JOB, JOB_NAME = "system:deadlines", "watch_claim_deadlines"
Status = Claim.Status

logger = logging.getLogger(__name__)


class Outcome(models.TextChoices):
    ACCEPT = "accept", _("the device goes back to the plant under guarantee")
    REPAIR = "repair", _("the plant repairs")
    REPLACE = "replace", _("the plant replaces")
    REFUND = "refund", _("the customer is refunded")
    ASK = "ask", _("the customer is asked")
    REJECT = "reject", _("the plant was right to refuse")


class CannotDecide(DomainError):
    code = "cannot_decide"
    default_message = _("Support decides only on cases it was asked to decide or has taken over.")


def decide_claim(claim: Claim, *, outcome: str, comment: str, by: Actor, at: datetime) -> None:
    """Support's decision, in words for both sides, and what follows from it. Raises CannotDecide."""
    with transaction.atomic():
        lock(OrderLine.objects.filter(pk=claim.line_id)).get()  # before the case, as a withdrawal does
        fresh = lock(Claim.objects.filter(pk=claim.pk)).get()
        require_open(fresh)
        if fresh.status == Status.AWAITING_PLANT and fresh.is_with_support:
            move(fresh, Status.ARBITRATION, by=by, at=at)
        if fresh.status != Status.ARBITRATION:
            raise CannotDecide
        if not comment.strip():
            raise CannotDecide(_("Explain the decision to both sides."), field="comment")
        _carry_out(fresh, Outcome(outcome), comment, by=by, at=at)
    claim.refresh_from_db()


def _carry_out(claim: Claim, outcome: Outcome, comment: str, *, by: Actor, at: datetime) -> None:
    if outcome in (Outcome.REPAIR, Outcome.REPLACE) and claim.at_plant_at is None:
        raise CannotDecide(_("The device is not at the plant yet: let it go back first."), field="outcome")
    if outcome == Outcome.ASK:
        answer_claim(claim, text=comment, role=ClaimMessage.Role.SUPPORT, by=by, at=at)
        return
    author = None if isinstance(by, str) else by
    post_message(claim, role=ClaimMessage.Role.SUPPORT, author=author, text=comment, at=at)
    if outcome == Outcome.ACCEPT:
        accept_claim(claim, role=ClaimMessage.Role.SUPPORT, by=by, at=at)
    elif outcome == Outcome.REPAIR:
        start_repair(claim, by=by, at=at)
    elif outcome == Outcome.REPLACE:
        start_replacement(claim, by=by, at=at)
    elif outcome == Outcome.REFUND:
        refund_claim(claim, by=by, at=at)
    else:
        return_unrepaired(claim, by=by, at=at)
        resolve_claim(claim, by=by, at=at)


def watch_claim_deadlines(at: datetime) -> int:
    """Support takes over where a plant is silent; the refund is automatic where a repair takes ten business days."""
    silent = Claim.objects.overdue(at).filter(status=Status.AWAITING_PLANT, escalated_at=None)
    slow = Claim.objects.filter(status__in=AT_PLANT, due_at__lte=at, paused_at=None)
    done = each(JOB_NAME, silent.values_list("pk", flat=True), partial(_escalate, at=at))
    return done + each(JOB_NAME, slow.values_list("pk", flat=True), partial(_refund_slow, at=at))


def _escalate(pk: UUID, at: datetime) -> bool:
    """The plant was silent: support owns the case from now on, and has one business day."""
    with transaction.atomic():
        claim = lock(Claim.objects.overdue(at).filter(pk=pk, status=Status.AWAITING_PLANT, escalated_at=None)).first()
        if claim is None:
            return False
        claim.escalated_at = at
        claim.due_at = calendar().business_days_after(at, Claim.PLANT_ANSWERS_WITHIN_BUSINESS_DAYS)
        claim.save(update_fields=["escalated_at", "due_at"])
        answered = claim.first_answer_at is not None
        record("claim.escalated", claim, by=JOB, at=at, data={"answered": answered})
    return True


def _refund_slow(pk: UUID, at: datetime) -> bool:
    claim = Claim.objects.select_related("line").get(pk=pk)
    arrived = claim.at_plant_at
    if arrived is None or at < calendar().business_days_after(arrived, Claim.REFUND_AFTER_BUSINESS_DAYS):
        return False
    try:
        refund_claim(claim, reason="repair_too_slow", by=JOB, at=at)
    except DomainError:
        logger.warning("claim not refunded", extra={"claim": str(pk)})
        return False
    return True
