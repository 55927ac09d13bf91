"""What a seller types about taxes."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backmarket.countries import country_name
from buyback.tax_numbers import COUNTRIES


class TaxNumberForm(forms.Form):
    country = forms.ChoiceField(label=_("Country where you pay your taxes"))
    number = forms.CharField(
        label=_("Tax number"),
        max_length=30,
        help_text=_("As on your tax notice. In France: 13 digits, “numéro fiscal”."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["country"]
        field.choices = sorted(((code, country_name(code)) for code in COUNTRIES), key=lambda pair: pair[1])
        field.initial = settings.MARKET_COUNTRY
