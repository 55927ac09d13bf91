"""The shapes of what sellers send."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.shipping.services import Slot
from buyback.guides import how_to_find
from buyback.models import Identity, Quote, TradeMessage
from buyback.services.trades import IdentityData

DROP_OFF = "drop-off"


def translated(text: str) -> str:
    """The text in the reader's language; empty stays empty (gettext would answer with its header)."""
    return gettext(text) if text else ""


class AnswerForm(forms.Form):
    """One question, or gate, of a question set; its buttons send `answer`."""

    answer = forms.ChoiceField(
        error_messages={
            "required": _("Choose one of the answers."),
            "invalid_choice": _("Choose one of the answers."),
        }
    )

    def __init__(self, step: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(option["code"], translated(option["text"])) for option in step["options"]]
        self.fields["answer"].choices = choices  # type: ignore[attr-defined]


class EmailQuoteForm(forms.Form):
    email = forms.EmailField(label=_("Your e-mail"), max_length=254)
    email.widget.attrs["autocomplete"] = "email"


class SlotForm(forms.Form):
    """When the courier comes; `slots` are its own windows. Cleans `slot` to a Slot, or None for a drop-off."""

    slot = forms.ChoiceField(
        label=_("Collection"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose when the courier comes, or drop the parcel off yourself."),
            "invalid_choice": _("This time is not free any more. Choose another one."),
        },
    )

    def __init__(self, *args: Any, slots: Sequence[Slot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slots = {slot.start.isoformat(): slot for slot in slots}
        choices = [(key, key) for key in self.slots] + [(DROP_OFF, DROP_OFF)]
        self.fields["slot"].choices = choices  # type: ignore[attr-defined]

    def clean_slot(self) -> Slot | None:
        return self.slots.get(self.cleaned_data["slot"])

    def windows(self) -> list[tuple[datetime, list[tuple[str, Slot]]]]:
        """The slots by day of the market: (first start of the day, [(value, slot), …])."""
        from backmarket.market import calendar

        days: dict[Any, list[tuple[str, Slot]]] = {}
        for key, slot in self.slots.items():
            days.setdefault(calendar().local(slot.start).date(), []).append((key, slot))
        return [(windows[0][1].start, windows) for windows in days.values()]

    def chosen(self) -> str:
        return str(self["slot"].value() or "")


class BankForm(forms.Form):
    holder = forms.CharField(
        label=_("Account holder"),
        max_length=120,
        help_text=_("The account must be yours: the same name as on your identity document."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    iban = forms.CharField(
        label=_("IBAN"),
        max_length=50,
        help_text=_("On your bank statement or in your bank's app. We keep it encrypted."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )


class AcceptForm(SlotForm, BankForm):
    """All that a plant and the law need to buy a device, but the address, which has a form of its own."""

    field_order = (
        "full_name",
        "birth_date",
        "document_kind",
        "document_number",
        "identifier",
        "locks_removed",
        "slot",
        "holder",
        "iban",
        "conditions",
    )

    plant = forms.ModelChoiceField(queryset=None, widget=forms.HiddenInput)
    full_name = forms.CharField(
        label=_("Full name, as on your document"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        help_text=_("You must be 18 or older to sell a device."),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
    )
    document_kind = forms.ChoiceField(
        label=_("Identity document"), choices=[(kind.value, capfirst(kind.label)) for kind in Identity.Document]
    )
    document_number = forms.CharField(
        label=_("Number of the document"),
        max_length=40,
        help_text=_(
            "The law asks buyers of used goods to note it. We keep it encrypted, for the plant's register alone."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    identifier = forms.CharField(
        max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    locks_removed = forms.BooleanField(
        label=_("I have signed out of every account on the device, or do so before the courier comes"),
        error_messages={"required": _("A locked device cannot be bought: confirm that you free it.")},
    )
    conditions = forms.BooleanField(
        label=_("I own this device and accept the conditions of sale"),
        error_messages={"required": _("Accept the conditions to sell the device.")},
    )

    def __init__(self, quote: Quote, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = quote.variant.product.category.identifier
        self.fields["plant"].queryset = _plants_of(quote)  # type: ignore[attr-defined]
        self.fields["identifier"].label = _("IMEI") if kind == "imei" else _("Serial number")
        self.fields["identifier"].help_text = how_to_find(kind)

    def identity(self) -> IdentityData:
        data = self.cleaned_data
        return IdentityData(data["full_name"], data["birth_date"], data["document_kind"], data["document_number"])


def _plants_of(quote: Quote) -> Any:
    from refurbishers.models import Refurbisher

    return Refurbisher.objects.filter(pk__in=quote.bids.values("plant"))


class MessageForm(forms.ModelForm):
    class Meta:
        model = TradeMessage
        fields = ["text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}
