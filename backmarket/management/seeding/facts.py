"""What a year says of each plant: service facts, rating sums, measures, and the offers shown that rest on them."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from backmarket import market
from backmarket.events.models import Event
from backmarket.management.seeding.base import insert, known
from buyback.models import CounterOffer, Trade
from catalog.models import Product
from catalog.services.buyables import rebuild_buyables
from orders.handlers import NOT_THE_PLANTS
from orders.issues import NOT_DEFECTS
from orders.models import Claim, OrderLine
from refurbishers.models import Refurbisher, ServiceFact
from refurbishers.services.measures import measure_plants
from reviews.models import Review

Kind = ServiceFact.Kind


def load(at: datetime) -> str:
    facts = [*_of_lines(), *_of_claims(), *_of_trades(), *_of_reviews()]
    insert(facts)
    _rate_plants()
    _rate_products()
    measure_plants(at)
    rebuild_buyables()
    # The news of the past is old news: nobody is written to about it.
    Event.objects.filter(published_at=None).update(published_at=at)
    return f"{len(facts)} service facts"


def _fact(plant_id: UUID, kind: Kind, reference: UUID, value: int, at: datetime) -> ServiceFact:
    return ServiceFact(plant_id=plant_id, kind=kind, reference=reference, value=value, happened_at=at)


def _of_lines() -> list[ServiceFact]:
    facts = []
    for line in OrderLine.objects.exclude(paid_at=None).select_related("consignment"):
        if line.shipped_at:
            late = int(line.shipped_at > known(line.consignment.ship_by))
            facts.append(_fact(line.plant_id, Kind.SHIPMENT, line.pk, late, line.shipped_at))
        elif line.cancelled_at and line.cancel_reason not in NOT_THE_PLANTS:
            facts.append(_fact(line.plant_id, Kind.CANCELLATION, line.pk, 1, line.cancelled_at))
    return facts


def _of_claims() -> list[ServiceFact]:
    calendar, facts = market.calendar(), []
    for claim in Claim.objects.all():
        if claim.issue not in NOT_DEFECTS:
            facts.append(_fact(claim.plant_id, Kind.DEFECT, claim.line_id, 1, claim.opened_at))
        if answered_at := claim.first_answer_at:
            minutes = int(calendar.business_time_between(claim.opened_at, answered_at).total_seconds() // 60)
            facts.append(_fact(claim.plant_id, Kind.ANSWER, claim.pk, 0, answered_at))
            facts.append(_fact(claim.plant_id, Kind.ANSWER_TIME, claim.pk, minutes, answered_at))
        if ended_at := claim.resolved_at or claim.refunded_at:
            hours = int((ended_at - claim.opened_at).total_seconds() // 3600)
            facts.append(_fact(claim.plant_id, Kind.RESOLUTION_TIME, claim.pk, hours, ended_at))
    return facts


def _of_trades() -> list[ServiceFact]:
    calendar, facts = market.calendar(), []
    countered = set(CounterOffer.objects.values_list("trade_id", flat=True))
    for trade in Trade.objects.all():
        decided_at = trade.countered_at or trade.validated_at
        if decided_at and trade.received_at:
            facts.append(_fact(trade.plant_id, Kind.COUNTER_OFFER, trade.pk, int(trade.pk in countered), decided_at))
            late = decided_at > calendar.business_days_after(trade.received_at, Trade.INSPECT_WITHIN_BUSINESS_DAYS)
            facts.append(_fact(trade.plant_id, Kind.INSPECTION, trade.pk, int(late), decided_at))
        if trade.paid_at and trade.collected_at:
            days = (calendar.local(trade.paid_at).date() - calendar.local(trade.collected_at).date()).days
            facts.append(_fact(trade.plant_id, Kind.DAYS_TO_PAY, trade.pk, days, trade.paid_at))
    return facts


def _of_reviews() -> list[ServiceFact]:
    return [
        _fact(review.plant_id, Kind.RATING, review.pk, 100 * review.stars, review.published_at)
        for review in Review.objects.published()
    ]


def _rate_plants() -> None:
    """The sums that the handler of every single rating would have pushed down."""
    stars = defaultdict(list)
    for review in Review.objects.published():
        stars[review.plant_id].append(review.stars)
    plants = list(Refurbisher.objects.filter(pk__in=stars))
    for plant in plants:
        plant.rating_sum, plant.rating_count = sum(stars[plant.pk]), len(stars[plant.pk])
    Refurbisher.objects.bulk_update(plants, ["rating_sum", "rating_count"])


def _rate_products() -> None:
    """The same for the products, by those who bought one."""
    stars = defaultdict(list)
    for review in Review.objects.published().filter(line__isnull=False):
        stars[review.product_slug].append(review.stars)
    products = list(Product.objects.filter(slug__in=stars))
    for product in products:
        product.rating_sum, product.rating_count = sum(stars[product.slug]), len(stars[product.slug])
    Product.objects.bulk_update(products, ["rating_sum", "rating_count"])
