"""The specification's figures and the ladder's steps in the reader's words. Pure."""

from collections.abc import Mapping

from django.utils.functional import Promise as Words
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from backmarket.templatetags.ui import number, percent
from refurbishers.models import Clause, Refurbisher

Status = Refurbisher.Status

CHAPTERS: Mapping[str, Words] = {
    "team": _("Technical team"),
    "tests": _("Tests"),
    "parts": _("Parts"),
    "erasure": _("Data erasure"),
    "deadlines": _("Deadlines"),
    "service": _("Customer service"),
    "guarantees": _("Guarantees"),
    "traceability": _("Traceability"),
    "packaging": _("Packaging"),
    "law": _("Law"),
}

# What a shopper should know of a step, without shaming: the figures beside it say the rest.
STANDING: Mapping[str, Words] = {
    Status.TRIAL: _("New here: it works under a limit of ten orders a day until its first devices are judged."),
    Status.ACTIVE: _("In good standing: what it may miss stays within the limits."),
    Status.WATCH: _("On watch: at least one promise is not kept at the moment. It may sell meanwhile."),
    Status.RESTRICTED: _("Restricted: it may sell what is listed, but list nothing more until it keeps its promises."),
    Status.SUSPENDED: _("Suspended: it sells nothing at the moment. Open orders and guarantees go on."),
    Status.LEFT: _("It no longer sells here. Guarantees it gave go on."),
}


def in_words(value: int, unit: str) -> str:
    """A value in its clause's unit: 350 basis points → "3.5%", 48 hours → "48 hours", 412 → "4.12 stars"."""
    match unit:
        case Clause.Unit.BPS:
            return percent(value, 1 if value % 100 else 0)
        case Clause.Unit.HOURS:
            return ngettext("%(count)s hour", "%(count)s hours", value) % {"count": value}
        case Clause.Unit.STARS:
            return gettext("%(count)s stars") % {"count": number(value / 100, 2)}
    return number(value / 100, 1)


def promised_words(threshold: int, unit: str, comparison: str) -> str:
    """ "at most 3.5%", "at least 4 stars"."""
    figure = {"figure": in_words(threshold, unit)}
    if comparison == Clause.Comparison.AT_MOST:
        return gettext("at most %(figure)s") % figure
    return gettext("at least %(figure)s") % figure


def duration_words(minutes: int) -> str:
    """ "45 min", "3 h 20 min": a length of time in business hours."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return gettext("%(minutes)s min") % {"minutes": rest}
    if not rest:
        return gettext("%(hours)s h") % {"hours": hours}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}


def chapter_words(chapter: str) -> str:
    return str(CHAPTERS.get(chapter, chapter))
