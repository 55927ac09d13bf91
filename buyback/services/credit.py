"""Leaving the money of a sale as credit: the seller's choice, until a transfer leaves, and the way back from it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.payments import services as payments
from backmarket.payments.models import Payout
from buyback.models import Trade
from buyback.services.payouts import TaxNumberMissing, order_trade_payout
from buyback.services.trades import checked_account

Status = Trade.Status
# The money may still come, or waits to be ordered.
AHEAD = (
    Status.ACCEPTED, Status.COLLECTED, Status.RECEIVED, Status.INSPECTED, Status.COUNTERED, Status.SUSPENDED,
    Status.LOST, Status.VALIDATED,
)  # fmt: skip


class CannotKeepAsCredit(DomainError):
    code = "cannot_keep_as_credit"
    default_message = _("The money has left for your bank, or nothing will be paid for this sale.")


class CannotUndoCredit(DomainError):
    code = "cannot_undo_credit"
    default_message = _("This money is not kept as credit.")


class CreditIsUsed(DomainError):
    """What is left of all the credit is less than this sale brought."""

    code = "credit_is_used"
    default_message = _(
        "Part of this money is used or kept for an order. You can have the rest of your credit paid out."
    )


def may_keep_as_credit(trade: Trade) -> bool:
    """Is the seller free to leave it, or what a plant will yet pay, as credit?"""
    free = trade.payout is None or _is_with_us(trade.payout)
    return trade.status in AHEAD and trade.credit_chosen_at is None and free


def _is_with_us(payout: Payout) -> bool:
    """Ordered and not on its way, or back because of the payee's account; what staff hold, they look into."""
    ordered = payout.status == Payout.Status.ORDERED and payout.sending_at is None
    return ordered or (payout.status == Payout.Status.BOUNCED and not payout.is_held)


def keep_as_credit(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The seller wants credit instead of a transfer: at once where the price is settled, else as soon as it is.

    A transfer that is ordered is cancelled. Raises CannotKeepAsCredit, CannotCancelPayout when the bank may have it.
    """
    with transaction.atomic():
        # No join: what another transaction has ordered while this one waited for the lock must be seen.
        locked = lock(Trade.objects.filter(pk=trade.pk)).get()
        if not may_keep_as_credit(locked):
            raise CannotKeepAsCredit
        if locked.payout and locked.payout.status == Payout.Status.ORDERED:
            payments.cancel_payout(locked.payout, by=by, at=at)
        locked.credit_chosen_at = at
        locked.save(update_fields=["credit_chosen_at"])
        record("trade.credit_chosen", locked, by=by, at=at)
        if locked.status == Status.VALIDATED:
            order_trade_payout(locked, by=by, at=at)
    trade.refresh_from_db()


def undo_credit(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The seller wants a transfer after all: it is ordered to the sale's account.

    Raises CannotUndoCredit, CreditIsUsed, and TaxNumberMissing while the seller owes us one.
    """
    with transaction.atomic():
        locked = lock(Trade.objects.filter(pk=trade.pk)).get()
        if locked.credit_chosen_at is None:
            raise CannotUndoCredit
        kept, locked.credit_chosen_at = locked.credited_at is not None, None
        if kept:
            _take_back(locked, by=by, at=at)
        else:
            locked.save(update_fields=["credit_chosen_at"])
        record("trade.credit_undone", locked, by=by, at=at)
    trade.refresh_from_db()


def _take_back(trade: Trade, *, by: Actor, at: datetime) -> None:
    try:
        payments.take_back_credit(trade.seller, trade.price, reference=trade.pk, label=str(trade), at=at)
    except payments.NotEnoughCredit as error:
        raise CreditIsUsed from error
    trade.credited_at = None
    if not order_trade_payout(trade, by=by, at=at):
        raise TaxNumberMissing


def known_account(person: User) -> Trade | None:
    """The person's latest sale whose bank account we (still) know."""
    return Trade.objects.filter(seller=person).exclude(iban_last4="").exclude(iban_index="").first()


def pay_out_credit(
    person: User, *, amount: Money, holder: str, iban: str, key: UUID, by: Actor, at: datetime
) -> Payout:
    """Have credit transferred: to the account of the person's latest sale, or, where `iban` is given, to another one.

    Raises InvalidIban, HolderIsNotSeller, NotEnoughCredit, and CannotPayOut for a second click.
    """
    known = known_account(person)
    if not iban and known:
        account = {"iban": known.iban, "holder": known.holder}
    else:
        latest = Trade.objects.filter(seller=person).select_related("identity").first()
        named = latest.identity.full_name if latest else ""
        account = checked_account(iban, holder, named or person.full_name)
    with transaction.atomic():
        return payments.pay_credit_out(
            person, amount, holder=account["holder"], iban=account["iban"], key=key, by=by, at=at
        )
