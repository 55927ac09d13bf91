"""The inspection sheet: a form made of the category's checks, kept half-filled, filled in from a report, handed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import deadline
from backmarket.admin.forms import StepForm
from backmarket.errors import DomainError
from backmarket.forms import PhotosField
from backmarket.timetravel import now
from buyback.admin.parts import answer_words
from buyback.diagnostics import MAX_BYTES
from buyback.models import SheetDraft, Trade
from buyback.services.inspections import submit_inspection
from buyback.services.sheets import import_report, keep_draft
from catalog.grading import grade_sheet
from catalog.models import GradingSpecification

MAX_MEASURED = 100_000
# The buttons by which a sheet is not handed in: then nothing has to be filled in.
KEEP, IMPORT = "keep", "import"
CHAPTERS = {
    "identity": _("Identity"), "security": _("Security and data"), "functions": _("Functions"),
    "screen": _("Screen"), "body": _("Body"), "battery": _("Battery"), "accessories": _("Accessories"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A check on the sheet, with the seller's answer that it is compared with and what the last report measured."""

    field: forms.BoundField
    said: str
    measured: Any

    @property
    def measured_words(self) -> Any:
        return dict(getattr(self.field.field, "choices", ())).get(self.measured, self.measured)

    @property
    def differs(self) -> bool:
        """Does the sheet say something else than the report?"""
        return self.measured not in (None, "") and str(self.field.value() or "") not in ("", str(self.measured))


@dataclass(frozen=True)
class Chapter:
    code: str
    title: Any
    lines: list[Line]

    @property
    def filled(self) -> int:
        return sum(line.field.value() not in (None, "") for line in self.lines)


class SheetForm(StepForm):
    """One field per check of the category's grading specification, named by its code."""

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["css/bench.css"]}
        js: ClassVar[list[Any]] = [Script("js/sheet.js", defer=True)]

    photos = PhotosField(
        label=_("Photos"),
        required=False,
        help_text=_("From the camera or the disk: they are evidence of the inspection."),
    )
    report = forms.FileField(
        label=_("Diagnostics report"), required=False,
        help_text=_("JSON or CSV, at most 256 KB. It only fills the sheet in: you confirm it."),
    )  # fmt: skip

    def prepare(self) -> None:
        self.checks = _newest_checks(self.subject)
        self.fields["photos"].widget.attrs["capture"] = "environment"
        self.fields["report"].widget.attrs["accept"] = ".json,.csv,application/json,text/csv"
        self.unfinished = bool(self.data and {KEEP, IMPORT} & self.data.keys())
        self.draft = SheetDraft.objects.select_related("saved_by").filter(trade=self.subject).first()
        self.last_report = self.subject.reports.order_by("-uploaded_at", "-pk").first()
        self.initial |= {**self.draft.sheet, "note": self.draft.note} if self.draft else {}
        for check in self.checks:
            self.fields[check["code"]] = check_field(check, required=not self.unfinished)
        self.fields["note"] = forms.CharField(
            label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
        )

    @property
    def version(self) -> int:
        """The draft's version now: whoever saves a page that shows it knows what a colleague has kept."""
        return self.draft.version if self.draft else 0

    @property
    def deadline(self) -> Any:
        return deadline(self.subject.due_at, late=self.subject.late)

    @cached_property
    def chapters(self) -> list[Chapter]:
        """The checks under their chapters, in the order of the specification."""
        said = answer_words(self.subject.quote)
        measured = self.last_report.values if self.last_report else {}
        found: dict[str, list[Line]] = {}
        for check in self.checks:
            line = Line(self[check["code"]], said.get(check.get("answer") or "", ""), measured.get(check["code"]))
            found.setdefault(check["chapter"], []).append(line)
        return [Chapter(code, CHAPTERS.get(code, code), lines) for code, lines in found.items()]

    @property
    def filled(self) -> int:
        return sum(chapter.filled for chapter in self.chapters)

    @property
    def taken(self) -> list[Any]:
        """The photos that the sheet has already."""
        return list(self.subject.photos.order_by("created_at", "pk"))

    def clean_report(self) -> Any:
        report = self.cleaned_data["report"]
        if IMPORT in self.data and not report:
            raise forms.ValidationError(_("Choose the report's file first."))
        if report and report.size > MAX_BYTES:
            raise forms.ValidationError(_("A report has at most 256 KB."))
        return report

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        sheet = {check["code"]: data.get(check["code"]) for check in self.checks}
        if not self.errors and not self.unfinished:
            quote = self.subject.quote
            try:
                grade_sheet(self.checks, sheet, quote.question_set.questions, quote.answers)
            except DomainError as refusal:
                self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
        data["sheet"] = {code: value for code, value in sheet.items() if value not in (None, "")}
        return data


def _newest_checks(trade: Trade) -> list[dict[str, Any]]:
    category = trade.variant.product.category_id
    newest = GradingSpecification.objects.filter(category=category).order_by("-version").first()
    return list(newest.checks) if newest else []


def check_field(check: Mapping[str, Any], *, required: bool = True) -> forms.Field:
    """A number of the check's unit, or one of its options, best first."""
    words = {"label": gettext(check["text"]), "help_text": gettext(check["how"]), "required": required}
    if check["kind"] == "number":
        words["label"] = f"{words['label']} ({check['unit']})" if check.get("unit") else words["label"]
        return forms.IntegerField(
            min_value=0, max_value=MAX_MEASURED, widget=forms.NumberInput(attrs={"inputmode": "numeric"}), **words
        )
    choices = [(option["value"], gettext(option["text"])) for option in check["options"]]
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **words)


def fill_in(request: HttpRequest, trade: Trade, data: dict[str, Any]) -> HttpResponse | None:
    """What the pressed button asks for: keep the draft, read a report in, or hand the sheet in."""
    if IMPORT in request.POST:
        return _read_in(request, trade, data)
    if KEEP in request.POST:
        return _keep(request, trade, data)
    submit_inspection(trade, sheet=data["sheet"], note=data["note"], photos=data["photos"], by=request.user, at=now())
    return None


def _keep(request: HttpRequest, trade: Trade, data: dict[str, Any]) -> HttpResponse:
    """The page that saves by itself is told nothing but that it is done."""
    _keep_typed(request, trade, data, data["sheet"])
    if request.POST[KEEP] == "quietly":
        return HttpResponse(status=204)
    messages.success(request, _("Kept. You or a colleague can go on at any time."))
    # Who takes pictures takes several: back to where the next one is added, not to the top of a long sheet.
    return redirect(f"{request.path}#chapter-photos" if data["photos"] else request.path)


def _keep_typed(request: HttpRequest, trade: Trade, data: dict[str, Any], sheet: Mapping[str, Any]) -> None:
    seen = request.POST.get("seen", "")
    version = int(seen) if seen.isascii() and seen.isdigit() else 0
    keep_draft(trade, sheet=sheet, note=data["note"], seen=version, photos=data["photos"], by=request.user, at=now())


def _read_in(request: HttpRequest, trade: Trade, data: dict[str, Any]) -> HttpResponse:
    """What was typed is kept with what the report says, and wins."""
    kept = import_report(trade, data["report"].read(), by=request.user, at=now())
    draft = SheetDraft.objects.get(trade=trade)
    _keep_typed(request, trade, data, {**draft.sheet, **data["sheet"]})
    if kept.problems:
        messages.warning(request, _("The report is read in; some of its rows were not used: see below."))
    else:
        messages.success(request, _("The report is read in. Look it over and hand the sheet in."))
    return redirect(f"{request.path}#report")
