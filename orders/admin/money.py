"""Statements: what plants are paid, and of what it is made."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import LEADERS, PlantModelAdmin, StaffModelAdmin, own_plant
from backmarket.admin.columns import money_column, text_column
from backmarket.admin.exports import csv_response
from backmarket.admin.panels import Panel
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.payments.models import Payout
from backmarket.sites import plant_site, staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from orders.admin.parts import (
    statement_panel,
)
from orders.models import (
    Earning,
    Settlement,
)
from orders.selectors import statement, unsettled
from orders.services.settlement import reorder_settlement_payout


@admin.register(Settlement, site=staff_site)
class SettlementAdmin(StaffModelAdmin):
    list_display = ("plant", "settled_date", "total_shown", "payout_shown")
    list_select_related = ("plant", "payout")
    search_fields = ("plant__name",)
    date_hierarchy = "settled_date"
    fields = ("plant", "settled_date", "total_shown", "payout_shown")
    total_shown = money_column("total", _("total"), ordering="total_minor")
    payout_shown = text_column("payout.get_status_display", _("payout"))
    piles = (
        Pile("bounced", _("Returned by the bank"), Q(payout__status=Payout.Status.BOUNCED)),
        Pile("held", _("Payout held"), Q(payout__status=Payout.Status.CANCELLED)),
    )
    steps = (
        Step(
            name="reorder",
            title=_("Order the payout again"),
            icon="payments",
            tone="primary",
            asks=True,
            permission="pay",
            explain=_("Its payout was cancelled, and the money is held. It will go to the account known now."),
            when=lambda settlement: bool(settlement.payout and settlement.payout.status == Payout.Status.CANCELLED),
            run=lambda request, settlement, data: reorder_settlement_payout(settlement, by=request.user, at=now()),
        ),
    )
    export_columns = (
        (_("Plant"), "plant.name"), (_("Date"), "settled_date"), (_("Total"), "total"), (_("Currency"), "currency"),
    )  # fmt: skip

    def name_of(self, obj: Any) -> str:
        return date_format(obj.settled_date)

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


def _statement_csv(request: HttpRequest, settlement: Settlement, data: dict[str, Any]) -> HttpResponse:
    rows = ((row.at, row.title, row.detail, row.amount, row.amount.currency) for row in statement(settlement).rows)
    headers = (_("Date"), _("Kind"), _("Order"), _("Amount"), _("Currency"))
    return csv_response(f"statement-{settlement.settled_date}", headers, rows)


@admin.register(Settlement, site=plant_site)
class StatementAdmin(PlantModelAdmin):
    """What was paid on every 6th, 16th and 26th, and of what it is made."""

    roles = LEADERS
    list_display = ("settled_date", "total_shown", "payout_shown")
    list_select_related = ("payout",)
    fields = ("settled_date", "total_shown", "payout_shown")
    total_shown = money_column("total", _("total"), ordering="total_minor")
    payout_shown = text_column("payout.get_status_display", _("payout"))
    export_columns = ((_("Date"), "settled_date"), (_("Total"), "total"), (_("Currency"), "currency"))
    steps = (Step(name="csv", title=_("Statement as CSV"), icon="download", permission="view", run=_statement_csv),)

    def name_of(self, obj: Any) -> str:
        return date_format(obj.settled_date)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        open_sums = unsettled(own_plant(request), now())
        subtitle = _("Due now %(due)s, later %(later)s") % {name: money(open_sums[name]) for name in open_sums}
        return super().changelist_view(request, {**(extra_context or {}), "subtitle": subtitle})

    def panels(self, request: HttpRequest, obj: Settlement) -> list[Panel]:
        return [statement_panel(obj)]
