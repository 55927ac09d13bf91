from datetime import datetime
from typing import Any

from django.db import models


class BidQuerySet(models.QuerySet[Any]):
    def live(self) -> "BidQuerySet":
        """Active bids of trading plants that are experts in the device's category."""
        return self.filter(
            active=True,
            plant__status__in=["trial", "active", "watch", "restricted"],
            plant__categories=models.F("variant__product__category"),
        )


class TradeQuerySet(models.QuerySet[Any]):
    def open(self) -> "TradeQuerySet":
        return self.filter(status__in=self.model.OPEN)

    def overdue(self, at: datetime) -> "TradeQuerySet":
        return self.filter(due_at__lte=at)

    def missing(self, at: datetime) -> "TradeQuerySet":
        return self.filter(is_missing(at))


def is_missing(at: datetime) -> models.Q:
    """Parcels to a plant of which nothing was heard for too long, or that are called lost and were never scanned."""
    vanished = models.Q(status="collected", due_at__lte=at)
    return vanished | models.Q(status="accepted", parcel__status="lost")
