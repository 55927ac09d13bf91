from typing import Any

from django.db import models


class RefurbisherQuerySet(models.QuerySet[Any]):
    def trading(self) -> "RefurbisherQuerySet":
        """Plants that may sell and buy: trial, active, on watch, restricted."""
        return self.filter(status__in=self.model.TRADING)

    def public(self) -> "RefurbisherQuerySet":
        """Plants with a public page: all that ever traded, those that left included."""
        return self.exclude(status__in=["applied", "documents", "audit"])
