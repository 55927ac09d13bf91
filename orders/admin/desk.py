"""Orders and claims at the desk: support's queue and decisions, finance's statements."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import deadline_column, moment, money_column, state_column, text_column
from backmarket.admin.panels import Panel, facts, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.payments.models import Payment, Refund
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from orders.admin.forms import DecisionForm, MessageForm, RefundForm
from orders.admin.parts import (
    ClaimColumns,
    LineColumns,
    address_panel,
    lines_panel,
    link,
    parcel_panel,
    statement_panel,
    talk_panel,
)
from orders.models import (
    Claim,
    ClaimMessage,
    Consignment,
    Earning,
    Guarantee,
    Order,
    OrderLine,
    Settlement,
    Withdrawal,
)
from orders.services.claims import decide_claim, post_message, refund_claim
from orders.services.claims.handling import take_over_claim
from orders.services.refunds import refund_line

LINE, CLAIM, PAY = OrderLine.Status, Claim.Status, Order.PaymentStatus
CLOSED = (CLAIM.RESOLVED, CLAIM.REFUNDED, CLAIM.WITHDRAWN)
REFUNDABLE = (LINE.PAID, LINE.ACCEPTED, LINE.SHIPPED, LINE.DELIVERED, LINE.CLOSED)
# The cases that support owns: brought to it, or left by a silent plant.
QUEUE = Q(status=CLAIM.ARBITRATION) | Q(status=CLAIM.AWAITING_PLANT, escalated_at__isnull=False)


class RefundsMixin:
    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Money back asks for the right to refund, besides that to change the row."""
        return self.has_act_permission(request) and request.user.has_perm("payments.add_refund")  # type: ignore[attr-defined,no-any-return]


def payments_panel(order: Order) -> Panel:
    payments = Payment.objects.filter(purpose="order", reference=order.pk).prefetch_related("refunds")
    rows: list[tuple[Any, ...]] = []
    for payment in payments:
        words = payment.failure or ""
        rows.append(
            (moment(payment.created_at), _("Payment"), money(payment.amount), payment.get_status_display(), words)
        )
        rows += [_refund_row(refund) for refund in payment.refunds.all()]
    return table(_("Money"), (_("Date"), _("What"), _("Amount"), _("Status"), _("Note")), rows)


def _refund_row(refund: Refund) -> tuple[Any, ...]:
    amount, state = money(refund.amount), refund.get_status_display()
    return (moment(refund.created_at), _("Refund"), amount, state, refund.failure or refund.reason)


