"""Input about plants: the filter of the public list."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from refurbishers.selectors import country_choices, expertise_choices


class PlantFilterForm(forms.Form):
    """What the list of plants is narrowed to; nothing chosen means everything, best rated first."""

    hide_optional = True

    category = forms.ChoiceField(label=_("Expert in"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    sort = forms.ChoiceField(
        label=_("Sort by"),
        required=False,
        choices=[("rating", _("Rating, few count less")), ("quality", _("Quality score")), ("name", _("Name"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [("", _("Everything")), *expertise_choices()]
        self.fields["country"].choices = [("", _("All countries")), *country_choices()]

    @property
    def wanted(self) -> dict[str, str]:
        """The filter as public_plants() takes it; what was not understood is left out."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}
