"""A case and its conversation: opened, answered, waited for, withdrawn, brought to support."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.market import calendar
from backmarket.states import IllegalMove, move
from orders.issues import issues_of
from orders.models import Claim, ClaimMessage, Guarantee, OrderLine, Withdrawal
from orders.services.guarantees import is_covered
from orders.services.refunds import refund_requested

Status = Claim.Status
Role = ClaimMessage.Role
Wish = Claim.Wish


class CannotClaim(DomainError):
    code = "cannot_claim"
    default_message = _("No claim can be opened for this device.")


class ClaimClosed(DomainError):
    code = "claim_closed"
    default_message = _("This case is closed, or its refund is already on its way.")


def wishes_for(line: OrderLine, *, at: datetime) -> list[str]:
    """The remedies on offer: in the 30 days after delivery all, later no refund at first."""
    first_days = line.delivered_at and at < calendar().days_after(line.delivered_at, OrderLine.WITHDRAW_WITHIN_DAYS)
    return [wish for wish in Wish.values if first_days or wish != Wish.REFUND]


def require_claimable(line: OrderLine, *, at: datetime) -> None:
    """Raises CannotClaim, with the reason in words, unless a case may be opened now."""
    guarantee = Guarantee.objects.filter(line=line).first()
    if line.status not in (OrderLine.Status.DELIVERED, OrderLine.Status.CLOSED) or guarantee is None:
        raise CannotClaim(_("A claim needs a delivered device that has not been refunded."))
    if not is_covered(guarantee, at):
        raise CannotClaim(_("Both guarantees of this device have ended."))
    if refund_requested(line) or Withdrawal.objects.filter(line=line).exists():
        raise CannotClaim(_("You are returning this device: its refund is on its way."))
    if Claim.objects.open().filter(line=line).exists():
        raise CannotClaim(_("A case is already open for this device: write there."))


def open_claim(line: OrderLine, *, issue: str, wish: str, description: str, by: Actor, at: datetime) -> Claim:
    """Open a case and hand it to the plant, which has one business day to answer. Raises CannotClaim."""
    with transaction.atomic():
        line = lock(OrderLine.objects.filter(pk=line.pk)).select_related("listing__variant__product__category").get()
        require_claimable(line, at=at)
        if issue not in dict(issues_of(line.listing.variant.product.category.slug)):
            raise CannotClaim(_("Choose what is wrong from the list."), field="issue")
        if wish not in wishes_for(line, at=at):
            raise CannotClaim(_("Choose one of the remedies on offer."), field="wish")
        claim = Claim.objects.create(
            line=line, plant_id=line.plant_id, issue=issue, wish=wish, description=description, opened_at=at
        )
        claim.refresh_from_db(fields=["number"])
        record("claim.opened", claim, by=by, at=at, data={"issue": issue, "wish": wish})
        move(claim, Status.AWAITING_PLANT, by=by, at=at, due_at=_plant_answers_by(at))
    return claim


def _plant_answers_by(at: datetime) -> datetime:
    return calendar().business_days_after(at, Claim.PLANT_ANSWERS_WITHIN_BUSINESS_DAYS)


def require_open(claim: Claim) -> None:
    """Raises ClaimClosed once the case has ended or its refund is under way."""
    if claim.status in (Status.RESOLVED, Status.REFUNDED, Status.WITHDRAWN) or refund_requested(claim.line):
        raise ClaimClosed


def stamp_first_answer(claim: Claim, *, role: str, by: Actor, at: datetime) -> None:
    """The first human answer, once: event claim.answered with the business minutes that it took."""
    if claim.first_answer_at is not None or role not in (Role.PLANT, Role.SUPPORT):
        return
    if Claim.objects.filter(pk=claim.pk, first_answer_at=None).update(first_answer_at=at):
        claim.first_answer_at = at
        minutes = int(calendar().business_time_between(claim.opened_at, at).total_seconds() // 60)
        record("claim.answered", claim, by=by, at=at, data={"role": role, "minutes": minutes})


def post_message(
    claim: Claim, *, role: str, author: User | None, text: str, at: datetime, tell: bool = True
) -> ClaimMessage:
    """A word for all sides. The customer's word ends a wait for the customer, and reopens a resolved case.

    Without `tell` no e-mail is sent of it alone: the move that follows tells of it.

    Raises ClaimClosed when the case was refunded or withdrawn.
    """
    by: Actor = author or ("guest" if role == Role.CUSTOMER else "system:claims")
    with transaction.atomic():
        claim = _locked(claim)
        if claim.status in (Status.REFUNDED, Status.WITHDRAWN):
            raise ClaimClosed
        message = ClaimMessage.objects.create(claim=claim, author=author, author_role=role, text=text, created_at=at)
        record("claim.message", claim, by=by, at=at, data={"role": role, "message": message.pk, "tell": tell})
        stamp_first_answer(claim, role=role, by=by, at=at)
        if role == Role.CUSTOMER:
            _hand_back_to_plant(claim, by=by, at=at)
    return message


def _locked(claim: Claim) -> Claim:
    return lock(Claim.objects.filter(pk=claim.pk)).select_related("line").get()


def _hand_back_to_plant(claim: Claim, *, by: Actor, at: datetime) -> None:
    """The customer has spoken: the plant's clock goes on, or starts again on a resolved case."""
    if claim.status == Status.AWAITING_CUSTOMER:
        due = claim.due_at or _plant_answers_by(at)
        if claim.paused_at:
            due = calendar().resume(due, claim.paused_at, at)
        move(claim, Status.AWAITING_PLANT, by=by, at=at, due_at=due, paused_at=None)
    elif claim.status == Status.RESOLVED:
        require_claimable(claim.line, at=at)
        move(claim, Status.AWAITING_PLANT, by=by, at=at, due_at=_plant_answers_by(at), escalated_at=None)


def answer_claim(claim: Claim, *, text: str, role: str = Role.PLANT, by: Actor, at: datetime) -> ClaimMessage:
    """Ask or help the customer in words; their turn now, so the clock pauses."""
    with transaction.atomic():
        claim_now = _locked(claim)
        require_open(claim_now)
        author = None if isinstance(by, str) else by
        message = post_message(claim_now, role=role, author=author, text=text, at=at, tell=False)
        move(claim_now, Status.AWAITING_CUSTOMER, by=by, at=at, paused_at=at)
    claim.refresh_from_db()
    return message


def resolve_claim(claim: Claim, *, by: Actor, at: datetime) -> None:
    """The problem is solved without sending the device, or the customer accepts the plant's refusal."""
    with transaction.atomic():
        require_open(_locked(claim))
        move(claim, Status.RESOLVED, by=by, at=at, due_at=None, paused_at=None)


def withdraw_claim(claim: Claim, *, by: Actor, at: datetime) -> None:
    """The customer lets it rest. Raises IllegalMove once the device is on its way."""
    move(claim, Status.WITHDRAWN, by=by, at=at, due_at=None, paused_at=None)


def ask_arbitration(claim: Claim, *, text: str, by: Actor, at: datetime) -> None:
    """The customer does not accept the plant's refusal: support has one business day to decide."""
    if claim.status != Status.DISPUTED:
        raise IllegalMove
    with transaction.atomic():
        author = None if isinstance(by, str) else by
        post_message(claim, role=Role.CUSTOMER, author=author, text=text, at=at)
        move(claim, Status.ARBITRATION, by=by, at=at, due_at=_plant_answers_by(at), paused_at=None)
