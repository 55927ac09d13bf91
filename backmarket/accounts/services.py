"""People's own data: addresses as they were when used."""

from typing import Any

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
