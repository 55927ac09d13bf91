"""Who read what of whom: every reading of bank accounts, identity documents and tax numbers is an event.

An event says which fields were read, why and by whom, and never what they said.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import models
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.events.models import Event
from backmarket.events.services import Actor, record
from backmarket.logs import without_personal_data

READING = "privacy.read"
# Readings that have a name of their own, because more happens than a reading.
KINDS = (READING, "register.opened", "payout_file.downloaded")


class Why(models.TextChoices):
    """Why somebody may look at what is otherwise masked. The first five are people's, the others the house's own."""

    REQUEST = "request", _("the person asked us about it")
    FRAUD = "fraud", _("we suspect fraud")
    AUTHORITY = "authority", _("an authority asked for it")
    PAYOUT = "payout", _("a payout did not arrive")
    TAX = "tax", _("the yearly report to the tax authority")
    TRANSFER = "transfer", _("money was sent there")
    OWN = "own", _("the person read their own data")


PEOPLES = (Why.REQUEST, Why.FRAUD, Why.AUTHORITY, Why.PAYOUT)


class ReferenceIsPersonal(DomainError):
    code = "reference_is_personal"
    default_message = _("Give the number of a case or letter, no account, telephone number or e-mail address.")


def record_reading(
    subject: Model, *, what: Sequence[str], why: str, by: Actor, at: datetime, reference: str = ""
) -> Event:
    """Write down that `by` read the fields `what` of `subject`; call it in the transaction that reads.

    `why` is one of Why, `reference` the number of a case. Raises ReferenceIsPersonal.
    """
    if without_personal_data(reference) != reference:
        raise ReferenceIsPersonal(field="reference")
    data = {"what": list(what), "why": Why(why).value, "reference": reference}
    return record(READING, subject, by=by, at=at, data={name: value for name, value in data.items() if value})


def readings() -> QuerySet[Event]:
    return Event.objects.filter(kind__in=KINDS)
