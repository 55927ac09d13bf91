"""How much money a person at the desk may move alone."""

from django.conf import settings

from backmarket.accounts.models import User
from backmarket.money import Money

SUPPORT = Money(50_000, settings.DEFAULT_CURRENCY)
FINANCE = Money(200_000, settings.DEFAULT_CURRENCY)


def limit_of(person: User) -> Money:
    """Above it somebody else has to agree, whoever asks: nobody's hands are so safe that one pair is enough."""
    return FINANCE if may_agree(person) else SUPPORT


def may_agree(person: User) -> bool:
    """Is this one of the second pairs of eyes? Finance and operators are."""
    return person.is_active and person.has_perm("payments.change_approval")
