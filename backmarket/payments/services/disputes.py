"""Disputes: written down as the provider says, answered once, and what is lost is borne by somebody."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from backmarket.invoices.models import Invoice
from backmarket.invoices.papers import invoices_pdf
from backmarket.invoices.services import PaperChanged, read_paper
from backmarket.jobs import each
from backmarket.money import Money
from backmarket.payments.gateways import dispute_gateway
from backmarket.payments.gateways.base import LARGEST_FILE, DisputeReport
from backmarket.payments.models import Dispute, LedgerEntry, LedgerMovement, Payment
from backmarket.payments.services.ledger import book
from backmarket.states import move
from backmarket.taxes import share_of

log = structlog.get_logger(__name__)
Account = LedgerEntry.Account
Status = Dispute.Status
# Finance is reminded so long before the answer is due.
WARN_BEFORE = timedelta(hours=48)
# Within so long a scheme's arbitration, or a second appeal, is over.
MAY_TURN_WITHIN = timedelta(days=180)
JOB = "system:disputes"
# The provider's field of an answer that holds our papers; answers of old may have one in the other, too.
PAPERS_FIELD = "receipt"
FILES = (PAPERS_FIELD, "uncategorized_file")
# What stands there as long as the provider has no file.
PAPERS = "invoice:"
PAPERS_IN = re.compile(rf"{PAPERS}[0-9a-f-]{{36}}(,[0-9a-f-]{{36}})*")


class CannotAnswer(DomainError):
    code = "cannot_answer_dispute"
    default_message = _("This dispute is answered already, or is over.")


class CannotDecide(DomainError):
    code = "cannot_decide_dispute"
    default_message = _("Who bears it is decided once, and only of a dispute that is lost.")


def record_dispute(gateway: str, gateway_id: str, *, at: datetime) -> bool:
    """Ask the provider about a dispute and write down what is true: the one function for webhooks, in any order and
    number, and for the clock. Network: outside transactions.

    A payment that is not ours is only logged: others may use the provider's account, too.
    """
    return _write_down(gateway, dispute_gateway(gateway).dispute(gateway_id, at=at), at=at)


def _write_down(gateway: str, report: DisputeReport, *, at: datetime) -> bool:
    with transaction.atomic():
        payments = Payment.objects.filter(gateway=gateway, gateway_id=report.payment).exclude(gateway_id="")
        payment = lock(payments).first()
        if payment is None:
            log.error("dispute_of_unknown_payment", dispute=report.gateway_id)
            return True
        dispute = _found_or_opened(payment, report, at=at)
        if _is_overtaken(dispute, report):
            log.warning("dispute_answer_overtaken", dispute=str(dispute.pk))
            return True
        _follow(dispute, report, by=f"gateway:{gateway}", at=at)
        _book_moves(dispute, report, at=at)
    return True


def _found_or_opened(payment: Payment, report: DisputeReport, *, at: datetime) -> Dispute:
    """The payment is locked, so that nobody else opens it."""
    known = lock(Dispute.objects.filter(gateway_id=report.gateway_id)).first()
    if known is not None:
        return known
    dispute = Dispute.objects.create(
        payment=payment, gateway_id=report.gateway_id, inquiry=report.inquiry, reason=report.reason[:60],
        amount_minor=report.amount.minor, currency=report.amount.currency, due_at=report.due_at, created_at=at,
    )  # fmt: skip
    record("dispute.opened", dispute, by=f"gateway:{payment.gateway}", at=at, data=_subject(dispute))
    return dispute


def _follow(dispute: Dispute, report: DisputeReport, *, by: Actor, at: datetime) -> None:
    """A locked dispute becomes what the provider says. A new round of it may be answered anew."""
    facts: dict[str, Any] = {
        "inquiry": report.inquiry, "amount_minor": report.amount.minor, "due_at": report.due_at,
        "reason": report.reason[:60],
    }  # fmt: skip
    if report.state == Status.NEEDS_RESPONSE and dispute.status != report.state:
        facts |= {"answered_at": None, "submitted_at": None, "warned_at": None}
    if report.state != dispute.status:
        move(dispute, report.state, by=by, at=at, data=_subject(dispute), **facts)
    else:
        _set(dispute, **facts)


def _is_overtaken(dispute: Dispute, report: DisputeReport) -> bool:
    """Does it show less than is booked? What has moved never gets less: the answer is older than what we know."""
    return report.taken.minor < dispute.taken_minor or report.returned.minor < dispute.returned_minor


def _book_moves(dispute: Dispute, report: DisputeReport, *, at: datetime) -> None:
    """What was withdrawn and reinstated since the provider was asked before, with its fees: it may come in parts."""
    by, subject = f"gateway:{dispute.payment.gateway}", _subject(dispute)
    if taken := report.taken.minor - dispute.taken_minor:
        fee = report.fee.minor - dispute.fee_minor
        _book(dispute, "dispute", dispute.taken_minor, taken, fee, at=at)
        _set(dispute, taken_minor=report.taken.minor, fee_minor=report.fee.minor)
        if dispute.status == Status.LOST:
            record("dispute.withdrawn", dispute, by=by, at=at, data=subject)
    if back := report.returned.minor - dispute.returned_minor:
        fee = report.fee_returned.minor - dispute.fee_returned_minor
        _book(dispute, "dispute-back", dispute.returned_minor, -back, -fee, at=at)
        _set(dispute, returned_minor=report.returned.minor, fee_returned_minor=report.fee_returned.minor)
        record("dispute.reinstated", dispute, by=by, at=at, data=subject)


def _book(dispute: Dispute, kind: str, before: int, taken_minor: int, fee_minor: int, *, at: datetime) -> None:
    """A part; the key names what was booked `before` it, so that none is booked twice."""
    taken, fee = Money(taken_minor, dispute.currency), Money(fee_minor, dispute.currency)
    sides = [
        (Account.GATEWAY, "", taken + fee),
        (Account.DISPUTE, "", -taken),
        (Account.GATEWAY_FEE, "", -fee),
    ]
    key = f"{kind}:{dispute.pk}:{before}"
    book(key, kind=kind, reference=dispute.pk, entries=sides, at=at, label=dispute.gateway_id)


def answer_dispute(dispute: Dispute, evidence: dict[str, str], *, by: User, at: datetime) -> None:
    """Keep our answer; it is handed in after the commit, and by the clock until it is. Raises CannotAnswer."""
    with transaction.atomic():
        fresh = lock(Dispute.objects.filter(pk=dispute.pk)).get()
        if fresh.status != Status.NEEDS_RESPONSE or fresh.answered_at:
            raise CannotAnswer
        _set(dispute, evidence=json.dumps(evidence), answered_at=at, failure="")
        record("dispute.answered", dispute, by=by, at=at, data=_subject(dispute))
        transaction.on_commit(partial(_submit_soon, dispute), robust=True)


def _submit_soon(dispute: Dispute) -> None:
    from backmarket.payments.tasks import submit_answer as task

    task.delay(str(dispute.pk))


def submit_answer(dispute_id: UUID, *, at: datetime) -> bool:
    """Hand in what somebody has answered, unless the provider has it. Network: outside transactions.

    A refusal for good asks for another answer; anything passing raises GatewayError and changes nothing but what is
    uploaded by then.
    """
    dispute = Dispute.objects.select_related("payment").get(pk=dispute_id)
    if not dispute.answered_at or dispute.submitted_at or dispute.status != Status.NEEDS_RESPONSE:
        return False
    gateway = dispute.payment.gateway
    try:
        report = dispute_gateway(gateway).answer(dispute, _with_files(dispute, at=at), at=at)
    except GatewayError as error:
        if error.retry:
            raise
        _set(dispute, answered_at=None, failure=str(error)[:200])
        return False
    if report.state != Status.NEEDS_RESPONSE:
        Dispute.objects.filter(pk=dispute_id, submitted_at=None).update(submitted_at=at)
    return _write_down(gateway, report, at=at)


def papers_evidence(invoices: Iterable[Invoice]) -> dict[str, str]:
    """What stands for their PDF in an answer until the provider has that; nothing for none."""
    keys = ",".join(str(invoice.pk) for invoice in invoices)
    return {PAPERS_FIELD: f"{PAPERS}{keys}"} if keys else {}


def papers_in(text: str) -> list[Invoice]:
    """The papers that a text of an answer stands for, in its order; none for words, and for what the provider has."""
    keys = text.removeprefix(PAPERS).split(",") if PAPERS_IN.fullmatch(text) else []
    found = {str(invoice.pk): invoice for invoice in Invoice.objects.filter(pk__in=keys)} if keys else {}
    return [found[key] for key in keys if key in found]


def _with_files(dispute: Dispute, *, at: datetime) -> dict[str, str]:
    """The answer with the provider's ids of our papers, each kept as soon as it is known. What the provider refuses, or
    we cannot find, is left out: the words name it, and the answer must not wait for it."""
    evidence: dict[str, str] = json.loads(dispute.evidence)
    for name in FILES:
        if papers := papers_in(evidence.get(name, "")):
            evidence[name] = _uploaded(dispute, papers, at=at)
            evidence = {field: text for field, text in evidence.items() if text}
            mine = Dispute.objects.filter(pk=dispute.pk, answered_at=dispute.answered_at)
            mine.update(evidence=json.dumps(evidence))
    return evidence


def _uploaded(dispute: Dispute, invoices: list[Invoice], *, at: datetime) -> str:
    """The provider's id of a file with these papers; empty where it cannot have it. Raises GatewayError for anything
    passing."""
    about, first = {"dispute": str(dispute.pk), "papers": len(invoices)}, invoices[0]
    try:
        paper = _file_of(invoices, at=at)
        if paper.size <= LARGEST_FILE:
            return dispute_gateway(dispute.payment.gateway).upload(paper, key=f"{dispute.pk}-{first.pk}")
        log.error("dispute_paper_too_large", **about)
    except PaperChanged:  # logged where it was found
        pass
    except GatewayError as error:
        if error.retry:
            raise
        log.error("dispute_paper_refused", **about, reason=str(error))
    return ""


def _file_of(invoices: list[Invoice], *, at: datetime) -> ContentFile[bytes]:
    """A paper as it is in the archive; of several, which no library of ours can join, one file that says the same."""
    name = "-".join([invoices[0].code, *([f"{len(invoices)}"] if invoices[1:] else [])])
    content = invoices_pdf(invoices) if invoices[1:] else read_paper(invoices[0], at=at)
    return ContentFile(content, name=f"{name}.pdf")


def bear_loss(
    dispute: Dispute, *, borne_by: str, bearers: Sequence[tuple[str, str, Money]], reason: str, by: User, at: datetime
) -> None:
    """Who bears a lost dispute: `bearers` are (account, party, amount) that sum to what was lost. Raises CannotDecide,
    also the second time."""
    with transaction.atomic():
        fresh = lock(Dispute.objects.filter(pk=dispute.pk)).get()
        if fresh.status != Status.LOST or fresh.borne_by or not fresh.lost:
            raise CannotDecide
        facts = {"borne_minor": fresh.lost.minor, "decision": reason[:500], "decided_by": by, "decided_at": at}
        _set(dispute, borne_by=borne_by, **facts)
        sides = [(Account.DISPUTE, "", fresh.lost), *((account, party, -part) for account, party, part in bearers)]
        book(
            f"dispute-borne:{dispute.pk}", kind="dispute-borne", reference=dispute.pk, entries=sides, at=at,
            label=dispute.gateway_id,
        )  # fmt: skip
        record("dispute.borne", dispute, by=by, at=at, data=_subject(dispute) | {"borne_by": borne_by})


def give_back_loss(dispute: Dispute, *, by: Actor, at: datetime) -> LedgerMovement | None:
    """A dispute that was lost is won after all, and its money is here: whoever bore it has it again, as they bore it.

    Where only a part has come back so far, that part of what each bore. Returns the movement that gives them what they
    do not have yet; None where that is nothing, or nobody bore anything.
    """
    with transaction.atomic():
        fresh = lock(Dispute.objects.filter(pk=dispute.pk)).get()
        back = _to_give_back(fresh)
        if back.minor <= 0:
            return None
        # In parts of what each still misses, so that the last part ends at nothing for all of them.
        entries = LedgerEntry.objects.filter(
            movement__reference=fresh.pk, movement__kind__in=["dispute-borne", "dispute-regained"]
        ).exclude(account=Account.DISPUTE)
        missing = list(
            entries.values_list("account", "party").annotate(minor=-Sum("amount_minor")).order_by("account", "party")
        )
        parts = back.split([int(minor) for _account, _party, minor in missing])
        bearers = [(account, party, part) for (account, party, _), part in zip(missing, parts, strict=True)]
        movement = book(
            f"dispute-regained:{fresh.pk}:{fresh.regained_minor}", kind="dispute-regained", reference=fresh.pk, at=at,
            label=fresh.gateway_id, entries=[(Account.DISPUTE, "", -back), *bearers],
        )  # fmt: skip
        _set(dispute, regained_minor=fresh.regained_minor + back.minor)
        record("dispute.regained", dispute, by=by, at=at, data=_subject(dispute))
    return movement


def _to_give_back(dispute: Dispute) -> Money:
    """What of a won dispute's money, as far as it is here, is due to those who bore it, less what they have again."""
    if dispute.status != Status.WON or not dispute.borne_minor:
        return Money(0, dispute.currency)
    due = share_of(Money(dispute.borne_minor, dispute.currency), dispute.returned_minor, dispute.taken_minor)
    # What had come back before they bore the rest is not theirs.
    theirs = Money(dispute.borne_minor - max(0, dispute.lost.minor), dispute.currency)
    return min(due, theirs) - dispute.regained


