"""Paying for validated trades: ordered on the next business day, on the account two business days later."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket import clock, states
from backmarket.db import lock
from backmarket.events.services import Actor
from backmarket.jobs import each
from backmarket.market import calendar
from backmarket.payments import services as payments
from backmarket.payments.models import LedgerEntry, Payout
from buyback.dac7 import withheld
from buyback.models import Trade

PURPOSE = "trade"
# What had arrived may come back from the bank days later, and is ordered again.
SETTLED = (Trade.Status.VALIDATED, Trade.Status.PAID)


class TaxNumberMissing(payments.CannotPayOut):
    """The seller was asked for it often and long enough (see dac7.withheld)."""

    default_message = _("The seller's tax number is missing. Payments wait until it is given.")


def order_payouts(at: datetime) -> int:
    """Order the payouts of validated trades that have none, and again those that came back while they were withheld,
    each in a transaction of its own; returns how many."""
    waiting = Trade.objects.filter(status=Trade.Status.VALIDATED, payout=None).values_list("pk", flat=True)
    back = Trade.objects.filter(status=Trade.Status.PAID, payout__status=Payout.Status.BOUNCED)
    ordered = each("order_payouts", waiting, partial(_order_missing, at=at))
    return ordered + each("order_payouts", back.values_list("pk", flat=True), partial(_order_again, at=at))


def _order_missing(trade_id: UUID, at: datetime) -> bool:
    with transaction.atomic():
        trade = lock(Trade.objects.filter(pk=trade_id, status=Trade.Status.VALIDATED, payout=None)).first()
        return trade is not None and order_trade_payout(trade, by="system:order_payouts", at=at)


def _order_again(trade_id: UUID, at: datetime) -> bool:
    """Where its account is not why it came back, or is another one by now."""
    with transaction.atomic():
        trade = lock(Trade.objects.filter(pk=trade_id, status=Trade.Status.PAID)).first()
        payout = trade.payout if trade else None
        if trade is None or payout is None or payout.status != Payout.Status.BOUNCED:
            return False
        is_elsewhere = not payout.is_held and payout.iban != trade.iban
        may = is_elsewhere or payments.may_pay_again(payout)
        return may and order_trade_payout(trade, by="system:order_payouts", at=at)


def order_trade_payout(trade: Trade, *, by: Actor, at: datetime) -> bool:
    """Order the price of a validated trade, to be sent on the first business day after validation.

    False for a seller who has owed us a tax number for too long: the trade is then without a payout, and the job
    orders it once the number is given. Where the seller has chosen credit, it becomes that instead, and the trade is
    paid. Every road to a payout passes here; raises CannotPayOut for a trade whose price nobody has settled.
    """
    if trade.status not in SETTLED:
        raise payments.CannotPayOut(_("Nothing is owed for this sale."))
    if withheld(at).filter(user=trade.seller_id).exists():
        if trade.status == Trade.Status.VALIDATED:  # what was paid once keeps the payout that came back
            trade.payout = None
            trade.save(update_fields=["payout"])
        return False
    if trade.credit_chosen_at and trade.status == Trade.Status.VALIDATED:
        _keep(trade, by=by, at=at)
        return True
    day = calendar().business_day_after(
        calendar().local(trade.validated_at or at).date(), Trade.PAYOUT_ORDERED_BUSINESS_DAYS
    )
    trade.payout = payments.order_payout(
        purpose=PURPOSE,
        reference=trade.pk,
        label=str(trade),
        account=LedgerEntry.Account.CONSUMER,
        party=str(trade.seller_id),
        amount=trade.price,
        holder=trade.holder,
        iban=trade.iban,
        due_at=max(at, calendar().instant(day, clock.OPENS)),
        by=by,
        at=at,
    )
    trade.save(update_fields=["payout", "credit_chosen_at", "credited_at"])
    return True


def _keep(trade: Trade, *, by: Actor, at: datetime) -> None:
    """What the seller is owed becomes credit, and the trade is paid."""
    label = f"{trade} · {trade.variant}"
    payments.leave_credit(trade.seller, trade.price, reference=trade.pk, label=label, at=at)
    facts = {"payout": None, "credited_at": at, "due_at": None}
    states.move(trade, Trade.Status.PAID, by=by, at=at, data={"credit": True}, **facts)


def replace_payout(trade: Trade, *, by: Actor, at: datetime) -> None:
    """Order again what had been ordered to another account, or came back from it; nothing while nothing was ordered,
    or while staff hold it."""
    if trade.payout is None or trade.payout.is_held:
        return
    if trade.payout.status == Payout.Status.ORDERED:
        payments.cancel_payout(trade.payout, by=by, at=at)
    order_trade_payout(trade, by=by, at=at)


def reorder_trade_payout(trade: Trade, *, by: Actor, at: datetime) -> None:
    """Staff release what is held (they cancelled it, or it came back for a reason of ours), to the seller's account.

    Raises CannotPayOut unless the latest payout is held, and while the seller owes us a tax number.
    """
    with transaction.atomic():
        locked = lock(Trade.objects.filter(pk=trade.pk)).get()
        if locked.payout is None or not locked.payout.is_held:
            raise payments.CannotPayOut(_("Only a payout that is held can be ordered again."))
        if not order_trade_payout(locked, by=by, at=at):
            raise TaxNumberMissing
    trade.refresh_from_db()


def pay_trade_again(payout: Payout, *, at: datetime) -> None:
    """The money came back, and the seller's account is not why: order it once more, to the same account.

    Nothing when another payout has been ordered since; what comes back again is held, for staff to look at.
    """
    with transaction.atomic():
        trade = lock(Trade.objects.filter(pk=payout.reference, payout=payout)).first()
        if trade is not None and payments.may_pay_again(payout):
            order_trade_payout(trade, by="system:order_payouts", at=at)


def close_paid_trade(payout: Payout, *, at: datetime) -> None:
    """The money is on the account. Raises IllegalMove when the trade had been closed before."""
    trade = Trade.objects.get(pk=payout.reference, payout=payout)
    states.move(trade, Trade.Status.PAID, by="system:send_payouts", at=at, due_at=None)
