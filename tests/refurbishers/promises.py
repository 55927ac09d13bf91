"""A small specification, signed, and facts to measure it by."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from refurbishers.models import Clause, Refurbisher, ServiceFact, Signature, Specification
from refurbishers.services import record_service_fact


def signed_specification(plant: Refurbisher, at: datetime) -> Specification:
    """Late shipments at most 7 % (watch 7, restrict 15), rating at least 4 (watch), from 10 facts on; one document."""
    specification = Specification.objects.create(version="test.1", title="Test", published_at=at - timedelta(days=99))
    for position, fields in enumerate(
        [
            {"code": "L-01", "measure": "late_shipment_rate", "comparison": "<=", "unit": "bps", "threshold": 700}
            | {"watch": 700, "restrict": 1500},
            {"code": "S-03", "measure": "rating_average", "comparison": ">=", "unit": "stars", "threshold": 400}
            | {"watch": 400},
            {"code": "E-04", "measure": "defect_rate_30d", "comparison": "<=", "unit": "bps", "threshold": 200},
            {"code": "S-02", "measure": "resolution_hours_median", "comparison": "<=", "unit": "hours"}
            | {"threshold": 48, "min_sample": 3},
        ]
    ):
        defaults = {"window_days": 90, "min_sample": 10, "kind": "measure", "chapter": "service", "text": "A promise."}
        Clause.objects.create(specification=specification, position=position, **(defaults | fields))
    Clause.objects.create(
        specification=specification, code="T-01", chapter="team", text="A document.", kind="evidence", position=9
    )
    Signature.objects.create(plant=plant, specification=specification, signed_at=at - timedelta(days=98))
    return specification


def facts(plant: Refurbisher, kind: ServiceFact.Kind, values: list[int], at: datetime) -> list[UUID]:
    """One fact per value, all a day before `at`; returns their references."""
    references = [uuid4() for _ in values]
    for reference, value in zip(references, values, strict=True):
        record_service_fact(plant.pk, kind=kind, reference=reference, value=value, at=at - timedelta(days=1))
    return references
