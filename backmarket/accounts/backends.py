"""Who is signed in: asked with every request, so the read is prepared."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import QuerySet

from backmarket.accounts.models import User
from backmarket.prepared import Row, columns, instance, prepared


@prepared
def _people(pk: Any) -> "QuerySet[Any, Row]":
    return User.objects.filter(pk=pk).values_list(*columns(User))


class Passwords(AuthenticationBackend):
    """E-mail and password, and the person of a session, however they came in: of django-allauth's, so that it gives
    this one to who came by a code."""

    def get_user(self, user_id: Any) -> User | None:
        rows = _people(pk=user_id)
        user = instance(User, rows[0]) if rows else None
        return user if user is not None and self.user_can_authenticate(user) else None
