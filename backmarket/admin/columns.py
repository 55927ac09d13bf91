"""Columns of lists and read-only pages: money in the reader's format, states in colour, deadlines in market time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import display
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.templatetags.ui import money

Column = Callable[[Any, Any], Any]
NOTHING = "–"
STATUS, DEADLINE = _("status"), _("deadline")
TONES = {
    tone: [*states]
    for tone, states in {
        "success": ("online", "captured", "paid", "delivered", "closed", "resolved", "active", "ready", "succeeded",
                    "collected", "running", "validated", "returned", "won", "enabled"),
        "warning": ("paused", "countered", "awaiting_plant", "disputed", "arbitration", "watch", "on_hold", "received",
                    "inspected", "attempted", "undelivered", "warned", "ordered", "pending", "draft", "trial",
                    "made", "foreseen", "open", "needs_response", "under_review"),
        "danger": ("blocked", "failed", "lost", "suspended", "restricted", "bounced", "cancelled", "expired",
                   "refunded", "stray", "lapsed"),
    }.items()
}  # fmt: skip
TONE_OF = {state: tone for tone, states in TONES.items() for state in states}


def money_column(attribute: str, title: Any, *, ordering: str | None = None) -> Column:
    """The Money at dotted `attribute`, formatted; a dash for None."""

    @display(description=title, ordering=ordering)
    def column(admin: Any, obj: Any) -> str:
        return money(_follow(obj, attribute)) or NOTHING

    return column


def text_column(attribute: str, title: Any, *, ordering: str | None = None) -> Column:
    """Whatever stands at dotted `attribute`, or a dash."""

    @display(description=title, ordering=ordering)
    def column(admin: Any, obj: Any) -> Any:
        value = _follow(obj, attribute)
        return NOTHING if value in (None, "") else value

    return column


def state_column(field: str = "status", title: Any = STATUS) -> Column:
    """The state as a coloured label."""

    @display(description=title, ordering=field)
    def column(admin: Any, obj: Any) -> SafeString:
        state = getattr(obj, field)
        words = getattr(obj, f"get_{field}_display")()
        return format_html('<span class="tag tag--{}">{}</span>', TONE_OF.get(state, "plain"), words)

    return column


def deadline_column(field: str = "due_at", title: Any = DEADLINE, *, ordering: str = "", done_late: Any = "") -> Column:
    """A deadline in market time, marked when it is over; the admin annotates `late` (see base.deadline).

    Where it was met too late the admin annotates `done_late`, and the mark says those words.
    """

    @display(description=title, ordering=ordering or field)
    def column(admin: Any, obj: Any) -> str | SafeString:
        if getattr(obj, "done_late", False):
            return deadline(getattr(obj, field), late=True, words=done_late)
        return deadline(getattr(obj, field), late=getattr(obj, "late", False))

    return column


def deadline(at: datetime | None, *, late: bool, words: Any = "") -> str | SafeString:
    if at is None:
        return NOTHING
    mark = format_html(' <span class="tag tag--danger">{}</span>', words or _("late")) if late else ""
    return format_html('<time datetime="{}">{}</time>{}', at.isoformat(), end_of(at), mark)


def moment(at: datetime | None) -> str:
    """An instant in market time, in the reader's format."""
    return formats.date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at else NOTHING


def end_of(at: datetime) -> str:
    """A deadline in market time; one at midnight is the end of the day before it."""
    local = timezone.localtime(at)
    if (local.hour, local.minute) != (0, 0):
        return moment(at)
    return gettext("end of %(day)s") % {"day": formats.date_format(local - timedelta(minutes=1), "D j M Y")}


def _follow(obj: Any, path: str) -> Any:
    for name in path.split("."):
        obj = getattr(obj, name, None)
    return obj() if callable(obj) and not isinstance(obj, type) else obj
