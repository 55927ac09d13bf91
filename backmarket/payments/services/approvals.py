"""A second pair of eyes: asked for, given, refused, or given up by time."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import agreed, record
from backmarket.jobs import each
from backmarket.money import Money
from backmarket.payments.limits import may_agree
from backmarket.payments.models import Approval
from backmarket.states import IllegalMove, move

Status = Approval.Status


class CannotAgree(DomainError):
    code = "cannot_agree"
    default_message = _("Somebody else has to agree: two pairs of eyes are two people.")


def ask_approval(
    subject: tuple[str, str], step: str, *, name: str, answers: dict[str, list[str]], amount: Money, by: User,
    at: datetime,
) -> Approval:  # fmt: skip
    """Note a step that moves more than its person may alone; asked again for the same row and step, the newest counts.

    `subject` is the row's ("app.model", key), `answers` its form as it was sent.
    """
    with transaction.atomic():
        label, key = subject
        for older in lock(Approval.objects.filter(subject=label, subject_id=key, step=step, status=Status.ASKED)):
            move(older, Status.WITHDRAWN, by=by, at=at)
        asked = Approval.objects.create(
            subject=label, subject_id=key, step=step, name=name[:200], answers=json.dumps(answers),
            amount_minor=amount.minor, currency=amount.currency, asked_by=by, asked_at=at,
            expires_at=at + timedelta(days=Approval.VALID_DAYS),
        )  # fmt: skip
        record("approval.asked", asked, by=by, at=at, data={"amount_minor": amount.minor})
    return asked


def approve(approval: Approval, act: Callable[[], Any], *, by: User, at: datetime) -> None:
    """Agree, and do it: `act` takes the step in the same transaction. Its refusal undoes the agreement.

    Raises CannotAgree for whoever asked, or may not; IllegalMove when it is decided or too old.
    """
    with transaction.atomic():
        _decide(approval, Status.APPROVED, by=by, at=at)
        with agreed(approval):
            act()


def decline(approval: Approval, *, reason: str, by: User, at: datetime) -> None:
    """Do not agree, and say why. Raises as `approve`."""
    with transaction.atomic():
        _decide(approval, Status.DECLINED, by=by, at=at, reason=reason)


def _decide(approval: Approval, to: str, *, by: User, at: datetime, **facts: Any) -> None:
    known = lock(Approval.objects.filter(pk=approval.pk)).get()
    if known.asked_by_id == by.pk or not may_agree(by):
        raise CannotAgree
    if at >= known.expires_at:
        raise IllegalMove
    move(approval, to, by=by, at=at, decided_by=by, **facts)


def withdraw_approval(approval: Approval, *, by: User, at: datetime) -> None:
    """Whoever asked does not want it any more. Raises CannotAgree for others."""
    if approval.asked_by_id != by.pk:
        raise CannotAgree(_("Only the person who asked takes it back; decline it instead."))
    move(approval, Status.WITHDRAWN, by=by, at=at)


def expire_approvals(at: datetime) -> int:
    """Give up what nobody decided in a week; returns how many."""
    old = Approval.objects.filter(status=Status.ASKED, expires_at__lte=at).order_by("expires_at")
    return each("expire_approvals", old.values_list("pk", flat=True), partial(_expire, at))


def _expire(at: datetime, pk: UUID) -> bool:
    try:
        move(Approval.objects.get(pk=pk), Status.EXPIRED, by="system:approvals", at=at)
    except IllegalMove:
        return False
    return True
