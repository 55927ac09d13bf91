"""What a person changes about themselves, up to closing the account."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backmarket.account import export, selectors
from backmarket.accounts.models import Address, User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.privacy import Why, record_reading
from buyback.models import AcceptanceDraft, Identity, TaxFile, Trade
from catalog.services.personal import erase_aids
from orders.models import Cart, Order, Withdrawal
from refurbishers.models import Member
from reviews.models import Answer, Question, Review


class CannotCloseAccount(DomainError):
    """Something is still open; `reasons` are sentences that say what."""

    code = "cannot_close_account"
    default_message = gettext_lazy("Your account cannot be closed yet.")

    def __init__(self, reasons: list[str]) -> None:
        super().__init__()
        self.reasons = reasons


def change_profile(user: User, *, full_name: str, language: str) -> None:
    """Save how a person is called and which language our e-mails speak."""
    user.full_name, user.language = full_name, language
    user.save(update_fields=["full_name", "language"])


@transaction.atomic
def hand_out_data(user: User, *, by: Actor, at: datetime) -> dict[str, Any]:
    """Everything we hold of a person, for the person; that what is sealed was read is recorded."""
    record_reading(user, what=export.SEALED, why=Why.OWN, by=by, at=at)
    return export.data_of(user, at=at)


def forget_address(address: Address) -> None:
    """Take an address out of a person's book; where an order or a trade used it, that one keeps it."""
    try:
        with transaction.atomic():
            address.delete()
    except ProtectedError:
        Address.objects.filter(pk=address.pk).update(user=None)


def reasons_to_stay(user: User) -> list[str]:
    """Why this account cannot be closed now, as sentences; empty when it can."""
    withdrawals = Withdrawal.objects.filter(line__order__buyer=user).exclude(status=Withdrawal.Status.REFUNDED)
    checks = [
        (selectors.open_orders(user).exists(), _("A device you bought has not been delivered yet.")),
        (selectors.open_trades(user).exists(), _("A device you are selling has not been paid or returned yet.")),
        (
            selectors.returned_payments(user).exists(),
            _("Your bank sent a payment back: change your account first."),
        ),
        (
            selectors.has_credit(user),
            _("You have credit with us: have it paid out first, and wait until it is on your account."),
        ),
        (selectors.open_claims(user).exists(), _("A claim of yours is still open.")),
        (withdrawals.exists(), _("A refund after your withdrawal has not arrived yet.")),
        (Member.objects.filter(user=user).exists(), _("You work at a plant: its owner has to take you off first.")),
        (user.is_staff, _("You work here: an operator has to take your role back first.")),
    ]
    return [reason for stands, reason in checks if stands]


@transaction.atomic
def close_account(user: User, *, by: Actor, at: datetime) -> None:
    """Erase what the law does not make us keep, and the login with it. Raises CannotCloseAccount.

    Kept: orders with their address and invoices (accounts, guarantees) and trades with the seller's identity (police
    register). Ratings stay without a name. Records account.closed.
    """
    user = lock(User.objects.filter(pk=user.pk)).get()
    if reasons := reasons_to_stay(user):
        raise CannotCloseAccount(reasons)
    _erase_traces(user)
    _erase_login(user)
    record("account.closed", user, by=by, at=at)


def _erase_traces(user: User) -> None:
    for said in (Review, Question, Answer):
        said.objects.filter(author=user).update(author=None, author_name=_("Former customer"))
    # As a guest's orders they stay within reach of their owner: by number and e-mail, while a guarantee runs.
    Order.objects.filter(buyer=user).update(buyer=None)
    if not TaxFile.objects.filter(user=user).exists():  # of the others we report the account that was paid (DAC7)
        Trade.objects.filter(seller=user).update(iban="", holder="", iban_index="")
    Identity.objects.filter(user=user, trades=None).delete()
    Cart.objects.filter(user=user).delete()
    erase_aids(user)
    AcceptanceDraft.objects.filter(seller=user).delete()
    for address in selectors.addresses_of(user):
        forget_address(address)


def _erase_login(user: User) -> None:
    """A changed password ends every session."""
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.groups.clear()
    user.email, user.full_name, user.is_active = f"closed-{user.pk}@closed.invalid", "", False
    user.set_unusable_password()
    user.save()
