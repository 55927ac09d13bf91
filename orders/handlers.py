"""What orders do when something happens: parcels move them, payments settle them, people get e-mails."""

from collections.abc import Callable
from uuid import UUID

from backmarket.events.models import Event
from backmarket.money import Money
from backmarket.payments.models import Dispute, LedgerEntry, Payment, Payout, Refund, TransferReversal
from backmarket.payments.selectors import is_unanswered
from backmarket.shipping.models import Parcel
from backmarket.states import IllegalMove
from orders import emails
from orders.issues import NOT_DEFECTS
from orders.models import (
    CancelRequest,
    Claim,
    Consignment,
    Guarantee,
    Hold,
    Order,
    OrderLine,
    PartRefund,
    Settlement,
    Withdrawal,
)
from orders.selectors import stray_payment_of
from orders.services import (
    checkout,
    claims,
    disputes,
    earnings,
    fulfilment,
    holds,
    invoicing,
    promises,
    refunds,
    returns,
    settlement,
    waiting,
)
from orders.services.cancelling import BY_BUYER
from orders.services.disputes import DISPUTED
from orders.services.goodwill import part_of
from refurbishers.models import ServiceFact
from refurbishers.services import record_service_fact

COURIER = "system:courier"
Kind = ServiceFact.Kind
# Reasons for which a cancelled sale is the plant's doing.
NOT_THE_PLANTS = (
    "not_paid", "out_of_stock", "buyer", "given_up", "address", "hold_refused", "hold_lapsed", "goodwill", "mistake",
    DISPUTED,
)  # fmt: skip


# Parcels


def move_with_parcel(event: Event) -> None:
    """Follow a parcel of ours; a repeated or overtaken scan changes nothing."""
    purpose, scan = event.data.get("purpose"), event.kind.removeprefix("parcel.")
    act = PARCEL_MOVES.get((purpose, scan))
    if act:
        try:
            act(event)
        except (IllegalMove, refunds.CannotRefundLine, claims.ClaimClosed):
            return


def _consignment(event: Event) -> Consignment:
    return Consignment.objects.get(pk=event.data["reference"])


def _claim(event: Event) -> Claim:
    """The case whose present parcel this is; an earlier parcel of a reopened case moves nothing."""
    side = "parcel_id" if event.data["purpose"] == Parcel.Purpose.CLAIM else "return_parcel_id"
    claim = Claim.objects.select_related("line").filter(pk=event.data["reference"], **{side: event.subject_id}).first()
    if claim is None:
        raise IllegalMove
    return claim


def _withdrawal(event: Event) -> Withdrawal:
    return Withdrawal.objects.select_related("line__unit").get(pk=event.data["reference"])


PARCEL_MOVES: dict[tuple[str | None, str], Callable[[Event], object]] = {
    ("sale", "delivered"): lambda e: fulfilment.deliver_consignment(_consignment(e), at=e.happened_at),
    ("sale", "lost"): lambda e: fulfilment.lose_consignment(_consignment(e), at=e.happened_at),
    ("sale", "loss_proved"): lambda e: fulfilment.compensate_consignment(_consignment(e), at=e.happened_at),
    ("sale", "returned"): lambda e: fulfilment.return_consignment(_consignment(e), at=e.happened_at),
    ("withdrawal", "returned"): lambda e: returns.label_again(
        _withdrawal(e), UUID(e.subject_id), by=COURIER, at=e.happened_at
    ),
    ("withdrawal", "delivered"): lambda e: returns.receive_return(_withdrawal(e), by=COURIER, at=e.happened_at),
    ("withdrawal", "lost"): lambda e: returns.refund_lost_return(_withdrawal(e), at=e.happened_at),
    ("claim", "in_transit"): lambda e: claims.send_back(_claim(e), by=COURIER, at=e.happened_at),
    ("claim", "delivered"): lambda e: claims.receive_claim_device(_claim(e), by=COURIER, at=e.happened_at),
    ("claim", "lost"): lambda e: claims.refund_claim(_claim(e), reason="parcel_lost", by=COURIER, at=e.happened_at),
    ("claim_return", "delivered"): lambda e: claims.deliver_back(_claim(e), at=e.happened_at),
    ("claim_return", "lost"): lambda e: claims.refund_claim(
        _claim(e), reason="parcel_lost", by=COURIER, at=e.happened_at
    ),
}


