"""Papers on the two sites: read, downloaded as they were archived, exported; nobody writes them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import (
    AFTER_SALES,
    LEADERS,
    DoorAdmin,
    PlantModelAdmin,
    StaffModelAdmin,
    member_of,
    own_plant,
)
from backmarket.admin.columns import NOTHING, moment, money_column, text_column
from backmarket.admin.panels import Panel, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.invoices.models import Invoice, Kind
from backmarket.invoices.papers import rate_shown
from backmarket.invoices.views import pdf_response
from backmarket.money import Money
from backmarket.sites import plant_site, staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now

PDF = Step(
    name="pdf",
    title=_("As PDF"),
    icon="print",
    permission="view",
    run=lambda request, invoice, data: pdf_response(invoice, at=now()),
)


def papers_panel(site: str, papers: Iterable[Invoice], title: Any) -> Panel:
    """Papers, each a link to its page on this site."""
    name = f"{site}:invoices_invoice_change"
    rows = [
        (
            format_html('<a href="{}">{}</a>', reverse(name, args=[paper.pk]), paper.code),
            capfirst(paper.get_kind_display()),
            moment(paper.issued_at),
            money(paper.total),
        )
        for paper in papers
    ]
    headers = (_("Number"), _("Kind"), _("Issued"), _("Total"))
    return table(title, headers, rows, empty=_("None yet."))


class InvoiceColumns:
    """No list and no export says who received a paper: that is in the paper."""

    list_display = ("code", "kind", "issuer_name", "issued_at", "net_shown", "vat_shown", "total_shown")
    list_display_links = ("code",)
    list_filter = ("kind",)
    list_select_related = ("corrects",)
    search_fields = ("code",)
    date_hierarchy = "issued_at"
    fields = ("code", "kind", "issuer_name", "issued_at", "net_shown", "vat_shown", "total_shown", "corrects_shown")
    steps = (PDF,)
    export_columns = (
        (_("Number"), "code"), (_("Kind"), "kind"), (_("Issued by"), lambda paper: paper.issuer["name"]),
        (_("VAT number"), lambda paper: paper.issuer["vat_number"]), (_("Issued"), "issued_at"),
        (_("Net"), "net"), (_("VAT"), "vat"), (_("Total"), "total"), (_("Currency"), "currency"),
        (_("Corrects"), lambda paper: paper.corrects_codes),
    )  # fmt: skip
    net_shown = money_column("net", _("without VAT shown"))
    vat_shown = money_column("vat", _("VAT shown"), ordering="vat_minor")
    total_shown = money_column("total", _("total"), ordering="total_minor")
    corrects_shown = text_column("corrects_codes", _("corrects"))

    @admin.display(description=_("issued by"))
    def issuer_name(self, invoice: Invoice) -> str:
        return str(invoice.issuer["name"])

    def panels(self, request: HttpRequest, obj: Invoice) -> list[Panel]:
        rows = [(line["what"], line["number"] or NOTHING, rate_shown(line), _gross(obj, line)) for line in obj.lines]
        headers = (_("What"), _("Number"), _("VAT rate shown"), _("Amount"))
        return [table(_("What it says"), headers, rows), history(obj)]


def _gross(invoice: Invoice, line: dict[str, Any]) -> str:
    return money(Money(line["gross_minor"], invoice.currency))


@admin.register(Invoice, site=staff_site)
class InvoiceAdmin(InvoiceColumns, StaffModelAdmin):
    piles = (
        Pile("sales", _("To buyers"), Q(kind__in=[Kind.INVOICE, Kind.CREDIT_NOTE])),
        Pile("commission", _("To plants"), Q(kind__in=[Kind.COMMISSION, Kind.COMMISSION_CREDIT])),
    )


@admin.register(Invoice, site=plant_site)
class PlantInvoiceAdmin(InvoiceColumns, PlantModelAdmin):
    """What was invoiced in the plant's name, and what the house invoices it; the latter for its leaders."""

    plant_path = "party"
    roles = frozenset()
    readers = AFTER_SALES
    piles = (
        Pile("sales", _("To your buyers"), Q(kind__in=[Kind.INVOICE, Kind.CREDIT_NOTE])),
        Pile("commission", _("Commission, to you"), Q(kind__in=[Kind.COMMISSION, Kind.COMMISSION_CREDIT])),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        """By the plant's key: a paper outlives what it is about, and points to no plant's row."""
        own = DoorAdmin.get_queryset(self, request).filter(party=own_plant(request).pk)
        return own if member_of(request).role in LEADERS else own.filter(kind__in=Invoice.BUYERS)
