from django.db import models

from backmarket.events.models import Event
from backmarket.events.querysets import EventQuerySet


def timeline(*objects: models.Model) -> EventQuerySet:
    """The events of these objects together, oldest first."""
    condition = models.Q(pk__in=[])
    for obj in objects:
        condition |= models.Q(subject_type=obj._meta.label_lower, subject_id=str(obj.pk))
    return Event.objects.filter(condition)
