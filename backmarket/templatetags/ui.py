"""Formats and small drawings every page uses: money, shares, icons, stars, bars, grades, form fields."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from babel import Locale
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from django import template
from django.forms import BoundField, CheckboxInput
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_noop, ngettext

from backmarket.countries import country_name
from backmarket.market import calendar
from backmarket.markup import drawn, gettext, worded
from backmarket.templatetags._icons import ICONS

register = template.Library()
register.filter("country_name", country_name)

STAR = "M10 1.8l2.5 5.2 5.7.8-4.1 4 1 5.7L10 14.8l-5.1 2.7 1-5.7-4.1-4 5.7-.8z"
STAR_STEP = 20
GRADES = ("fair", "good", "excellent", "premium")


class HasAmount(Protocol):
    """What the money filters read: whole minor units of an ISO 4217 currency."""

    @property
    def minor(self) -> int: ...
    @property
    def currency(self) -> str: ...


@worded
def _locale() -> Locale:
    return Locale.parse(get_language() or "en", sep="-")


# Numbers


class Shape(NamedTuple):
    """What stands around the digits of an amount that is not negative, in one currency and language; no `group` where
    digits are not written in threes, which is left to Babel."""

    before: str
    group: str
    point: str
    after: str
    precision: int
    unit: int

    def put(self, minor: int) -> str:
        if not self.precision:
            return self.put_whole(minor)
        whole, rest = divmod(minor, self.unit)
        digits = f"{whole:,}".replace(",", self.group)
        return f"{self.before}{digits}{self.point}{rest:0{self.precision}}{self.after}"

    def put_whole(self, major: int) -> str:
        return self.before + f"{major:,}".replace(",", self.group) + self.after


@worded
def _shape(currency: str) -> Shape:
    """As Babel writes nothing of this currency: it takes a hundred calls for each amount."""
    locale, precision = _locale(), get_currency_precision(currency)
    symbols, pattern = locale.number_symbols["latn"], locale.currency_formats["standard"]
    nothing = format_currency(0, currency, locale=locale)
    zeros = "0" + (symbols["decimal"] + "0" * precision if precision else "")
    before, found, after = nothing.partition(zeros)
    in_threes = bool(found) and pattern.grouping == (3, 3)
    return Shape(before, symbols["group"] if in_threes else "", symbols["decimal"], after, precision, 10**precision)


@register.filter
def last_minute(deadline: datetime | None) -> datetime | None:
    """A deadline for people's eyes: 23:59 of the last day, and not midnight of the day after."""
    return calendar().last_minute(deadline) if deadline else None


@register.filter
@worded
def money(amount: HasAmount | None) -> str:
    """The amount with all its decimals, in the reader's language ("€12.34"); nothing for None."""
    if amount is None:
        return ""
    shape = _shape(amount.currency)
    if shape.group and amount.minor >= 0:
        return shape.put(amount.minor)
    major = Decimal(amount.minor).scaleb(-shape.precision)
    return format_currency(major, amount.currency, locale=_locale())


@register.filter
@worded
def money_short(amount: HasAmount | None) -> str:
    """As `money`, without decimals when they are all zero: for prices read at a glance."""
    if amount is None:
        return ""
    shape = _shape(amount.currency)
    if amount.minor % shape.unit:
        return money(amount)
    if shape.group and amount.minor >= 0:
        return shape.put_whole(amount.minor // shape.unit)
    pattern = _locale().currency_formats["standard"].pattern.replace(".00", "")
    major = Decimal(amount.minor).scaleb(-shape.precision)
    return format_currency(major, amount.currency, pattern, locale=_locale(), currency_digits=False)


@register.filter
@worded
def percent(bps: int | None, decimals: int = 0) -> str:
    """Basis points as a percentage: 4812 → "48%" in English, "48 %" in French."""
    if bps is None:
        return ""
    standard = _locale().percent_formats[None].pattern
    pattern = standard.replace("##0", "##0." + "0" * decimals) if decimals else standard
    return format_percent(Decimal(bps) / 10_000, pattern, locale=_locale())


@register.filter
@worded
def number(value: int | Decimal | float | None, decimals: int = 0) -> str:
    """A number with the reader's separators: 24600 → "24,600"."""
    if value is None:
        return ""
    return format_decimal(round(Decimal(str(value)), decimals), locale=_locale())


# Drawings


@register.simple_tag
@drawn
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """One of our icons, inline; decorative unless labelled. An unknown name is a KeyError."""
    meaning = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" '
        'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" {}><path d="{}"/></svg>',
        css,
        meaning,
        ICONS[name],
    )


