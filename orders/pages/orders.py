"""The order page: each parcel's way, each device's rights, and the one thing to do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise

from backmarket.market import calendar
from backmarket.markup import gettext as _
from backmarket.money import Money, total
from backmarket.payments.models import Refund
from backmarket.shipping.models import Parcel
from backmarket.templatetags.ui import money
from orders.models import CancelRequest, Claim, Consignment, Guarantee, Order, OrderLine, PartRefund, Withdrawal
from orders.pages.held import is_open, next_of_held, state_of
from orders.pages.parts import Next, Step, state_words
from orders.pages.reads import Bought, bought_by_parcel, refunds_of
from orders.pages.refunds import RefundSums, RefundView, refund_sums, refund_view
from orders.pages.ways import parcel_steps
from orders.reasons import refund_words
from orders.selectors import stray_payment_of
from orders.services.cancelling import is_free
from orders.services.guarantees import is_covered
from orders.services.redirecting import is_redirectable
from orders.services.waiting import GIVEN_UP

Line, Case = OrderLine.Status, Claim.Status
CLOSED = (Case.RESOLVED, Case.REFUNDED, Case.WITHDRAWN)
# A bank page left open longer than this is looked at by hand, not by reloading.
REFRESH_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class LineView:
    line: OrderLine
    guarantee: Guarantee | None
    withdrawal: Withdrawal | None
    claim: Claim | None
    reason: str | Promise
    refund: RefundView | None
    parts: list[RefundView]
    # Of the refunds in part: what is back, which the bank may have refused.
    part_back: Money
    request: CancelRequest | None
    can_withdraw: bool
    can_claim: bool
    can_rate: bool
    disputed: bool

    @property
    def state(self) -> str:
        """Where it is; of a parcel that does not arrive, what has become of it until its money is back."""
        parcel = self.line.consignment.parcel
        if self.is_missing and parcel:
            return state_words(Parcel.Status, parcel.status)
        return state_words(Line, self.line.status)

    @property
    def is_missing(self) -> bool:
        """Sent, and lost or brought back."""
        parcel = self.line.consignment.parcel
        ended = parcel is not None and parcel.status in (Parcel.Status.LOST, Parcel.Status.RETURNED)
        return ended and self.line.status == Line.SHIPPED

    @property
    def can_cancel(self) -> bool:
        """At once, without asking anybody."""
        return is_free(self.line) and not self.disputed

    @property
    def can_ask(self) -> bool:
        return self.line.status == Line.ACCEPTED and self.request is None and not self.disputed

    @property
    def can_keep(self) -> bool:
        """Take the request to cancel it back."""
        asked = self.request is not None and self.request.status == CancelRequest.Status.OPEN
        return asked and self.line.status == Line.ACCEPTED

    @property
    def has_news(self) -> bool:
        """A wish to cancel it, or money that goes back."""
        return bool(self.request or self.refund or self.parts or self.part_back)

    @property
    def has_left(self) -> bool:
        return self.line.shipped_at is not None


@dataclass(frozen=True)
class ParcelView:
    consignment: Consignment
    steps: list[Step]
    lines: list[LineView]
    can_redirect: bool

    @property
    def late_back(self) -> Money:
        """What goes back, or went, because its express was late."""
        lines = [view.line for view in self.lines if view.line.surcharge_minor and view.line.parts_minor]
        parts = [part for line in lines for part in line.parts.all() if part.reason == PartRefund.Reason.EXPRESS]
        return total((part.amount for part in parts), self.consignment.currency)

    @property
    def can_call_off(self) -> bool:
        """All of it at once: a parcel of one device has that device's own button."""
        return sum(view.can_cancel or view.can_ask for view in self.lines) > 1


