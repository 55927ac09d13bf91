"""Disputes of orders: our side of the story, from what we know, and who bears a lost one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.invoices.models import Kind
from backmarket.invoices.selectors import papers_about
from backmarket.market import calendar
from backmarket.payments.models import Dispute, LedgerEntry, LedgerMovement, Payment
from backmarket.payments.services import (
    CannotAnswer,
    CannotRefund,
    answer_dispute,
    bear_loss,
    cover_refused_refunds,
    give_back_loss,
    owe_disputed_refunds,
    papers_evidence,
    record_disputed_refund,
)
from backmarket.shipping.models import TrackingPoint
from backmarket.states import move
from catalog.services.stock import restock
from orders.models import ClaimMessage, Consignment, Earning, Order, OrderLine
from orders.services.refunds import end_hold, open_hold, refund_requested
from orders.services.waiting import PURPOSE
from refurbishers.models import Refurbisher

Account = LedgerEntry.Account
JOB = "system:disputes"
# Why such a line was cancelled.
DISPUTED = "disputed"
# What the provider takes in one field.
LONGEST = 20_000
UNSENT = (OrderLine.Status.PAID, OrderLine.Status.ACCEPTED, OrderLine.Status.ON_HOLD)


def order_of(dispute: Dispute) -> Order | None:
    """The order whose payment is disputed; None where something else was paid."""
    if dispute.payment.purpose != PURPOSE:
        return None
    return Order.objects.select_related("address").filter(pk=dispute.payment.reference).first()


def paid_order_of(dispute: Dispute) -> Order | None:
    """The order that the disputed payment has paid; None for money that came astray."""
    return order_of(dispute) if dispute.payment.status == Payment.Status.CAPTURED else None


def disputed_lines(*, unsent: bool = False) -> QuerySet[OrderLine]:
    """The lines of orders with an open dispute; `unsent`: those that a plant may still keep back."""
    payments = Dispute.objects.open().filter(payment__purpose=PURPOSE).values("payment__reference")
    lines: QuerySet[OrderLine] = OrderLine.objects.filter(order_id__in=payments)
    return lines.filter(status__in=UNSENT) if unsent else lines


def evidence_of(dispute: Dispute, *, note: str = "") -> dict[str, str]:
    """What we can prove of a disputed order, in the fields that providers ask for; `note` is what somebody adds."""
    order = order_of(dispute)
    if order is None:
        return {"uncategorized_text": note[:LONGEST]} if note else {}
    consignments = list(order.consignments.select_related("parcel", "plant"))
    sent = [each for each in consignments if each.parcel and each.parcel.tracking_number]
    days = [line.shipped_at for line in order.lines.all() if line.shipped_at]
    told: dict[str, str] = {
        "customer_name": order.address.name,
        "customer_email_address": order.email,
        "product_description": "\n".join(line.title for line in order.lines.all()),
        "shipping_address": "\n".join(order.address.lines),
        "shipping_carrier": ", ".join(dict.fromkeys(_parcel(each).courier for each in sent)),
        "shipping_tracking_number": ", ".join(_parcel(each).tracking_number for each in sent),
        "shipping_date": _day(min(days)) if days else "",
        "refund_policy_disclosure": _(
            "The buyer agreed to conditions of sale %(version)s, at %(address)s, on %(day)s: 30 days to withdraw."
        )
        % {"version": order.conditions_version, "address": settings.SITE_URL, "day": _day(order.placed_at)},
        # A provider takes what was written as a file only, or here.
        "uncategorized_text": "\n".join([note, *_deliveries(sent), *_papers(order), *_correspondence(order)]).strip(),
    }
    papers = papers_about(order.pk).filter(kind=Kind.INVOICE).order_by("-total_minor", "number")
    return {name: text[:LONGEST] for name, text in told.items() if text} | papers_evidence(papers)


def _parcel(consignment: Consignment) -> Any:
    return consignment.parcel


def _day(at: datetime) -> str:
    """As the market's calendar has it, and the papers, which the bank compares."""
    return f"{calendar().local(at):%Y-%m-%d}"


def _deliveries(sent: Iterable[Consignment]) -> Iterable[str]:
    """The couriers' own scans of the deliveries."""
    points = TrackingPoint.objects.filter(
        parcel__in=[each.parcel_id for each in sent], code=TrackingPoint.Code.DELIVERED
    )
    for point in points.select_related("parcel").order_by("happened_at"):
        yield _("Parcel %(number)s was delivered on %(day)s (%(courier)s).") % {
            "number": point.parcel.tracking_number, "courier": point.parcel.courier,
            "day": f"{calendar().local(point.happened_at):%Y-%m-%d %H:%M %Z}",
        }  # fmt: skip


def _papers(order: Order) -> Iterable[str]:
    for paper in papers_about(order.pk):
        yield _("Invoice %(number)s of %(day)s.") % {"number": paper, "day": _day(paper.issued_at)}


def _correspondence(order: Order) -> Iterable[str]:
    messages = ClaimMessage.objects.filter(claim__line__order=order).exclude(author_role=ClaimMessage.Role.SYSTEM)
    for message in messages.order_by("created_at"):
        yield f"{_day(message.created_at)} {message.get_author_role_display()}: {message.text}"