def follow_disputes(at: datetime) -> int:
    """Hand in what waits, ask about every open dispute, and warn of those that are due soon; returns how many moved."""
    opened = Dispute.objects.open().order_by("created_at", "pk")
    return each("follow_disputes", opened.values_list("pk", flat=True), partial(_try_to_follow, at))


def follow_decided_disputes(at: datetime) -> int:
    """Ask about what was lost not long ago, for card schemes overrule banks, and about what was won and is not all back
    yet: a webhook may be missed. Returns how many moved."""
    lost = Q(status=Status.LOST, lost_at__gt=at - MAY_TURN_WITHIN)
    decided = Dispute.objects.filter(lost | Q(status=Status.WON, returned_minor__lt=F("taken_minor")))
    keys = decided.order_by("created_at", "pk").values_list("pk", flat=True)
    return each("follow_decided_disputes", keys, partial(_try_to_follow, at))


def _try_to_follow(at: datetime, dispute_id: UUID) -> bool:
    """The provider may well answer the next time."""
    dispute = Dispute.objects.select_related("payment").get(pk=dispute_id)
    _warn(dispute, at)
    try:
        submit_answer(dispute_id, at=at)
        record_dispute(dispute.payment.gateway, dispute.gateway_id, at=at)
    except GatewayError:
        log.warning("dispute_not_followed", dispute=str(dispute_id))
        return False
    same = {"status": dispute.status, "taken_minor": dispute.taken_minor, "returned_minor": dispute.returned_minor}
    return not Dispute.objects.filter(pk=dispute_id, **same).exists()


def _warn(dispute: Dispute, at: datetime) -> None:
    if dispute.answered_at or dispute.due_at is None or not dispute.due_at - WARN_BEFORE <= at < dispute.due_at:
        return
    with transaction.atomic():
        waiting = Dispute.objects.filter(pk=dispute.pk, warned_at=None, status=Status.NEEDS_RESPONSE)
        if waiting.update(warned_at=at):
            record("dispute.due_soon", dispute, by=JOB, at=at, data=_subject(dispute))


def _set(dispute: Dispute, **facts: Any) -> None:
    for name, value in facts.items():
        setattr(dispute, name, value)
    dispute.save(update_fields=list(facts))


def _subject(dispute: Dispute) -> dict[str, str]:
    return {"purpose": dispute.payment.purpose, "reference": str(dispute.payment.reference)}