def give_back_late_express(event: Event) -> None:
    line = _line(event)
    if line.surcharge_minor:
        promises.watch_promise(line.consignment_id, at=event.happened_at)


# Payments


def settle_paid_order(event: Event) -> None:
    if event.data.get("purpose") == waiting.PURPOSE:
        checkout.settle_order(UUID(event.data["reference"]), at=event.happened_at)


def fail_unpaid_order(event: Event) -> None:
    if event.data.get("purpose") == waiting.PURPOSE:
        checkout.fail_order(UUID(event.data["reference"]), at=event.happened_at)


def end_unsent_lines(event: Event) -> None:
    disputes.end_unsent_lines(Dispute.objects.get(pk=event.subject_id), at=event.happened_at)


def regain_dispute(event: Event) -> None:
    disputes.regain_dispute(Dispute.objects.get(pk=event.subject_id), at=event.happened_at)


def close_refunded_line(event: Event) -> None:
    refunds.close_refunded_line(Refund.objects.get(pk=event.subject_id), at=event.happened_at)


# Invoices


def invoice_parcel(event: Event) -> None:
    invoicing.invoice_sent_lines(_line(event).consignment, at=event.happened_at)


def credit_refund(event: Event) -> None:
    invoicing.credit_refund(Refund.objects.get(pk=event.subject_id), at=event.happened_at)


# E-mails


def email_buyer_of_stray_payment(event: Event) -> None:
    """An order that failed says that nothing was charged; here something was, and goes back."""
    payment = Payment.objects.get(pk=event.subject_id)
    order = Order.objects.filter(pk=payment.reference).select_related("address").first()
    if order is not None:
        emails.send_returned_payment(order, payment, at=event.happened_at)


def email_buyer_of_failed_refund(event: Event) -> None:
    """The money stays with us for now: the buyer hears of it from us before they have to ask. Of a dispute that went
    the other way too, for they may have forgotten it."""
    refund = Refund.objects.select_related("payment").get(pk=event.subject_id)
    order = Order.objects.filter(pk=refund.payment.reference).select_related("address").first()
    if order is not None and refund.succeeded_at is not None and not is_unanswered(refund):
        emails.send_dispute_turned(order, refund, at=event.happened_at)
    elif order is not None:
        emails.send_failed_refund(order, refund, at=event.happened_at)
        emails.send_refunded_beside(refund, at=event.happened_at)


def email_buyer_order(event: Event) -> None:
    """Money that came for a failed order is told by itself: "nothing was charged" would not be true."""
    order = Order.objects.get(pk=event.subject_id)
    held = Hold.objects.filter(order=order, status__in=["open", "refused", "lapsed"])
    if not held.exists() and (event.kind != "order.failed" or stray_payment_of(order) is None):
        emails.send_order(order, event.kind, at=event.happened_at)


def email_buyer_of_hold(event: Event) -> None:
    """That we look at the order, or that we could not take it: what was charged, if anything, goes back."""
    hold, reason = Hold.objects.select_related("order").get(pk=event.subject_id), event.data.get("reason")
    if reason == BY_BUYER and hold.order.payment_status != Order.PaymentStatus.CAPTURED:
        emails.send_called_off(hold.order, at=event.happened_at)
    elif reason not in (BY_BUYER, refunds.UNNEEDED):  # each device has told of its own
        emails.send_hold(hold, event.kind, at=event.happened_at)


