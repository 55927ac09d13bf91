"""Who is signed in: asked with every request, so the read is prepared."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet

from backmarket.accounts.models import User
from backmarket.prepared import Row, columns, instance, prepared

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


@prepared
def _people(pk: Any) -> "QuerySet[Any, Row]":
    return User.objects.filter(pk=pk).values_list(*columns(User))


class Passwords(ModelBackend):
    """E-mail and password, and the person of a session."""

    def get_user(self, user_id: Any) -> "AbstractBaseUser | None":
        rows = _people(pk=user_id)
        user = instance(User, rows[0]) if rows else None
        return user if user is not None and self.user_can_authenticate(user) else None