def answer_for_order(dispute: Dispute, *, note: str, by: User, at: datetime) -> None:
    """Answer a dispute with all that we can prove. Raises CannotAnswer, also where there is nothing to say."""
    evidence = evidence_of(dispute, note=note)
    if not evidence:
        raise CannotAnswer(_("We know nothing of this payment: say in your own words what it was for."), field="note")
    answer_dispute(dispute, evidence, by=by, at=at)


def end_unsent_lines(dispute: Dispute, *, at: datetime) -> int:
    """A lost dispute has paid its buyer, as far as it took the card's money: what was not sent is cancelled, and counts
    as refunded by the buyer's bank; so does what the bank had refused to refund. What credit has paid goes back to the
    credit. Returns how many lines were cancelled; repeating it changes nothing."""
    if dispute.status != Dispute.Status.LOST or dispute.borne_by:
        return 0
    order = paid_order_of(dispute)
    with transaction.atomic():
        hold = open_hold(order.pk) if order else None
        lines = list(lock(order.lines.filter(status__in=UNSENT))) if order else []
        cover_refused_refunds(dispute, by=JOB, at=at)
        ended = sum(_end_unsent(dispute, line, at) for line in lines)
        end_hold(hold, at=at)
    return ended


def _end_unsent(dispute: Dispute, line: OrderLine, at: datetime) -> bool:
    if refund_requested(line):
        return False
    try:
        record_disputed_refund(dispute, reference=line.pk, amount=line.rest, by=JOB, at=at)
    except CannotRefund:  # the bank took less than that: the device is sent
        return False
    move(line, OrderLine.Status.CANCELLED, by=JOB, at=at, cancel_reason=DISPUTED, due_at=None)
    restock(line.listing, 1, by=JOB, at=at)
    return True


def untracked_plants(dispute: Dispute) -> list[Refurbisher]:
    """The plants of the order that cannot prove to have sent it: the loss is theirs, unless finance finds otherwise."""
    order = order_of(dispute)
    if order is None:
        return []
    consignments = order.consignments.select_related("plant", "parcel").order_by("pk")
    return [each.plant for each in consignments if not (each.parcel and each.parcel.tracking_number)]


def bear_dispute(dispute: Dispute, *, plant: Refurbisher | None, reason: str, by: User, at: datetime) -> None:
    """Finance decides who bears a lost dispute: the house, or this plant for its part of the order, which the plant's
    next settlement counts. Raises CannotDecide, also the second time."""
    with transaction.atomic():
        payment = lock(Payment.objects.filter(pk=dispute.payment_id)).get()
        dispute.refresh_from_db()
        # What was refunded before, and taken all the same, is not for any device.
        part, _others = min(dispute.lost, payment.card_left).split(_weights(dispute, plant))
        bearers = [(Account.COMPENSATION.value, "", dispute.lost - part)]
        if plant is not None:
            bearers.append((Account.PLANT.value, str(plant.pk), part))
            _earn(dispute, Earning.Kind.DISPUTE, plant.pk, -part.minor, at)
        borne_by = Dispute.Bearer.PLANT if plant else Dispute.Bearer.HOUSE
        bear_loss(dispute, borne_by=borne_by, bearers=bearers, reason=reason, by=by, at=at)


def _weights(dispute: Dispute, plant: Refurbisher | None) -> tuple[int, int]:
    """The plant's part of what was paid and not given back, and everybody else's. Credit has paid the same share of
    every device, so that these are the parts of the card's money too."""
    order = paid_order_of(dispute)
    if plant is None or order is None:
        return 0, 1
    lines = [line for line in order.lines.exclude(paid_at=None) if not refund_requested(line)]
    mine = sum(line.rest.minor for line in lines if line.plant_id == plant.pk)
    others = sum(line.rest.minor for line in lines if line.plant_id != plant.pk)
    return (mine, others) if mine else (0, 1)


def _earn(
    dispute: Dispute, kind: str, plant_id: UUID, minor: int, at: datetime, *, movement: LedgerMovement | None = None
) -> None:
    """What a plant bears of it, or has again, which may come in parts: due at once."""
    order = order_of(dispute)
    Earning.objects.get_or_create(
        kind=kind,
        reference=dispute.pk,
        movement=movement,
        defaults={
            "plant_id": plant_id, "amount_minor": minor, "currency": dispute.currency, "due_at": at, "created_at": at,
            "label": str(order.number) if order else dispute.gateway_id,
        },
    )  # fmt: skip


def regain_dispute(dispute: Dispute, *, at: datetime) -> None:
    """A lost dispute was won after all. Whoever bore it has its money again, as far as it is here, a plant with its
    next settlement; and once all of it is, we give back what the bank had given its customer for devices that were not
    sent, and took from them again. Repeating it changes nothing, nor does a dispute that was never lost."""
    with transaction.atomic():
        lock(Payment.objects.filter(pk=dispute.payment_id)).get()
        if part := give_back_loss(dispute, by=JOB, at=at):
            for entry in part.entries.filter(account=Account.PLANT):
                plant_id = UUID(entry.party)
                _earn(dispute, Earning.Kind.REGAINED, plant_id, entry.amount_minor, at, movement=part)
        owe_disputed_refunds(dispute, by=JOB, at=at)
