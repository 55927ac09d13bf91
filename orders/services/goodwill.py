"""A part of what a delivered device cost goes back; its buyer keeps it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.payments.models import Payment, Refund
from backmarket.payments.services import request_refund
from backmarket.templatetags.ui import money
from orders.models import Earning, OrderLine, PartRefund
from orders.services.earnings import bear_part, shares_of_part
from orders.services.refunds import refund_requested

Status = OrderLine.Status


class CannotRefundPart(DomainError):
    """It is not delivered, its money is on its way back, or so much is not left."""

    code = "cannot_refund_part"
    default_message = _("Only a delivered device that its buyer keeps is refunded in part.")


def refund_part(
    line: OrderLine, *, key: UUID, amount: Money, reason: str, borne_by: str, by: Actor, at: datetime
) -> PartRefund:
    """Give back `amount` of a device that its buyer keeps, less than what is left of it; a later full refund gives the
    rest. The plant that bears it has its share of the commission back, in its next settlement.

    `key` makes it once: asked again, it is the refund in part there is. Raises CannotRefundPart.
    """
    with transaction.atomic():
        locked = lock(OrderLine.objects.filter(pk=line.pk)).get()
        if known := PartRefund.objects.filter(pk=key, line=locked).first():
            return known
        payment = _payment(locked)
        if amount.currency != locked.currency or not 0 < amount.minor < locked.rest.minor:
            text = _("Less than %(rest)s can go back in part; to give back all of it, refund it in full.")
            raise CannotRefundPart(text % {"rest": money(locked.rest)}, field="amount")
        part = PartRefund(
            id=key, line=locked, amount_minor=amount.minor, currency=amount.currency, reason=reason, borne_by=borne_by,
            created_at=at,
        )  # fmt: skip
        part.plant_minor, part.commission_minor, part.commission_vat_minor = shares_of_part(part)
        give_part(part, payment, by=by, at=at)
    line.refresh_from_db()
    return part


def give_part(part: PartRefund, payment: Payment, *, by: Actor, at: datetime) -> None:
    """Write a new refund in part of a locked line, and have its money sent. Before delivery the buyers' money still
    holds it: whoever bears it does so once there is a sale."""
    line, amount = part.line, part.amount
    part.save(force_insert=True)
    OrderLine.objects.filter(pk=line.pk).update(parts_minor=F("parts_minor") + amount.minor)
    if line.delivered_at:
        bear_part(part, at=at)
    request_refund(payment, reference=part.pk, amount=amount, reason=part.reason, by=by, at=at)
    record("line.refunded_in_part", line, by=by, at=at, data={"part": str(part.pk), "minor": amount.minor})


def is_refundable_in_part(line: OrderLine) -> bool:
    """Delivered, kept, and its sale stands."""
    if line.status not in (Status.DELIVERED, Status.CLOSED) or refund_requested(line):
        return False
    taken_back = Earning.objects.filter(line=line, kind=Earning.Kind.REFUND)
    return line.rest.minor > 1 and not taken_back.exists()


def _payment(line: OrderLine) -> Payment:
    payment = Payment.objects.filter(purpose="order", reference=line.order_id, status=Payment.Status.CAPTURED).first()
    if payment is None or not is_refundable_in_part(line):
        raise CannotRefundPart
    return payment


def part_of(refund: Refund) -> PartRefund | None:
    """The refund in part that this money is; None for any other."""
    return PartRefund.objects.select_related("line__order__address").filter(pk=refund.reference).first()
