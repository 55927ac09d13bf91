from datetime import datetime, timedelta
from typing import Any

from django.db import models

# As long as the way to a plant may take at most.
VANISHED = timedelta(days=14)
WAYS = {"parcel": ("cancelled", "expired"), "return_parcel": ("returning",)}


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

    def unsent(self, at: datetime) -> "TradeQuerySet":
        return self.filter(is_unsent(at))


def is_missing(at: datetime) -> models.Q:
    """Parcels of which nothing was heard for too long, on either way and of sales called off too, or that are called
    lost and were never scanned."""
    vanished = models.Q(status="collected", due_at__lte=at) | models.Q(status="accepted", parcel__status="lost")
    for way, statuses in WAYS.items():
        travels = {f"{way}__status": "in_transit", f"{way}__in_transit_at__lte": at - VANISHED}
        vanished |= models.Q(status__in=statuses, **travels)
    return vanished


def is_unsent(at: datetime) -> models.Q:
    """Devices that a plant should have handed to the courier by now."""
    return models.Q(status="returning", return_parcel__status="created", due_at__lte=at)
