"""What the plants are paid, on the 6th, 16th and 26th."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from backmarket.db import lock
from backmarket.market import calendar
from backmarket.payments.services import order_payout
from orders.models import Earning, Settlement
from refurbishers.models import Refurbisher

DAYS = (6, 16, 26)
JOB = "system:settlement"


def settlement_date(today: date) -> date:
    """The latest settlement day that is not after `today`."""
    passed = [day for day in DAYS if day <= today.day]
    if passed:
        return today.replace(day=passed[-1])
    return (today.replace(day=1) - timedelta(days=1)).replace(day=DAYS[-1])


def settle_plants(at: datetime) -> int:
    """Settle every trading plant with a bank account for the latest date, once; returns how many settlements.

    Suspended plants are held: their rows wait. A sum that is not positive pays nothing and is carried over.
    """
    day = settlement_date(calendar().local(at).date())
    due = Earning.objects.filter(
        settlement=None, due_at__lt=calendar().end_of_day(day), plant__status__in=Refurbisher.TRADING
    )
    settled = due.order_by("plant_id", "currency").values_list("plant_id", "currency").distinct()
    return sum(_settle(plant_id, currency, day, at) for plant_id, currency in settled)


def _settle(plant_id: UUID, currency: str, day: date, at: datetime) -> int:
    """One plant's settlement in its own transaction; 0 when it is done already or must wait."""
    with transaction.atomic():
        plant = lock(Refurbisher.objects.filter(pk=plant_id)).get()
        done = Settlement.objects.filter(plant=plant, settled_date=day, currency=currency)
        if not plant.iban or plant.status not in Refurbisher.TRADING or done.exists():
            return 0
        rows = list(
            lock(
                Earning.objects.filter(
                    plant=plant, currency=currency, settlement=None, due_at__lt=calendar().end_of_day(day)
                )
            )
        )
        if not rows:
            return 0
        settlement = Settlement.objects.create(
            plant=plant,
            settled_date=day,
            currency=currency,
            total_minor=sum(row.amount_minor for row in rows),
            created_at=at,
        )
        Earning.objects.filter(pk__in=[row.pk for row in rows]).update(settlement=settlement)
        _pay(settlement, plant, at)
    return 1


def _pay(settlement: Settlement, plant: Refurbisher, at: datetime) -> None:
    if settlement.total_minor > 0:
        settlement.payout = order_payout(
            purpose="settlement",
            reference=settlement.pk,
            account="plant",
            party=str(plant.pk),
            amount=settlement.total,
            holder=plant.legal_name,
            iban=plant.iban,
            due_at=at,
            by=JOB,
            at=at,
        )
        settlement.save(update_fields=["payout"])
    elif settlement.total_minor < 0:
        Earning.objects.create(
            plant=plant,
            kind=Earning.Kind.CARRIED,
            amount_minor=settlement.total_minor,
            currency=settlement.currency,
            due_at=at,
            carried_from=settlement,
            created_at=at,
        )
