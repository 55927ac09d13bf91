"""The card of a device on offer and the options of a facet: what list pages print by the dozen."""

from collections.abc import Iterable, Sequence
from html import escape

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_noop

from backmarket.markup import remembered, worded
from backmarket.templatetags.pieces import grade, price_in, says, stars
from backmarket.templatetags.ui import icon, months, number
from catalog.drawings import device_svg
from catalog.facet_options import Bar, Facet, Option
from catalog.models import Buyable
from catalog.selectors.lists import CardRow

register = template.Library()
# Facets that are open from the start.
OPEN = 4
_drawn = remembered(worded(device_svg))
_graded = remembered(grade)
_counted = remembered(number)


@register.simple_tag
def device_cards(rows: Iterable[Buyable | CardRow], heading: str = "h3") -> SafeString:
    """Devices on offer. `heading` is h2 or h3, as the page's outline asks."""
    language = get_language()
    return _safe("".join(_card(language, row, heading) for row in rows))


@register.simple_tag
def device_card(row: Buyable | CardRow, heading: str = "h3") -> SafeString:
    return _safe(_card(get_language(), row, heading))


def _card(language: str | None, row: Buyable | CardRow, heading: str) -> str:
    sold = "" if row.in_stock else " device-card--sold"
    flag = "" if row.in_stock else f'<span class="badge device-card__flag">{says(gettext_noop("Out of stock"))}</span>'
    shown = price_in(
        language, row.price, row.reference_price, row.reference_source, row.reference_date, row.saving_bps
    ) if row.price_minor is not None else ""  # fmt: skip
    return (
        f'<article class="device-card{sold}">'
        f'<div class="stage">{_drawn(language, row.form, row.colour, grade=row.grade)}{flag}</div>'
        f'<div class="device-card__body"><{heading} class="device-card__title">'
        f'<a href="{escape(row.url)}">{escape(row.title)}</a></{heading}>'
        f'<p class="device-card__meta">{escape(row.subtitle)}</p><p>{_graded(language, row.grade)}</p>{shown}'
        f'<p class="device-card__foot">'
        f"{_at_foot(language, row.plant_name, row.plant_rating, row.guarantee_months)}</p></div></article>"
    )


@register.simple_tag
def facets(shown: Iterable[Facet]) -> SafeString:
    """What a list can be narrowed by; the first ones are open, and those that something is chosen of."""
    return _safe("".join(_facet(facet, place < OPEN) for place, facet in enumerate(shown)))


def _facet(facet: Facet, is_open: bool) -> str:
    opened = " open" if is_open or facet.chosen or facet.price_chosen else ""
    inside = (
        render_to_string("catalog/_price_range.html", {"facet": facet})
        if facet.is_price
        else _options(facet.key, facet.options)
    )
    return (
        f'<details class="facet" id="facet-{escape(facet.key)}"{opened}>'
        f"<summary>{escape(facet.label)} {icon('chevron-down')}</summary>"
        f"{inside}</details>"
    )


@register.simple_tag
def bars(histogram: Sequence[Bar]) -> SafeString:
    inside, outside = '<rect class="is-in"', "<rect"
    rows = (
        f'{inside if bar.inside else outside} x="{place}.1" y="{bar.top}" width=".8" height="{bar.height}"/>'
        for place, bar in enumerate(histogram)
    )
    return _safe("".join(rows))


def _options(key: str, options: Iterable[Option]) -> str:
    """Checkboxes, each with how many devices it would leave; its id, and so the focus, stays whatever is beside it."""
    key, language = escape(key), get_language()
    rows = (
        f'<li><label><input type="checkbox" id="f-{key}-{(value := escape(option.value)).replace(" ", "_")}"'
        f' name="{key}" value="{value}"'
        f"{' checked' if option.chosen else ''}><span>{escape(option.label)}</span>"
        f'<span class="facet__count">{_counted(language, option.count)}</span></label></li>'
        for option in options
    )
    return f'<ul class="plain facet__list">{"".join(rows)}</ul>'


@worded
def _foot(plant: str, rating: float | None, guarantee: int) -> str:
    parts = [f"<span>{escape(plant)}</span>"] if plant else []
    if rating:
        parts.append(stars(rating))
    if guarantee:
        words = gettext("Guaranteed %(length)s") % {"length": months(guarantee)}
        parts.append(f"<span>{escape(words)}</span>")
    return "".join(parts)


_at_foot = remembered(_foot)


def _safe(markup: str) -> SafeString:
    return mark_safe(markup)  # noqa: S308 - built here, every text escaped
