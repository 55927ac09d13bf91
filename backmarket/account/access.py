"""A person's own rows: everybody else's do not exist."""

from django.http import Http404

from backmarket.accounts.models import Address, User


def address_of(user: User, pk: int) -> Address:
    """One of the person's own addresses; Http404 otherwise."""
    address = user.addresses.filter(pk=pk).first()
    if address is None:
        raise Http404
    return address
