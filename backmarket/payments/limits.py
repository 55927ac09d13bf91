"""How much money a person at the desk may move alone."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, Exists, F, OuterRef, Sum
from django.db.models.functions import Cast

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.events.services import actor_code
from backmarket.money import Money
from backmarket.payments.models import Refund

SUPPORT = Money(50_000, settings.DEFAULT_CURRENCY)
FINANCE = Money(200_000, settings.DEFAULT_CURRENCY)
# What one person gives back of one order in so long is one sum, in however many steps.
LATELY = timedelta(days=1)


def limit_of(person: User) -> Money:
    """Above it somebody else has to agree, whoever asks: nobody's hands are so safe that one pair is enough."""
    return FINANCE if may_agree(person) else SUPPORT


def may_agree(person: User) -> bool:
    """Is this one of the second pairs of eyes? Finance and operators are."""
    return person.is_active and person.has_perm("payments.change_approval")


def given_back_lately(person: User, whole: UUID, currency: str, at: datetime) -> Money:
    """What this person has given back within a day of what was paid for `whole` (an order): what a provider refused is
    not given. Whoever agreed to another's refund has done it, so it counts as theirs."""
    asked = Event.objects.filter(
        kind="refund.requested", subject_type="payments.refund", subject_id=OuterRef("key"), actor=actor_code(person)
    )
    lately = Refund.objects.filter(payment__reference=whole, currency=currency, created_at__gt=at - LATELY)
    mine = lately.exclude(status=Refund.Status.FAILED).annotate(key=Cast("pk", CharField())).filter(Exists(asked))
    return Money(mine.aggregate(minor=Sum(F("amount_minor") + F("credit_minor")))["minor"] or 0, currency)
