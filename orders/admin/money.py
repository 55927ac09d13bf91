"""Statements: what plants are paid, what they owe, and of what it is made."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from backmarket.accounts.models import User
from backmarket.admin.base import LEADERS, PlantModelAdmin, StaffModelAdmin, own_plant
from backmarket.admin.columns import NOTHING, TONE_OF, money_column
from backmarket.admin.panels import Panel, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.admin.subjects import SubjectColumn, words_about
from backmarket.invoices.admin import papers_panel
from backmarket.money import Money
from backmarket.payments.limits import noted_lately
from backmarket.payments.models import Payout
from backmarket.payments.selectors import held
from backmarket.sites import plant_site, staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from orders.admin.forms import ReceiveTransferForm
from orders.admin.parts import AMOUNTS, account_csv, account_panels, pdf, settlement_csv, statement_panels, to_pay_panel
from orders.documents import settlement_pdf, statement_pdf
from orders.models import Earning, Settlement
from orders.selectors import statement, statements, unsettled
from orders.services.settlement import LEAST, receive_plant_transfer, reorder_settlement_payout
from orders.statements import statement_of, statement_until

# What a plant has to pay itself, for its sales will not; see SettlementQuerySet.with_open_sums and still_owed.
OWED = Q(total_minor__lt=0, carried_to__settlement=None, left_over_minor__lt=0, open_minor__lt=0)


def _is_owed(settlement: Settlement) -> bool:
    carried = getattr(settlement, "carried_to", None)
    return carried is not None and carried.settlement_id is None and _owed(settlement).minor > 0


def _owed(settlement: Any) -> Money:
    return Money(max(0, min(-settlement.left_over_minor, -settlement.open_minor)), settlement.currency)


def _received_lately(person: User, settlement: Settlement, at: datetime) -> Money:
    """Of the same plant's transfers."""
    same = Settlement.objects.filter(plant=settlement.plant_id, currency=settlement.currency)
    return Money(noted_lately(person, "settlement.received", same, at), settlement.currency)


def _panels(site: str, settlement: Settlement) -> list[Panel]:
    """Of what it is made, our invoice, and the account behind it."""
    made = statement(settlement)
    papers = papers_panel(site, made.papers, _("Invoice of our commission"))
    return [*statement_panels(site, made), papers, *account_panels(site, statement_of(settlement))]


def _paper(settlement: Settlement) -> HttpResponse:
    content = settlement_pdf(statement(settlement), statement_of(settlement))
    return pdf(f"statement-{settlement.settled_date}", content)


def _sum_reader(place: int) -> Callable[[Any], Money]:
    return lambda settlement: settlement.made.sums[place]  # type: ignore[no-any-return]


# The plant's own papers, which the desk reads too.
PAPERS = (
    Step(
        name="pdf",
        title=_("Statement as PDF"),
        icon="print",
        permission="view",
        run=lambda request, settlement, data: _paper(settlement),
    ),
    Step(
        name="csv",
        title=_("Statement as CSV"),
        icon="download",
        permission="view",
        run=lambda request, settlement, data: settlement_csv(statement(settlement)),
    ),
    Step(
        name="account",
        title=_("Account as CSV"),
        icon="receipt_long",
        permission="view",
        run=lambda request, settlement, data: account_csv(
            f"account-{settlement.settled_date}", statement_of(settlement)
        ),
    ),
)


SETTLEMENT_COLUMNS = (
    (_("Settlement"), "number"), (_("Date"), "settled_date"),
    *((title, _sum_reader(place)) for place, title in enumerate(AMOUNTS)),
    (_("Currency"), "currency"), (_("State"), lambda settlement: _state(settlement)[1]),
    (_("Paid to"), "made.paid_to"), (_("Paid"), "payout.paid_at"), (_("Commission invoice"), "made.paper_codes"),
)  # fmt: skip


class SettlementColumns:
    total_shown = money_column("total", _("total"), ordering="total_minor")

    @admin.display(description=_("state"))
    def state_shown(self, settlement: Settlement) -> Any:
        """Where its money is: with the plant's bank, or with the plant."""
        state, words = _state(settlement)
        return (
            format_html('<span class="tag tag--{}">{}</span>', TONE_OF.get(state, "plain"), words) if words else NOTHING
        )

    def name_of(self, obj: Any) -> str:
        return date_format(obj.settled_date)

    def export_lines(self, rows: list[Settlement]) -> list[Settlement]:
        """The settlements, each with what it is made of."""
        made = statements(rows)
        for row in rows:
            row.made = made[row.pk]  # type: ignore[attr-defined]
        return rows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Settlement]:
        rows: QuerySet[Settlement] = super().get_queryset(request)  # type: ignore[misc]
        return rows.with_open_sums().select_related("plant", "payout", "carried_to__settlement")  # type: ignore[attr-defined,no-any-return]


def _state(settlement: Settlement) -> tuple[str, Any]:
    if settlement.payout is not None:
        return settlement.payout.status, settlement.payout.get_status_display()
    carried = getattr(settlement, "carried_to", None)
    if carried is None:
        return "", gettext("nothing to pay")
    if carried.settlement is not None:
        day = date_format(carried.settlement.settled_date, "SHORT_DATE_FORMAT")
        return "closed", gettext("set off on %(day)s") % {"day": day}
    if _is_owed(settlement):
        return "pending", gettext("to be paid")
    covered = getattr(settlement, "left_over_minor", 0) < 0
    return ("", gettext("carried over")) if covered else ("paid", gettext("paid by transfer"))


