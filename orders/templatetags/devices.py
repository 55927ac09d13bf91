"""The devices of a cart, on its page (`{% basket cart csrf_token slip %}`) and at the checkout (`{% summary cart %}`).

In Python, because a template takes ten times as long to print them.
"""

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from backmarket.markup import gettext, worded
from backmarket.money import Money
from backmarket.templatetags.pieces import grade
from backmarket.templatetags.ui import grade_label, icon, money, months
from catalog.drawings import device_svg
from orders.models import CartItem
from orders.pages.cart import CartGroup, CartRow, CartView

register = template.Library()


@register.simple_tag
def basket(cart: CartView, csrf_token: Any, slip: Mapping[str, Any] | None = None) -> SafeString:
    """Each parcel with its devices and the form of each. `slip`: what was typed into one of them and is wrong."""
    return SafeString("".join([_parcel(group, csrf_token, slip) for group in cart.groups]))


@register.simple_tag
def summary(cart: CartView) -> SafeString:
    """The same at the checkout, in short. A day stands beside a parcel where there is no choice of it."""
    has_choice = cart.surcharge is not None
    return SafeString("".join([_summed(group, has_day=not (has_choice and group.express)) for group in cart.groups]))


def _parcel(group: CartGroup, csrf_token: Any, slip: Any) -> str:
    rows = "".join([_row(row, csrf_token, slip) for row in group.rows])
    return (
        f'<section class="card parcel" aria-label="{escape(group.plant.name)}">'
        f'{_parcel_title(group.plant.name, group.arrives_date)}<ul class="basket">{rows}</ul></section>'
    )


@worded
def _parcel_title(plant: str, day: date) -> str:
    sender = gettext("From %(plant)s") % {"plant": escape(plant)}
    return (
        f'<div class="row row--apart"><h2 class="card__title">{sender}</h2>'
        f'<span class="badge">{icon("truck")}{_by(day)}</span></div>'
    )


def _by(day: date) -> str:
    return gettext("by %(day)s") % {"day": escape(date_format(day, "D j M"))}


def _row(row: CartRow, csrf_token: Any, slip: Any) -> str:
    item, listing = row.item, row.item.listing
    variant, mistake = listing.variant, slip if slip and slip["item"] == item else None
    words = _device(variant.product.slug, row.name, variant.sku, variant.label, listing.grade, listing.guarantee_months)
    price = "" if row.gone else _price(row.amount, row.saved)
    return (
        f'<li class="basket__row{" is-gone" if row.gone else ""}"><div class="stage stage--s">{_drawing(row)}</div>'
        f'<div class="basket__what">{words}{_notes(row)}</div><p class="basket__price num strong">{price}</p>'
        f'<form class="basket__form row" method="post" action="{reverse("cart-change", args=[item.pk])}">'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(str(csrf_token))}">'
        f"{_fields(item, mistake, gone=row.gone)}</form></li>"
    )


def _drawing(row: CartRow) -> str:
    listing = row.item.listing
    return device_svg(listing.variant.product.form, listing.variant.colour or "", grade=listing.grade)


@worded
def _device(slug: str, name: str, sku: str, label: str, look: str, length: int) -> str:
    """Which device it is; `length` of its guarantee in months."""
    address = f"{reverse('product', args=[slug])}?variant={sku}&grade={look}"
    return (
        f'<p class="strong"><a href="{escape(address)}">{escape(name)}</a></p>'
        f'<p class="muted small">{escape(label)}</p>'
        f'<p>{grade(look)} <span class="muted small">· {_guaranteed(length)}</span></p>'
    )


def _guaranteed(length: int) -> str:
    return gettext("guaranteed %(length)s") % {"length": escape(months(length))}


