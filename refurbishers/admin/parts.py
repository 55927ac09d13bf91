"""Panels about a plant that both sites show."""

from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import NOTHING, moment
from backmarket.admin.panels import Panel, table
from refurbishers.models import (
    Refurbisher,
)
from refurbishers.selectors import Promise, promises


def promises_panel(plant: Refurbisher) -> Panel:
    words = {True: _("kept"), False: _("broken"), None: _("too few facts")}
    rows = [(p.code, p.text, p.promised_words, _achieved(p), words[p.kept]) for p in promises(plant.pk)]
    headers = (_("Clause"), _("Text"), _("Promised"), _("Achieved"), _("State"))
    return table(_("Promised and achieved"), headers, rows, empty=_("No specification is signed."))


def _achieved(promise: Promise) -> str:
    return f"{promise.achieved_words} ({promise.sample})" if promise.achieved_words else NOTHING


def statements_panel(plant: Refurbisher) -> Panel:
    rows = [
        (moment(s.created_at), s.get_to_status_display(), s.reasons, s.appeal or NOTHING)
        for s in plant.statements.all()
    ]
    return table(_("Statements of reasons"), (_("Date"), _("To"), _("Reasons"), _("Appeal")), rows)
