"""What the desk and plants fill in about plants and their people."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from unfold.widgets import UnfoldAdminDateWidget

from backmarket.admin.forms import StepForm
from backmarket.forms import MoneyField
from refurbishers.models import (
    Member,
    Refurbisher,
)

Status = Refurbisher.Status
IDENTITY = ("legal_name", "registration_number", "vat_number", "line1", "postcode", "city", "country")
CONTACT = ("email", "phone", "support_hours", "technicians", "founded_year", "story")


class ReasonsForm(StepForm):
    reasons = forms.CharField(
        label=_("Reasons"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("The plant receives this text: facts, the clauses concerned, how to appeal."),
    )


class LadderForm(ReasonsForm):
    to = forms.ChoiceField(label=_("New status"))
    field_order = ("to", "reasons")

    def prepare(self) -> None:
        reachable = Refurbisher.MOVES.get(self.subject.status, set())
        self.fields["to"].choices = [(status.value, status.label) for status in Status if status in reachable]


class CommissionForm(StepForm):
    rate = forms.DecimalField(
        label=_("Commission, per cent"), min_value=0, max_value=100, decimal_places=2, max_digits=5, localize=True
    )
    from_date = forms.DateField(label=_("From"), widget=UnfoldAdminDateWidget)
    to_date = forms.DateField(
        label=_("Until before"),
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text=_("Empty: until further notice. After it the standard commission holds."),
    )

    def clean(self) -> dict[str, Any]:
        """The rate in basis points, as the service takes it."""
        data = super().clean() or {}
        if "rate" in data:
            data["rate_bps"] = int(data.pop("rate") * 100)
        return data


class RoleForm(StepForm):
    role = forms.ChoiceField(label=_("Role"), choices=Member.Role.choices, widget=forms.RadioSelect)

    def prepare(self) -> None:
        if self.subject:
            self.fields["role"].initial = self.subject.role


class ExpressForm(StepForm):
    """Empty: not offered."""

    surcharge = MoneyField(
        label=_("Surcharge for one parcel"), required=False, help_text=_("Empty: no express delivery is offered.")
    )

    def prepare(self) -> None:
        self.fields["surcharge"].initial = self.subject.express


class MemberForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("The person receives a link, valid for 7 days, signs in or up with this e-mail, and accepts."),
    )
    field_order = ("email", "role")


class PlantForm(forms.ModelForm):  # type: ignore[type-arg]
    """The bank account can be replaced here, and never read."""

    new_iban = forms.CharField(
        label=_("IBAN"), required=False, widget=AdminTextInputWidget(attrs={"autocomplete": "off"})
    )

    class Meta:
        model = Refurbisher
        fields = ("name", "slug", *IDENTITY, *CONTACT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("new_iban")
        if field and self.instance.iban:
            ending = self.instance.iban[-4:]
            field.help_text = _("Ends in %(ending)s. Leave empty to keep it.") % {"ending": ending}

    def clean_new_iban(self) -> str:
        if not (typed := self.cleaned_data["new_iban"]):
            return ""
        try:
            return str(IBAN(typed, validate_bban=True))
        except SchwiftyException as error:
            raise forms.ValidationError(_("This is not an IBAN: check every digit.")) from error
