"""The choices and offers of a product page, in Python because a template takes ten times as long; and share cards."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language, gettext, gettext_noop

from backmarket.countries import country_name
from backmarket.markup import REMEMBERED, address, remembered, worded
from backmarket.money import Money
from backmarket.templatetags.pieces import says, stars
from backmarket.templatetags.ui import bar, grade_label, icon, money, money_short, months, percent
from catalog.drawings import device_svg, paint
from catalog.models import Category, Variant
from catalog.ranking import MAX_POINTS, Factor
from catalog.selectors.offers import Offer
from catalog.selectors.products import ProductPage
from catalog.share_cards import Card, category_card, home_card, variant_card
from catalog.variants import Axis, Choice

register = template.Library()
BUTTON = "button button--quiet"
_drawing = worded(device_svg)


@register.simple_tag
def grade_options(shown: ProductPage, grades: Iterable[Mapping[str, Any]]) -> SafeString:
    """The four looks of the variant shown, drawn, each with its price or with why it cannot be had."""
    return _safe("".join(_look(shown, option) for option in grades))


@register.simple_tag
def axis_options(axis: Axis, shown: ProductPage) -> SafeString:
    """The values of an axis, each leading to a variant that exists and saying what else it changes."""
    path = shown.product.get_absolute_url()
    return _safe("".join(_option(choice, path, shown.grade) for choice in axis.choices))


@register.simple_tag
def offer_rows(shown: ProductPage, days: Mapping[int, date]) -> SafeString:
    """The body of the table of offers, best first; `days` of delivery, by days on the road."""
    path = f"{escape(shown.product.get_absolute_url())}?{_query(shown.variant.sku, shown.grade)}"
    language = get_language()
    rows = (
        _row(language, offer, days[offer.listing.shipping_days], path, chosen=offer is shown.offer)
        for offer in shown.offers
    )
    return _safe("".join(rows))


@register.simple_tag
def offer_points(offer: Offer, cheapest: Money | None = None) -> SafeString:
    """The points of an offer, term by term, each with the value that it comes from."""
    listing = offer.listing
    values = {
        "price": _price_value(offer.full_price, cheapest),
        "quality": percent(listing.plant.quality_bps),
        "guarantee": months(listing.guarantee_months),
        "shipping": str(listing.shipping_days),
    }
    rows = "".join(_points(factor, values[factor.code]) for factor in offer.factors)
    score = f'<dd><span class="num">{offer.score} / {MAX_POINTS}</span></dd>'
    return _safe(f'<dl class="points">{rows}<div class="points__sum"><dt>{says(SCORE)}</dt>{score}</div></dl>')


@register.simple_tag
def list_link(sku: str, grade: str, css: str = BUTTON, label: str = "", name: str = "") -> SafeString:
    """The way to one's gift lists, for anybody: who has to log in comes back afterwards.

    `name` is the device's, where it stands beside others.
    """
    words = escape(label) or says(gettext_noop("Add to a gift list"))
    return _aid("gift-add", {"sku": sku, "grade": grade}, css, "heart", words, name)


@register.simple_tag
def compare_link(sku: str, css: str = BUTTON, name: str = "") -> SafeString:
    """Puts a variant beside those compared last, for anybody."""
    return _aid("compare-add", {"v": sku}, css, "sort", says(gettext_noop("Compare")), name)


@register.simple_tag
def alert_link(sku: str, grade: str, in_stock: Any = None, css: str = BUTTON) -> SafeString:
    """Asks to be told by e-mail, for anybody: of a lower price, or that the device is back."""
    wish = gettext_noop("Tell me when it costs less") if in_stock else gettext_noop("Tell me when it is back")
    return _aid("alert-new", {"sku": sku, "grade": grade}, css, "mail", says(wish))


def _aid(page: str, query: Mapping[str, str], css: str, drawing: str, words: str, name: str = "") -> SafeString:
    which = f'<span class="visually-hidden">: {escape(name)}</span>' if name else ""
    href = f"{address(page)}?{escape(urlencode(query))}"
    return _safe(f'<a class="{css}" rel="nofollow" href="{href}">{icon(drawing)}{words}{which}</a>')


TERMS = {
    "price": gettext_noop("Full price against the cheapest"),
    "quality": gettext_noop("Quality score of the plant"),
    "guarantee": gettext_noop("Guarantee beyond 12 months"),
    "shipping": gettext_noop("Days on the road"),
}


def _points(factor: Factor, value: str) -> str:
    return (
        f'<div><dt>{says(TERMS[factor.code])} <span class="points__value">{escape(value)}</span></dt>'
        f'<dd>{bar(factor.points, factor.most)}<span class="num">{factor.points} / {factor.most}</span></dd></div>'
    )


def _price_value(full: Money, cheapest: Money | None) -> str:
    if cheapest is None:
        return money_short(full)
    if cheapest == full:
        return f"{money_short(full)}, {gettext('the cheapest')}"
    return f"{money_short(full)}, {gettext('cheapest %(amount)s') % {'amount': money_short(cheapest)}}"


def _look(shown: ProductPage, option: Mapping[str, Any]) -> str:
    grade, cost = option["value"], option["price"]
    drawing = _drawing(shown.product.form, shown.variant.colour, grade=grade, size="thumb")
    price = f'<span class="look__price">{escape(money_short(cost))}</span>' if cost else ""
    step = _said_of(option) if cost else says(gettext_noop("None in stock"))
    return (
        f'<a class="look{"" if cost else " is-off"}" id="looks-{grade}" href="{escape(option["url"])}"'
        f"{_current(option['checked'])}>"
        f'<span class="look__drawing">{drawing}</span><span class="look__name">{escape(grade_label(grade))}</span>'
        f'{price}<span class="look__step">{step}</span></a>'
    )


def _said_of(option: Mapping[str, Any]) -> str:
    """How the price of a grade that can be had stands to the offer shown; nothing where no offer is."""
    if option["checked"]:
        return says(gettext_noop("chosen"))
    return "" if option["step"] is None else _step(option["step"], option["dearer"])


@worded
def _step(step: Money, dearer: bool) -> str:
    """How much more or less another grade costs, as a figure for the eye and a sentence for screen readers."""
    if not step:
        return escape(gettext("same price"))
    said = gettext("%(step)s more than chosen now") if dearer else gettext("%(step)s less than chosen now")
    amount = money_short(step)
    return (
        f'<span aria-hidden="true">{"+" if dearer else "−"}{escape(amount)}</span>'
        f'<span class="visually-hidden">{escape(said % {"step": amount})}</span>'
    )


def _option(choice: Choice, path: str, grade: str) -> str:
    note = _note(choice, grade)
    noted = f'<span class="option__note">{escape(note)}</span>' if note else ""
    return (
        f'<a class="option{" is-off" if choice.price_minor is None else ""}" id="choice-{slugify(choice.key)}" '
        f'href="{escape(path)}?{_query(choice.sku, choice.grade)}"'
        f"{_current(choice.checked)}>{swatch(choice.colour) if choice.colour else ''}<span>{escape(choice.label)}"
        f"{noted}</span></a>"
    )


@lru_cache(REMEMBERED)
def _query(sku: str, grade: str) -> str:
    return escape(urlencode({"variant": sku, "grade": grade}))


def _note(choice: Choice, grade: str) -> str:
    """What a choice changes besides its value: other axes, and the `grade` chosen where it has none in stock."""
    if choice.price_minor is None:
        return gettext("None in stock")
    if choice.checked:
        return ""
    others = gettext("with %(others)s") % {"others": ", ".join(choice.changes)} if choice.changes else ""
    lost = "" if choice.keeps_grade else gettext("not in %(looks)s") % {"looks": grade_label(grade)}
    return ", ".join(filter(None, (others, lost)))


def _row(language: str | None, offer: Offer, day: date, path: str, *, chosen: bool) -> str:
    listing, plant = offer.listing, offer.listing.plant
    # The mark takes the place of the link that was followed, and its name: so htmx leaves the focus on it.
    last = (
        f'<span id="offer-{listing.number}" tabindex="-1">{_shown_in(language)}</span>' if chosen else
        f'<a id="offer-{listing.number}" href="{path}&amp;listing={listing.pk}">{_choose(language, plant.name)}</a>'
    )  # fmt: skip
    return (
        f"<tr{_current(chosen)}>"
        f"{_plant_in(language, plant.slug, plant.name, plant.country, plant.rating, plant.rating_count)}"
        f"{_price_in(language, offer.full_price, listing.shipping)}{_day_in(language, day)}"
        f"{_cover_in(language, listing.guarantee_months, listing.new_battery)}"
        f'<td class="num" data-label="{_says_in(language, SCORE)}">{offer.score}</td><td class="end">{last}</td></tr>'
    )


@worded
def _choice_of(plant: str) -> str:
    return f'{says(gettext_noop("Choose"))}<span class="visually-hidden"> {escape(plant)}</span>'


@worded
def _plant_cell(slug: str, name: str, country: str, rating: float | None, count: int) -> str:
    return (
        f'<th scope="row" data-label="{says(gettext_noop("Plant"))}"><span>'
        f'<a href="{reverse("plant", args=[slug])}" data-hx-boost="false">{escape(name)}</a> '
        f'<span class="muted small">{escape(country_name(country))}</span><br>{stars(rating, count)}</span></th>'
    )


@worded
def _price_cell(full: Money, shipping: Money) -> str:
    of_it = gettext("%(shipping)s of it shipping") % {"shipping": money(shipping)} if shipping else ""
    part = f'<br><span class="muted small">{escape(of_it)}</span>' if of_it else ""
    return (
        f'<td class="num" data-label="{says(gettext_noop("Full price"))}"><span>{escape(money(full))}{part}</span></td>'
    )


@worded
def _day_cell(day: date) -> str:
    return f'<td data-label="{says(gettext_noop("At your door by"))}">{escape(date_format(day, "D j M"))}</td>'


@worded
def _cover_cell(length: int, new_battery: bool) -> str:
    battery = f'<br><span class="small">{says(gettext_noop("new battery"))}</span>' if new_battery else ""
    return f'<td data-label="{says(gettext_noop("Guarantee"))}"><span>{escape(months(length))}{battery}</span></td>'


@worded
def _shown() -> str:
    return f'<span class="badge badge--good">{escape(gettext("Shown"))}</span>'


SCORE = gettext_noop("Score")
_plant_in, _price_in, _day_in = remembered(_plant_cell), remembered(_price_cell), remembered(_day_cell)
_cover_in, _shown_in, _choose, _says_in = (
    remembered(_cover_cell), remembered(_shown), remembered(_choice_of), remembered(says)
)  # fmt: skip


def _current(chosen: bool) -> str:
    return ' aria-current="true"' if chosen else ""


@register.simple_tag
@worded
def swatch(colour: str) -> SafeString:
    """A spot of a device's colour; decorative, its name stands beside it."""
    base = paint(colour)
    return format_html(
        '<svg class="swatch" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">'
        '<circle cx="10" cy="10" r="9" fill="{}" stroke="{}" stroke-width="1.5"/></svg>',
        base.base,
        base.shade,
    )


@register.simple_tag
def card_of_variant(variant: Variant) -> Card:
    return variant_card(variant)


@register.simple_tag
def card_of_category(category: Category) -> Card:
    return category_card(category)


@register.simple_tag
def card_of_home() -> Card:
    return home_card()


def _safe(markup: str) -> SafeString:
    return mark_safe(markup)  # noqa: S308 - built here, every text escaped
