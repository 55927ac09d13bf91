"""What plants fill in about devices that people sell."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.forms.widgets import Script
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2Widget

from backmarket.admin.forms import StepForm
from backmarket.forms import MoneyField, PhotosField
from buyback.guides import Suspension
from buyback.models import CounterOffer
from catalog.models import Condition, Variant
from refurbishers.selectors import Promise, promises


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
    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["css/bench.css"]}
        js: ClassVar[list[Any]] = [Script("js/counter.js", defer=True)]

    price = MoneyField(label=_("Lower price"))
    reasons = forms.MultipleChoiceField(
        label=_("Which answers were not so?"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Each becomes a reason that the seller reads."),
    )  # fmt: skip
    comment = forms.CharField(
        label=_("Explain the difference"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
    kept = forms.TypedMultipleChoiceField(
        label=_("Photos of the inspection that show it"), required=False, coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    photos = PhotosField(
        label=_("New photos of what differs"), required=False,
        help_text=_("One to eight pictures, with those chosen from the inspection."),
    )  # fmt: skip

    def prepare(self) -> None:
        self._offer_reasons()
        self._offer_photos()
        self.fields["photos"].widget.attrs["capture"] = "environment"

    def _offer_reasons(self) -> None:
        """Every answer of the seller; those that the verdict disputes first, and chosen."""
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

    def _offer_photos(self) -> None:
        taken = self.subject.photos.filter(proof=False).order_by("created_at", "pk")
        if not taken:
            del self.fields["kept"]
            return
        self.fields["kept"].choices = [
            (str(photo.pk), _thumbnail(reverse("trade-photo", args=[self.subject.pk, photo.pk]), number))
            for number, photo in enumerate(taken, 1)
        ]

    @property
    def promise(self) -> Promise | None:
        """How often this plant makes counter-offers, beside what it has promised."""
        made = promises(self.subject.plant_id)
        return next((promise for promise in made if promise.measure == "counter_offer_rate"), None)

    @property
    def cut(self) -> int | None:
        """How much less than quoted the typed price is, in hundredths of a per cent."""
        price = getattr(self, "cleaned_data", {}).get("price")
        return (self.subject.quoted_minor - price.minor) * 10_000 // self.subject.quoted_minor if price else None

    def clean_reasons(self) -> list[dict[str, str]]:
        pairs = [value.partition(":") for value in self.cleaned_data["reasons"]]
        return [{"reason": reason, "question": question} for reason, _colon, question in pairs]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("photos") and not data.get("kept") and "photos" not in self.errors:
            self.add_error("photos", _("Add one to eight photos of what differs."))
        return data


def _thumbnail(url: str, number: int) -> str:
    alt = gettext("Photo %d") % number
    return format_html('<img class="thumb" src="{}" alt="{}" width="96" height="96" loading="lazy">', url, alt)


def _found(trade: Any) -> dict[str, str]:
    """The seller's answers that the verdict disputes: question code → reason."""
    inspection = getattr(trade, "inspection", None)
    defects = inspection.verdict.get("defects", []) if inspection else []
    return {defect["question"]: defect["reason"] for defect in defects}


class SuspendForm(StepForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=Suspension.choices, widget=forms.RadioSelect)


class MessageForm(StepForm):
    text = forms.CharField(label=_("Message"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
    photos = PhotosField(
        label=_("Photos"), required=False,
        help_text=_("Up to six, JPEG, PNG or WebP of at most 10 MB each. Where they were taken is removed."),
    )  # fmt: skip
