"""What plants and the desk fill in about listings and units."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2Widget

from backmarket.accounts.models import User
from backmarket.admin.forms import StepForm, dress
from backmarket.forms import MoneyField
from catalog.models import (
    Grade,
    Listing,
    Unit,
    Variant,
    VatScheme,
)
from catalog.words import BLOCK_REASONS

VARIANTS = Variant.objects.select_related("product")


class ListingForm(StepForm):
    variant = forms.ModelChoiceField(VARIANTS, label=_("Device"), widget=UnfoldAdminSelect2Widget)
    grade = forms.ChoiceField(label=_("Grade"), choices=Grade.choices, widget=forms.RadioSelect)
    price = MoneyField(label=_("Price"))
    on_hand = forms.IntegerField(label=_("In stock"), min_value=0, max_value=100_000)
    guarantee_months = forms.IntegerField(
        label=_("Commercial guarantee, months"), min_value=12, max_value=120, initial=12
    )
    shipping_days = forms.IntegerField(label=_("Days on the road"), min_value=1, max_value=30, initial=2)
    shipping = MoneyField(label=_("Shipping"), min_value=0, initial=0)
    vat_scheme = forms.ChoiceField(label=_("VAT"), choices=VatScheme.choices, initial=VatScheme.MARGINAL)
    comment = forms.CharField(
        label=_("Comment"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What customers should know. Never “like new”: the law forbids it of refurbished devices."),
    )  # fmt: skip

    def prepare(self) -> None:
        """A unit's page leads here with its device and grade: it becomes the stock afterwards."""
        asked = {name: self.request.GET[name] for name in ("variant", "grade", "on_hand") if name in self.request.GET}
        self.initial |= asked


class ListingTermsForm(ListingForm):
    """The terms of a listing that exists: its device and grade stay."""

    def prepare(self) -> None:
        del self.fields["variant"], self.fields["grade"]
        for name in self.fields:
            self.fields[name].initial = getattr(self.subject, name)


class ListingFileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("Up to 8 MB and 20,000 lines. Commas, semicolons or tabs; 119.90 or 119,90."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self.fields["file"].widget)


class BlockForm(StepForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=BLOCK_REASONS.items())


class EraseForm(StepForm):
    standard = forms.ChoiceField(
        label=_("Standard"),
        choices=[
            ("NIST SP 800-88 Purge", "NIST SP 800-88 Purge"),
            ("NIST SP 800-88 Clear", "NIST SP 800-88 Clear"),
            ("NIST SP 800-88 Destroy", "NIST SP 800-88 Destroy"),
            ("IEEE 2883-2022", "IEEE 2883-2022"),
            ("HMG IS5 Enhanced", "HMG IS5 Enhanced"),
        ],
    )
    tool = forms.CharField(
        label=_("Tool and version"), max_length=80,
        help_text=_("The program that erased, or the device's own reset: as the certificate will name it."),
    )  # fmt: skip
    operator = forms.ModelChoiceField(User.objects.none(), label=_("Erased by"), empty_label=None)

    def prepare(self) -> None:
        plant = self.subject.plant_id
        self.fields["operator"].queryset = User.objects.filter(membership__plant=plant).order_by("full_name", "pk")
        self.fields["operator"].initial = self.request.user.pk


class RepairForm(StepForm):
    parts = forms.CharField(
        label=_("Parts changed"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One part per line."),
    )

    def clean_parts(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["parts"].splitlines() if line.strip()]


class TestForm(StepForm):
    __test__ = False

    grade = forms.ChoiceField(label=_("Grade reached"), choices=Grade.choices, widget=forms.RadioSelect)
    battery_percent = forms.IntegerField(
        label=_("Battery health, %"), min_value=0, max_value=100, required=False, help_text=_("Empty: no battery.")
    )


class ListUnitForm(StepForm):
    listing = forms.ModelChoiceField(
        Listing.objects.none(), label=_("Listing"), help_text=_("Your listings of this device in this grade.")
    )

    def prepare(self) -> None:
        unit = self.subject
        self.fields["listing"].queryset = (
            Listing.objects.filter(plant_id=unit.plant_id, variant_id=unit.variant_id, grade=unit.grade)
            .exclude(status=Listing.Status.ARCHIVED)
            .select_related("variant__product")
        )
        if not self.fields["listing"].queryset.exists():
            self.fields["listing"].help_text = _make_one(unit)


def _make_one(unit: Unit) -> str:
    facts = urlencode({"variant": unit.variant_id, "grade": unit.grade, "on_hand": 0})
    words = _(
        "You have none of this device in this grade yet. {} with nothing in stock, and come back: it gets this one."
    )
    url = f"{reverse('plant:catalog_listing_add')}?{facts}"
    return format_html(str(words), format_html('<a href="{}">{}</a>', url, _("Make a listing")))
