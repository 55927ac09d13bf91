"""People's own data: addresses as they were when used, and the mailbox that opens an account."""

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
    address = typed_address(user, cleaned)
    if address._state.adding:
        address.save()
    return address


def typed_address(user: User | None, cleaned: dict[str, Any]) -> Address:
    """The same, not saved yet where it is new: for who may refuse what it is typed for."""
    values = {name: cleaned.get(name) or "" for name in FIELDS}
    known = Address.objects.filter(user=user, **values).order_by("pk").first() if user else None
    return known or Address(user=user, **values)


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


@transaction.atomic
def account_at(email: str) -> User | None:
    """Whom a code to this mailbox lets in; None when that account was closed or blocked.

    The account in which the address was verified; else the one that bears it, if nobody has proved another mailbox
    there; else a new one. Who wrote down an address and never proved it gives way.
    """
    addresses = EmailAddress.objects.filter(email__iexact=email)
    if proved := addresses.filter(verified=True).select_related("user").first():
        return proved.user if proved.user.is_active else None
    addresses.exclude(user__email__iexact=email).delete()
    if other := EmailAddress.objects.filter(user__email__iexact=email, verified=True).first():
        addresses.delete()
        other.set_as_primary()
    return open_account(email)


@transaction.atomic
def claim_account(person: User, email: str) -> bool:
    """Give an account to whoever has just proved its mailbox for the first time; says whether a password ended.

    Whoever opened it may have been somebody else: the password and every session end, other addresses go.
    """
    if not EmailAddress.objects.filter(user=person, email__iexact=email, verified=False).exists():
        return False
    EmailAddress.objects.filter(user=person, verified=False).exclude(email__iexact=email).delete()
    had_password = person.has_usable_password()
    person.set_unusable_password()
    person.save(update_fields=["password"])
    return had_password
