"""Who a session is of and what their cart holds, in one read: what the header of a kept page says."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import QuerySet, Sum
from django.utils.crypto import constant_time_compare

from backmarket.accounts.models import User
from backmarket.prepared import Row, prepared
from orders.selectors import CART_KEY, devices_in


@prepared
def _people(pk: Any) -> "QuerySet[Any, Row]":
    people = User.objects.filter(pk=pk, is_active=True).annotate(devices=Sum("cart__items__quantity"))
    return people.values_list("password", "devices")


def of_session(data: Mapping[str, Any]) -> tuple[bool, int] | None:
    """As backmarket.context.visitor, of what a session holds. None where anything about the person has changed since
    they signed in: django.contrib.auth.get_user says then what becomes of the session."""
    if SESSION_KEY not in data:
        return False, devices_in(data.get(CART_KEY))
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    rows = _people(pk=int(data[SESSION_KEY]))
    if not rows:
        return None
    password, devices = rows[0]
    is_theirs = constant_time_compare(data.get(HASH_SESSION_KEY, ""), User(password=password).get_session_auth_hash())
    return (True, int(devices or 0)) if is_theirs else None
