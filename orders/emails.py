"""What the e-mails about orders, returns, guarantees and claims are told, and to whom they go."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from backmarket.events.models import Event
from backmarket.money import Money, total
from backmarket.notifications.services import send
from backmarket.payments.models import Payment, Payout, Refund
from backmarket.payments.selectors import refunded_by_bank
from backmarket.payments.sepa import debtor
from orders.issues import LABELS
from orders.links import order_url
from orders.models import (
    CancelRequest,
    Claim,
    ClaimMessage,
    Consignment,
    Guarantee,
    Hold,
    Order,
    OrderLine,
    PartRefund,
    Settlement,
    Withdrawal,
)
from orders.reasons import refund_words
from orders.statements import still_owed
from refurbishers.models import Member

Role = ClaimMessage.Role
# Why all that was left of a parcel is refunded at once, by the clock or the courier.
ENDS_PARCEL = ("not_shipped", "parcel_lost", "undelivered")
PLANT_HEARS = {
    "claim.opened": "plant_claim",
    "claim.escalated": "plant_claim_escalated",
    "claim.withdrawn": "plant_claim_withdrawn",
}


def _to_buyer(order: Order, template: str, *, key: str, at: datetime, **context: Any) -> None:
    send(
        template,
        to=order.email,
        context={"order": order, "name": order.address.name, "order_url": order_url(order), **context},
        key=f"{template}:{key}",
        language=order.language,
        at=at,
    )


def _to_plant(
    line_or_parcel: OrderLine | Consignment, template: str, *, key: str, at: datetime, **context: Any
) -> None:
    plant = line_or_parcel.plant
    context = {"plant": plant, "plant_url": f"{settings.SITE_URL}/plant/", **context}
    send(
        template,
        to=plant.email,
        context=context,
        key=f"{template}:{key}",
        language=settings.LANGUAGE_CODE,
        at=at,
    )


def send_order(order: Order, kind: str, *, at: datetime) -> None:
    """order.captured: what was bought and when it comes; order.failed: nothing was charged."""
    template = "order_paid" if kind == "order.captured" else "order_failed"
    parcels = order.consignments.select_related("plant").prefetch_related("lines")
    _to_buyer(order, template, key=str(order.pk), at=at, parcels=list(parcels))


HOLD_TEMPLATES = {"hold.open": "order_held", "hold.refused": "order_not_taken", "hold.lapsed": "order_not_taken"}


def send_hold(hold: Hold, kind: str, *, at: datetime) -> None:
    """That the order is being checked; or that it was not taken. `is_charged` says whether its money has come."""
    order = hold.order
    is_charged = order.payment_status == Order.PaymentStatus.CAPTURED
    _to_buyer(order, HOLD_TEMPLATES[kind], key=str(hold.pk), at=at, hold=hold, is_charged=is_charged)


def send_called_off(order: Order, *, at: datetime) -> None:
    """Its buyer has cancelled an order of which nothing was charged."""
    _to_buyer(order, "order_called_off", key=str(order.pk), at=at)


def send_part(part: PartRefund, *, at: datetime) -> None:
    by_bank = refunded_by_bank(part.pk)
    _to_buyer(
        part.line.order, "line_part_refunded", key=str(part.pk), at=at, part=part, line=part.line, by_bank=by_bank
    )


def send_late_express(consignment: Consignment, amount: Money, *, at: datetime) -> None:
    """That it was not there by the promised day, and that what this cost goes back."""
    _to_buyer(
        consignment.order, "express_late", key=str(consignment.pk), at=at, consignment=consignment,
        plant=consignment.plant, amount=amount,
    )  # fmt: skip


def send_guest_link(order: Order, *, key: str, at: datetime) -> None:
    """The link that a guest asked for; `key` makes each request its own e-mail."""
    _to_buyer(order, "guest_link", key=key, at=at)


def send_plant_order(consignment: Consignment, *, at: datetime) -> None:
    lines = list(consignment.lines.filter(status=OrderLine.Status.PAID))
    if lines:
        order = consignment.order
        _to_plant(
            consignment, "plant_order", key=str(consignment.pk), at=at, order=order, lines=lines, parcel=consignment
        )


def send_plant_cancelled(line: OrderLine, *, at: datetime) -> None:
    _to_plant(line, "plant_line_cancelled", key=str(line.pk), at=at, order=line.order, line=line)


def send_plant_request(request: CancelRequest, *, at: datetime) -> None:
    line = request.line
    _to_plant(line, "plant_cancel_request", key=str(request.pk), at=at, order=line.order, line=line)


def send_refused_request(request: CancelRequest, *, at: datetime) -> None:
    """The plant's reason, and what the buyer may do instead."""
    line = request.line
    _to_buyer(
        line.order, "cancel_refused", key=str(request.pk), at=at, line=line, plant=line.plant, answer=request.answer
    )


