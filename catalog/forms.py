"""What shoppers fill in about their lists, and those who give."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.money import Money
from catalog.models import GiftItem, GiftList

NEW = "new"


class GiftListForm(forms.ModelForm[GiftList]):
    """Name, for whom, and the day; saved by make_list and change_list."""

    class Meta:
        model = GiftList
        fields = ("name", "for_whom", "occasion_date")
        labels = {"name": _("Name of the list"), "for_whom": _("For whom"), "occasion_date": _("Day of the occasion")}
        help_texts = {
            "name": _("Whoever has the list's link reads it: “Christmas”, “Our first flat”."),
            "for_whom": _("When it is not for you."),
        }
        widgets = {"occasion_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class WishForm(forms.Form):
    """What is said of a wish."""

    note = forms.CharField(
        label=_("A note for whoever gives it"), max_length=200, required=False,
        help_text=_("A colour that would do as well, a size, why."),
    )  # fmt: skip
    priority = forms.TypedChoiceField(
        label=_("How much"), choices=GiftItem.Priority.choices, coerce=int, initial=GiftItem.Priority.LOVELY,
        widget=forms.RadioSelect,
    )  # fmt: skip


class AddWishForm(WishForm):
    """Which list, one of the person's own or a new one, and what is said of the wish."""

    gift_list = forms.ChoiceField(label=_("On which list"), widget=forms.RadioSelect)
    name = forms.CharField(label=_("Name of the new list"), max_length=60, required=False)
    field_order = ("gift_list", "name", "priority", "note")

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lists = {str(row.pk): row for row in GiftList.objects.filter(owner=owner)}
        choices = [*((key, row.name) for key, row in self.lists.items()), (NEW, _("A new list"))]
        field = self.fields["gift_list"]
        field.choices = choices  # type: ignore[attr-defined]
        field.initial = choices[0][0]
        if not self.lists:
            field.widget = forms.HiddenInput()
            self.fields["name"].initial = _("My wishes")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("gift_list") == NEW and not data.get("name", "").strip():
            self.add_error("name", _("Give the new list a name."))
        return data


class GuestForm(forms.Form):
    """Where the link goes that gives a present without an account."""

    email = forms.EmailField(
        label=_("Your e-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("We send one link there, and do not write the address onto the list."),
    )  # fmt: skip


class AlertForm(forms.Form):
    """What somebody waits for; a guest also says where the e-mail goes."""

    target = forms.DecimalField(
        label=_("At most"), min_value=1, max_value=100_000, decimal_places=2, required=False,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("Your e-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("You confirm it once by a link. It is kept for this alert, and deleted with it."),
    )  # fmt: skip

    def __init__(self, *args: Any, guest: bool, in_stock: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].help_text = (
            _("In %(currency)s. Empty: as soon as it costs less than today.")
            if in_stock
            else _("In %(currency)s. Empty: as soon as it is back, at any price.")
        ) % {"currency": settings.DEFAULT_CURRENCY}
        if not guest:
            del self.fields["email"]

    def clean_target(self) -> Money | None:
        amount = self.cleaned_data["target"]
        return None if amount is None else Money(int(amount.scaleb(2)), settings.DEFAULT_CURRENCY)