@register.simple_tag
@drawn
def star_row(rating: Decimal | float | int) -> SafeString:
    """Five stars filled to the rating (0 to 5), hidden from screen readers: the number stands beside them."""
    row = "".join(f'<path d="{STAR}" transform="translate({place * STAR_STEP} 0)"/>' for place in range(5))
    filled = f"{max(0.0, min(float(rating), 5.0)) * STAR_STEP:.1f}"
    return format_html(
        '<svg viewBox="0 0 100 20" width="100" height="20" aria-hidden="true"><g class="stars__empty">{}</g>'
        '<svg width="{}" height="20" class="stars__full">{}</svg></svg>',
        mark_safe(row),  # noqa: S308 - constants only
        filled,
        mark_safe(row),  # noqa: S308
    )


@register.simple_tag
def bar(value: int | Decimal | float, total: int | Decimal | float, css: str = "") -> SafeString:
    """A horizontal bar filled to value / total; decorative, the number stands beside it."""
    share = max(0.0, min(float(value) / float(total), 1.0)) * 100 if total else 0
    return format_html(
        '<svg class="bar {}" width="100%" height="10" aria-hidden="true"><rect width="{}%" height="100%" '
        'rx="5" fill="currentColor"/></svg>',
        css,
        f"{share:.1f}",
    )


@register.simple_tag
@drawn
def grade_dots(grade: str) -> SafeString:
    """Four dots, filled from Fair (1) to Premium (4); decorative, the name stands beside them."""
    level = GRADES.index(grade.lower()) + 1 if grade.lower() in GRADES else 0
    dots = "".join(
        f'<circle cx="{5 + place * 10}" cy="5" r="3.6" stroke="currentColor" stroke-width="1.4" '
        f'fill="{"currentColor" if place < level else "none"}"/>'
        for place in range(4)
    )
    return mark_safe(f'<svg viewBox="0 0 40 10" width="40" height="10" aria-hidden="true">{dots}</svg>')  # noqa: S308


# Words


@register.filter
@worded
def grade_label(grade: str) -> str:
    """A grade's name; grades describe looks only, every device works fully."""
    names = {
        "premium": gettext_noop("Premium"),
        "excellent": gettext_noop("Excellent"),
        "good": gettext_noop("Good"),
        "fair": gettext_noop("Fair"),
    }
    name = names.get(grade.lower())
    return gettext(name) if name else grade


@register.filter
@worded
def grade_meaning(grade: str) -> str:
    """What a grade promises to the eye, in one sentence."""
    meanings = {
        "premium": gettext("No visible mark, even up close."),
        "excellent": gettext("No mark visible at arm's length."),
        "good": gettext("A few fine marks, visible up close."),
        "fair": gettext("Visible scratches or a small dent; works fully."),
    }
    return meanings.get(grade.lower(), "")


@register.filter
@worded
def months(count: int | None) -> str:
    """A number of months in words: 12 → "12 months"."""
    if count is None:
        return ""
    return ngettext("%(count)s month", "%(count)s months", count) % {"count": count}


# Forms


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """A lone checkbox, whose label follows it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def faulty_fields(form: Any) -> Iterator[BoundField]:
    """The visible fields with errors, in order, for the summary above a form."""
    return (field for field in form.visible_fields() if field.errors)
