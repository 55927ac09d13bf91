"""Make a parcel, give it up."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.shipping.models import Parcel
from backmarket.shipping.services.common import after_commit, subject
from backmarket.shipping.services.pickups import cancel_pickup
from backmarket.states import IllegalMove, move


class TrackingNumberRefused(DomainError):
    """Not the shape of a tracking number, or another parcel's."""

    code = "tracking_number_refused"
    default_message = _("This is not a tracking number: it has 6 to 40 letters and digits.")


def create_parcel(
    *,
    purpose: str,
    reference: UUID,
    sender: Address,
    recipient: Address,
    insured: Money,
    by: Actor,
    at: datetime,
    courier: str = "",
    tracking_number: str = "",
    mark: str = "",
    service: str = Parcel.Service.STANDARD,
) -> Parcel:
    """The row of a parcel. The house courier makes its label after the commit, or follows the number it has already.

    `mark` is printed on its label, for whoever opens it. Raises TrackingNumberRefused (field "tracking_number").
    """
    number = checked_tracking_number(tracking_number) if tracking_number else ""
    with transaction.atomic():
        parcel = Parcel.objects.create(
            purpose=purpose,
            reference=reference,
            courier=courier or settings.COURIER_GATEWAY,
            service=service,
            tracking_number=number,
            sender=sender,
            recipient=recipient,
            insured_minor=insured.minor,
            currency=insured.currency,
            mark=mark,
            created_at=at,
        )
        record("parcel.created", parcel, by=by, at=at, data=subject(parcel))
        after_commit("book_with_courier", parcel.pk)
    return parcel


def checked_tracking_number(text: str) -> str:
    """As it is kept; raises TrackingNumberRefused (field "tracking_number")."""
    number = "".join(text.split()).upper()
    if not (number.isascii() and number.replace("-", "").isalnum() and 6 <= len(number) <= 40):
        raise TrackingNumberRefused(field="tracking_number")
    if Parcel.objects.filter(tracking_number=number).exists():
        raise TrackingNumberRefused(_("Another parcel has this tracking number."), field="tracking_number")
    return number


def cancel_parcel(parcel: Parcel, *, by: Actor, at: datetime) -> None:
    """Give up a parcel that has not left, with its pickup; raises IllegalMove once the courier has it."""
    with transaction.atomic():
        move(parcel, Parcel.Status.CANCELLED, by=by, at=at, data=subject(parcel))
        with suppress(IllegalMove):
            cancel_pickup(parcel, by=by, at=at)
        after_commit("cancel_with_courier", parcel.pk)
