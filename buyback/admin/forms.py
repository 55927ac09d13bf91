"""What plants fill in about devices that people sell."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2Widget

from backmarket.admin.forms import MoneyField, PhotosField, StepForm
from buyback.guides import Suspension
from buyback.models import CounterOffer
from catalog.models import Condition, Variant


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