@admin.register(Settlement, site=staff_site)
class SettlementAdmin(SettlementColumns, StaffModelAdmin):
    list_display = ("plant", "settled_date", "total_shown", "state_shown")
    search_fields = ("plant__name",)
    date_hierarchy = "settled_date"
    fields = ("plant", "settled_date", "total_shown", "state_shown", "number")
    piles = (
        Pile("bounced", _("Returned by the bank"), Q(payout__status=Payout.Status.BOUNCED)),
        Pile("held", _("Payout held"), held("payout__")),
        Pile("owed", _("To be paid by the plant"), OWED),
    )
    steps = (
        Step(
            name="reorder",
            title=_("Order the payout again"),
            icon="payments",
            tone="primary",
            asks=True,
            permission="pay",
            explain=_("Its payout was cancelled or came back: the money is held. It will go to the account known now."),
            when=lambda settlement: bool(settlement.payout and settlement.payout.is_held),
            fixed=lambda settlement: settlement.payout.amount,
            run=lambda request, settlement, data: reorder_settlement_payout(settlement, by=request.user, at=now()),
        ),
        Step(
            name="receive",
            title=_("The plant's transfer has come"),
            icon="savings",
            tone="primary",
            permission="pay",
            form=ReceiveTransferForm,
            explain=_("What our bank's statement shows. The plant's next settlement counts it."),
            done=_("Recorded, in the ledger too."),
            when=_is_owed,
            amount=lambda settlement, data: data["amount"],
            lately=_received_lately,
            run=lambda request, settlement, data: receive_plant_transfer(
                settlement, **data, by=request.user, at=now()
            ),
        ),
        *PAPERS,
    )  # fmt: skip
    export_columns = ((_("Plant"), "plant.name"), *SETTLEMENT_COLUMNS)

    def panels(self, request: HttpRequest, obj: Settlement) -> list[Panel]:
        return [*_panels("desk", obj), history(obj, names=True)]


@admin.register(Earning, site=staff_site)
class EarningAdmin(SubjectColumn, StaffModelAdmin):
    list_display = ("plant", "kind", "subject_shown", "amount_shown", "due_at", "settlement")
    list_select_related = ("plant", "settlement")
    list_filter = ("kind",)
    search_fields = ("plant__name", "=line__order__number", "label")
    fields = ("plant", "kind", "subject_shown", "amount_shown", "due_at", "settlement", "created_at")
    amount_shown = money_column("amount", _("amount"), ordering="amount_minor")
    export_columns = (
        (_("Plant"), "plant.name"), (_("Kind"), "get_kind_display"),
        (_("About"), lambda earning: words_about(earning, earning.about) or earning.label),
        (_("Amount"), "amount"), (_("Currency"), "currency"), (_("Earned"), "created_at"), (_("Due"), "due_at"),
        (_("Settlement"), "settlement.number"),
    )  # fmt: skip

    def key_of(self, row: Earning) -> UUID | None:
        return row.about


@admin.register(Settlement, site=plant_site)
class StatementAdmin(SettlementColumns, PlantModelAdmin):
    """What was paid on every 6th, 16th and 26th, what is to be paid, and the account behind it line by line."""

    roles = LEADERS
    list_display = ("settled_date", "total_shown", "state_shown")
    fields = ("settled_date", "total_shown", "state_shown")
    export_columns = SETTLEMENT_COLUMNS
    piles = (Pile("owed", _("To be paid"), OWED),)
    steps = PAPERS

    @property
    def actions_list(self) -> tuple[str, ...]:
        return ("account", *super().actions_list)

    @action(description=_("Account today"), url_path="account", permissions=["view"], icon="receipt_long")  # type: ignore[untyped-decorator]
    def account(self, request: HttpRequest) -> HttpResponseBase:
        """What has moved since the latest statement; `?as=` csv or pdf is the same on paper."""
        plant, at = own_plant(request), now()
        account = statement_until(plant, at, settings.DEFAULT_CURRENCY)
        if request.GET.get("as") == "csv":
            return account_csv("account", account)
        if request.GET.get("as") == "pdf":
            return pdf("account", statement_pdf(account, gettext("Account")))
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Account today"),
            "opts": self.opts,
            "back_url": self.list_url(),
            "panels": account_panels("plant", account),
        }
        return TemplateResponse(request, "admin/account.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        open_sums = unsettled(own_plant(request), now())
        subtitle = _("Due now %(due)s, later %(later)s. Less than %(least)s waits for the next date.") % {
            **{name: money(open_sums[name]) for name in open_sums}, "least": money(LEAST)
        }  # fmt: skip
        return super().changelist_view(request, {**(extra_context or {}), "subtitle": subtitle})

    def panels(self, request: HttpRequest, obj: Settlement) -> list[Panel]:
        owed = [to_pay_panel(obj, _owed(obj))] if _is_owed(obj) else []
        return [*owed, *_panels("plant", obj)]