def tell_of_release(event: Event) -> None:
    """Where the money had come already nothing else tells buyer and plants that the order stands."""
    hold = Hold.objects.select_related("order").get(pk=event.subject_id)
    if hold.order.payment_status == Order.PaymentStatus.CAPTURED:
        emails.send_order(hold.order, "order.captured", at=event.happened_at)
        _tell_plants(hold.order.pk, event)


def email_buyer_of_part(event: Event) -> None:
    """Money that is back for a device that the buyer keeps; of late express they were told when it was asked for."""
    part = part_of(Refund.objects.get(pk=event.subject_id))
    if part and part.reason != PartRefund.Reason.EXPRESS:
        emails.send_part(part, at=event.happened_at)


def email_buyer_of_late_express(event: Event) -> None:
    consignment = Consignment.objects.select_related("order__address", "plant").get(pk=event.subject_id)
    amount = Money(event.data["minor"], consignment.currency)
    emails.send_late_express(consignment, amount, at=event.happened_at)


def email_buyer_of_lost_parcel(event: Event) -> None:
    consignment = Consignment.objects.select_related("order__address", "plant").get(pk=event.subject_id)
    lines = list(consignment.lines.filter(pk__in=event.data["lines"]).order_by("pk"))
    emails.send_lost_parcel(consignment, lines, at=event.happened_at)


def tell_plants(event: Event) -> None:
    _tell_plants(UUID(event.subject_id), event)


def _tell_plants(order_id: UUID, event: Event) -> None:
    """Of what is theirs to accept: nothing while it is held."""
    for consignment in Consignment.objects.select_related("plant", "order").filter(order_id=order_id):
        emails.send_plant_order(consignment, at=event.happened_at)


def email_buyer_line(event: Event) -> None:
    line = _line(event)
    # Their bank has told them; and a hold's end is told by itself.
    by_hold = event.kind == "line.cancelled" and line.cancel_reason in (holds.REFUSED, holds.LAPSED)
    if line.paid_at is not None and line.cancel_reason != DISPUTED and not by_hold:
        emails.send_line(line, event.kind, at=event.happened_at)


def email_plant_of_cancelled_line(event: Event) -> None:
    """What its buyer called off before the plant accepted it, or their bank paid back: so that nobody packs it. A plant
    that was never told of it need not hear."""
    line = _line(event)
    unseen = line.accepted_at is None and line.cancel_reason == BY_BUYER
    if line.consignment.ship_by is not None and (unseen or line.cancel_reason == DISPUTED):
        emails.send_plant_cancelled(line, at=event.happened_at)


def email_plant_of_request(event: Event) -> None:
    if CancelRequest.objects.filter(pk=event.subject_id).exists():  # else its buyer has taken it back
        emails.send_plant_request(_request(event), at=event.happened_at)


def email_buyer_of_refused_request(event: Event) -> None:
    emails.send_refused_request(_request(event), at=event.happened_at)


def _request(event: Event) -> CancelRequest:
    return CancelRequest.objects.select_related("line__order__address", "line__plant").get(pk=event.subject_id)


def email_plant_of_redirection(event: Event) -> None:
    consignment = Consignment.objects.select_related("plant", "order").get(pk=event.subject_id)
    if consignment.ship_by is not None:
        emails.send_plant_redirection(consignment, key=str(event.pk), at=event.happened_at)


def set_off_trade(event: Event) -> None:
    """What the plant owes for a device that it bought from a person, as the books have it; the insurance pays some."""
    entries = LedgerEntry.objects.filter(movement__key=f"trade:{event.subject_id}", account=LedgerEntry.Account.PLANT)
    for entry in entries.select_related("movement"):
        earnings.owe_for_device(
            plant_id=UUID(entry.party),
            trade_id=entry.movement.reference,
            amount=entry.amount,
            label=entry.movement.label,
            at=event.happened_at,
        )


def count_reversal(event: Event) -> None:
    reversal = TransferReversal.objects.select_related("payout").get(pk=event.subject_id)
    settlement.count_reversal(reversal, at=event.happened_at)