def send_plant_redirection(consignment: Consignment, *, key: str, at: datetime) -> None:
    """That it goes elsewhere; where to stands only in the order."""
    _to_plant(consignment, "plant_redirected", key=key, at=at, order=consignment.order)


def send_bounced_settlement(settlement: Settlement, payout: Payout, *, at: datetime) -> None:
    """Only another account brings the money."""
    _to_owners(settlement, "plant_payout_bounced", key=str(payout.pk), at=at, payout=payout)


def send_owed_settlement(settlement: Settlement, *, at: datetime) -> None:
    """The plant bought more than it sold: how much it owes, and where it can pay."""
    owed = still_owed(settlement.plant, settlement.currency)
    _to_owners(settlement, "plant_owes", key=str(settlement.pk), at=at, owed=owed, house=debtor())


def _to_owners(settlement: Settlement, template: str, *, key: str, at: datetime, **context: Any) -> None:
    """To every owner of the plant, in the language of each."""
    plant = settlement.plant
    url = settings.SITE_URL + reverse("plant:orders_settlement_change", args=[settlement.pk])
    for owner in plant.members.filter(role=Member.Role.OWNER).select_related("user"):
        send(
            template,
            to=owner.user.email,
            context={"plant": plant, "settlement": settlement, "statement_url": url, **context},
            key=f"{template}:{key}:{owner.user_id}",
            language=owner.user.language,
            at=at,
        )


def send_line(line: OrderLine, kind: str, *, at: datetime) -> None:
    """One e-mail per parcel when it is shipped and delivered, and when the clock or the courier has ended it; else one
    per device when it is cancelled or refunded."""
    step = kind.removeprefix("line.")
    if step in ("shipped", "delivered"):
        lines: Iterable[OrderLine] = line.consignment.lines.filter(status=step)
        _to_buyer(
            line.order,
            f"order_{step}",
            key=str(line.consignment_id),
            at=at,
            parcel=line.consignment.parcel,
            plant=line.plant,
            lines=list(lines) or [line],
        )
    elif together := _told_together(line, step):
        first, facts = together[0], _refunded(together)
        facts |= {"line": first, "plant": first.plant, "by_bank": refunded_by_bank(first.pk)}
        facts["why"] = refund_words(first.cancel_reason, is_paid=first.paid_at is not None)
        template = f"order_parcel_{step}" if together[1:] else f"order_line_{step}"
        _to_buyer(first.order, template, key=str(first.pk), at=at, **facts)


def _told_together(line: OrderLine, step: str) -> list[OrderLine]:
    """What an e-mail tells of; none where a later one does. Money that came back for several devices is told once all
    of it is, unless the bank has refused some: then device by device."""
    lines = _ended_together(line)
    if step != "refunded" or not lines[1:]:
        return lines
    refused = Refund.objects.filter(reference__in=[each.pk for each in lines], status=Refund.Status.FAILED)
    if refused.exists():
        return [line]
    return lines if all(each.status == OrderLine.Status.REFUNDED for each in lines) else []


def _ended_together(line: OrderLine) -> list[OrderLine]:
    """The devices of its parcel that the clock or the courier has ended with it, this one among them; else only this
    one."""
    refund = Refund.objects.filter(reference=line.pk).order_by("created_at").first()
    if refund is None or refund.reason not in ENDS_PARCEL:
        return [line]
    same = Refund.objects.filter(payment=refund.payment_id, reason=refund.reason, created_at=refund.created_at)
    lines = line.consignment.lines.filter(pk__in=same.values("reference"))
    return list(lines.select_related("order__address", "plant", "consignment").order_by("pk"))


