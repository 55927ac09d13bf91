"""What the services of parcels share: what an event says of one, and how the courier is asked after the commit."""

from functools import partial
from uuid import UUID

from django.db import transaction

from backmarket.shipping.models import Parcel


def subject(parcel: Parcel) -> dict[str, str]:
    """The data of every event about a parcel or its pickup: ids and codes."""
    return {"purpose": parcel.purpose, "reference": str(parcel.reference), "parcel": str(parcel.pk)}


def after_commit(task: str, pk: UUID) -> None:
    """Queue a task of this app; what its message does not reach, a job does."""
    transaction.on_commit(partial(_queue, task, pk), robust=True)


def _queue(task: str, pk: UUID) -> None:
    from backmarket.shipping import tasks

    getattr(tasks, task).delay(str(pk))
