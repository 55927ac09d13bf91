"""What a trade says of its plant, pushed down to the plant's measures. Each fact is kept once per trade."""

from datetime import datetime

from backmarket.market import calendar
from buyback.models import CounterOffer, Trade
from refurbishers.models import ServiceFact
from refurbishers.services import record_service_fact


def count_outcome(trade: Trade, *, late: bool, at: datetime) -> None:
    """Paid as quoted or countered; decided in time unless `late`."""
    countered = CounterOffer.objects.filter(trade=trade).exists()
    _push(trade, ServiceFact.Kind.COUNTER_OFFER, int(countered), at)
    _push(trade, ServiceFact.Kind.INSPECTION, int(late), at)


def count_days_to_pay(trade: Trade, *, at: datetime) -> None:
    """Calendar days from the collection at the door to the money on the account."""
    if trade.collected_at is None or trade.paid_at is None:
        return
    market = calendar()
    days = (market.local(trade.paid_at).date() - market.local(trade.collected_at).date()).days
    _push(trade, ServiceFact.Kind.DAYS_TO_PAY, days, at)


def _push(trade: Trade, kind: ServiceFact.Kind, value: int, at: datetime) -> None:
    record_service_fact(trade.plant_id, kind=kind, reference=trade.pk, value=value, at=at)
