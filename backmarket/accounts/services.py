"""People's own data: addresses as they were when used."""

from contextlib import suppress
from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from backmarket.accounts.models import Address, User

FIELDS = ("name", "line1", "line2", "postcode", "city", "country", "phone")


def save_address(user: User | None, cleaned: dict[str, Any]) -> Address:
    """A new address row from an AddressForm's cleaned data; `user` is None for a guest.

    Rows are never edited: what was ordered keeps the address it was ordered with. Saving the same one again
    returns the person's existing row.
    """
    values = {name: cleaned.get(name) or "" for name in FIELDS}
    known = Address.objects.filter(user=user, **values).order_by("pk").first() if user else None
    return known or Address.objects.create(user=user, **values)


def open_account(email: str) -> User | None:
    """The person with this mailbox, new when nobody has it; None when the account was closed or blocked.

    A new one has no password and a mailbox that is not verified: only a code that is sent there opens it.
    """
    people = User.objects.filter(email__iexact=email)
    if not people.exists():
        # Asked twice in the same instant: the second finds what the first made.
        with suppress(IntegrityError), transaction.atomic():
            person = User.objects.create_user(email, None)
            EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=False)
    return people.filter(is_active=True).first()
