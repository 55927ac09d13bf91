"""What plants fill in about devices that people sell."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2Widget

from backmarket.admin.forms import MoneyField, PhotosField, StepForm
from backmarket.errors import DomainError
from buyback.guides import Suspension
from buyback.models import CounterOffer
from catalog.grading import grade_sheet
from catalog.models import Condition, GradingSpecification, Variant

MAX_MEASURED = 100_000


class BidForm(StepForm):
    variant = forms.ModelChoiceField(
        Variant.objects.none(), label=_("Device"), widget=UnfoldAdminSelect2Widget,
        help_text=_("The devices of the categories that your plant is an expert in."),
    )  # fmt: skip
    condition = forms.ChoiceField(label=_("Condition"), choices=Condition.choices)
    price = MoneyField(label=_("You pay"))

    def prepare(self) -> None:
        expertise = self.request.user.membership.plant.categories.all()
        devices = Variant.objects.filter(product__category__in=expertise).select_related("product")
        self.fields["variant"].queryset = devices


class SheetForm(StepForm):
    """One field per check of the category's grading specification, named by its code."""

    CHAPTERS = {
        "identity": _("Identity"), "security": _("Security and data"), "functions": _("Functions"),
        "screen": _("Screen"), "body": _("Body"), "battery": _("Battery"), "accessories": _("Accessories"),
    }  # fmt: skip

    def prepare(self) -> None:
        category = self.subject.variant.product.category_id
        newest = GradingSpecification.objects.filter(category=category).order_by("-version").first()
        self.checks: list[dict[str, Any]] = newest.checks if newest else []
        for check in self.checks:
            self.fields[check["code"]] = check_field(check)
        self.fields["note"] = forms.CharField(
            label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
        )

    @property
    def chapters(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields under their chapters, in the order of the specification."""
        found: dict[str, list[forms.BoundField]] = {}
        for check in self.checks:
            found.setdefault(check["chapter"], []).append(self[check["code"]])
        return [(self.CHAPTERS.get(chapter, chapter), fields) for chapter, fields in found.items()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        sheet = {check["code"]: data.get(check["code"]) for check in self.checks}
        if not self.errors:
            quote = self.subject.quote
            try:
                grade_sheet(self.checks, sheet, quote.question_set.questions, quote.answers)
            except DomainError as refusal:
                self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
        data["sheet"] = sheet
        return data


def check_field(check: dict[str, Any]) -> forms.Field:
    """A number of the check's unit, or one of its options, best first."""
    words = {"label": gettext(check["text"]), "help_text": gettext(check["how"])}
    if check["kind"] == "number":
        words["label"] = f"{words['label']} ({check['unit']})" if check.get("unit") else words["label"]
        return forms.IntegerField(min_value=0, max_value=MAX_MEASURED, **words)
    choices = [(option["value"], gettext(option["text"])) for option in check["options"]]
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **words)


class CounterOfferForm(StepForm):
    price = MoneyField(label=_("Lower price"))
    reasons = forms.MultipleChoiceField(
        label=_("Which answers were not so?"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Each becomes a reason that the seller reads."),
    )  # fmt: skip
    comment = forms.CharField(
        label=_("Explain the difference"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
    photos = PhotosField(label=_("Photos of what differs"), help_text=_("One to eight pictures."))

    def prepare(self) -> None:
        quote, found = self.subject.quote, _found(self.subject)
        reasons = CounterOffer.Reason
        choices = []
        for question in quote.question_set.questions:
            code = question["code"]
            if code in quote.answers:
                reason = found.get(code, reasons.OTHER.value)
                label = f"{gettext(question['text'])} — {reasons(reason).label}"
                choices.append((f"{reason}:{code}", label))
        choices.sort(key=lambda choice: choice[0].endswith(tuple(f":{code}" for code in found)), reverse=True)
        self.fields["reasons"].choices = choices
        self.fields["reasons"].initial = [value for value, _label in choices if value.partition(":")[2] in found]

    def clean_reasons(self) -> list[dict[str, str]]:
        pairs = [value.partition(":") for value in self.cleaned_data["reasons"]]
        return [{"reason": reason, "question": question} for reason, _colon, question in pairs]


def _found(trade: Any) -> dict[str, str]:
    """The seller's answers that the verdict disputes: question code → reason."""
    inspection = getattr(trade, "inspection", None)
    defects = inspection.verdict.get("defects", []) if inspection else []
    return {defect["question"]: defect["reason"] for defect in defects}


class SuspendForm(StepForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=Suspension.choices, widget=forms.RadioSelect)


class MessageForm(StepForm):
    text = forms.CharField(label=_("Message"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
