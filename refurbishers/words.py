"""Figures of the specification in the reader's words. Pure."""

from django.utils.translation import ngettext

from backmarket.templatetags.ui import number, percent
from refurbishers.models import Clause


def in_words(value: int, unit: str) -> str:
    """A value in its clause's unit: 350 basis points → "3.5%", 48 hours → "48 hours", 412 → "4.12 stars"."""
    match unit:
        case Clause.Unit.BPS:
            return percent(value, 1)
        case Clause.Unit.HOURS:
            return ngettext("%(count)s hour", "%(count)s hours", value) % {"count": value}
        case Clause.Unit.STARS:
            return number(value / 100, 2)
    return number(value / 100)
