"""The courier's final no is not the last word of the desk."""

from datetime import datetime

from django.db import transaction

from backmarket.db import lock
from backmarket.events.services import Actor, record
from backmarket.shipping import selectors
from backmarket.shipping.models import Parcel, Pickup
from backmarket.shipping.services.common import after_commit, subject
from backmarket.shipping.services.pickups import open_pickup
from backmarket.states import IllegalMove

TASKS = {
    ("parcel", Parcel.Status.CREATED): "book_with_courier",
    ("parcel", Parcel.Status.CANCELLED): "cancel_with_courier",
    ("pickup", Pickup.Status.CANCELLED): "cancel_pickup_with_courier",
}


def ask_again(row: Parcel | Pickup, *, by: Actor, at: datetime) -> None:
    """Have the courier asked once more, after the commit, for what it refused for good.

    A refused visit was told to have failed, so it is another pickup at the same time; several of them are one visit
    again. Raises IllegalMove when there is nothing to ask (any more).
    """
    with transaction.atomic():
        parcel = lock(Parcel.objects.filter(pk=row.pk if isinstance(row, Parcel) else row.parcel_id)).get()
        found = parcel if isinstance(row, Parcel) else lock(parcel.pickups.filter(pk=row.pk)).get()
        if not selectors.may_be_asked_again(found, at):
            raise IllegalMove
        type(row).objects.filter(pk=row.pk).update(refusal="")
        record(f"{row.NOUN}.asked_again", found, by=by, at=at, data=subject(parcel))
        if isinstance(found, Pickup) and found.status == Pickup.Status.FAILED:
            open_pickup(parcel, found.visit, found.window_start, found.window_end, by=by, at=at)
        else:
            after_commit(TASKS[found.NOUN, found.status], found.pk)  # type: ignore[index]
