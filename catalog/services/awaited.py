"""The news that somebody waited for, told in the transaction that makes it true."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from backmarket.events.services import record
from catalog.models import Alert, Buyable


def record_awaited_offers(pairs: Iterable[tuple[int, str]]) -> None:
    """Record `buyable.awaited` for each of these (variant id, grade) pairs whose offer now comes up to an alert.

    Called at the end of every refresh, while its rows are locked; one query where nobody waits. A price that falls for
    nobody is no event: a night's repricing would make fifteen thousand of them.
    """
    variant_ids = {variant_id for variant_id, _ in pairs}
    waiting = Alert.objects.waiting()
    if not waiting.filter(variant_id__in=variant_ids).exists():
        return
    met = waiting.filter(variant=OuterRef("variant"), grade=OuterRef("grade")).met_by(OuterRef("price_minor"))
    rows = Buyable.objects.in_stock().filter(Exists(met), variant_id__in=variant_ids)
    # Rows that were true already were not written again: what is news now happened now.
    rows.update(refreshed_at=Now())
    for row in rows.order_by("pk").only("refreshed_at"):
        record("buyable.awaited", row, by="system:alerts", at=row.refreshed_at)
