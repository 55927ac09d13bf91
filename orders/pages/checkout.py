"""The form of the checkout as a guest first sees it: the same for every guest, so it is rendered once."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from backmarket.accounts.forms import AddressForm
from backmarket.markup import worded
from orders.forms import CheckoutForm


@worded
def blank_fields() -> SafeString:
    """All but its key, which is each page's own."""
    facts = {"form": CheckoutForm(), "address_form": AddressForm(), "credit": None}
    return render_to_string("orders/_checkout_fields.html", facts)
