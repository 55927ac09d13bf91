"""The shape of what buyers type."""

from typing import Any

from django import forms
from django.utils.text import capfirst

from backmarket.accounts.forms import AddressForm
from backmarket.forms import NO_SUFFIX, MoneyField
from backmarket.markup import gettext_lazy as _
from backmarket.money import Money
from backmarket.templatetags.ui import money
from orders.issues import issues_of
from orders.models import Claim, OrderLine
from orders.services.cart import MAX_QUANTITY


class CartForm(forms.Form):
    """How many devices of one offer."""

    quantity = forms.IntegerField(
        label=_("Quantity"),
        min_value=1,
        max_value=MAX_QUANTITY,
        widget=forms.NumberInput(attrs={"class": "quantity", "inputmode": "numeric"}),
    )


class CartAddForm(CartForm):
    listing = forms.UUIDField(widget=forms.HiddenInput)


class CheckoutForm(forms.Form):
    """Who buys, and that the conditions are known. The key makes a second click the same order.

    `credit` is how much of the buyer's credit this order can use; without any the form does not speak of it.
    """

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("Your order, tracking and guarantee go there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    checkout_key = forms.UUIDField(widget=forms.HiddenInput)
    use_credit = forms.BooleanField(label=_("Use my credit"), required=False)
    credit = MoneyField(
        label=_("How much of it"),
        min_value=0,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )
    accept = forms.BooleanField(
        label=_("I have read the conditions of sale and know my right to withdraw within 30 days"),
        error_messages={"required": _("Confirm that you have read the conditions of sale.")},
    )

    def __init__(self, *args: Any, known_email: str = "", credit: Money | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": NO_SUFFIX, **kwargs})
        if known_email:
            del self.fields["email"]
        if credit:
            self.fields["credit"].help_text = _("Up to %(credit)s for this order.") % {"credit": money(credit)}
        else:
            del self.fields["use_credit"], self.fields["credit"]
        self.known_email, self.most_credit = known_email, credit

    def clean_credit(self) -> Money | None:
        typed: Money | None = self.cleaned_data["credit"]
        if typed and self.most_credit and self.cleaned_data.get("use_credit") and typed > self.most_credit:
            text = _("You can use up to %(credit)s for this order.") % {"credit": money(self.most_credit)}
            raise forms.ValidationError(text)
        return typed

    @property
    def credit_minor(self) -> int:
        """How much of the credit the buyer wants to use here."""
        typed = self.cleaned_data.get("credit") if self.cleaned_data.get("use_credit") else None
        return typed.minor if typed else 0

    @property
    def buyer_email(self) -> str:
        return self.known_email or self.cleaned_data["email"].lower()


class RedirectForm(AddressForm):
    """Another address in the country that was paid for: what is sent for another one counts for nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].disabled = True
        self._explain()
        self.fields["country"].help_text = _("Into another country cost and taxes differ: cancel, and order anew.")


class WithdrawForm(forms.Form):
    """The statement of withdrawal, as the law asks: who withdraws, from what (the line)."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class ClaimForm(forms.Form):
    """The guided opening of a case."""

    issue = forms.ChoiceField(label=_("What is wrong?"), widget=forms.RadioSelect)
    description = forms.CharField(
        label=_("What happens, and since when?"),
        max_length=2000,
        min_length=10,
        help_text=_("What you see, hear or tried. The technician reads this first."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    wish = forms.ChoiceField(label=_("What would help you most?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, line: OrderLine, wishes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        issue, wish = self.fields["issue"], self.fields["wish"]
        assert isinstance(issue, forms.ChoiceField)  # noqa: S101 - for the type checker
        assert isinstance(wish, forms.ChoiceField)  # noqa: S101
        issue.choices = issues_of(line.listing.variant.product.category.slug)
        wish.choices = [(each.value, capfirst(each.label)) for each in Claim.Wish if each.value in wishes]


class MessageForm(forms.Form):
    text = forms.CharField(label=_("Your message"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class FindOrderForm(forms.Form):
    """The way back to a guest's order: its number and the e-mail it was made with."""

    number = forms.IntegerField(
        label=_("Order number"),
        min_value=1,
        max_value=2**62,
        help_text=_("It stands in every e-mail about the order."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class PostcodeForm(forms.Form):
    """The second factor of a guest's link."""

    postcode = forms.CharField(
        label=_("Postcode of the delivery address"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
