"""The card of a device on offer and the options of a facet: what list pages print by the dozen."""

from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_noop

from backmarket.markup import worded
from backmarket.templatetags.pieces import grade, price, says, stars
from backmarket.templatetags.ui import months, number
from catalog.drawings import device_svg
from catalog.facet_options import Option
from catalog.models import Buyable

register = template.Library()
_drawing = worded(device_svg)


@register.simple_tag
def device_card(row: Buyable, heading: str = "h3") -> SafeString:
    """A device on offer. `heading` is h2 or h3, as the page's outline asks."""
    sold = "" if row.in_stock else " device-card--sold"
    flag = "" if row.in_stock else f'<span class="badge device-card__flag">{says(gettext_noop("Out of stock"))}</span>'
    shown = price(
        row.price, row.reference_price, row.reference_source, row.reference_date, row.saving_bps
    ) if row.price else ""  # fmt: skip
    return _safe(
        f'<article class="device-card{sold}">'
        f'<div class="stage">{_drawing(row.form, row.colour, grade=row.grade)}{flag}</div>'
        f'<div class="device-card__body"><{heading} class="device-card__title">'
        f'<a href="{escape(row.url)}">{escape(row.title)}</a></{heading}>'
        f'<p class="device-card__meta">{escape(row.subtitle)}</p><p>{grade(row.grade)}</p>{shown}'
        f'<p class="device-card__foot">{_foot(row.plant_name, row.plant_rating, row.guarantee_months)}</p>'
        f"</div></article>"
    )


@register.simple_tag
def facet_options(key: str, options: Iterable[Option]) -> SafeString:
    """The checkboxes of a facet, each with how many devices it would leave."""
    key = escape(key)
    rows = (
        f'<li><label><input type="checkbox" id="f-{key}-{place}" name="{key}" value="{escape(option.value)}"'
        f"{' checked' if option.chosen else ''}><span>{escape(option.label)}</span>"
        f'<span class="facet__count">{number(option.count)}</span></label></li>'
        for place, option in enumerate(options)
    )
    return _safe(f'<ul class="plain facet__list">{"".join(rows)}</ul>')


@worded
def _foot(plant: str, rating: float | None, guarantee: int) -> str:
    parts = [f"<span>{escape(plant)}</span>"] if plant else []
    if rating:
        parts.append(stars(rating))
    if guarantee:
        words = gettext("Guaranteed %(length)s") % {"length": months(guarantee)}
        parts.append(f"<span>{escape(words)}</span>")
    return "".join(parts)


def _safe(markup: str) -> SafeString:
    return mark_safe(markup)  # noqa: S308 - built here, every text escaped
