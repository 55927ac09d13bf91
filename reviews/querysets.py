from typing import Any

from django.db import models


class ReviewQuerySet(models.QuerySet[Any]):
    def published(self) -> "ReviewQuerySet":
        return self.filter(removed_at=None)


class SpokenQuerySet(models.QuerySet[Any]):
    """Questions and answers."""

    def published(self) -> "SpokenQuerySet":
        return self.filter(status="published")

    def waiting(self) -> "SpokenQuerySet":
        return self.filter(status="waiting")
