"""The sums of a cart: `{% totals cart %}`. In Python, because a template takes ten times as long to print them."""

from html import escape

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from backmarket.markup import gettext, worded
from backmarket.money import Money
from backmarket.templatetags.ui import icon, money, number
from orders.pages.cart import CartView, Footprint

register = template.Library()


@register.simple_tag
def totals(cart: CartView) -> SafeString:
    """What is to pay, what it saves and what it avoids."""
    sums = _sums(cart.devices, cart.parcels, cart.goods, cart.shipping, cart.surcharge, cart.total)
    saved, impact = cart.saved, cart.impact
    saving = _saving(saved, is_whole=cart.is_compared_whole) if saved else ""
    return SafeString(f'<dl class="totals">{sums}</dl>{saving}{_avoided(impact) if impact else ""}')


@worded
def _sums(devices: int, parcels: int, goods: Money, shipping: Money, surcharge: Money | None, total: Money) -> str:
    counted = ngettext("%(devices)s device", "%(devices)s devices", devices) % {"devices": devices}
    shipped = ngettext("Shipping, %(parcels)s parcel", "Shipping, %(parcels)s parcels", parcels) % {"parcels": parcels}
    rows = [(counted, money(goods)), (shipped, money(shipping) if shipping else gettext("free"))]
    if surcharge:
        rows.append((gettext("Express delivery"), money(surcharge)))
    listed = "".join(f"<div><dt>{escape(words)}</dt><dd>{escape(said)}</dd></div>" for words, said in rows)
    whole = escape(gettext("Total, taxes included"))
    return f'{listed}<div class="is-total"><dt>{whole}</dt><dd>{escape(money(total))}</dd></div>'


@worded
def _saving(saved: Money, *, is_whole: bool) -> str:
    text = gettext("You save <strong>%(amount)s</strong> against the labelled prices of new ones.")
    incomplete = gettext("Devices without such a price are not counted.")
    more = "" if is_whole else f' <span class="muted small">{incomplete}</span>'
    return f"<p>{icon('tag')} {text % {'amount': escape(money(saved))}}{more}</p>"


@worded
def _avoided(footprint: Footprint) -> str:
    text = gettext(
        "<strong>%(kilos)s kg CO2e</strong> avoided over their further years of use, between %(low)s and %(high)s kg."
    ) % {"kilos": number(footprint.co2e_kg), "low": number(footprint.low_kg), "high": number(footprint.high_kg)}
    method = f'<a href="{reverse("impact")}">{escape(gettext("Method, factors and ranges"))}</a>'
    return f"<p>{icon('leaf')} {text} {method}</p>"
