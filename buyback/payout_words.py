"""Where a seller's money is, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from backmarket.payments.models import Payout
from buyback.due import last_minute
from buyback.models import Trade

Text = str | Promise


@dataclass(frozen=True)
class PayoutState:
    """`title` in a few words, `text` in a sentence; `asks` when the seller has to give another account."""

    title: Text
    text: Text = ""
    asks: bool = False


def payout_state(trade: Trade) -> PayoutState | None:
    """None before the price is settled."""
    if trade.status not in (Trade.Status.VALIDATED, Trade.Status.PAID):
        return None
    payout = trade.payout
    if trade.credited_at:
        words = {"day": _day(trade.credited_at)}
        return PayoutState(_("Kept as credit"), _("It is on your credit since %(day)s.") % words)
    if payout is None and trade.credit_chosen_at:
        return PayoutState(_("It becomes credit on the next business day"))
    if payout is None:
        return PayoutState(_("To be ordered on the next business day"), _arrives(trade))
    return WORDS[Payout.Status(payout.status)](trade, payout)


def _ordered(trade: Trade, payout: Payout) -> PayoutState:
    words = {"day": _day(payout.due_at), "last4": payout.iban_last4}
    text = _("It leaves on %(day)s for the account ending in %(last4)s.") % words
    return PayoutState(_("Ordered"), f"{text} {_arrives(trade)}".strip())


def _sent(trade: Trade, payout: Payout) -> PayoutState:
    words = {"day": _day(payout.sent_at or payout.due_at), "last4": payout.iban_last4}
    text = _("It left on %(day)s for the account ending in %(last4)s.") % words
    return PayoutState(_("Sent to your bank"), f"{text} {_arrives(trade)}".strip())


def _paid(trade: Trade, payout: Payout) -> PayoutState:
    words = {"day": _day(payout.paid_at or payout.due_at), "last4": payout.iban_last4}
    text = _("It arrived on %(day)s on the account ending in %(last4)s.") % words
    return PayoutState(_("On your account"), text)


def _bounced(trade: Trade, payout: Payout) -> PayoutState:
    if payout.is_held:
        return _cancelled(trade, payout)
    words = {"day": _day(payout.bounced_at or payout.due_at), "last4": payout.iban_last4}
    text = _("The bank of the account ending in %(last4)s sent it back on %(day)s: give us another account.") % words
    return PayoutState(_("Returned by your bank"), text, asks=True)


def _cancelled(trade: Trade, payout: Payout) -> PayoutState:
    return PayoutState(_("Held"), _("It did not arrive. We look into it and order it again; nothing is lost."))


WORDS = {
    Payout.Status.ORDERED: _ordered,
    Payout.Status.SENT: _sent,
    Payout.Status.PAID: _paid,
    Payout.Status.BOUNCED: _bounced,
    Payout.Status.CANCELLED: _cancelled,
}


def _arrives(trade: Trade) -> str:
    due = last_minute(trade.due_at)
    return _("It is on your account by %(day)s.") % {"day": _day(due)} if due else ""


def _day(at: datetime) -> str:
    return date_format(localtime(at), "l j F")
