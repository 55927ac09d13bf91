"""Row locks in one order, so that two transactions never wait for each other in a circle."""

from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def lock(rows: QuerySet[M]) -> QuerySet[M]:
    """The same rows, locked for update in primary-key order; joined rows stay free. Needs a transaction.

    Keys never change here, so the lock lets foreign keys to these rows be checked meanwhile ("no key").
    """
    return rows.order_by("pk").select_for_update(of=("self",), no_key=True)
