from datetime import datetime
from typing import Any

from django.db import models


class EventQuerySet(models.QuerySet[Any]):
    def unpublished(self) -> "EventQuerySet":
        return self.filter(published_at=None)

    def about(self, obj: models.Model) -> "EventQuerySet":
        """The events of one object, oldest first."""
        return self.filter(subject_type=obj._meta.label_lower, subject_id=str(obj.pk))


class DeliveryQuerySet(models.QuerySet[Any]):
    def waiting(self) -> "DeliveryQuerySet":
        return self.filter(handled_at=None)

    def stale(self, before: datetime) -> "DeliveryQuerySet":
        """Queued so long ago that the queue must have lost them, or their handler failed."""
        return self.waiting().filter(queued_at__lt=before)
