"""The public rating of a plant, as reviews push it down."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backmarket.db import lock
from backmarket.events.services import Actor, record
from refurbishers.models import Refurbisher


@transaction.atomic
def set_rating(plant_id: UUID, *, rating_sum: int, rating_count: int, by: Actor, at: datetime) -> None:
    """Set the sum and the number of a plant's stars; records plant.rated when they changed."""
    plant = lock(Refurbisher.objects.filter(pk=plant_id)).get()
    if (plant.rating_sum, plant.rating_count) == (rating_sum, rating_count):
        return
    plant.rating_sum, plant.rating_count = rating_sum, rating_count
    plant.save(update_fields=["rating_sum", "rating_count"])
    record("plant.rated", plant, by=by, at=at)