@dataclass(frozen=True)
class OrderPage:
    order: Order
    next: Next | None
    parcels: list[ParcelView]
    refunds: RefundSums
    # The same without what came astray, which is not of the order's total.
    own: RefundSums
    # Of the order as a whole: money that came after it had been given up.
    refund: RefundView | None
    refresh: bool

    @property
    def state(self) -> str:
        """Is it paid, and has any of that gone back?"""
        back, total = self.own.back, self.order.total
        if not back:
            return state_of(self.order)
        if not self.is_paid:
            return state_words(Order.PaymentStatus, self.order.payment_status)
        if back < total:
            return _("Refunded in part") if self.own.sent else _("Being refunded in part")
        return _("Refunded") if self.own.sent == total else _("Being refunded")

    @property
    def kept(self) -> Money:
        """What the buyer pays in the end, as far as it is known."""
        return self.order.total - self.own.back

    @property
    def can_give_up(self) -> bool:
        return self.order.payment_status == Order.PaymentStatus.PENDING

    @property
    def can_call_off(self) -> bool:
        """As a whole, while somebody looks at it: one paid device has its own button."""
        if self.order.is_disputed or not is_open(self.order):
            return False
        return not self.is_paid or sum(view.can_cancel for parcel in self.parcels for view in parcel.lines) > 1

    @property
    def uses_own_address(self) -> bool:
        return any(parcel.consignment.address is None for parcel in self.parcels)

    @property
    def is_paid(self) -> bool:
        return self.order.payment_status == Order.PaymentStatus.CAPTURED


def order_page(order: Order, at: datetime) -> OrderPage:
    refunds = refunds_of(order)
    parcels = [
        ParcelView(
            consignment=consignment,
            steps=parcel_steps(consignment, [each.line for each in bought]),
            lines=[_line_view(each, refunds, at) for each in bought],
            can_redirect=is_redirectable(
                [each.line for each in bought], getattr(order, "hold", None), disputed=order.is_disputed
            ),
        )
        for consignment, bought in bought_by_parcel(order)
    ]
    waiting = order.payment_status in Order.OPEN and next_of_held(order) is None
    return OrderPage(
        order=order,
        next=_next_of_order(order, parcels, at),
        parcels=parcels,
        refunds=refund_sums(refunds.values(), order.currency),
        own=refund_sums(_without_strays(refunds), order.currency),
        refund=refund_view(refunds.get(order.pk, []), at),
        refresh=waiting and at < order.placed_at + REFRESH_FOR,
    )


def _without_strays(found: dict[UUID, list[Refund]]) -> list[list[Refund]]:
    return [refunds for reference, refunds in found.items() if reference != refunds[0].payment_id]


def _line_view(bought: Bought, found: dict[UUID, list[Refund]], at: datetime) -> LineView:
    line, refunds = bought.line, found.get(bought.line.pk, [])
    paid_back = line.parts.all() if line.parts_minor else ()
    parts = [refund_view(found[part.pk], at) for part in paid_back if part.pk in found]
    kept = line.status in (Line.DELIVERED, Line.CLOSED) and bought.withdrawal is None
    claim = next((claim for claim in bought.claims if claim.status not in CLOSED), None)
    covered = bought.guarantee is not None and is_covered(bought.guarantee, at)
    is_given_back = any(refund.status != Refund.Status.FAILED for refund in refunds)
    return LineView(
        line=line,
        guarantee=bought.guarantee,
        withdrawal=bought.withdrawal,
        claim=claim or next(iter(bought.claims), None),
        reason=refund_words(line.cancel_reason or (refunds[-1].reason if refunds else ""), is_paid=bool(line.paid_at)),
        refund=refund_view(refunds, at),
        parts=[view for view in parts if view],
        part_back=refund_sums([found.get(part.pk, []) for part in paid_back], line.currency).sent,
        request=bought.request,
        can_withdraw=_may_withdraw(bought, at) and not is_given_back,
        can_claim=kept and claim is None and covered,
        can_rate=line.status in (Line.DELIVERED, Line.CLOSED),
        disputed=line.order.is_disputed,
    )


def _may_withdraw(bought: Bought, at: datetime) -> bool:
    """On its way, or not long there."""
    line = bought.line
    if bought.withdrawal or line.status not in (Line.SHIPPED, Line.DELIVERED, Line.CLOSED):
        return False
    days = OrderLine.WITHDRAW_WITHIN_DAYS
    return line.delivered_at is None or at < calendar().days_after(line.delivered_at, days)


def _next_of_order(order: Order, parcels: list[ParcelView], at: datetime) -> Next | None:
    status = Order.PaymentStatus
    reasons = {view.line.cancel_reason for parcel in parcels for view in parcel.lines}
    if order.is_disputed:
        return _next_of_disputed()
    if held := next_of_held(order, reasons):
        return held
    if order.payment_status in Order.OPEN:
        return _next_of_waiting(order, at)
    if order.payment_status != status.CAPTURED and (stray := stray_payment_of(order)):
        text = _("Your payment of %(amount)s came when it could not be taken any more, or in another amount.")
        back = _("All of it goes back to the means you paid with; your bank shows it within a few days.")
        return Next(_("Your money goes back"), f"{text % {'amount': money(stray.received)}} {back}", icon="swap")
    if order.payment_status == status.CANCELLED:
        return _next_of_cancelled(parcels)
    if order.payment_status != status.CAPTURED:
        return Next(
            _("The payment did not arrive"),
            _("Nothing was charged. Your cart is as it was: try again, or pay another way."),
            reverse("checkout"),
            _("Try again"),
            icon="warning",
        )
    return _next_of_parcels(parcels)


