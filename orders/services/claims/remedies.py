"""What is done about a case: taken back, repaired, replaced, refused, refunded."""

from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor
from backmarket.market import calendar
from backmarket.payments.models import Refund
from backmarket.shipping.models import Parcel
from backmarket.shipping.services import create_parcel
from backmarket.states import IllegalMove, move
from catalog.models import Unit
from catalog.services.stock import OutOfStock, reserve_stock, sell_reserved
from catalog.services.units import sell_unit, take_back_unit
from orders.models import Claim, ClaimMessage, OrderLine
from orders.services.claims.cases import post_message, require_open, stamp_first_answer
from orders.services.fulfilment import checked_identifier, require_unreported, unit_to_send
from orders.services.guarantees import extend_after_repair
from orders.services.refunds import refund_line
from refurbishers.services.addresses import plant_address

COURIER = "system:courier"
Status = Claim.Status
Role = ClaimMessage.Role
NEEDS_EVIDENCE = frozenset({Claim.Problem.DAMAGED_PACKAGE, Claim.Problem.OOW_ITEM})
AT_PLANT = frozenset({Status.AT_PLANT, Status.REPAIRING, Status.REPLACING})


class CannotRefuse(DomainError):
    code = "cannot_refuse"


class CannotReplace(DomainError):
    code = "cannot_replace"
    default_message = _("No other device of this model and grade is in stock: repair or refund instead.")


def _open(claim: Claim) -> None:
    """Lock the case, bring `claim` up to date and refuse when it is closed."""
    fresh = lock(Claim.objects.filter(pk=claim.pk)).get()
    for name in ("status", "due_at", "paused_at", "first_answer_at", "at_plant_at", "parcel_id", "return_parcel_id"):
        setattr(claim, name, getattr(fresh, name))
    require_open(claim)


def _send(
    claim: Claim, purpose: str, *, by: Actor, at: datetime, courier: str = "", tracking_number: str = ""
) -> Parcel:
    plant, customer = plant_address(claim.plant), claim.line.consignment.destination
    to_plant = purpose == Parcel.Purpose.CLAIM
    ends: tuple[Address, Address] = (customer, plant) if to_plant else (plant, customer)
    return create_parcel(
        purpose=purpose,
        reference=claim.pk,
        sender=ends[0],
        recipient=ends[1],
        insured=claim.line.price,
        by=by,
        at=at,
        courier=courier,
        tracking_number=tracking_number,
        mark=str(claim.line.order.number),
    )


def accept_claim(claim: Claim, *, role: str = Role.PLANT, by: Actor, at: datetime) -> Parcel:
    """The device may come back, free of charge; the customer gets a label and the clock waits for the parcel."""
    with transaction.atomic():
        _open(claim)
        stamp_first_answer(claim, role=role, by=by, at=at)
        parcel = _send(claim, Parcel.Purpose.CLAIM, by=by, at=at)
        move(claim, Status.AWAITING_RETURN, by=by, at=at, parcel=parcel, due_at=None, paused_at=None)
    return parcel


def send_back(claim: Claim, *, by: Actor, at: datetime) -> None:
    """The customer has handed the parcel to the courier."""
    move(claim, Status.IN_TRANSIT_TO_PLANT, by=by, at=at)


def receive_claim_device(claim: Claim, *, by: Actor, at: datetime) -> None:
    """The device is at the plant: five business days to repair or replace it."""
    due = calendar().business_days_after(at, Claim.REPAIR_WITHIN_BUSINESS_DAYS)
    move(claim, Status.AT_PLANT, by=by, at=at, due_at=due, paused_at=None)


def start_repair(claim: Claim, *, by: Actor, at: datetime) -> None:
    with transaction.atomic():
        _open(claim)
        move(claim, Status.REPAIRING, by=by, at=at)


def finish_repair(claim: Claim, *, by: Actor, at: datetime, courier: str = "", tracking_number: str = "") -> Parcel:
    """Repaired and on its way back, with 12 more months of legal guarantee."""
    with transaction.atomic():
        _open(claim)
        if claim.status != Status.REPAIRING:
            raise IllegalMove
        extend_after_repair(claim.line)
        return _return(claim, by=by, at=at, courier=courier, tracking_number=tracking_number)


