"""The way of money that goes back: asked, sent by the bank, on the account; what failed is said too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format

from backmarket.market import calendar
from backmarket.markup import gettext as _
from backmarket.money import Money, total
from backmarket.payments.models import Refund
from backmarket.payments.selectors import BY_BANK, BY_DISPUTE
from backmarket.templatetags.ui import money
from orders.pages.parts import Step
from orders.selectors import refund_arrives_by

Status = Refund.Status


@dataclass(frozen=True)
class RefundView:
    """What is refunded of one line, or of a whole order, and how far that is."""

    amount: Money
    steps: list[Step]


@dataclass(frozen=True)
class RefundSums:
    """All of an order's refunds: what is back (sent by the bank, or on the credit), and what the bank is asked for."""

    sent: Money
    asked: Money

    @property
    def back(self) -> Money:
        return self.sent + self.asked


def refund_view(refunds: Sequence[Refund], at: datetime) -> RefundView | None:
    """The tries to refund one thing, oldest first, as steps; None when there was none."""
    if not refunds:
        return None
    steps: list[Step] = []
    by_credit = total((refund.credit for refund in refunds), refunds[-1].currency)
    for refund in refunds:
        if refund.credit:
            title = _("%(amount)s back on your credit") % {"amount": money(refund.credit)}
            steps.append(Step(title, refund.created_at, "done"))
        if refund.amount:
            if not refund.gateway_id.startswith(BY_DISPUTE):
                steps.append(Step(_asked(refund, by_credit), refund.created_at, "done"))
            steps += _outcome(refund, at, last=refund is refunds[-1])
    return RefundView(refunds[-1].amount + by_credit, steps)


def _asked(refund: Refund, by_credit: Money) -> str:
    """How much comes by the bank, where that is not all of it."""
    if not by_credit:
        return _("Refund asked of the bank")
    return _("Refund of the other %(amount)s asked of the bank") % {"amount": money(refund.amount)}


def _outcome(refund: Refund, at: datetime, *, last: bool) -> list[Step]:
    if refund.status == Status.SUCCEEDED and refund.succeeded_at:
        if refund.gateway_id.startswith(BY_BANK):
            return [Step(_("Paid to you by bank transfer"), refund.succeeded_at, "done")]
        return [Step(_("Sent back by the bank"), refund.succeeded_at, "done"), _arrival(refund.succeeded_at, at)]
    if refund.status == Status.FAILED and refund.succeeded_at:
        return [Step(_("Your bank has taken it back, as the dispute was decided otherwise"), refund.failed_at, "done")]
    if refund.status == Status.FAILED:
        detail = _("The money is safe with us: we try again, or pay it to an account of yours.") if last else ""
        return [Step(_("The bank refused it"), refund.failed_at, "problem", detail)]
    return [Step(_("The bank confirms it"), None, "current"), Step(_("On your account"), None, "todo")]


def _arrival(sent_at: datetime, at: datetime) -> Step:
    """What the buyer's own bank does we do not see: only how long it usually takes."""
    day = refund_arrives_by(sent_at)
    state = "current" if calendar().local(at).date() <= day else "done"
    detail = _("Usually by %(day)s: banks take up to five business days to show it.")
    return Step(_("On your account"), None, state, detail % {"day": date_format(day, "DATE_FORMAT")})


def refund_sums(found: Iterable[Iterable[Refund]], currency: str) -> RefundSums:
    rows = [refund for refunds in found for refund in refunds]
    return RefundSums(
        sent=total((row.amount for row in rows if row.status == Status.SUCCEEDED), currency)
        + total((row.credit for row in rows), currency),
        asked=total((row.amount for row in rows if row.status == Status.PENDING), currency),
    )
