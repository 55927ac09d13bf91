"""What the shop has done so far: the only place that counts across the apps, by the clock and never for a page."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, Q, Sum

from buyback.models import Trade
from catalog.impact import avoided
from catalog.models import Buyable, Category
from catalog.services.figures import publish_figures
from orders.models import OrderLine
from refurbishers.models import Refurbisher

KEPT = (OrderLine.Status.DELIVERED, OrderLine.Status.CLOSED)


def refresh_figures(at: datetime) -> int:
    """Count everything anew into the one row that the front page reads; returns 1."""
    publish_figures(at, currency=settings.DEFAULT_CURRENCY, **_sold(), **_bought(), **_offered(), **_plants())
    return 1


def _sold() -> dict[str, int]:
    """Devices delivered and kept, and what that avoided by their categories' factors."""
    kept = OrderLine.objects.filter(status__in=KEPT).values("listing__variant__product__category")
    counts = dict(kept.annotate(count=Count("pk")).values_list("listing__variant__product__category", "count"))
    savings = [(avoided(row.impact), counts[row.pk]) for row in Category.objects.filter(pk__in=counts)]
    return {
        "second_lives": sum(counts.values()),
        "co2e_g": sum(saved.co2e_g * count for saved, count in savings if saved),
    }


def _bought() -> dict[str, int]:
    paid = Trade.objects.filter(status=Trade.Status.PAID, currency=settings.DEFAULT_CURRENCY)
    sums = paid.aggregate(count=Count("pk"), minor=Sum("price_minor", default=0))
    return {"sellers_paid": sums["count"], "paid_minor": sums["minor"]}


def _offered() -> dict[str, Any]:
    sums = Buyable.objects.in_stock().aggregate(
        offers=Count("pk"), saving=Avg("saving_bps", filter=Q(reference_minor__isnull=False))
    )
    return {"offers": sums["offers"], "saving_bps": None if sums["saving"] is None else int(sums["saving"])}


def _plants() -> dict[str, int]:
    sums = Refurbisher.objects.trading().aggregate(
        count=Count("pk"), stars=Sum("rating_sum", default=0), ratings=Sum("rating_count", default=0)
    )
    return {"plants": sums["count"], "rating_sum": sums["stars"], "ratings": sums["ratings"]}
