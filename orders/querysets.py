from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Cast, Coalesce

from backmarket.events.models import Event


class LineQuerySet(models.QuerySet[Any]):
    def to_accept(self) -> "LineQuerySet":
        return self.filter(status="paid")

    def to_ship(self) -> "LineQuerySet":
        return self.filter(status__in=["paid", "accepted"])

    def to_invoice(self) -> "LineQuerySet":
        """Sent, whatever became of it since, and on no invoice yet."""
        return self.filter(shipped_at__isnull=False, invoice=None)

    def overdue(self, at: datetime) -> "LineQuerySet":
        return self.filter(due_at__lte=at)


class ConsignmentQuerySet(models.QuerySet[Any]):
    def told(self) -> "ConsignmentQuerySet":
        """Handed over to their plants, which never hear of what ended before that."""
        return self.filter(ship_by__isnull=False)


def found_after_refund() -> Q:
    """The lines brought to their buyer after the money had gone back, until the desk has closed that."""
    key = Cast(OuterRef("pk"), models.CharField())
    told = Event.objects.filter(subject_type="orders.orderline", subject_id=key)
    there = Q(shipped_at__isnull=False, delivered_at=None, consignment__parcel__delivered_at__isnull=False)
    return there & Exists(told.filter(kind="line.found")) & ~Exists(told.filter(kind="line.found_closed"))


# The cases on which support is to act, like Claim.is_with_support.
WITH_SUPPORT = Q(status="arbitration") | Q(status="awaiting_plant") & (
    Q(escalated_at__isnull=False) | Q(handler__isnull=False)
)


class ClaimQuerySet(models.QuerySet[Any]):
    def open(self) -> "ClaimQuerySet":
        return self.exclude(status__in=["resolved", "refunded", "withdrawn"])

    def overdue(self, at: datetime) -> "ClaimQuerySet":
        """Past their deadline, with a clock that runs."""
        return self.open().filter(due_at__lte=at, paused_at=None)


class SettlementQuerySet(models.QuerySet[Any]):
    def with_open_sums(self) -> "SettlementQuerySet":
        """`left_over_minor`: what the plant's settlements left, less what it has paid since; negative is carried over.
        `open_minor`: that and all else that is not settled yet, sales that fall due later included."""
        open_rows = self.model._meta.get_field("earnings").related_model._default_manager.filter(
            plant=OuterRef("plant"), currency=OuterRef("currency"), settlement=None
        )
        left = open_rows.filter(kind__in=["carried", "received"])
        return self.annotate(left_over_minor=_sum_of(left), open_minor=_sum_of(open_rows))


def _sum_of(rows: models.QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values("plant").annotate(minor=Sum("amount_minor")).values("minor")), 0)
