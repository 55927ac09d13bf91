"""How the desk calls the trades that money is about."""

from collections.abc import Collection
from uuid import UUID

from backmarket.admin.subjects import Subject, names_subjects
from buyback.models import Trade


@names_subjects
def trades(keys: Collection[UUID]) -> dict[UUID, Subject]:
    found = Trade.objects.filter(pk__in=keys).select_related("variant__product")
    return {trade.pk: Subject(f"{trade} · {trade.variant}", Trade, trade.pk) for trade in found}
