"""What a plant is called, how it is reached and how fast it sends, once somebody changed it."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.pagecache import EVERYTHING, touch
from backmarket.shipping.selectors import express_days
from backmarket.templatetags.ui import money
from refurbishers.models import Refurbisher


@transaction.atomic
def note_profile_change(plant: Refurbisher, fields: Iterable[str], *, by: Actor, at: datetime) -> None:
    """Record plant.changed with the names of what changed; no kept page says the old words any more."""
    if names := sorted(fields):
        record("plant.changed", plant, by=by, at=at, data={"fields": names})
        touch(EVERYTHING)


class CannotOfferExpress(DomainError):
    """The house courier has no express, or the surcharge is more than the shop allows."""

    code = "cannot_offer_express"
    default_message = _("Our courier carries nothing express at present, so it cannot be promised.")


def offer_express(plant: Refurbisher, *, surcharge: Money | None, by: Actor, at: datetime) -> None:
    """From now on the plant's parcels may be ordered express for so much more; None: not any more. What is ordered
    stays as it is. Raises CannotOfferExpress."""
    most = Money(Refurbisher.EXPRESS_AT_MOST_MINOR, settings.DEFAULT_CURRENCY)
    if surcharge and express_days() is None:
        raise CannotOfferExpress
    if surcharge and (surcharge.currency != most.currency or surcharge > most):
        text = _("The surcharge for express delivery is %(most)s at most.") % {"most": money(most)}
        raise CannotOfferExpress(text, field="surcharge")
    with transaction.atomic():
        locked = lock(Refurbisher.objects.filter(pk=plant.pk)).get()
        locked.express_minor = surcharge.minor if surcharge else None
        locked.save(update_fields=["express_minor"])
        record("plant.express_changed", plant, by=by, at=at, data={"minor": locked.express_minor})
    plant.express_minor = locked.express_minor
