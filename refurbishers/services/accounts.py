"""Where a plant is paid."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
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
