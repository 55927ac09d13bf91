"""What people type about themselves on their own pages."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.forms import MoneyField
from buyback.models import Trade


class ProfileForm(forms.ModelForm[User]):
    """Name, and language where there is a choice; saved by change_profile."""

    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("For these pages and for our e-mails.")
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["full_name", "language"]
        labels: ClassVar[dict[str, Any]] = {"full_name": _("Full name")}
        help_texts: ClassVar[dict[str, Any]] = {
            "full_name": _("Your ratings show the first name and an initial, nothing more.")
        }
        widgets: ClassVar[dict[str, Any]] = {"full_name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]


class PayOutForm(forms.Form):
    """How much of the credit goes to which account. `known` is the sale whose account is used when none is typed."""

    amount = MoneyField(label=_("How much"), widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}))
    holder = forms.CharField(
        label=_("Account holder"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    iban = forms.CharField(
        label=_("IBAN"),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, known: Trade | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known is None:
            self.fields["holder"].required = self.fields["iban"].required = True
        else:
            words = {"last4": known.iban_last4}
            self.fields["iban"].help_text = _("Empty: the account ending in %(last4)s.") % words
        self.fields["holder"].help_text = _("The account must be yours: the same name as on your identity document.")


class CloseAccountForm(forms.Form):
    """The password again, so that nobody closes an account left open on a screen; a fresh code stands in for it."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not user.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your password."))
        return password
