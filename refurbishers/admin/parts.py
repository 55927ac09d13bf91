"""Panels about a plant that both sites show."""

from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import NOTHING, moment
from backmarket.admin.panels import Panel, facts, table
from backmarket.market import calendar
from backmarket.payments.reasons import missing_words
from backmarket.payments.selectors import account_of, payable_account
from backmarket.templatetags.ui import percent
from backmarket.timetravel import now
from refurbishers.models import CommissionTerm, Refurbisher
from refurbishers.selectors import Promise, promises


def promises_panel(plant: Refurbisher) -> Panel:
    words = {True: _("kept"), False: _("broken"), None: _("too few facts")}
    rows = [(p.code, p.text, p.promised_words, _achieved(p), words[p.kept]) for p in promises(plant.pk)]
    headers = (_("Clause"), _("Text"), _("Promised"), _("Achieved"), _("State"))
    return table(_("Promised and achieved"), headers, rows, empty=_("No specification is signed."))


def _achieved(promise: Promise) -> str:
    return f"{promise.achieved_words} ({promise.sample})" if promise.achieved_words else NOTHING


def commission_panel(plant: Refurbisher) -> Panel:
    """What is agreed, and since when, the latest first; where nothing is agreed for today, the standard holds."""
    terms, today = list(plant.commission_terms.all()), calendar().local(now()).date()
    rows = [
        (percent(term.rate_bps, 2), date_format(term.from_date), date_format(term.to_date) if term.to_date else NOTHING)
        for term in terms
    ]
    if terms and not any(term.from_date <= today and (term.to_date is None or today < term.to_date) for term in terms):
        coming = min((term.from_date for term in terms if term.from_date > today), default=None)
        until = date_format(coming) if coming else NOTHING
        rows.append((percent(CommissionTerm.STANDARD_BPS, 2), _("today, the standard commission"), until))
    standard = _("The standard commission of %(rate)s.") % {"rate": percent(CommissionTerm.STANDARD_BPS)}
    return table(_("Commission"), (_("Of each sale"), _("From"), _("Until before")), rows, empty=standard)


def payout_account_panel(plant: Refurbisher, *, url: str = "") -> list[Panel]:
    """The plant's own account with the payment provider: what it may do, what is missing, and where to fill it in."""
    account = account_of(str(plant.pk))
    if account is None:
        return []
    pairs: list[tuple[Any, Any]] = [
        (_("Status"), account.get_status_display()),
        (_("Filled in"), _("yes") if account.details_submitted else _("not yet")),
        (_("Paid by us"), _("yes") if account.transfers_enabled else _("not yet")),
        (_("Pays out to its bank"), _("yes") if account.payouts_enabled else _("not yet")),
        (_("Still missing"), ", ".join(missing_words(account.missing))),
        (_("Last asked"), moment(account.checked_at)),
    ]
    if url and account.status != account.Status.ENABLED:
        words = _("Go to the payment provider")
        pairs.append((_("Continue"), format_html('<a href="{}" rel="noreferrer">{}</a>', url, words)))
    return [facts(_("Payout account"), pairs)]


def paid_to_panel(plant: Refurbisher) -> Panel:
    """To where its settlements are paid now: of the bank account its end alone."""
    account, ending = account_of(str(plant.pk)), plant.iban[-4:]
    if payable_account(str(plant.pk)):
        paid_to = _("to the payout account")
    else:
        paid_to = _("to the bank account") if ending else _("nowhere yet: what you earn waits for an account")
    pairs = [
        (_("Bank account"), _("IBAN ending in %(ending)s") % {"ending": ending} if ending else _("none known yet")),
        (_("Payout account"), account.get_status_display() if account else _("not opened")),
        (_("Settlements go"), paid_to),
        (_("Another bank account"), _("Write to us: your owners hear of every change by e-mail.")),
    ]
    return facts(_("Where you are paid"), pairs)


def statements_panel(plant: Refurbisher) -> Panel:
    rows = [
        (moment(s.created_at), s.get_to_status_display(), s.reasons, s.appeal or NOTHING)
        for s in plant.statements.all()
    ]
    return table(_("Statements of reasons"), (_("Date"), _("To"), _("Reasons"), _("Appeal")), rows)
