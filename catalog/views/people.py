"""Who stands before a view of the catalogue."""

from django.http import HttpRequest

from backmarket.accounts.models import User


def person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def member(request: HttpRequest) -> User:
    """Whoever is logged in: for views behind login_required."""
    assert isinstance(request.user, User)  # noqa: S101 - tells the type checker what the decorator ensures
    return request.user