@admin.register(Order, site=staff_site)
class OrderAdmin(StaffModelAdmin):
    list_display = ("number", "email", "payment_shown", "total_shown", "placed_at")
    list_filter = ("payment_status",)
    search_fields = ("=number", "email", "address__name", "lines__identifier")
    fields = ("number", "buyer", "email", "payment_shown", "total_shown", "placed_at", "captured_at", "language")
    payment_shown = state_column("payment_status", _("payment"))
    total_shown = money_column("total", _("total"), ordering="total_minor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).select_related("buyer", "address")

    def panels(self, request: HttpRequest, obj: Order) -> list[Panel]:
        consignments = list(obj.consignments.select_related("plant", "parcel"))
        lines = list(obj.lines.all())
        parcels = [consignment.parcel for consignment in consignments if consignment.parcel]
        claims = list(Claim.objects.filter(line__order=obj))
        rows = [(link("desk", claim, claim), claim.get_status_display(), claim.issue) for claim in claims]
        return [
            lines_panel("desk", lines),
            payments_panel(obj),
            table(_("Claims"), (_("Claim"), _("Status"), _("Issue")), rows),
            address_panel(obj),
            history(obj, *consignments, *lines, *parcels, *claims, names=True),
        ]


@admin.register(OrderLine, site=staff_site)
class LineAdmin(RefundsMixin, LineColumns, StaffModelAdmin):
    deadline = "due_at"
    list_display = ("order_number", "title", "plant", "shown_status", "gross_shown", "deadline_shown")
    list_display_links = ("order_number", "title")
    list_select_related = ("order", "plant")
    list_filter = ("status",)
    search_fields = ("=order__number", "title", "identifier", "plant__name", "order__email")
    fields = (
        "order_number", "plant", "title", "grade", "shown_status", "deadline_shown", "price_shown", "gross_shown",
        "vat_scheme", "guarantee_months", "identifier", "cancel_reason", "paid_at", "shipped_at", "delivered_at",
    )  # fmt: skip
    piles = (
        Pile("to_ship", _("To be sent"), Q(status__in=[LINE.PAID, LINE.ACCEPTED])),
        Pile("shipped", _("On the way"), Q(status=LINE.SHIPPED)),
        Pile("refunded", _("Cancelled or refunded"), Q(status__in=[LINE.CANCELLED, LINE.REFUNDED])),
    )
    steps = (
        Step(
            name="refund",
            title=_("Refund in full"),
            icon="currency_exchange",
            tone="danger",
            form=RefundForm,
            permission="refund",
            explain=_("Price and shipping share go back to the original means; what was not sent is cancelled."),
            when=lambda line: line.status in REFUNDABLE,
            run=lambda request, line, data: refund_line(line, **data, by=request.user, at=now()),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        return super().get_queryset(request).select_related("order", "plant", "consignment")

    def panels(self, request: HttpRequest, obj: OrderLine) -> list[Panel]:
        whole = link("desk", obj.order, _("The whole order"))
        return [facts(_("Belongs to"), [(_("Order"), whole)]), history(obj, obj.consignment, names=True)]


@admin.register(Consignment, site=staff_site)
class ConsignmentAdmin(StaffModelAdmin):
    deadline = "ship_by"
    list_display = ("order_number", "plant", "parcel", "deadline_shown")
    list_display_links = ("order_number",)
    list_select_related = ("order", "plant", "parcel")
    search_fields = ("=order__number", "plant__name", "parcel__tracking_number")
    fields = ("order_number", "plant", "deadline_shown", "shipping_shown")
    order_number = text_column("order.number", _("order"), ordering="order__number")
    deadline_shown = deadline_column("ship_by", _("send by"))
    shipping_shown = money_column("shipping", _("shipping paid"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consignment]:
        return super().get_queryset(request).select_related("order", "plant", "parcel")

    def panels(self, request: HttpRequest, obj: Consignment) -> list[Panel]:
        lines = list(obj.lines.all())
        parcels = [obj.parcel] if obj.parcel else []
        events = history(obj, *lines, *parcels, names=True)
        return [lines_panel("desk", lines), parcel_panel(obj.parcel, _("Parcel")), events]


@admin.register(Guarantee, site=staff_site)
class GuaranteeAdmin(StaffModelAdmin):
    list_display = ("device", "shown_status", "starts_date", "legal_until_date", "commercial_until_date")
    list_select_related = ("line",)
    list_filter = ("status",)
    search_fields = ("line__title", "line__identifier", "=line__order__number")
    fields = (
        "device", "shown_status", "starts_date", "presumption_until_date", "legal_until_date",
        "commercial_until_date", "warned_at", "expired_at",
    )  # fmt: skip
    device = text_column("line.title", _("device"))
    shown_status = state_column()


@admin.register(Withdrawal, site=staff_site)
class WithdrawalAdmin(StaffModelAdmin):
    list_display = ("device", "order_number", "shown_status", "confirmed_at", "refund_by")
    list_display_links = ("device",)
    list_select_related = ("line__order", "parcel")
    list_filter = ("status",)
    search_fields = ("=line__order__number", "line__title")
    fields = (
        "order_number",
        "device",
        "name",
        "shown_status",
        "confirmed_at",
        "refund_by",
        "returned_at",
        "refunded_at",
    )
    device = text_column("line.title", _("device"))
    order_number = text_column("line.order.number", _("order"))
    shown_status = state_column()


def _say(request: HttpRequest, claim: Claim, data: dict[str, Any]) -> None:
    post_message(claim, role=ClaimMessage.Role.SUPPORT, author=request.user, text=data["text"], at=now())


def _is_open(claim: Claim) -> bool:
    return claim.status not in CLOSED


def _can_be_decided(claim: Claim) -> bool:
    return claim.status == CLAIM.ARBITRATION or bool(claim.status == CLAIM.AWAITING_PLANT and claim.escalated_at)


@admin.register(Claim, site=staff_site)
class ClaimAdmin(RefundsMixin, ClaimColumns, StaffModelAdmin):
    deadline = "due_at"
    list_display = ("__str__", "device", "plant", "shown_status", "wish", "handler", "deadline_shown")
    list_select_related = ("line__order", "plant", "handler")
    list_filter = ("status", "wish")
    search_fields = ("=number", "line__title", "line__identifier", "=line__order__number", "plant__name")
    fields = (
        "number", "order_number", "device", "price_shown", "plant", "issue", "wish", "description", "shown_status",
        "deadline_shown", "problem", "handler", "escalated_at", "opened_at", "first_answer_at", "at_plant_at",
    )  # fmt: skip
    ordering = ("due_at", "-number")
    piles = (
        Pile("queue", _("For support"), QUEUE),
        Pile("plants", _("With plants"), Q(status__in=[CLAIM.AWAITING_PLANT, CLAIM.AT_PLANT, CLAIM.REPAIRING])),
        Pile("disputed", _("Refused"), Q(status=CLAIM.DISPUTED)),
        Pile("customer", _("With customers"), Q(status=CLAIM.AWAITING_CUSTOMER)),
        Pile("closed", _("Closed"), Q(status__in=CLOSED)),
    )
    steps = (
        Step(
            name="decide",
            title=_("Decide"),
            icon="gavel",
            tone="primary",
            form=DecisionForm,
            explain=_("Both sides read your words; what follows is started at once."),
            when=_can_be_decided,
            run=lambda request, claim, data: decide_claim(claim, **data, by=request.user, at=now()),
        ),
        Step(
            name="take-over",
            title=_("Take over"),
            icon="pan_tool",
            when=lambda claim: _is_open(claim) and claim.handler_id is None,
            run=lambda request, claim, data: take_over_claim(claim, by=request.user, at=now()),
        ),
        Step(
            name="message",
            title=_("Write a message"),
            icon="chat",
            form=MessageForm,
            when=lambda claim: claim.status not in (CLAIM.REFUNDED, CLAIM.WITHDRAWN),
            run=_say,
        ),
        Step(
            name="refund",
            title=_("Refund"),
            icon="currency_exchange",
            tone="danger",
            asks=True,
            permission="refund",
            explain=_("The customer gets the whole price back; the case ends when the money has left."),
            when=lambda claim: CLAIM.REFUNDED in Claim.MOVES.get(claim.status, set()),
            run=lambda request, claim, data: refund_claim(claim, by=request.user, at=now()),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        related = ("line__order__address", "line__unit", "line__listing", "plant", "handler", "parcel", "return_parcel")
        return super().get_queryset(request).select_related(*related)

    def panels(self, request: HttpRequest, obj: Claim) -> list[Panel]:
        return [
            talk_panel(obj, ClaimMessage.Role.SUPPORT),
            parcel_panel(obj.parcel, _("Parcel to the plant")),
            parcel_panel(obj.return_parcel, _("Parcel back")),
            history(obj, obj.line, names=True),
        ]


@admin.register(Settlement, site=staff_site)
class SettlementAdmin(StaffModelAdmin):
    list_display = ("plant", "settled_date", "total_shown", "payout_shown")
    list_select_related = ("plant", "payout")
    search_fields = ("plant__name",)
    date_hierarchy = "settled_date"
    fields = ("plant", "settled_date", "total_shown", "payout_shown")
    total_shown = money_column("total", _("total"), ordering="total_minor")
    payout_shown = text_column("payout.get_status_display", _("payout"))
    export_columns = (
        (_("Plant"), "plant.name"), (_("Date"), "settled_date"), (_("Total"), "total"), (_("Currency"), "currency"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Settlement]:
        return super().get_queryset(request).select_related("plant", "payout")

    def panels(self, request: HttpRequest, obj: Settlement) -> list[Panel]:
        return [statement_panel(obj)]


@admin.register(Earning, site=staff_site)
class EarningAdmin(StaffModelAdmin):
    list_display = ("plant", "kind", "amount_shown", "due_at", "settlement")
    list_select_related = ("plant", "settlement")
    list_filter = ("kind",)
    search_fields = ("plant__name", "=line__order__number")
    fields = ("plant", "kind", "amount_shown", "due_at", "settlement", "created_at")
    amount_shown = money_column("amount", _("amount"), ordering="amount_minor")