def ask_plant_to_pay(event: Event) -> None:
    emails.send_owed_settlement(Settlement.objects.get(pk=event.subject_id), at=event.happened_at)


def ask_plant_for_new_iban(event: Event) -> None:
    """The plant's account cannot be paid; what was the house's fault is only paid again."""
    payout = Payout.objects.get(pk=event.subject_id)
    if payout.purpose != settlement.PURPOSE:
        return
    if event.data.get("fault") == "house":
        settlement.pay_settlement_again(payout, at=event.happened_at)
    else:
        emails.send_bounced_settlement(Settlement.objects.get(pk=payout.reference), payout, at=event.happened_at)


def email_withdrawal_receipt(event: Event) -> None:
    withdrawal = Withdrawal.objects.select_related("line__order", "line__plant", "parcel").get(pk=event.subject_id)
    emails.send_withdrawal(withdrawal, at=event.happened_at)


def email_new_label(event: Event) -> None:
    withdrawal = Withdrawal.objects.select_related("line__order__address", "line__plant").get(pk=event.subject_id)
    emails.send_new_label(withdrawal, key=str(event.pk), at=event.happened_at)


def email_guarantee(event: Event) -> None:
    guarantee = Guarantee.objects.select_related("line__order", "line__plant").get(pk=event.subject_id)
    emails.send_guarantee(guarantee, event.kind, at=event.happened_at)


def email_claim(event: Event) -> None:
    claim = Claim.objects.select_related("line__order", "plant").get(pk=event.subject_id)
    if event.kind != "claim.message":
        emails.send_claim(claim, event, at=event.happened_at)
    elif event.data["tell"]:
        emails.send_claim_message(claim, event.data["message"], event.data["role"], at=event.happened_at)


# What is counted against a plant, or for it


def _line(event: Event) -> OrderLine:
    return OrderLine.objects.select_related("order", "plant", "consignment__parcel").get(pk=event.subject_id)


def count_shipment(event: Event) -> None:
    line, late = _line(event), int(event.data["late"])
    record_service_fact(line.plant_id, kind=Kind.SHIPMENT, reference=line.pk, value=late, at=event.happened_at)


def count_cancellation(event: Event) -> None:
    """Sold out by our slow bank is ours, sold out by the word of the plant is the plant's."""
    line = _line(event)
    plants_word = line.cancel_reason == "out_of_stock" and event.actor.startswith("user:")
    if line.cancel_reason not in NOT_THE_PLANTS or plants_word:
        record_service_fact(line.plant_id, kind=Kind.CANCELLATION, reference=line.pk, value=1, at=event.happened_at)


def count_defect(event: Event) -> None:
    claim = Claim.objects.get(pk=event.subject_id)
    if claim.issue not in NOT_DEFECTS:
        record_service_fact(claim.plant_id, kind=Kind.DEFECT, reference=claim.line_id, value=1, at=event.happened_at)


def count_answer(event: Event) -> None:
    """A plant's own answer is timed; silence until support takes over is a late answer, and stays one."""
    claim = Claim.objects.get(pk=event.subject_id)
    late = event.kind == "claim.escalated" and not event.data["answered"]
    if late or event.data.get("role") == "plant":
        record_service_fact(claim.plant_id, kind=Kind.ANSWER, reference=claim.pk, value=int(late), at=event.happened_at)
    if event.data.get("role") == "plant":
        minutes = event.data["minutes"]
        record_service_fact(
            claim.plant_id, kind=Kind.ANSWER_TIME, reference=claim.pk, value=minutes, at=event.happened_at
        )


def count_resolution(event: Event) -> None:
    claim = Claim.objects.get(pk=event.subject_id)
    hours = int((event.happened_at - claim.opened_at).total_seconds() // 3600)
    record_service_fact(
        claim.plant_id, kind=Kind.RESOLUTION_TIME, reference=claim.pk, value=hours, at=event.happened_at
    )
