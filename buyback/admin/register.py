"""A plant's register of bought goods: read by its leaders, printed by period, opened by its owner for an authority."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from backmarket.admin.base import LEADERS, PlantModelAdmin, Role, member_of, own_plant
from backmarket.admin.exports import csv_response
from backmarket.admin.forms import StepForm
from backmarket.admin.panels import Panel
from backmarket.admin.steps import Step
from backmarket.market import calendar
from backmarket.money import Money
from backmarket.sites import plant_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from buyback.models import RegisterEntry
from buyback.register_papers import Period, register_pdf
from buyback.selectors import checked_register, verify_register
from buyback.services.register import Opening, SellerShown, open_register

COLUMNS: tuple[tuple[Any, Any], ...] = (
    (_("Number"), lambda entry: entry.number),
    (_("Entered"), lambda entry: calendar().local(entry.entered_at).isoformat()),
    (_("Device"), lambda entry: entry.device),
    (_("IMEI or serial"), lambda entry: entry.identifier),
    (_("Price"), lambda entry: Money(entry.price_minor, entry.currency)),
    (_("Currency"), lambda entry: entry.currency),
    (_("Paid by"), lambda entry: entry.payment_means),
    (_("Trade"), lambda entry: str(entry.trade)),
    (_("Hash of the entry before"), lambda entry: entry.previous_hash),
    (_("Hash"), lambda entry: entry.hash),
)
SELLER_COLUMNS: tuple[tuple[Any, Any], ...] = (
    (_("Name"), lambda seller: seller.name),
    (_("Address"), lambda seller: ", ".join(seller.address)),
    (_("Identity document"), lambda seller: seller.document),
    (_("Its number"), lambda seller: seller.number),
)


class PeriodForm(StepForm):
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: from the first entry on."),
    )  # fmt: skip
    until = forms.DateField(
        label=_("To, this day included"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: to the last entry."),
    )  # fmt: skip
    paper = forms.ChoiceField(
        label=_("As"), choices=[("pdf", _("PDF, A4")), ("csv", _("CSV"))], initial="pdf", widget=forms.RadioSelect
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            self.add_error("until", _("This is before the first day."))
        return data


class OpeningForm(PeriodForm):
    reason = forms.ChoiceField(label=_("Who asks for it"), choices=Opening.choices, widget=forms.RadioSelect)
    reference = forms.CharField(
        label=_("Number of their request"), max_length=40,
        validators=[RegexValidator(r"^[0-9A-Za-z][0-9A-Za-z./_-]*$", _("Only letters, digits and . / _ -"))],
        help_text=_("It is kept with your name and the time, for whoever asks later who has read the register."),
    )  # fmt: skip
    sure = forms.BooleanField(
        label=_("An authority with the right to see it has asked, and only it will get this file.")
    )


EXPORT = Step(
    name="export",
    title=_("Export a period"),
    form=PeriodForm,
    explain=_("Every entry with its link in the chain, and whether the chain holds. Who sold stays sealed."),
    run=lambda request, _none, data: papers(request, data),
)
OPEN = Step(
    name="open",
    title=_("Open for an authority"),
    form=OpeningForm,
    tone="danger",
    explain=_(
        "The sellers' names, addresses and documents, as the law asks of the register. Each opening is recorded."
    ),
    run=lambda request, _none, data: opened_papers(request, data),
)


def _entries(request: HttpRequest, period: Period) -> QuerySet[RegisterEntry]:
    rows = RegisterEntry.objects.filter(plant=own_plant(request)).select_related("trade").order_by("number")
    if period.since:
        rows = rows.filter(entered_at__gte=calendar().instant(period.since, time.min))
    if period.until:
        rows = rows.filter(entered_at__lt=calendar().end_of_day(period.until))
    return rows


def papers(request: HttpRequest, data: dict[str, Any]) -> HttpResponseBase:
    period = Period(data["since"], data["until"])
    return _paper(request, data, period, _entries(request, period).defer("seller"), None, now())


def opened_papers(request: HttpRequest, data: dict[str, Any]) -> HttpResponseBase:
    period, at = Period(data["since"], data["until"]), now()
    entries = list(_entries(request, period))
    facts = {"reason": data["reason"], "reference": data["reference"]}
    sellers = open_register(own_plant(request), entries, **facts, by=request.user, at=at)
    return _paper(request, data, period, entries, sellers, at)


def _paper(
    request: HttpRequest,
    data: dict[str, Any],
    period: Period,
    entries: Iterable[RegisterEntry],
    sellers: dict[int, SellerShown] | None,
    at: datetime,
) -> HttpResponseBase:
    if data["paper"] == "csv":
        return _csv(entries, sellers)
    plant = own_plant(request)
    pdf = register_pdf(plant, entries, period=period, check=verify_register(plant), at=at, sellers=sellers)
    headers = {"Content-Disposition": 'attachment; filename="register.pdf"'}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _csv(entries: Iterable[RegisterEntry], sellers: dict[int, SellerShown] | None) -> HttpResponseBase:
    more = SELLER_COLUMNS if sellers is not None else ()
    titles = [title for title, _read in (*COLUMNS, *more)]
    lines = (_cells(entry, more, sellers or {}) for entry in entries)
    return csv_response("register", titles, lines)


def _cells(entry: RegisterEntry, more: Sequence[tuple[Any, Any]], sellers: dict[int, SellerShown]) -> list[Any]:
    return [read(entry) for _title, read in COLUMNS] + [read(sellers[entry.pk]) for _title, read in more]


@admin.register(RegisterEntry, site=plant_site)
class OwnRegisterAdmin(PlantModelAdmin):
    """Lists keep who sold sealed; the owner alone opens it, for an authority, and that is recorded."""

    roles = LEADERS
    list_display = ("number", "entered_at", "device", "identifier", "price_shown", "payment_means")
    list_select_related = ("trade",)
    list_before_template = "admin/register_check.html"
    search_fields = ("=number", "identifier", "device")
    date_hierarchy = "entered_at"
    fields = (
        "number",
        "entered_at",
        "device",
        "identifier",
        "price_shown",
        "payment_means",
        "trade",
        "previous_hash",
        "hash",
    )
    ordering = ("-number",)
    actions_list = ("export_period", "open_for_authority")

    def has_open_permission(self, request: HttpRequest) -> bool:
        return member_of(request).role == Role.OWNER

    @action(description=EXPORT.title, url_path="export-period", permissions=["view"], icon="download")  # type: ignore[untyped-decorator]
    def export_period(self, request: HttpRequest) -> HttpResponseBase:
        return self.take(request, EXPORT, None)

    @action(description=OPEN.title, url_path="open", permissions=["open"], icon="lock_open")  # type: ignore[untyped-decorator]
    def open_for_authority(self, request: HttpRequest) -> HttpResponseBase:
        return self.take(request, OPEN, None)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = extra_context or {}
        if self.has_view_permission(request):
            context["register"] = checked_register(own_plant(request), now())
        return super().changelist_view(request, context)

    def name_of(self, obj: Any) -> str:
        return f"{obj.number} · {obj.device}"

    @admin.display(description=_("price"), ordering="price_minor")
    def price_shown(self, entry: RegisterEntry) -> str:
        return money(Money(entry.price_minor, entry.currency))

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegisterEntry]:
        return super().get_queryset(request).select_related("trade").defer("seller")

    def panels(self, request: HttpRequest, obj: RegisterEntry) -> list[Panel]:
        return []