def _return(claim: Claim, *, by: Actor, at: datetime, courier: str, tracking_number: str) -> Parcel:
    purpose = Parcel.Purpose.CLAIM_RETURN
    parcel = _send(claim, purpose, by=by, at=at, courier=courier, tracking_number=tracking_number)
    move(claim, Status.IN_TRANSIT_TO_CUSTOMER, by=by, at=at, return_parcel=parcel, due_at=None)
    return parcel


def start_replacement(claim: Claim, *, by: Actor, at: datetime) -> None:
    """Take another device of the same offer out of the stock. Raises CannotReplace when there is none."""
    with transaction.atomic():
        _open(claim)
        if Status.REPLACING not in Claim.MOVES[claim.status]:
            raise IllegalMove
        holder = uuid4()  # not the case: that may come back and be replaced once more
        try:
            reserve_stock(holder=holder, demand={claim.line.listing_id: 1}, expires_at=at, at=at)
        except OutOfStock as error:
            raise CannotReplace from error
        sell_reserved(holder, at=at)
        move(claim, Status.REPLACING, by=by, at=at)


def send_replacement(
    claim: Claim, *, identifier: str, by: Actor, at: datetime, courier: str = "", tracking_number: str = ""
) -> Parcel:
    """Another device goes to the customer under the guarantees that remain; the first one stays at the plant.

    The line keeps the first device's number, which is final; the event names the new one. Network: outside
    transactions.
    """
    require_unreported(claim.line, checked_identifier(claim.line, identifier), by=by, at=at)
    with transaction.atomic():
        _open(claim)
        if claim.status != Status.REPLACING:
            raise IllegalMove
        line = claim.line
        number = checked_identifier(line, identifier)
        unit = unit_to_send(line, number)
        if line.unit:
            take_back_unit(line.unit, by=by, at=at)
        if unit:
            sell_unit(unit, by=by, at=at)
        line.unit = unit
        line.save(update_fields=["unit"])
        return _return(claim, by=by, at=at, courier=courier, tracking_number=tracking_number)


def deliver_back(claim: Claim, *, at: datetime) -> None:
    """Repaired or replaced, the device is with the customer again."""
    move(claim, Status.RESOLVED, by=COURIER, at=at, due_at=None, paused_at=None)


def refuse_claim(claim: Claim, *, problem: str, comment: str, evidence: str = "", by: Actor, at: datetime) -> None:
    """The plant refuses, with a reason from the list and words; `evidence` names the photo or report.

    Raises CannotRefuse without words, or without evidence for damage in transit and ended guarantees.
    """
    if problem not in Claim.Problem.values:
        raise CannotRefuse(_("Choose the reason."), field="problem")
    if not comment.strip():
        raise CannotRefuse(_("Explain the refusal to the customer."), field="comment")
    if problem in NEEDS_EVIDENCE and not evidence.strip():
        raise CannotRefuse(_("This reason needs evidence: name the photo or report."), field="evidence")
    text = "\n\n".join(part.strip() for part in (comment, evidence) if part.strip())
    with transaction.atomic():
        _open(claim)
        author = None if isinstance(by, str) else by
        post_message(claim, role=Role.PLANT, author=author, text=text, at=at, tell=False)
        move(claim, Status.DISPUTED, by=by, at=at, problem=problem, due_at=None, paused_at=at)


def refund_claim(claim: Claim, *, reason: str = "claim", by: Actor, at: datetime) -> Refund:
    """Give the whole price back; the case ends when the money has left. A device at the plant stays there."""
    with transaction.atomic():
        lock(OrderLine.objects.filter(pk=claim.line_id)).get()  # before the case, as a withdrawal does
        _open(claim)
        if Status.REFUNDED not in Claim.MOVES[claim.status]:
            raise IllegalMove
        refund = refund_line(claim.line, reason=reason, by=by, at=at)
        Claim.objects.filter(pk=claim.pk).update(due_at=None)
        if claim.status in AT_PLANT and claim.line.unit and claim.line.unit.status == Unit.Status.SOLD:
            take_back_unit(claim.line.unit, by=by, at=at)
    return refund


def return_unrepaired(claim: Claim, *, by: Actor, at: datetime) -> Parcel | None:
    """A device whose claim was refused goes back to its owner, free of charge; None when the plant never had it."""
    if claim.at_plant_at is None:
        return None
    claim.return_parcel = _send(claim, Parcel.Purpose.CLAIM_RETURN, by=by, at=at)
    claim.save(update_fields=["return_parcel"])
    return claim.return_parcel
