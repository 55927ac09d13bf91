"""What people type about themselves."""

import json
import re
from typing import Any, ClassVar

from django import forms
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import NumberParseException

from backmarket.accounts.models import Address
from backmarket.forms import NO_SUFFIX
from backmarket.markup import gettext_lazy as _

# Country -> (name, the shape of its postcodes, an example for the error message). Ranges that no post office uses
# are left out: no French postcode begins with 00 or 96, no Spanish one with 53 or more.
COUNTRIES = {
    "FR": (_("France"), r"(0[1-9]|[1-8]\d|9[0-578])\d{3}", "75011"),
    "AT": (_("Austria"), r"[1-9]\d{3}", "1010"),
    "BE": (_("Belgium"), r"[1-9]\d{3}", "1000"),
    "CZ": (_("Czechia"), r"[1-7]\d{2} ?\d{2}", "110 00"),
    "DE": (_("Germany"), r"(0[1-9]|[1-9]\d)\d{3}", "10115"),
    "DK": (_("Denmark"), r"[1-9]\d{3}", "1050"),
    "EE": (_("Estonia"), r"[1-9]\d{4}", "10111"),
    "ES": (_("Spain"), r"(0[1-9]|[1-4]\d|5[0-2])\d{3}", "28013"),
    "FI": (_("Finland"), r"\d{5}", "00100"),
    "GR": (_("Greece"), r"[1-8]\d{2} ?\d{2}", "105 57"),
    "IE": (_("Ireland"), r"([AC-FHKNPRTV-Y]\d{2}|D6W) ?[0-9AC-FHKNPRTV-Y]{4}", "D02 X285"),
    "IT": (_("Italy"), r"\d{5}", "00184"),
    "LT": (_("Lithuania"), r"(LT-)?\d{5}", "01100"),
    "LU": (_("Luxembourg"), r"(L-)?[1-9]\d{3}", "1118"),
    "NL": (_("Netherlands"), r"[1-9]\d{3} ?(?!S[ADS])[A-Z]{2}", "1012 JS"),
    "PL": (_("Poland"), r"\d{2}-\d{3}", "00-001"),
    "PT": (_("Portugal"), r"[1-9]\d{3}-\d{3}", "1100-148"),
    "SE": (_("Sweden"), r"[1-9]\d{2} ?\d{2}", "111 20"),
}
# Where the post finds a house by its number alone; elsewhere houses may have names, or the postcode names the house.
HOUSE_NUMBERS = frozenset({"AT", "BE", "CZ", "DE", "DK", "EE", "FI", "LT", "LU", "NL", "PL", "SE"})


def postcode_in(country: str, postcode: str) -> bool:
    """Whether this can be a postcode of that country, one that we serve."""
    return country in COUNTRIES and bool(
        re.fullmatch(COUNTRIES[country][1], " ".join(postcode.upper().split()), re.ASCII)
    )


# What a country's script needs of all of them.
EXAMPLES = json.dumps({code: example for code, (_name, _shape, example) in COUNTRIES.items()})
AUTOCOMPLETE = {
    "name": "name",
    "line1": "address-line1",
    "line2": "address-line2",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country",
    "phone": "tel",
}


class AddressForm(forms.ModelForm[Address]):
    """A postal address that a courier can find, with the postcode its country uses and a phone number it can ring."""

    # Asked for when they are shown: each form copies its fields, and a list of countries with them.
    country = forms.ChoiceField(
        label=_("Country"), choices=lambda: [(code, name) for code, (name, _s, _e) in COUNTRIES.items()]
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=30, required=False, help_text=_("So that the courier can ring when it is near.")
    )

    class Meta:
        model = Address
        fields: ClassVar[list[str]] = ["name", "line1", "line2", "postcode", "city", "country", "phone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": NO_SUFFIX, **kwargs})
        for name, hint in AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = hint
        self.fields["phone"].widget.input_type = "tel"
        self._explain()

    def _explain(self) -> None:
        """What the chosen country asks for; a script follows the choice with the same words."""
        field = self.fields["country"]
        typed = self.data.get(self.add_prefix("country")) if self.is_bound and not field.disabled else None
        country = typed or self.get_initial_for_field(field, "country")
        _name, _shape, example = COUNTRIES.get(country, COUNTRIES["FR"])
        words = _("Written like %(example)s")
        self.fields["postcode"].help_text = words % {"example": example}
        self.fields["postcode"].widget.attrs["data-words"] = words
        self.fields["country"].widget.attrs["data-postcodes"] = EXAMPLES

    def clean_postcode(self) -> str:
        return " ".join(self.cleaned_data["postcode"].upper().split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "country" in cleaned:
            self._check_postcode(cleaned.get("postcode", ""), cleaned["country"])
            self._check_street(cleaned.get("line1", ""), cleaned["country"])
            self._check_phone(cleaned)
        return cleaned

    def _check_postcode(self, postcode: str, country: str) -> None:
        name, _shape, example = COUNTRIES[country]
        if postcode and not postcode_in(country, postcode):
            message = _("This is not a postcode of %(country)s: write it like %(example)s.")
            self.add_error("postcode", message % {"country": name, "example": example})

    def _check_street(self, street: str, country: str) -> None:
        """Without a number the courier rings at the wrong door."""
        if street and country in HOUSE_NUMBERS and not re.search(r"\d", street):
            self.add_error("line1", _("Add the number of the house."))

    def _check_phone(self, cleaned: dict[str, Any]) -> None:
        """A national number is one of the address's country."""
        if not cleaned.get("phone"):
            return
        try:
            number = PhoneNumber.from_string(cleaned["phone"], region=cleaned["country"])
        except NumberParseException:
            number = None
        if number is None or not number.is_valid():
            self.add_error(
                "phone", _("This phone number does not exist. From abroad, start with + and the country code.")
            )
        else:
            cleaned["phone"] = number
