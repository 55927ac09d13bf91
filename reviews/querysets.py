from typing import Any

from django.db import models


class ReviewQuerySet(models.QuerySet[Any]):
    def published(self) -> "ReviewQuerySet":
        return self.filter(removed_at=None)