def _next_of_disputed() -> Next:
    first = _("It was asked to give this payment back. Until it has decided, nothing is cancelled or refunded here:")
    text = _("the money would come twice. If that was a mistake, tell your bank, and write to us: a person answers.")
    return Next(_("Your bank looks into this payment"), f"{first} {text}", icon="bank")


def _next_of_cancelled(parcels: list[ParcelView]) -> Next:
    """Given up by its buyer, or in favour of another order."""
    if any(view.line.cancel_reason == GIVEN_UP for parcel in parcels for view in parcel.lines):
        text = _("Nothing was charged. What you wanted is still in your cart.")
        return Next(_("You gave this order up"), text, reverse("cart"), _("Go to the cart"), icon="info")
    text = _("You ordered anew from the same cart before you paid. Nothing was charged for this one.")
    return Next(_("Another order has taken its place"), text, icon="warning")


def _next_of_waiting(order: Order, at: datetime) -> Next:
    """Go back to the bank. What is reserved until when is said only while it is reserved."""
    pending, held = order.payment_status == Order.PaymentStatus.PENDING, at < order.reserved_until
    if pending and not held:
        return Next(
            _("Your time to pay has run out"),
            _("The devices are no longer kept aside for you. Go on, and we look whether they are still there."),
            reverse("checkout-pay", args=[order.pk]),
            _("Go on to payment"),
            icon="warning",
            post=True,
        )
    return Next(
        _("We are waiting for your bank"),
        _("As soon as it answers, this page says so. If you left its page too early, go back to it."),
        reverse("checkout-pay", args=[order.pk]) if pending else "",
        _("Go on to payment"),
        icon="card",
        deadline=order.reserved_until if held else None,
        seconds=int((order.reserved_until - at).total_seconds()) if held else 0,
        post=True,
    )


def _next_of_parcels(parcels: list[ParcelView]) -> Next | None:
    """What the most urgent line asks of its buyer, or makes the buyer wait for."""
    lines = [view for parcel in parcels for view in parcel.lines]
    for view in lines:
        if view.withdrawal and view.withdrawal.status == Withdrawal.Status.CONFIRMED:
            url = reverse("withdrawal", args=[view.withdrawal.pk])
            return Next(_("Send the device back"), _("The label is ready to print."), url, _("Return label"), "box")
    for view in lines:
        if view.claim and view.claim.status in (Case.AWAITING_CUSTOMER, Case.AWAITING_RETURN, Case.DISPUTED):
            url = reverse("claim", args=[view.claim.pk])
            return Next(_("Your case waits for you"), str(view.line), url, _("Open the case"), "chat")
    waiting = [view.line for view in lines if view.line.status in (Line.PAID, Line.ACCEPTED)]
    if waiting:
        first = min(waiting, key=lambda line: line.due_at or line.order.placed_at)
        if all(line.status == Line.PAID for line in waiting):
            text = _("It accepts your order, prepares your parcel and hands it to the courier.")
            return Next(_("The plant has your order"), text, icon="box", deadline=first.due_at)
        text = _("The plant prepares your parcel and hands it to the courier.")
        return Next(_("Being prepared"), text, icon="box", deadline=first.due_at)
    if any(view.line.status == Line.SHIPPED and not view.is_missing for view in lines):
        return Next(_("On its way"), _("Follow the parcel below."), icon="truck")
    if any(view.is_missing for view in lines):
        text = _("You need not do anything: all that you have paid for it goes back to you, as you see below.")
        return Next(_("Your parcel does not arrive"), text, icon="warning")
    kept = [view for view in lines if view.can_withdraw and view.line.delivered_at]
    if kept:
        delivered = min(view.line.delivered_at for view in kept if view.line.delivered_at)
        until = calendar().days_after(delivered, OrderLine.WITHDRAW_WITHIN_DAYS)
        text = _("Changed your mind? Send it back without a reason. Something wrong? Open a case below.")
        return Next(_("Enjoy it"), text, icon="heart", deadline=until)
    return None
