"""Orders at the desk: read whole, refunded by those who may."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import moment, money_column, state_column, text_column
from backmarket.admin.panels import Panel, facts, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.payments.models import Payment, Refund
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from orders.admin.forms import RefundForm, RefundPartForm
from orders.admin.parts import (
    ConsignmentColumns,
    LineColumns,
    RefundsMixin,
    address_panel,
    hold_panels,
    lines_panel,
    link,
    parcel_panel,
    parts_panel,
    requests_panel,
)
from orders.issues import LABELS
from orders.models import (
    CancelRequest,
    Claim,
    Consignment,
    Guarantee,
    Order,
    OrderLine,
    Withdrawal,
)
from orders.querysets import found_after_refund
from orders.services.disputes import disputed_lines
from orders.services.fulfilment import close_found, is_found
from orders.services.goodwill import is_refundable_in_part, refund_part
from orders.services.refunds import is_refundable, refund_line

LINE = OrderLine.Status


def payments_panel(order: Order) -> Panel:
    payments = Payment.objects.filter(purpose="order", reference=order.pk).prefetch_related("refunds")
    rows: list[tuple[Any, ...]] = []
    for payment in payments:
        words, kept = payment.failure or "", payment.get_status_display()
        rows.append((moment(payment.created_at), _("Payment"), money(payment.amount), kept, words))
        if payment.credit:
            rows.append((moment(payment.created_at), _("By credit"), money(payment.credit), kept, ""))
        rows += [row for refund in payment.refunds.all() for row in _refund_rows(refund)]
    return table(_("Money"), (_("Date"), _("What"), _("Amount"), _("Status"), _("Note")), rows)


def _refund_rows(refund: Refund) -> Iterator[tuple[Any, ...]]:
    """By the bank, and to the buyer's credit."""
    if refund.amount:
        state, why = refund.get_status_display(), refund.failure or refund.reason
        yield (moment(refund.created_at), _("Refund"), money(refund.amount), state, why)
    if refund.credit:
        state = Refund.Status.SUCCEEDED.label
        yield (moment(refund.created_at), _("Back on the credit"), money(refund.credit), state, refund.reason)


@admin.register(Order, site=staff_site)
class OrderAdmin(StaffModelAdmin):
    list_display = ("number", "email", "payment_shown", "total_shown", "placed_at")
    list_filter = ("payment_status",)
    # A payment or refund names its order or line by the id.
    search_fields = ("=number", "email", "address__name", "lines__identifier", "id", "lines__id")
    fields = ("number", "buyer", "email", "payment_shown", "total_shown", "placed_at", "captured_at", "language")
    payment_shown = state_column("payment_status", _("payment"))
    total_shown = money_column("total", _("total"), ordering="total_minor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).select_related("buyer", "address")

    def panels(self, request: HttpRequest, obj: Order) -> list[Panel]:
        consignments = list(obj.consignments.select_related("plant", "parcel", "address"))
        lines = list(obj.lines.all())
        parcels = [consignment.parcel for consignment in consignments if consignment.parcel]
        claims = list(Claim.objects.filter(line__order=obj))
        asked = list(CancelRequest.objects.filter(line__order=obj).select_related("line"))
        rows = [
            (link("desk", claim, claim), claim.get_status_display(), LABELS.get(claim.issue, "")) for claim in claims
        ]
        return [
            *requests_panel("desk", asked),
            *hold_panels(obj),
            lines_panel("desk", lines),
            payments_panel(obj),
            table(_("Claims"), (_("Claim"), _("Status"), _("Issue")), rows),
            address_panel(obj, *consignments),
            history(obj, *consignments, *lines, *parcels, *claims, *asked, names=True),
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
        Pile("on_hold", _("On hold"), Q(status=LINE.ON_HOLD)),
        Pile("to_ship", _("To be sent"), Q(status__in=[LINE.PAID, LINE.ACCEPTED])),
        Pile("shipped", _("On the way"), Q(status=LINE.SHIPPED)),
        Pile("disputed", _("Disputed, not sent"), lambda: Q(pk__in=disputed_lines(unsent=True).values("pk"))),
        Pile("found", _("Found after the refund"), found_after_refund),
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
            explain=_(
                "Price and shipping share go back to the original means, less what was refunded in part; what was not"
                " sent is cancelled."
            ),
            when=is_refundable,
            fixed=lambda line: line.rest,
            whole=lambda line: line.order_id,
            run=lambda request, line, data: refund_line(line, **data, by=request.user, at=now()),
        ),
        Step(
            name="refund-part",
            title=_("Refund in part"),
            icon="price_change",
            form=RefundPartForm,
            permission="refund",
            explain=_(
                "The buyer keeps the device and all rights. The plant, where it bears this, has its share of the"
                " commission back, in its next settlement."
            ),
            when=is_refundable_in_part,
            amount=lambda line, data: data["amount"],
            whole=lambda line: line.order_id,
            run=lambda request, line, data: refund_part(line, **data, by=request.user, at=now()),
        ),
        Step(
            name="close-found",
            title=_("Agreed with the buyer"),
            icon="handshake",
            asks=True,
            explain=_(
                "The courier found the device and brought it to its buyer, who has been paid back; the plant is not"
                " charged. Write to the buyer first: what they keep or send back is agreed, not demanded."
            ),
            when=is_found,
            run=lambda request, line, data: close_found(line, by=request.user, at=now()),
        ),
    )

    def name_of(self, obj: Any) -> str:
        return f"{obj.order.number} · {obj.title}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        return super().get_queryset(request).select_related("order", "plant", "consignment")

    def panels(self, request: HttpRequest, obj: OrderLine) -> list[Panel]:
        whole = link("desk", obj.order, _("The whole order"))
        belongs = facts(_("Belongs to"), [(_("Order"), whole)])
        return [belongs, *hold_panels(obj.order), *parts_panel(obj), history(obj, obj.consignment, names=True)]


@admin.register(Consignment, site=staff_site)
class ConsignmentAdmin(ConsignmentColumns, StaffModelAdmin):
    list_display = ("order_number", "plant", "parcel", "deadline_shown")
    list_display_links = ("order_number",)
    list_select_related = ("order", "plant", "parcel")
    search_fields = ("=order__number", "plant__name", "parcel__tracking_number")
    fields = (
        "order_number", "plant", "deadline_shown", "service", "promised_date", "shipping_shown", "surcharge_shown",
    )  # fmt: skip

    def name_of(self, obj: Any) -> str:
        return gettext("Order %(number)s") % {"number": obj.order.number}

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
