"""What a plant is called and how it is reached, once somebody changed it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from backmarket.events.services import Actor, record
from backmarket.pagecache import EVERYTHING, touch
from refurbishers.models import Refurbisher


@transaction.atomic
def note_profile_change(plant: Refurbisher, fields: Iterable[str], *, by: Actor, at: datetime) -> None:
    """Record plant.changed with the names of what changed; no kept page says the old words any more."""
    if names := sorted(fields):
        record("plant.changed", plant, by=by, at=at, data={"fields": names})
        touch(EVERYTHING)
