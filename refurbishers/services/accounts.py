"""Where a plant is paid."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from backmarket.payments.models import ConnectAccount
from backmarket.payments.selectors import account_of
from backmarket.payments.services.connect import CannotConnect, follow_account, open_account
from refurbishers.models import Refurbisher


class CannotChangeIban(DomainError):
    code = "invalid_iban"
    default_message = _("This is not an IBAN: check every digit.")


def change_plant_iban(plant: Refurbisher, *, iban: str, by: Actor, at: datetime) -> None:
    """Pay `plant` to another account from now on; its owners are told. Raises CannotChangeIban.

    The event holds the last four characters only.
    """
    try:
        account = str(IBAN(iban, validate_bban=True))
    except SchwiftyException as error:
        raise CannotChangeIban(field="new_iban") from error
    with transaction.atomic():
        Refurbisher.objects.filter(pk=plant.pk).update(iban=account)
        record("plant.iban_changed", plant, by=by, at=at, data={"last4": account[-4:]})
    plant.iban = account


def open_plant_account(plant: Refurbisher, *, by: Actor, at: datetime) -> ConnectAccount:
    """An account in the plant's name at the payment provider, once. Network: outside transactions.

    Raises CannotConnect, also for a plant that has left.
    """
    if plant.status == Refurbisher.Status.LEFT:
        raise CannotConnect(_("This plant has left."))
    return open_account(str(plant.pk), country=plant.country, by=by, at=at)


def ask_about_account(plant: Refurbisher, *, at: datetime) -> None:
    """Ask the provider what the plant's account may do. Network: outside transactions. Raises CannotConnect."""
    account = account_of(str(plant.pk))
    try:
        if account is not None:
            follow_account(account.pk, at=at)
    except GatewayError as error:
        raise CannotConnect from error
