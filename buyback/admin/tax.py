"""Tax numbers at the desk: masked; the yearly report for the tax authority is a file, and each reading is recorded."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.exports import csv_response
from backmarket.admin.forms import StepForm
from backmarket.admin.panels import Panel, facts, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from buyback import dac7
from buyback.models import TaxFile
from buyback.services.tax import ReportedSeller, report_year

FIRST_YEAR = 2023  # the directive's first
PERSON = (
    _("Name"), _("Born"), _("Address"), _("Tax country"), _("Tax number"), _("Account holder"), _("IBAN"),
    _("Sales"), _("Total"), _("Fees"), _("Currency"),
)  # fmt: skip


class YearForm(StepForm):
    year = forms.IntegerField(label=_("Year"), min_value=FIRST_YEAR)

    def prepare(self) -> None:
        this_year = dac7.year_of(now())
        self.fields["year"].initial = this_year
        self.fields["year"].max_value = this_year  # type: ignore[attr-defined]

    def clean_year(self) -> int:
        year: int = self.cleaned_data["year"]
        if year > dac7.year_of(now()):
            raise forms.ValidationError(_("That year has not begun."))
        return year


def _titles() -> list[Any]:
    quarters = ((f"Q{q} sales", f"Q{q} total", f"Q{q} fees") for q in range(1, 5))
    return [*PERSON, *(title for quarter in quarters for title in quarter)]


def _cells(seller: ReportedSeller) -> list[Any]:
    cells = [
        seller.name, seller.birth_date, seller.address, seller.tax_country, seller.tax_number, seller.holder,
        seller.iban, seller.year.sales, seller.year.total, seller.year.fees, seller.year.total.currency,
    ]  # fmt: skip
    for quarter in range(1, 5):
        sold = seller.quarters.get(quarter)
        cells += [sold.sales, sold.total, sold.fees] if sold else [0, 0, 0]
    return cells


def _report(request: HttpRequest, data: dict[str, Any]) -> HttpResponseBase:
    sellers = report_year(data["year"], by=request.user, at=now())  # type: ignore[arg-type]
    response = csv_response(f"dac7-{data['year']}", _titles(), map(_cells, sellers))
    response["Cache-Control"] = "no-store"
    return response


REPORT = Step(
    name="report",
    title=_("Report of a year"),
    form=YearForm,
    tone="danger",
    permission="report",
    explain=_(
        "Everybody who sold 30 devices or more, or for more than 2,000 EUR, with tax number, birth date and account,"
        " quarter by quarter. That you read each of them is recorded."
    ),
    run=lambda request, _none, data: _report(request, data),
)


@admin.register(TaxFile, site=staff_site)
class TaxFileAdmin(StaffModelAdmin):
    list_display = ("user", "country", "__str__", "asked_at", "reminders", "given_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "country", "masked", "asked_at", "reminders", "reminded_at", "given_at")
    piles = (Pile("open", _("Asked, not given"), Q(given_at=None)), Pile("given", _("Given"), ~Q(given_at=None)))
    actions_list = ("report_year",)

    def has_report_permission(self, request: HttpRequest) -> bool:
        return self._has(request, "change")

    @action(description=REPORT.title, url_path="report", permissions=["report"], icon="download")  # type: ignore[untyped-decorator]
    def report_year(self, request: HttpRequest) -> HttpResponseBase:
        return self.take(request, REPORT, None)

    @admin.display(description=_("tax number"))
    def masked(self, file: TaxFile) -> str:
        return str(file)

    def name_of(self, obj: Any) -> str:
        return str(obj.user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxFile]:
        return super().get_queryset(request).defer("number")

    def panels(self, request: HttpRequest, obj: TaxFile) -> list[Panel]:
        year = dac7.year_of(now())
        sold = dac7.sold_in(obj.user, year)
        pairs = [(_("Year"), str(year)), (_("Sales"), str(sold.sales)), (_("Total"), money(sold.total))]
        return [facts(_("Paid this year"), pairs), history(obj, names=True)]
