"""Measures from service facts: one statement per measure for all plants at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, Avg, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet

from refurbishers.models import ServiceFact
from refurbishers.scoring import BPS, Figure

Kind = ServiceFact.Kind
Figures = dict[UUID, Figure]
# Grouped by plant: what django-stubs cannot follow through values() and annotate().
Rows = QuerySet[Any, Any]


class Median(Aggregate):
    """The middle value; of an even number, the lower of the two in the middle."""

    function = "PERCENTILE_DISC"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = IntegerField()


def _in_window(kinds: list[Kind], at: datetime, days: int) -> Rows:
    window: Rows = ServiceFact.objects.filter(
        kind__in=kinds, happened_at__lt=at, happened_at__gte=at - timedelta(days=days)
    )
    return window.order_by()


def _share(rows: Rows) -> Figures:
    """Failures in basis points of the sample, half up; the rows carry `failed` and `sample`."""
    return {
        row["plant_id"]: Figure((2 * BPS * row["failed"] + row["sample"]) // (2 * row["sample"]), row["sample"])
        for row in rows.values("plant_id", "failed", "sample")
    }


def _rate(kind: Kind, out_of: Kind, *, at: datetime, days: int) -> Figures:
    """Failures of `kind` among all that `kind` or `out_of` tell of: a cancelled line was never shipped, yet counts."""
    return _share(
        _in_window([kind, out_of], at, days)
        .values("plant_id")
        .annotate(
            sample=Count("reference", distinct=True),
            failed=Count("reference", filter=Q(kind=kind, value__gt=0)),
        )
    )


def _defects(within_days: int, *, at: datetime, days: int) -> Figures:
    """Devices shipped in the window of which a defect was claimed within so many days after the shipment."""
    defect = ServiceFact.objects.filter(
        kind=Kind.DEFECT,
        value__gt=0,
        reference=OuterRef("reference"),
        happened_at__lt=OuterRef("happened_at") + timedelta(days=within_days),
        happened_at__lte=at,
    )
    shipments = _in_window([Kind.SHIPMENT], at, days).annotate(defective=Exists(defect))
    return _share(
        shipments.values("plant_id").annotate(sample=Count("id"), failed=Count("id", filter=Q(defective=True)))
    )


def _value(kind: Kind, aggregate: type[Aggregate], *, at: datetime, days: int) -> Figures:
    rows = _in_window([kind], at, days).values("plant_id").annotate(sample=Count("id"), figure=aggregate(F("value")))
    return {row["plant_id"]: Figure(round(row["figure"]), row["sample"]) for row in rows}


# Measures without service facts of their own (audits, mystery orders) are not computed here.
MEASURES: dict[str, Callable[..., Figures]] = {
    "defect_rate_30d": partial(_defects, 30),
    "defect_rate_90d": partial(_defects, 90),
    "defect_rate_365d": partial(_defects, 365),
    "late_shipment_rate": partial(_rate, Kind.SHIPMENT, Kind.SHIPMENT),
    "cancellation_rate": partial(_rate, Kind.CANCELLATION, Kind.SHIPMENT),
    "late_inspection_rate": partial(_rate, Kind.INSPECTION, Kind.COUNTER_OFFER),
    "late_answer_rate": partial(_rate, Kind.ANSWER, Kind.ANSWER),
    "counter_offer_rate": partial(_rate, Kind.COUNTER_OFFER, Kind.COUNTER_OFFER),
    "resolution_hours_median": partial(_value, Kind.RESOLUTION_TIME, Median),
    "answer_minutes_median": partial(_value, Kind.ANSWER_TIME, Median),
    "days_to_pay_median": partial(_value, Kind.DAYS_TO_PAY, Median),
    "rating_average": partial(_value, Kind.RATING, Avg),
}


def figures_of(measure: str, *, at: datetime, days: int) -> Figures:
    """Every plant's figure for a measure over the `days` before `at`; plants without a fact are absent."""
    return MEASURES[measure](at=at, days=days)
