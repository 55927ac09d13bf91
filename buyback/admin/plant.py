"""A plant's trades. Of a seller it learns no more than a parcel needs."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import WORKSHOP, PlantModelAdmin
from backmarket.admin.panels import Panel, facts, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.shipping.labels import label_pdf
from backmarket.sites import plant_site
from backmarket.timetravel import now
from buyback.admin.arrivals import ArrivalsMixin
from buyback.admin.forms import CounterOfferForm, MessageForm, SuspendForm
from buyback.admin.parts import (
    SEND_AGAIN,
    TradeColumns,
    answers_panel,
    offer_panel,
    photos_panel,
    registry_panel,
    reports_panel,
    talk_panel,
    verdict_panel,
)
from buyback.admin.sheets import SheetForm, fill_in
from buyback.models import Trade
from buyback.services.inspections import (
    make_counter_offer,
    receive_trade,
    resume_trade,
    suspend_trade,
    validate_trade,
)
from buyback.services.messages import write_message

T = Trade.Status


def _receive(request: HttpRequest, trade: Trade, data: dict[str, Any]) -> None:
    receive_trade(trade, by=request.user, at=now())


def _say(request: HttpRequest, trade: Trade, data: dict[str, Any]) -> None:
    write_message(trade, author=request.user, from_plant=True, **data, at=now())


def _label(request: HttpRequest, trade: Trade, data: dict[str, Any]) -> HttpResponse:
    disposition = {"Content-Disposition": f'inline; filename="label-{trade}.pdf"'}
    return HttpResponse(label_pdf(trade.return_parcel), content_type="application/pdf", headers=disposition)


def _graded(trade: Trade) -> bool:
    inspection = getattr(trade, "inspection", None)
    return trade.status == T.INSPECTED and bool(inspection and inspection.graded_at)


def _in(*statuses: str) -> Any:
    return lambda trade: trade.status in statuses


@admin.register(Trade, site=plant_site)
class OwnTradeAdmin(ArrivalsMixin, TradeColumns, PlantModelAdmin):
    roles = WORKSHOP
    deadline = "due_at"
    list_display = ("__str__", "device", "condition", "quoted_shown", "shown_status", "deadline_shown")
    list_filter = ("status", "condition")
    search_fields = ("=number", "identifier", "variant__sku", "variant__product__name")
    fields = (
        "number", "device", "identifier", "condition", "quoted_shown", "price_shown", "shown_status",
        "suspension_shown", "deadline_shown", "unit", "accepted_at", "received_at", "validated_at", "paid_at",
    )  # fmt: skip
    ordering = ("due_at", "-number")
    piles = (
        Pile("arriving", _("Arriving"), Q(status__in=[T.ACCEPTED, T.COLLECTED])),
        Pile("to_inspect", _("To inspect"), Q(status=T.RECEIVED)),
        Pile("to_decide", _("To decide"), Q(status=T.INSPECTED)),
        Pile("waiting", _("Waiting for the seller"), Q(status__in=[T.COUNTERED, T.SUSPENDED, T.UNDELIVERED])),
        Pile("returning", _("To send back"), Q(status=T.RETURNING)),
        Pile("undelivered", _("Came back from the seller"), Q(status=T.UNDELIVERED)),
        Pile("bought", _("Bought"), Q(status__in=[T.VALIDATED, T.PAID])),
    )
    steps = (
        Step(name="receive", title=_("Receive the device"), icon="inventory_2", tone="primary",
             when=_in(T.ACCEPTED, T.COLLECTED), run=_receive, asks=True,
             explain=_("Two business days to inspect start now; after that the quoted price is paid automatically.")),
        Step(name="inspect", title=_("Fill in the inspection sheet"), icon="fact_check", tone="primary",
             when=_in(T.RECEIVED), form=SheetForm, template="admin/sheet.html", run=fill_in,
             done=_("The sheet is kept and is being graded.")),
        Step(name="validate", title=_("Pay as quoted"), icon="check_circle", tone="primary", when=_graded, asks=True,
             explain=_("The device is bought at the quoted price, enters your register and your workshop."),
             done=_("Bought at the quoted price: the device is in your register and your workshop."),
             run=lambda request, trade, data: validate_trade(trade, by=request.user, at=now())),
        Step(name="counter", title=_("Make a counter-offer"), icon="price_change", form=CounterOfferForm,
             template="admin/counter.html",
             when=lambda trade: _graded(trade) and not hasattr(trade, "counter_offer"),
             explain=_("Once, lower, with proof. The seller has seven days; silence sends the device back, free."),
             done=_("The seller is told of your offer, and has seven days to answer."),
             run=lambda request, trade, data: make_counter_offer(trade, **data, by=request.user, at=now())),
        Step(name="suspend", title=_("Suspend"), icon="pause_circle", tone="danger", form=SuspendForm,
             when=_in(T.COLLECTED, T.RECEIVED, T.INSPECTED),
             explain=_("The seller is told how to mend it and has 14 days."),
             done=_("Suspended: the seller is told how to mend it."),
             run=lambda request, trade, data: suspend_trade(trade, **data, by=request.user, at=now())),
        Step(name="resume", title=_("Mended: go on"), icon="play_circle", tone="primary", when=_in(T.SUSPENDED),
             run=lambda request, trade, data: resume_trade(trade, by=request.user, at=now())),
        SEND_AGAIN,
        Step(name="message", title=_("Write to the seller"), icon="chat", when=_in(*Trade.OPEN), form=MessageForm,
             run=_say, done=_("Your message has been sent to the seller.")),
        Step(name="label", title=_("Label back (PDF)"), icon="print", permission="view", run=_label,
             when=lambda trade: trade.status == T.RETURNING and bool(trade.return_parcel.tracking_number)),
    )  # fmt: skip

    def name_of(self, obj: Any) -> str:
        return f"{obj} · {obj.variant}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trade]:
        related = (
            "variant__product__category",
            "quote__question_set",
            "return_parcel",
            "unit__variant__product",
            "plant",
        )
        own = super().get_queryset(request).select_related(*related, "inspection", "counter_offer", "address")
        return own.defer("holder", "iban")

    def panels(self, request: HttpRequest, obj: Trade) -> list[Panel]:
        address = facts(_("Send to"), [(_("Address"), "\n".join(obj.address.lines))])
        return [
            *([address] if obj.status in (T.RETURNING, T.UNDELIVERED) else []),
            verdict_panel(obj),
            *offer_panel(obj),
            *photos_panel(obj),
            *reports_panel(obj),
            registry_panel(obj.quote),
            answers_panel(obj),
            talk_panel(obj, plants_side=True),
            history(obj),
        ]
