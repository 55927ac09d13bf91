from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q


class ListingQuerySet(models.QuerySet[Any]):
    def live(self) -> "ListingQuerySet":
        """What a shopper can buy now: online, of a trading plant, with stock that nobody holds."""
        return self.filter(
            status="online",
            plant__status__in=["trial", "active", "watch", "restricted"],
            on_hand__gt=F("reserved"),
        )


class ReservationQuerySet(models.QuerySet[Any]):
    def open(self) -> "ReservationQuerySet":
        return self.filter(released_at=None, sold_at=None)

    def expired(self, at: datetime) -> "ReservationQuerySet":
        """Open, and past their time."""
        return self.open().filter(expires_at__lte=at)


class BuyableQuerySet(models.QuerySet[Any]):
    def in_stock(self) -> "BuyableQuerySet":
        return self.filter(in_stock=True)

    def shown(self) -> "BuyableQuerySet":
        """Rows with an offer, sold out or not."""
        return self.filter(~Q(price_minor=None))
