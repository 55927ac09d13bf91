"""What the plants are paid, on the 6th, 16th and 26th."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.events.services import Actor
from backmarket.market import calendar
from backmarket.payments.models import Payout
from backmarket.payments.services import CannotPayOut, order_payout
from orders.models import Earning, Settlement
from refurbishers.models import Refurbisher

DAYS = (6, 16, 26)
PURPOSE = "settlement"
JOB = "system:settlement"


def settlement_date(today: date) -> date:
    """The latest settlement day that is not after `today`."""
    passed = [day for day in DAYS if day <= today.day]
    if passed:
        return today.replace(day=passed[-1])
    return (today.replace(day=1) - timedelta(days=1)).replace(day=DAYS[-1])


def settle_plants(at: datetime) -> int:
    """Settle every trading plant with a bank account for the latest date, once, and pay again what an old account
    sent back; returns how many settlements that were.

    Suspended plants are held: their rows wait. A sum that is not positive pays nothing and is carried over.
    """
    again = sum(_pay_again(pk, at) for pk in _bounced().values_list("pk", flat=True))
    day = settlement_date(calendar().local(at).date())
    due = Earning.objects.filter(
        settlement=None, due_at__lt=calendar().end_of_day(day), plant__status__in=Refurbisher.TRADING
    )
    settled = due.order_by("plant_id", "currency").values_list("plant_id", "currency").distinct()
    return again + sum(_settle(plant_id, currency, day, at) for plant_id, currency in settled)


def _bounced() -> QuerySet[Settlement]:
    return Settlement.objects.filter(
        payout__status=Payout.Status.BOUNCED, plant__status__in=Refurbisher.TRADING
    ).order_by("settled_date", "pk")


def _pay_again(settlement_id: UUID, at: datetime) -> bool:
    """Order what the bank sent back once more, to the plant's new account; False while that is still the old one."""
    with transaction.atomic():
        settlement = lock(Settlement.objects.filter(pk=settlement_id)).get()
        payout, plant = settlement.payout, settlement.plant
        if payout is None or payout.status != Payout.Status.BOUNCED or not plant.iban:
            return False
        if "".join(plant.iban.split()).upper() == payout.iban:
            return False
        _order(settlement, by=JOB, at=at)
    return True


def reorder_settlement_payout(settlement: Settlement, *, by: Actor, at: datetime) -> None:
    """Staff release what they had held by cancelling its payout, to the account that the plant has now.

    Raises CannotPayOut unless the latest payout is a cancelled one, or without an account.
    """
    with transaction.atomic():
        locked = lock(Settlement.objects.filter(pk=settlement.pk)).get()
        if locked.payout is None or locked.payout.status != Payout.Status.CANCELLED:
            raise CannotPayOut(_("Only a payout that was cancelled can be ordered again."))
        if not locked.plant.iban:
            raise CannotPayOut(_("The plant has no bank account: enter it first."))
        _order(locked, by=by, at=at)
    settlement.refresh_from_db()


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
        _pay(settlement, at)
    return 1


def _pay(settlement: Settlement, at: datetime) -> None:
    if settlement.total_minor > 0:
        _order(settlement, by=JOB, at=at)
    elif settlement.total_minor < 0:
        Earning.objects.create(
            plant=settlement.plant,
            kind=Earning.Kind.CARRIED,
            amount_minor=settlement.total_minor,
            currency=settlement.currency,
            due_at=at,
            carried_from=settlement,
            created_at=at,
        )


def _order(settlement: Settlement, *, by: Actor, at: datetime) -> None:
    plant = settlement.plant
    settlement.payout = order_payout(
        purpose=PURPOSE,
        reference=settlement.pk,
        account="plant",
        party=str(plant.pk),
        amount=settlement.total,
        holder=plant.legal_name,
        iban=plant.iban,
        due_at=at,
        by=by,
        at=at,
    )
    settlement.save(update_fields=["payout"])
