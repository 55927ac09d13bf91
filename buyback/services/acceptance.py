"""Accepting in two steps: the details are checked and kept sealed, then shown whole and confirmed by one click."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor
from backmarket.shipping.services import available_slots
from buyback.conditions import CURRENT
from buyback.details import Details, sealed, unsealed
from buyback.models import AcceptanceDraft, Quote, Trade
from buyback.services.parcels import SlotGone
from buyback.services.trades import accept_quote, check_acceptance


class CannotConfirm(DomainError):
    code = "cannot_confirm"


class DetailsChanged(CannotConfirm):
    code = "details_changed"
    default_message = _(
        "You changed your details in another window meanwhile. Here is what we have now: look at it once more, then "
        "confirm."
    )


class ConditionsChanged(CannotConfirm):
    code = "conditions_changed"
    default_message = _("The conditions have changed since you opened this page. Read the new ones, then confirm.")


def prepare_acceptance(quote: Quote, *, details: Details, seller: User, by: Actor, at: datetime) -> AcceptanceDraft:
    """Check what the seller gave, the stolen-device registry included, and keep it sealed for a day.

    Network: outside transactions. Raises as accept_quote() does.
    """
    person = details.seller
    check_acceptance(
        quote, plant=details.plant, seller=seller, identifier=details.identifier, identity=person.identity,
        holder=person.holder, iban=person.iban, slot=details.slot, by=by, at=at,
    )  # fmt: skip
    facts = {
        "revision": uuid4(),
        "details": sealed(details),
        "saved_at": at,
        "expires_at": at + timedelta(hours=AcceptanceDraft.VALID_HOURS),
    }
    return AcceptanceDraft.objects.update_or_create(quote=quote, seller=seller, defaults=facts)[0]


def confirm_acceptance(
    draft: AcceptanceDraft, *, revision: str, conditions_version: str, by: Actor, at: datetime
) -> Trade:
    """The last click: what was shown becomes a trade. Network: outside transactions.

    `revision` and `conditions_version` are those that the page showed. Raises CannotConfirm, SlotGone, or as
    accept_quote() does; the details stay then.
    """
    if revision != str(draft.revision):
        raise DetailsChanged
    if conditions_version != CURRENT:
        raise ConditionsChanged
    details = unsealed(draft.details)
    _refuse_taken_slot(details, at)
    trade = accept_quote(
        draft.quote,
        plant=details.plant,
        seller=draft.seller,
        identifier=details.identifier,
        identity=details.seller.identity,
        address=details.address,
        holder=details.seller.holder,
        iban=details.seller.iban,
        slot=details.slot,
        visit=details.visit,
        conditions_version=conditions_version,
        by=by,
        at=at,
    )
    draft.delete()
    return trade


def _refuse_taken_slot(details: Details, at: datetime) -> None:
    """A window that the courier offered on the page before may be full by now; its silence takes nothing back."""
    if details.slot is None:
        return
    try:
        offered = available_slots(postcode=details.address.postcode, country=details.address.country, at=at)
    except GatewayError:
        return
    if details.slot not in offered:
        raise SlotGone(field="slot")


def forget_drafts(at: datetime) -> int:
    """Delete what was never confirmed, once its day is over; returns how many."""
    return AcceptanceDraft.objects.filter(expires_at__lte=at).delete()[0]
