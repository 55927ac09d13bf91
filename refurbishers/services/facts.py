"""Service facts: what the apps above push down, and all that a plant's compliance is computed from."""

from datetime import datetime
from uuid import UUID

from refurbishers.models import ServiceFact


def record_service_fact(plant_id: UUID, *, kind: ServiceFact.Kind, reference: UUID, value: int, at: datetime) -> bool:
    """Remember one fact; False when this kind of fact about this reference is already known, which then stays.

    `reference` is the line for shipments, cancellations and defects (a defect is counted against its shipment), the
    claim for answers and resolutions, the trade for counter-offers, inspections and payouts, the review for ratings.
    `value` is 1 for a failure and 0 for a success; else minutes, hours, days, or hundredths of a star.
    """
    _, created = ServiceFact.objects.get_or_create(
        kind=kind,
        reference=reference,
        defaults={"plant_id": plant_id, "value": value, "happened_at": at},
    )
    return created


def withdraw_service_fact(*, kind: ServiceFact.Kind, reference: UUID) -> None:
    """Forget a fact that no longer stands, such as the rating of a removed review."""
    ServiceFact.objects.filter(kind=kind, reference=reference).delete()
