from datetime import datetime
from typing import Any

from django.db import models


class LineQuerySet(models.QuerySet[Any]):
    def to_accept(self) -> "LineQuerySet":
        return self.filter(status="paid")

    def to_ship(self) -> "LineQuerySet":
        return self.filter(status__in=["paid", "accepted"])

    def overdue(self, at: datetime) -> "LineQuerySet":
        return self.filter(due_at__lte=at)


class ClaimQuerySet(models.QuerySet[Any]):
    def open(self) -> "ClaimQuerySet":
        return self.exclude(status__in=["resolved", "refunded", "withdrawn"])

    def overdue(self, at: datetime) -> "ClaimQuerySet":
        """Past their deadline, with a clock that runs."""
        return self.open().filter(due_at__lte=at, paused_at=None)