def _notes(row: CartRow) -> str:
    """What is wrong with it, and what has changed."""
    if row.gone:
        return _note("warning", gettext("This offer has gone and is not counted. Other plants may have the device."))
    notes = ""
    if row.left is not None:
        counted = ngettext(
            "Only %(left)s left: lower the quantity.", "Only %(left)s left: lower the quantity.", row.left
        )
        notes = _note("warning", counted % {"left": row.left})
    if row.was:
        said = (
            gettext("The price went up from %(old)s to %(new)s since you last looked.")
            if row.dearer
            else gettext("The price went down from %(old)s to %(new)s since you last looked.")
        )
        notes += _note("info", said % {"old": escape(money(row.was)), "new": escape(money(row.price))}, "")
    return notes


def _note(symbol: str, words: str, css: str = " is-bad") -> str:
    return f'<p class="basket__note{css}">{icon(symbol)} {words}</p>'


@worded
def _price(amount: Money, saved: Money | None) -> str:
    """`saved`: what all of it costs less than new."""
    less = gettext("%(amount)s less than new") % {"amount": escape(money(saved))} if saved else ""
    return escape(money(amount)) + (f'<br> <span class="small is-good">{less}</span>' if less else "")


def _fields(item: CartItem, slip: Any, *, gone: bool) -> str:
    """How many of it, or none; `slip` has what was typed here and why not."""
    label, update, remove = _field_words(str(item.listing.variant))
    name = f"quantity-{item.pk}"
    wrong = f'<p class="field__error" id="{name}_error">{escape(slip["error"])}</p>' if slip else ""
    if gone:
        return remove + wrong
    typed = escape(str(slip["typed"] if slip else item.quantity))
    marked = f' aria-invalid="true" aria-describedby="{name}_error"' if slip else ""
    return (
        f'<label class="visually-hidden" for="{name}">{label}</label>'
        f'<input class="quantity" id="{name}" type="number" name="quantity"'
        f' value="{typed}" min="1" max="10" inputmode="numeric"{marked}>{update}{remove}{wrong}'
    )


@worded
def _field_words(variant: str) -> tuple[str, str, str]:
    """What the field is called, and the two buttons."""
    quiet = "button button--quiet button--s"
    which = f'{gettext("Remove")}<span class="visually-hidden"> {escape(variant)}</span>'
    return (
        gettext("Quantity of %(variant)s") % {"variant": escape(variant)},
        f'<button class="{quiet}" type="submit">{gettext("Update")}</button>',
        '<button class="button button--link button--s" type="submit" name="remove" value="1" formnovalidate>'
        f"{which}</button>",
    )


def _summed(group: CartGroup, *, has_day: bool) -> str:
    sender = _sender(group.plant.name, group.arrives_date if has_day else None)
    rows = "".join(map(_short_row, group.rows))
    return f'<div class="summary"><p class="small muted">{sender}</p><ul class="stack stack--s">{rows}</ul></div>'


@worded
def _sender(plant: str, day: date | None) -> str:
    if day is None:
        return gettext("From %(plant)s") % {"plant": escape(plant)}
    return gettext("From %(plant)s, by %(day)s") % {"plant": escape(plant), "day": escape(date_format(day, "D j M"))}


def _short_row(row: CartRow) -> str:
    item, listing = row.item, row.item.listing
    many = f"{item.quantity} × " if item.quantity > 1 else ""
    changed = "" if row.gone else escape(money(row.amount))
    return (
        f'<li class="summary__row"><span class="stage stage--s">{_drawing(row)}</span>'
        f'<span><span class="strong">{many}{escape(row.name)}</span><br>'
        f"{_label(listing.variant.label, listing.grade, listing.guarantee_months)} {_change(row)}</span>"
        f'<span class="num">{changed}</span></li>'
    )


@worded
def _label(label: str, look: str, length: int) -> str:
    return f'<span class="muted small">{escape(label)}, {escape(grade_label(look))} · {_guaranteed(length)}</span>'


def _change(row: CartRow) -> str:
    if row.gone:
        return f'<br><span class="small is-bad">{gettext("Gone")}</span>'
    if row.was:
        said = gettext("was %(old)s when you last looked") % {"old": escape(money(row.was))}
        return f'<br><span class="small">{said}</span>'
    return ""
