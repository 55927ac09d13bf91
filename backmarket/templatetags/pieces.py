"""Pieces of pages: prices, grades, stars, timelines, messages, what comes next.

In Python, because a template takes ten times as long to print them; `templates/components/_price.html`, `_grade.html`,
`_stars.html`, `_timeline.html` and `_next.html` print the same pieces.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Any

from django import template
from django.core.paginator import Page
from django.db.models import Model
from django.http import QueryDict
from django.template import RequestContext
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_noop

from backmarket.markup import gettext, remembered, worded
from backmarket.templatetags.ui import (
    grade_dots,
    grade_label,
    grade_meaning,
    icon,
    last_minute,
    money_short,
    number,
    percent,
    star_row,
)

register = template.Library()
HIDDEN = '<span class="visually-hidden">%s</span>'


@register.simple_tag
def price(
    now: Any, new: Any = None, source: str = "", source_date: date | None = None, saving_bps: int = 0, size: str = ""
) -> SafeString:
    """A price (Money), and the labelled price of a new one, which is never struck through."""
    return SafeString(price_in(get_language(), now, new, str(source), source_date, saving_bps, size))


def price_in(
    language: str | None,
    now: Any,
    new: Any = None,
    source: str = "",
    source_date: date | None = None,
    saving_bps: int = 0,
    size: str = "",
) -> str:
    saving = ""
    if saving_bps and saving_bps > 0:
        saving = f' <span class="price__saving">{_saved(language, saving_bps)}</span>'
    labelled = f'<span class="price__new">{_as_new(language, new, source, source_date)}</span>' if new else ""
    css = f"price price--{size}" if size else "price"
    return f'<p class="{css}"><span class="price__now">{escape(_short(language, now))}</span>{saving}{labelled}</p>'


@register.simple_tag(takes_context=True)
def pagination(context: RequestContext, page: Page[Any]) -> SafeString:
    """The pages of a list; their addresses keep the rest of the query string."""
    if not page.has_other_pages():
        return SafeString("")
    params = context["request"].GET.copy() if "request" in context else QueryDict(mutable=True)
    params.pop("page", None)
    query = escape(f"?{params.urlencode()}&page=" if params else "?page=")
    around = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    steps = (_page_link(query, number, page.number) for number in around)
    before = _step(query, page.number - 1, "prev") if page.has_previous() else ""
    after = _step(query, page.number + 1, "next") if page.has_next() else ""
    label = says(gettext_noop("Pages"))
    return SafeString(f'<nav class="pagination" aria-label="{label}">{before}{"".join(steps)}{after}</nav>')


def _page_link(query: str, number: int | str, current: int) -> str:
    if not isinstance(number, int):
        return '<span aria-hidden="true">…</span>'
    if number == current:
        return f'<span aria-current="page">{number}</span>'
    return f'<a href="{query}{number}">{HIDDEN % says(gettext_noop("Page"))} {number}</a>'


def _step(query: str, number: int, way: str) -> str:
    if way == "prev":
        said = icon("chevron-left") + HIDDEN % says(gettext_noop("Previous page"))
    else:
        said = HIDDEN % says(gettext_noop("Next page")) + icon("chevron-right")
    return f'<a rel="{way}" href="{query}{number}">{said}</a>'


@register.simple_tag(name="worded")
def worded_include(template_name: str, **values: Any) -> SafeString:
    """A part of a page that says the same thing on many pages: rendered once for these values and this language.

    The values are all that it sees, and are hashable. A row of the database is not a value, as it changes while it
    stays equal to itself: TypeError.
    """
    if rows := [name for name, value in values.items() if isinstance(value, Model)]:
        raise TypeError(f"{template_name} is given rows of the database: {', '.join(rows)}")
    return SafeString(_rendered(template_name, **values))


@worded
def _rendered(template_name: str, **values: Any) -> str:
    return render_to_string(template_name, values)


@register.simple_tag
@worded
def grade(code: str, meaning: bool = False) -> SafeString:
    """A grade as words and four dots; `meaning` adds its sentence."""
    sentence = f' <span class="muted small">{escape(grade_meaning(code))}</span>' if meaning else ""
    return SafeString(f'<span class="grade">{grade_dots(code)}{escape(grade_label(code))}</span>{sentence}')


@register.simple_tag
@worded
def stars(rating: Decimal | float | str | None, count: int | str | None = None, size: str = "") -> SafeString:
    """Stars beside their number, with the number of reviews where it is given; "" is what a template leaves out."""
    if rating is None or isinstance(rating, str):
        return SafeString(f'<span class="stars muted">{escape(gettext("Not rated yet"))}</span>')
    css = f"stars stars--{size}" if size else "stars"
    counted = ""
    if isinstance(count, int):
        counted = f' <span class="muted">({number(count)}{_unseen(" " + gettext("reviews"))})</span>'
    words = f"{_unseen(gettext('Rated') + ' ')}{number(rating, 1)}{_unseen(' ' + gettext('out of 5'))}"
    return SafeString(f'<span class="{css}">{star_row(rating)}<span>{words}</span>{counted}</span>')


@register.simple_tag
def alerts(messages: Iterable[Any]) -> SafeString:
    """What just happened; nothing where nothing did."""
    shown = "".join([_alert(message) for message in messages])
    return SafeString(f'<div class="wrap messages" role="status">{shown}</div>' if shown else "")


def _alert(message: Any) -> str:
    """As components/_alert.html."""
    level = message.level_tag or "info"
    role = ' role="alert"' if level == "error" else ""
    symbol = icon({"success": "check", "warning": "warning", "error": "warning"}.get(level, "info"))
    return f'<div class="alert alert--{level}"{role}>{symbol}<div>{escape(str(message))}</div></div>'


@register.simple_tag
def timeline(items: Iterable[Any]) -> SafeString:
    """What happened and what comes next: each with title, at (datetime or None), detail and state."""
    return SafeString(f'<ol class="timeline">{"".join(map(_point, items))}</ol>')


def _point(item: Any) -> str:
    here = ' aria-current="step"' if item.state == "current" else ""
    title = escape(item.title) + (_unseen(f" ({gettext('to come')})") if item.state == "todo" else "")
    said = item.detail if isinstance(item.detail, SafeString) else escape(item.detail)
    detail = f'<p class="muted small">{said}</p>' if said else ""
    at = moment(item.at, "SHORT_DATETIME_FORMAT", "muted small") if item.at else ""
    return (
        f'<li class="is-{item.state or "done"}"{here}><div class="row row--apart">'
        f'<span class="timeline__title">{title}</span>{at}</div>{detail}</li>'
    )


@register.simple_tag
def moment(at: datetime, form: str, css: str = "", until: bool = False) -> SafeString:
    """An instant in the market's time, in one of Django's formats; `until` shows a deadline as its last minute."""
    local = localtime(at)
    # The formats of this market say minutes at most, and no time zone.
    shown_at = localtime(last_minute(at)) if until else local
    shown = _minute(shown_at.replace(second=0, microsecond=0, tzinfo=None), form)
    named = f' class="{css}"' if css else ""
    return SafeString(f'<time{named} datetime="{local:%Y-%m-%dT%H:%M:%S%z}">{shown}</time>')


@worded
def _minute(at: datetime, form: str) -> str:
    return escape(date_format(at, form))


@register.simple_tag
def tracking(parcel: Any, css: str = "button button--link button--s") -> SafeString:
    """A parcel's number: to its courier's page about it, else to be copied, for whoever has a script."""
    shown, url = escape(parcel.tracking_number), parcel.tracking_url
    if url:
        return SafeString(f'<a href="{escape(url)}" rel="noreferrer">{shown}</a>')
    words = escape(gettext("Copy"))
    # A module runs once, however often a page asks for it.
    return SafeString(
        f'<span class="code copy">{shown}</span> <button class="{css}" type="button" aria-label="{words} {shown}"'
        f' data-copy="{shown}" data-done="{escape(gettext("Copied"))}" hidden>{words}</button>'
        f'<script type="module" src="{static("js/copy.js")}"></script>'
    )


@register.simple_tag
def next_step(
    title: str, text: str = "", url: str = "", label: str = "", symbol: str = "clock", deadline: datetime | None = None
) -> SafeString:
    """The next thing this person should do, or, without an address, what there is to wait for."""
    calm, button, until = " next--calm", "", says(gettext_noop("At the latest on"))
    if url:
        calm, button, until = (
            "",
            f'<a class="button" href="{escape(url)}">{escape(label)}</a>',
            says(gettext_noop("Until")),
        )
    by = f'<p class="small muted">{until} {moment(deadline, "DATETIME_FORMAT", until=True)}</p>' if deadline else ""
    words = f'<p class="next__title">{escape(title)}</p>{f"<p>{escape(text)}</p>" if text else ""}{by}'
    return SafeString(
        f'<section class="next{calm}" aria-label="{says(gettext_noop("Next for you"))}: {escape(title)}">{icon(symbol)}'
        f"<div>{words}</div>{button}</section>"
    )


@worded
def says(text: str) -> str:
    """Words of our own that were marked with gettext_noop, translated and escaped."""
    return escape(gettext(text))


@worded
def _saving(bps: int) -> str:
    return escape(gettext("%(share)s less than new") % {"share": percent(bps)})


@worded
def _new(amount: Any, source: str, day: date | None) -> str:
    dated = ", ".join(filter(None, [source, date_format(day, "YEAR_MONTH_FORMAT") if day and source else ""]))
    words = gettext("New %(amount)s") % {"amount": money_short(amount)}
    return escape(f"{words} ({dated})" if dated else words)


_saved, _as_new, _short = remembered(_saving), remembered(_new), remembered(money_short)


def _unseen(text: str) -> str:
    return HIDDEN % escape(text)
