"""How much money a person at the desk may move alone."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Sum
from django.db.models.functions import Cast

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.events.services import actor_code
from backmarket.money import Money
from backmarket.payments.models import Payout, Refund, TransferReversal

SUPPORT = Money(50_000, settings.DEFAULT_CURRENCY)
FINANCE = Money(200_000, settings.DEFAULT_CURRENCY)
# What one person moves of one order, or from one payee, in so long is one sum, in however many steps.
LATELY = timedelta(days=1)


def limit_of(person: User) -> Money:
    """Above it somebody else has to agree, whoever asks: nobody's hands are so safe that one pair is enough."""
    return FINANCE if may_agree(person) else SUPPORT


def may_agree(person: User) -> bool:
    """Is this one of the second pairs of eyes? Finance and operators are."""
    return person.is_active and person.has_perm("payments.change_approval")


def given_back_lately(person: User, whole: UUID, currency: str, at: datetime) -> Money:
    """What this person alone has given back within a day of what was paid for `whole` (an order): what a provider
    refused is not given."""
    lately = Refund.objects.filter(payment__reference=whole, currency=currency, created_at__gt=at - LATELY)
    mine = _alone(lately.exclude(status=Refund.Status.FAILED), person, "refund.requested")
    return Money(mine.aggregate(minor=Sum(F("amount_minor") + F("credit_minor")))["minor"] or 0, currency)


def taken_back_lately(person: User, payout: Payout, at: datetime) -> Money:
    """What this person alone has taken back within a day from the account of this transfer's payee; what the provider
    refused is not taken."""
    same = {"payout__party": payout.party, "payout__account": payout.account, "currency": payout.currency}
    lately = TransferReversal.objects.filter(created_at__gt=at - LATELY, **same)
    mine = _alone(lately.exclude(status=TransferReversal.Status.FAILED), person, "reversal.requested")
    return Money(mine.aggregate(minor=Sum("amount_minor"))["minor"] or 0, payout.currency)


def noted_lately(person: User, kind: str, subjects: QuerySet[Any], at: datetime) -> int:
    """The sum, in minor units, of what this person alone has recorded by events of this kind within a day of any of
    these rows."""
    keys = [str(pk) for pk in subjects.values_list("pk", flat=True)]
    noted = _by(person, kind).filter(
        subject_type=subjects.model._meta.label_lower, subject_id__in=keys, happened_at__gt=at - LATELY
    )
    return sum(data["amount_minor"] for data in noted.values_list("data", flat=True))


def _alone(rows: QuerySet[Any], person: User, kind: str) -> QuerySet[Any]:
    """Of these rows, those that the person has asked for by an event of this kind."""
    asked = _by(person, kind).filter(subject_type=rows.model._meta.label_lower, subject_id=OuterRef("key"))
    mine: QuerySet[Any] = rows.annotate(key=Cast("pk", CharField())).filter(Exists(asked))
    return mine


def _by(person: User, kind: str) -> QuerySet[Event]:
    """What two people agreed to is nobody's alone: it uses up neither's allowance."""
    return Event.objects.filter(kind=kind, actor=actor_code(person)).exclude(data__has_key="approval")