def send_refunded_beside(refund: Refund, *, at: datetime) -> None:
    """The bank has refused the money of one device: what is back of those that ended with it waited for its word."""
    line = OrderLine.objects.filter(pk=refund.reference).first()
    for other in _ended_together(line) if line else []:
        if other.status == OrderLine.Status.REFUNDED:
            send_line(other, "line.refunded", at=at)


def send_lost_parcel(consignment: Consignment, lines: Sequence[OrderLine], *, at: datetime) -> None:
    """What the courier has lost, and that its money is on its way back."""
    key, order = str(consignment.pk), consignment.order
    _to_buyer(order, "parcel_lost", key=key, at=at, plant=consignment.plant, **_refunded(lines))


def _refunded(lines: Sequence[OrderLine]) -> dict[str, Any]:
    """All that goes back for these; of that, what went to the buyer's credit, and what goes some other way."""
    currency = lines[0].currency
    rows = Refund.objects.filter(reference__in=[line.pk for line in lines])
    amount, credit = total((line.rest for line in lines), currency), total((row.credit for row in rows), currency)
    return {"lines": lines, "amount": amount, "credit": credit, "rest": amount - credit}


def send_returned_payment(order: Order, payment: Payment, *, at: datetime) -> None:
    _to_buyer(order, "payment_returned", key=str(payment.pk), at=at, amount=payment.received)


def send_failed_refund(order: Order, refund: Refund, *, at: datetime) -> None:
    """Once for what is refunded, however often its refund fails."""
    _to_buyer(order, "refund_failed", key=str(refund.reference), at=at, amount=refund.amount)


def send_dispute_turned(order: Order, refund: Refund, *, at: datetime) -> None:
    """What their bank had given them for it, and took again, comes from us."""
    _to_buyer(order, "dispute_turned", key=str(refund.pk), at=at, amount=refund.amount)


def send_withdrawal(withdrawal: Withdrawal, *, at: datetime) -> None:
    line = withdrawal.line
    _to_buyer(
        line.order,
        "withdrawal_receipt",
        key=str(withdrawal.pk),
        at=at,
        withdrawal=withdrawal,
        line=line,
        plant=line.plant,
    )


def send_new_label(withdrawal: Withdrawal, *, key: str, at: datetime) -> None:
    """The courier brought the return back to the buyer."""
    line = withdrawal.line
    _to_buyer(line.order, "withdrawal_turned_back", key=key, at=at, withdrawal=withdrawal, line=line, plant=line.plant)


def send_guarantee(guarantee: Guarantee, kind: str, *, at: datetime) -> None:
    template = "guarantee_ending" if kind == "guarantee.warned" else "guarantee_ended"
    line = guarantee.line
    _to_buyer(line.order, template, key=str(guarantee.pk), at=at, guarantee=guarantee, line=line, plant=line.plant)


def send_claim(claim: Claim, event: Event, *, at: datetime) -> None:
    """The customer hears of every turn of the case but their own withdrawal, the plant of PLANT_HEARS."""
    words = claim.messages.exclude(author_role=Role.CUSTOMER).order_by("-pk").first()
    context = {**_claim_context(claim), "message": words}
    template = f"claim_{event.kind.removeprefix('claim.')}"
    if event.kind != "claim.withdrawn":
        _to_buyer(claim.line.order, template, key=str(event.pk), at=at, **context)
    if event.kind in PLANT_HEARS:
        _to_plant(claim.line, PLANT_HEARS[event.kind], key=str(event.pk), at=at, **context)


def send_claim_message(claim: Claim, message_id: int, role: str, *, at: datetime) -> None:
    """A message goes to the other side; what the plant or support says goes to the customer."""
    context = {**_claim_context(claim), "message": ClaimMessage.objects.get(pk=message_id)}
    if role == Role.CUSTOMER:
        _to_plant(claim.line, "plant_claim_message", key=str(message_id), at=at, **context)
    else:
        _to_buyer(claim.line.order, "claim_message", key=str(message_id), at=at, **context)


def _claim_context(claim: Claim) -> dict[str, Any]:
    return {
        "claim": claim,
        "line": claim.line,
        "plant": claim.plant,
        "issue": LABELS.get(claim.issue, claim.issue),
        "wish": claim.get_wish_display(),
    }
