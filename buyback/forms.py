"""The shapes of what sellers send."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.forms import PhotosField
from backmarket.shipping.models import Pickup
from backmarket.shipping.services import Slot
from buyback.details import KnownSeller
from buyback.guides import how_to_find
from buyback.identifiers import check_holder, checked_document, checked_iban, checked_identifier
from buyback.models import Identity, Quote, TradeMessage
from buyback.services.trades import IdentityData
from buyback.visits import Visit
from refurbishers.models import Refurbisher

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


def _checked(check: Callable[..., str], *values: str) -> str:
    """What a check of ours returns; its refusal becomes the error of the field that is being cleaned."""
    try:
        return check(*values)
    except DomainError as refusal:
        raise forms.ValidationError(str(refusal)) from refusal


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
    """All that a plant and the law need to buy a device, but the address, which has a form of its own.

    `known` is what the seller gave before: who he is and his account need not be typed again. `visits` are those
    of the courier that the device may go along with. Cleans `slot` to a Slot, a Visit's Pickup, or None.
    """

    PERSON = ("full_name", "birth_date", "document_kind", "document_number")
    ACCOUNT = ("holder", "iban")
    field_order = (
        "same_person", *PERSON, "identifier", "locks_removed", "slot", "same_account", *ACCOUNT,
    )  # fmt: skip

    plant = forms.ModelChoiceField(queryset=None, widget=forms.HiddenInput)
    same_person = forms.BooleanField(label=_("I am the same person"), required=False)
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
        help_text=_("We keep it encrypted, for the plant's register alone."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )
    identifier = forms.CharField(
        max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    locks_removed = forms.BooleanField(
        label=_("I have signed out of every account on the device, or do so before the courier comes"),
        error_messages={"required": _("A locked device cannot be bought: confirm that you free it.")},
    )
    same_account = forms.BooleanField(label=_("Pay to the same account"), required=False)

    def __init__(
        self, quote: Quote, *args: Any, known: KnownSeller | None = None, visits: Sequence[Visit] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.known = quote.variant.product.category.identifier, known
        self.fields["plant"].queryset = _plants_of(quote)  # type: ignore[attr-defined]
        self.fields["identifier"].label = _("IMEI") if self.kind == "imei" else _("Serial number")
        self.fields["identifier"].help_text = how_to_find(self.kind)
        if self.kind == "imei":
            self.fields["identifier"].widget.attrs["inputmode"] = "numeric"
        self.visits = {f"visit-{visit.pickup.pk}": visit for visit in visits}
        self.fields["slot"].choices += [(key, key) for key in self.visits]  # type: ignore[attr-defined]
        self._take_over("same_person", self.PERSON)
        self._take_over("same_account", self.ACCOUNT)

    def _take_over(self, question: str, names: Sequence[str]) -> None:
        """What is known need not be typed; where nothing is known nobody is asked whether it is the same."""
        if self.known is None:
            del self.fields[question]
        elif self[question].value():
            for name in names:
                self.fields[name].required = False

    def _keeps(self, question: str) -> bool:
        return bool(self.cleaned_data.get(question))

    def clean_slot(self) -> Slot | Pickup | None:
        visit = self.visits.get(self.cleaned_data["slot"])
        return visit.pickup if visit else super().clean_slot()

    def clean_identifier(self) -> str:
        return _checked(checked_identifier, self.kind, self.cleaned_data["identifier"])

    def clean_document_number(self) -> str:
        number = self.cleaned_data["document_number"]
        return number if self._keeps("same_person") else _checked(checked_document, number)

    def clean_iban(self) -> str:
        iban = self.cleaned_data["iban"]
        return iban if self._keeps("same_account") else _checked(checked_iban, iban)

    def clean(self) -> dict[str, Any]:
        """The names are compared here too, so that all that is wrong is said at once."""
        data = super().clean() or self.cleaned_data
        typed = not (self._keeps("same_person") or self._keeps("same_account"))
        if typed and data.get("holder") and data.get("full_name"):
            try:
                check_holder(data["holder"], data["full_name"])
            except DomainError as refusal:
                self.add_error("holder", str(refusal))
        return data

    def seller(self) -> KnownSeller:
        """Who sells and is paid, of what was typed and what was taken over."""
        data, known = self.cleaned_data, self.known
        identity = IdentityData(*(data[name] for name in self.PERSON))
        holder, iban = data["holder"], data["iban"]
        if known and self._keeps("same_person"):
            identity = known.identity
        if known and self._keeps("same_account"):
            holder, iban = known.holder, known.iban
        return KnownSeller(identity, holder, iban)

    def where(self, name: str | None) -> str | None:
        """The field beside which a refusal about `name` can be read: what was taken over is folded away."""
        for question, names in (("same_person", self.PERSON), ("same_account", self.ACCOUNT)):
            if name in names and self._keeps(question):
                return question
        return name


class ConfirmForm(forms.Form):
    """The last click: the conditions, and which details and which version of them the page showed."""

    revision = forms.CharField(max_length=36, widget=forms.HiddenInput)
    version = forms.CharField(max_length=20, widget=forms.HiddenInput)
    conditions = forms.BooleanField(
        label=_("I own this device and accept the conditions of sale"),
        error_messages={"required": _("Accept the conditions to sell the device.")},
    )


def _plants_of(quote: Quote) -> Any:
    return Refurbisher.objects.filter(pk__in=quote.bids.values("plant"))


class MessageForm(forms.ModelForm):
    class Meta:
        model = TradeMessage
        fields = ["text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}

    photos = PhotosField(
        label=_("Photos"),
        required=False,
        help_text=_("Up to six, JPEG, PNG or WebP of at most 10 MB each. We remove where they were taken."),
    )
