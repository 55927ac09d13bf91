"""The sums of a cart: `{% totals cart %}`. In Python, because a template takes ten times as long to print them."""

from html import escape

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from backmarket.markup import gettext, worded
from backmarket.templatetags.ui import icon, money, number
from orders.pages.cart import CartView, Footprint

register = template.Library()


@register.simple_tag
def totals(cart: CartView) -> SafeString:
    """What is to pay, what it saves and what it avoids."""
    words = _words(cart.devices, cart.parcels)
    shipping = escape(money(cart.shipping)) if cart.shipping else words["free"]
    more = f"<div><dt>{_express_word()}</dt><dd>{escape(money(cart.surcharge))}</dd></div>" if cart.surcharge else ""
    rows = (
        f"<div><dt>{words['devices']}</dt><dd>{escape(money(cart.goods))}</dd></div>"
        f"<div><dt>{words['parcels']}</dt><dd>{shipping}</dd></div>{more}"
        f'<div class="is-total"><dt>{words["total"]}</dt><dd>{escape(money(cart.total))}</dd></div>'
    )
    return SafeString(f'<dl class="totals">{rows}</dl>{_saving(cart)}{_avoided(cart.impact) if cart.impact else ""}')


@worded
def _words(devices: int, parcels: int) -> dict[str, str]:
    counted = ngettext("%(devices)s device", "%(devices)s devices", devices) % {"devices": devices}
    shipped = ngettext("Shipping, %(parcels)s parcel", "Shipping, %(parcels)s parcels", parcels) % {"parcels": parcels}
    words = {"devices": counted, "parcels": shipped, "free": gettext("free"), "total": gettext("Total, taxes included")}
    return {name: escape(text) for name, text in words.items()}


@worded
def _express_word() -> str:
    return escape(gettext("Express delivery"))


def _saving(cart: CartView) -> str:
    saved = cart.saved
    if saved is None:
        return ""
    before, after, incomplete = _saving_words()
    more = "" if cart.is_compared_whole else f' <span class="muted small">{incomplete}</span>'
    return f"<p>{icon('tag')} {before}{escape(money(saved))}{after}{more}</p>"


@worded
def _saving_words() -> tuple[str, str, str]:
    """Before the amount, after it, and what is not counted."""
    text = gettext("You save <strong>%(amount)s</strong> against the labelled prices of new ones.")
    before, _amount, after = text.partition("%(amount)s")
    return before, after, gettext("Devices without such a price are not counted.")


@worded
def _avoided(footprint: Footprint) -> str:
    text = gettext(
        "<strong>%(kilos)s kg CO2e</strong> avoided over their further years of use, between %(low)s and %(high)s kg."
    ) % {"kilos": number(footprint.co2e_kg), "low": number(footprint.low_kg), "high": number(footprint.high_kg)}
    method = f'<a href="{reverse("impact")}">{escape(gettext("Method, factors and ranges"))}</a>'
    return f"<p>{icon('leaf')} {text} {method}</p>"
