"""A plant's orders and returns."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import AFTER_SALES, WORKSHOP, PlantModelAdmin
from backmarket.admin.columns import money_column, state_column, text_column
from backmarket.admin.panels import Panel, facts, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.invoices.admin import papers_panel
from backmarket.invoices.selectors import papers_about
from backmarket.shipping.models import Parcel
from backmarket.shipping.selectors import has_our_label, is_house_couriers
from backmarket.sites import plant_site
from backmarket.timetravel import now
from orders.admin.forms import AnswerForm, RefuseLineForm, ShipForm
from orders.admin.parts import (
    ConsignmentColumns,
    LineColumns,
    address_panel,
    dispute_panel,
    earned_panel,
    label_of,
    lines_panel,
    link,
    parcel_panel,
    parts_panel,
    pdf,
    requests_panel,
)
from orders.documents import packing_pdf
from orders.models import CancelRequest, Consignment, OrderLine, Settlement, Withdrawal
from orders.services.cancelling import grant_cancellation, refuse_cancellation
from orders.services.fulfilment import accept_line, refuse_line, ship_consignment
from orders.services.returns import receive_return

LINE = OrderLine.Status
SHIPPABLE = (LINE.PAID, LINE.ACCEPTED)
REQUEST = CancelRequest.Status


def lines_in(*statuses: str) -> Any:
    """A consignment with at least one line in one of these statuses."""
    return Exists(OrderLine.objects.filter(consignment=OuterRef("pk"), status__in=statuses))


def waits_to_leave(consignment: Consignment) -> bool:
    return any(line.status in SHIPPABLE for line in consignment.lines.all())


def asks_to_cancel(line: OrderLine) -> bool:
    request = getattr(line, "cancel_request", None)
    return line.status == LINE.ACCEPTED and request is not None and request.status == REQUEST.OPEN


def _accept_all(request: HttpRequest, consignment: Consignment, data: dict[str, Any]) -> None:
    for line in consignment.lines.to_accept():
        accept_line(line, by=request.user, at=now())


def _ship(request: HttpRequest, consignment: Consignment, data: dict[str, Any]) -> Parcel:
    return ship_consignment(
        consignment,
        identifiers=data["identifiers"],
        courier=data["courier"],
        tracking_number=data["tracking_number"],
        by=request.user,
        at=now(),
    )


@admin.register(Consignment, site=plant_site)
class ConsignmentAdmin(ConsignmentColumns, PlantModelAdmin):
    """What one order asks this plant to send; what it was never told of is not there."""

    readers = AFTER_SALES
    list_display = ("order_number", "devices", "service", "deadline_shown", "parcel_shown")
    list_display_links = ("order_number",)
    list_select_related = ("order", "parcel")
    search_fields = ("=order__number", "parcel__tracking_number")
    fields = ("order_number", "deadline_shown", "service", "promised_date", "shipping_shown", "surcharge_shown")
    ordering = ("ship_by", "pk")
    piles = (
        Pile("to_accept", _("To accept"), lambda: Q(lines_in(LINE.PAID))),
        Pile("to_ship", _("To send"), lambda: Q(lines_in(*SHIPPABLE))),
        Pile("on_the_way", _("On the way"), lambda: Q(lines_in(LINE.SHIPPED))),
        Pile("delivered", _("Delivered"), lambda: Q(lines_in(LINE.DELIVERED, LINE.CLOSED))),
    )
    parcel_shown = text_column("parcel", _("parcel"))
    steps = (
        Step(
            name="accept",
            title=_("Accept all"),
            icon="check",
            tone="primary",
            when=lambda consignment: any(line.status == LINE.PAID for line in consignment.lines.all()),
            run=_accept_all,
        ),
        Step(
            name="ship",
            title=_("Send"),
            icon="local_shipping",
            tone="primary",
            form=ShipForm,
            template="admin/ship.html",
            explain=_(
                "Everything that waits goes into one parcel. With the house courier it has our label and is insured in"
                " full; with your own, label and insurance are yours. For an express parcel our label is an express"
                " one; your own courier has to be there by the promised day too."
            ),
            done=lambda parcel: _("Registered. Print the label.") if is_house_couriers(parcel) else _("Registered."),
            when=waits_to_leave,
            run=_ship,
        ),
        Step(
            name="label",
            title=_("Label (PDF)"),
            icon="print",
            permission="view",
            when=lambda consignment: has_our_label(consignment.parcel),
            run=lambda request, consignment, data: label_of(consignment.parcel),
        ),
        Step(
            name="packing",
            title=_("Packing slip (PDF)"),
            icon="receipt",
            permission="view",
            run=lambda request, consignment, data: pdf(f"packing-{consignment.order}", packing_pdf(consignment)),
        ),
    )

    def name_of(self, obj: Any) -> str:
        return gettext("Order %(number)s") % {"number": obj.order.number}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consignment]:
        told = super().get_queryset(request).filter(order__payment_status="captured", ship_by__isnull=False)
        return told.select_related("order__address", "address", "parcel").prefetch_related("lines")

    @admin.display(description=_("devices"))
    def devices(self, consignment: Consignment) -> str:
        return ", ".join(line.title for line in consignment.lines.all())

    def panels(self, request: HttpRequest, obj: Consignment) -> list[Panel]:
        lines = list(obj.lines.all())
        open_address = any(line.status in (*SHIPPABLE, LINE.SHIPPED) for line in lines)
        address = [address_panel(obj.order, obj)] if open_address else []
        parcel = parcel_panel(obj.parcel, _("Parcel"))
        papers = papers_panel("plant", papers_about(obj.order_id).filter(party=obj.plant_id), _("Invoices"))
        asked = list(CancelRequest.objects.filter(line__consignment=obj).select_related("line"))
        return [
            *dispute_panel(obj.order_id),
            *requests_panel("plant", asked),
            lines_panel("plant", lines),
            *address,
            parcel,
            papers,
            history(obj, *lines, *asked, *([obj.parcel] if obj.parcel else [])),
        ]


@admin.register(OrderLine, site=plant_site)
class LineAdmin(LineColumns, PlantModelAdmin):
    readers = AFTER_SALES
    deadline = "due_at"
    list_display = ("order_number", "title", "grade", "shown_status", "price_shown", "deadline_shown")
    list_display_links = ("order_number", "title")
    list_filter = ("status",)
    search_fields = ("=order__number", "title", "identifier")
    ordering = ("due_at", "-pk")
    fields = (
        "order_number", "title", "grade", "shown_status", "deadline_shown", "price_shown", "gross_shown",
        "proceeds_shown", "vat_scheme", "guarantee_months", "identifier", "paid_at", "shipped_at", "delivered_at",
    )  # fmt: skip
    piles = (
        Pile("to_accept", _("To accept"), Q(status=LINE.PAID)),
        Pile("to_answer", _("To cancel or not"), Q(status=LINE.ACCEPTED, cancel_request__status=REQUEST.OPEN)),
        Pile("to_ship", _("To send"), Q(status__in=SHIPPABLE)),
        Pile("shipped", _("On the way"), Q(status=LINE.SHIPPED)),
        Pile("delivered", _("Delivered"), Q(status__in=[LINE.DELIVERED, LINE.CLOSED])),
        Pile("cancelled", _("Cancelled or refunded"), Q(status__in=[LINE.CANCELLED, LINE.REFUNDED])),
    )
    export_columns = (
        (_("Order"), "order.number"), (_("Device"), "title"), (_("Grade"), "grade"), (_("Status"), "status"),
        (_("IMEI or serial"), "identifier"), (_("Price"), "price"), (_("Proceeds"), "proceeds"),
        (_("Currency"), "currency"), (_("Paid"), "paid_at"), (_("Sent"), "shipped_at"),
        (_("Delivered"), "delivered_at"),
    )  # fmt: skip
    proceeds_shown = money_column("proceeds", _("proceeds"))
    steps = (
        Step(
            name="accept",
            title=_("Accept"),
            icon="check",
            tone="primary",
            when=lambda line: line.status == LINE.PAID,
            run=lambda request, line, data: accept_line(line, by=request.user, at=now()),
        ),
        Step(
            name="refuse",
            title=_("Cannot be sent"),
            icon="cancel",
            tone="danger",
            form=RefuseLineForm,
            explain=_(
                "The customer is refunded in full at once. Unless their address is the reason, the cancellation counts "
                "in your measures."
            ),
            when=lambda line: line.status in SHIPPABLE,
            run=lambda request, line, data: refuse_line(line, **data, by=request.user, at=now()),
        ),
        Step(
            name="cancel",
            title=_("Cancel as the customer asks"),
            icon="undo",
            tone="primary",
            asks=True,
            explain=_("The customer is refunded in full at once. This does not count in your measures."),
            when=asks_to_cancel,
            run=lambda request, line, data: grant_cancellation(line.cancel_request, by=request.user, at=now()),
        ),
        Step(
            name="keep",
            title=_("Send it all the same"),
            icon="reply",
            form=AnswerForm,
            explain=_("The customer asks to cancel this device. Say why you send it: they read it."),
            when=asks_to_cancel,
            run=lambda request, line, data: refuse_cancellation(line.cancel_request, **data, by=request.user, at=now()),
        ),
    )
    actions = ("accept_many",)

    def name_of(self, obj: Any) -> str:
        return f"{obj.order.number} · {obj.title}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        return (
            super()
            .get_queryset(request)
            .filter(consignment__ship_by__isnull=False)
            .select_related("order", "consignment__parcel", "cancel_request")
        )

    @admin.action(description=_("Accept"), permissions=["act"])
    def accept_many(self, request: HttpRequest, rows: QuerySet[OrderLine]) -> None:
        self.each(request, rows, lambda line: accept_line(line, by=request.user, at=now()))

    def panels(self, request: HttpRequest, obj: OrderLine) -> list[Panel]:
        consignment = link("plant", obj.consignment, _("All devices of this order, address and parcel"))
        asked, withdrawn = list(CancelRequest.objects.filter(line=obj)), Withdrawal.objects.filter(line=obj).first()
        returned = link("plant", withdrawn, withdrawn.get_status_display()) if withdrawn else ""
        sent = obj.consignment.parcel.get_status_display() if obj.consignment.parcel else ""
        return [
            *dispute_panel(obj.order_id),
            *requests_panel("plant", asked),
            *parts_panel(obj, plants=True),
            earned_panel(obj, linked=self.admin_site._registry[Settlement].has_view_permission(request)),
            facts(_("Sending"), [(_("Consignment"), consignment), (_("Parcel"), sent), (_("Return"), returned)]),
            history(obj, *asked),
        ]


@admin.register(Withdrawal, site=plant_site)
class ReturnAdmin(PlantModelAdmin):
    """Devices that come back because a buyer withdrew."""

    plant_path = "line__plant"
    roles = AFTER_SALES | WORKSHOP
    list_display = ("device", "order_number", "shown_status", "confirmed_at", "parcel_shown")
    list_display_links = ("device",)
    fields = ("order_number", "device", "shown_status", "confirmed_at", "refund_by", "returned_at", "refunded_at")
    search_fields = ("=line__order__number", "line__title", "line__identifier")
    piles = (
        Pile("coming", _("Coming back"), Q(status=Withdrawal.Status.CONFIRMED)),
        Pile("back", _("Back"), Q(status__in=[Withdrawal.Status.RETURNED, Withdrawal.Status.REFUNDED])),
    )
    device = text_column("line.title", _("device"))
    order_number = text_column("line.order.number", _("order"))
    shown_status = state_column()
    parcel_shown = text_column("parcel", _("parcel"))
    steps = (
        Step(
            name="receive",
            title=_("The device is back"),
            icon="inventory_2",
            tone="primary",
            asks=True,
            explain=_("The customer's refund starts now, and the device goes to the workshop."),
            when=lambda withdrawal: withdrawal.status == Withdrawal.Status.CONFIRMED,
            run=lambda request, withdrawal, data: receive_return(withdrawal, by=request.user, at=now()),
        ),
    )

    def name_of(self, obj: Any) -> str:
        return str(obj.line.title)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Withdrawal]:
        return super().get_queryset(request).select_related("line__order", "line__unit", "line__plant", "parcel")
