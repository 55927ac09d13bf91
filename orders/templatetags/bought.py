"""What an order's page says of a parcel (`{% parcel_head parcel %}`) and of each device in it: which it is
(`{% bought view %}`), and what its buyer may do (`{% rights view user.is_authenticated %}`).

In Python, because a template takes ten times as long to print them.
"""

from collections.abc import Iterator
from datetime import date
from html import escape

from django import template
from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from backmarket.accounts.models import Address
from backmarket.markup import gettext, worded
from backmarket.money import Money
from backmarket.templatetags.pieces import grade, worded_include
from backmarket.templatetags.ui import icon, money
from catalog.drawings import device_svg
from orders.models import Guarantee, OrderLine
from orders.pages.orders import LineView, ParcelView

register = template.Library()
Line = OrderLine.Status
BADGES: dict[str, str] = {
    Line.DELIVERED: " badge--good", Line.CLOSED: " badge--good",
    Line.CANCELLED: " badge--warn", Line.REFUNDED: " badge--warn",
}  # fmt: skip
GUARANTEES = "components/_guarantees.html"


@register.simple_tag
def parcel_head(parcel: ParcelView) -> SafeString:
    """Whose parcel it is, and what it costs to send."""
    consignment = parcel.consignment
    surcharge = consignment.surcharge if consignment.is_express else None
    day = consignment.promised_date if consignment.ship_by else None
    plant = consignment.plant
    return SafeString(_parcel(plant.slug, plant.name, consignment.shipping, surcharge, day))


@worded
def _parcel(slug: str, plant: str, shipping: Money, surcharge: Money | None, day: date | None) -> str:
    title = gettext("Parcel from %(plant)s") % {"plant": escape(plant)}
    about = f'<a href="{escape(reverse("plant", args=[slug]))}">{gettext("About this plant")}</a>'
    cost = _cost(shipping, surcharge, day) if shipping else gettext("Shipping free")
    return f'<h2 class="card__title">{title}</h2><p class="muted small">{cost} · {about}</p>'


def _cost(shipping: Money, surcharge: Money | None, day: date | None) -> str:
    said = gettext("Shipping %(amount)s") % {"amount": escape(money(shipping))}
    if surcharge is None:
        return said
    amount = escape(money(surcharge))
    if day is None:
        return said + gettext(", of it %(amount)s for express") % {"amount": amount}
    promise = gettext(", of it %(amount)s for express: at your door by %(day)s, or that goes back to you")
    return said + promise % {"amount": amount, "day": escape(date_format(day, "DATE_FORMAT"))}


@register.simple_tag
def address_lines(address: Address) -> SafeString:
    return SafeString("".join([f"{escape(line)}<br>" for line in address.lines]))


@register.simple_tag
def bought(view: LineView) -> SafeString:
    """Which device it is, what it cost, and where it is."""
    line, variant = view.line, view.line.listing.variant
    drawing = device_svg(variant.product.form, variant.colour or "", grade=line.grade)
    reason = f'<p class="small muted">{escape(str(view.reason))}</p>' if view.reason else ""
    return SafeString(
        f'<div class="summary__row"><span class="stage stage--s">{drawing}</span>'
        f"<div><h3>{escape(line.title)}</h3><p>{grade(line.grade)}</p>{_passport(line)}</div>"
        f'<div class="end"><p class="num strong">{escape(money(line.price))}</p>'
        f'<span class="badge{BADGES.get(line.status, "")}">{escape(view.state)}</span></div></div>{reason}'
    )


def _passport(line: OrderLine) -> str:
    if not line.identifier:
        return ""
    return (
        f'<p class="small muted">{gettext("IMEI or serial")} <span class="code">{escape(line.identifier)}</span>'
        f' <a href="{reverse("line-device", args=[line.pk])}">{gettext("Device passport")}</a></p>'
    )


@register.simple_tag
def rights(view: LineView, signed_in: bool) -> SafeString:
    """What covers it, and what its buyer may do about it."""
    return SafeString(f'{_cover(view)}<div class="buttons">{"".join(_buttons(view, signed_in=signed_in))}</div>')


def _cover(view: LineView) -> str:
    line, guarantee = view.line, view.guarantee
    if guarantee and guarantee.status != Guarantee.Status.VOID:
        legal, commercial = guarantee.legal_until_date, guarantee.commercial_until_date
        return worded_include(GUARANTEES, legal_until=legal, commercial_until=commercial, plant_name=line.plant.name)
    if line.status in (Line.CANCELLED, Line.REFUNDED) or view.is_missing:
        return ""
    return worded_include(GUARANTEES, commercial_months=line.guarantee_months, plant_name=line.plant.name)


def _buttons(view: LineView, *, signed_in: bool) -> Iterator[str]:
    line = view.line
    if view.can_rate and signed_in:
        yield _button("rate-line", line, "star", gettext("Rate it"), css="button button--s")
    if view.claim:
        yield _button("claim", view.claim, "chat", gettext("Case %(claim)s") % {"claim": escape(str(view.claim))})
    if view.can_claim:
        yield _button("claim-open", line, "wrench", gettext("Something is wrong"))
    if view.can_cancel:
        yield _button("line-cancel", line, "cross", gettext("Cancel this device"), which=line.title)
    elif view.can_ask:
        yield _button("line-cancel", line, "chat", gettext("Ask the plant to cancel"), which=line.title)
    if view.withdrawal:
        yield _button("withdrawal", view.withdrawal, "box", gettext("Your return"))
    elif view.can_withdraw:
        yield _button("line-withdraw", line, "arrow-left", gettext("Withdraw from contract"))


def _button(
    page: str, of: Model, symbol: str, words: str, *, which: str = "", css: str = "button button--quiet button--s"
) -> str:
    """`which` tells it from others that say the same."""
    unseen = f'<span class="visually-hidden">: {escape(which)}</span>' if which else ""
    return f'<a class="{css}" href="{reverse(page, args=[of.pk])}">{icon(symbol)}{words}{unseen}</a>'
