"""What the plants are paid, on the 6th, 16th and 26th, and what they pay when they bought more than they sold."""

import uuid
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.jobs import each
from backmarket.market import calendar
from backmarket.money import Money
from backmarket.payments.models import LedgerEntry, Payout, TransferReversal
from backmarket.payments.selectors import payable_account
from backmarket.payments.services import CannotPayOut, book, may_pay_again, order_payout
from orders.models import Earning, Settlement
from orders.services.invoicing import invoice_commission
from orders.statements import still_owed
from refurbishers.models import Refurbisher

DAYS = (6, 16, 26)
# Less than this waits for the next date: a transfer costs the plant's time, too.
LEAST = Money(1000, settings.DEFAULT_CURRENCY)
PURPOSE = "settlement"
# Who is settled with: a suspended plant's money is held until it trades again, or leaves.
PAID = (*Refurbisher.TRADING, Refurbisher.Status.LEFT)
JOB = "system:settlement"


class CannotReceive(DomainError):
    """A plant's transfer that is known already, or is more than the plant owes."""

    code = "cannot_receive"
    default_message = _("A transfer with this reference has been recorded already.")


def settlement_date(today: date) -> date:
    """The latest settlement day that is not after `today`."""
    passed = [day for day in DAYS if day <= today.day]
    if passed:
        return today.replace(day=passed[-1])
    return (today.replace(day=1) - timedelta(days=1)).replace(day=DAYS[-1])


def settle_plants(at: datetime) -> int:
    """Settle every trading plant for the latest date, once, and pay again what an old account sent back; returns how
    many settlements that were.

    Its amount is what the plant earned, less what it bought from people and what was refunded. A sum below zero is
    carried over, and the plant asked to pay what its sales of these days will not cover; what is left over alone makes
    no new settlement, and less than LEAST waits for the next date. Suspended plants are held: their rows wait, as do
    those of a plant that is owed money and has no bank account. A plant that has left is paid what is left.
    """
    again = each("settle_plants", _bounced().values_list("pk", flat=True), partial(_pay_again, at=at))
    day = settlement_date(calendar().local(at).date())
    new = _due(day).filter(plant__status__in=PAID).exclude(kind__in=Earning.LEFT_OVER)
    settled = new.order_by("plant_id", "currency").values_list("plant_id", "currency").distinct()
    return again + each("settle_plants", settled, lambda key: _settle(*key, day, at))


def _due(day: date) -> QuerySet[Earning]:
    return Earning.objects.filter(settlement=None, due_at__lt=calendar().end_of_day(day))


def _bounced() -> QuerySet[Settlement]:
    return Settlement.objects.filter(payout__status=Payout.Status.BOUNCED, plant__status__in=PAID).order_by(
        "settled_date", "pk"
    )


def _pay_again(settlement_id: UUID, at: datetime) -> bool:
    """Order what the bank sent back once more, to the plant's new account; False while that is still the old one."""
    with transaction.atomic():
        settlement = lock(Settlement.objects.filter(pk=settlement_id)).get()
        payout, plant = settlement.payout, settlement.plant
        if payout is None or payout.status != Payout.Status.BOUNCED or not _has_account(plant):
            return False
        if "".join(plant.iban.split()).upper() == payout.iban and payable_account(str(plant.pk)) is None:
            return False
        _order(settlement, by=JOB, at=at)
    return True


def pay_settlement_again(payout: Payout, *, at: datetime) -> None:
    """The money came back, and the plant's account is not why: order it once more, to the same account.

    Nothing when another payout has been ordered since; what comes back again is held, for staff to look at.
    """
    with transaction.atomic():
        settlement = lock(Settlement.objects.filter(pk=payout.reference, payout=payout)).first()
        if settlement is not None and may_pay_again(payout):
            _order(settlement, by=JOB, at=at)


def reorder_settlement_payout(settlement: Settlement, *, by: Actor, at: datetime) -> None:
    """Staff release what is held (they cancelled it, or it came back for a reason of ours), to the plant's account.

    Raises CannotPayOut unless the latest payout is held, or without an account.
    """
    with transaction.atomic():
        locked = lock(Settlement.objects.filter(pk=settlement.pk)).get()
        if locked.payout is None or not locked.payout.is_held:
            raise CannotPayOut(_("Only a payout that is held can be ordered again."))
        if not _has_account(locked.plant):
            raise CannotPayOut(_("The plant has no bank account: enter it first."))
        _order(locked, by=by, at=at)
    settlement.refresh_from_db()


def _settle(plant_id: UUID, currency: str, day: date, at: datetime) -> int:
    """One plant's settlement in its own transaction; 0 when it is done already or must wait."""
    with transaction.atomic():
        plant = lock(Refurbisher.objects.filter(pk=plant_id)).get()
        done = Settlement.objects.filter(plant=plant, settled_date=day, currency=currency)
        if plant.status not in PAID or done.exists():
            return 0
        rows = list(lock(_due(day).filter(plant=plant, currency=currency)))
        total_minor = sum(row.amount_minor for row in rows)
        if not rows or (total_minor > 0 and not _has_account(plant)) or _is_too_little(plant, total_minor):
            return 0
        settlement = Settlement.objects.create(
            plant=plant, settled_date=day, currency=currency, total_minor=total_minor, created_at=at
        )
        Earning.objects.filter(pk__in=[row.pk for row in rows]).update(settlement=settlement)
        _pay(settlement, at)
        invoice_commission(settlement, at=at)
    return 1


def _has_account(plant: Refurbisher) -> bool:
    """A bank account, or one of its own with the payment provider."""
    return bool(plant.iban) or payable_account(str(plant.pk)) is not None


def _is_too_little(plant: Refurbisher, total_minor: int) -> bool:
    """To somebody who sells on, with whom it grows."""
    return plant.status != Refurbisher.Status.LEFT and 0 < total_minor < LEAST.minor


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
            label=settlement.number,
            created_at=at,
        )
        if still_owed(settlement.plant, settlement.currency):
            record("settlement.owed", settlement, by=JOB, at=at)


def _order(settlement: Settlement, *, by: Actor, at: datetime) -> None:
    plant = settlement.plant
    settlement.payout = order_payout(
        purpose=PURPOSE,
        reference=settlement.pk,
        label=settlement.number,
        account=LedgerEntry.Account.PLANT,
        party=str(plant.pk),
        amount=settlement.total,
        holder=plant.legal_name,
        iban=plant.iban,
        due_at=at,
        by=by,
        at=at,
        to=payable_account(str(plant.pk)),
    )
    settlement.save(update_fields=["payout"])


def receive_plant_transfer(
    settlement: Settlement, *, amount: Money, bank_reference: str, by: Actor, at: datetime
) -> Earning:
    """A plant has paid (some of) what it owes: the bank holds it, and the next settlement counts it.

    `bank_reference` names the transfer on our bank's statement, once for ever. Raises CannotReceive.
    """
    number = " ".join(bank_reference.split()).upper()
    reference = uuid.uuid5(settlement.plant_id, number)
    with transaction.atomic():
        plant = lock(Refurbisher.objects.filter(pk=settlement.plant_id)).get()
        if Earning.objects.filter(kind=Earning.Kind.RECEIVED, reference=reference).exists():
            raise CannotReceive(field="bank_reference")
        if amount.minor <= 0 or amount > still_owed(plant, settlement.currency):
            raise CannotReceive(_("This is more than the plant still owes."), field="amount")
        sides = [(LedgerEntry.Account.BANK, "", -amount), (LedgerEntry.Account.PLANT, str(plant.pk), amount)]
        book(f"received:{reference}", kind="received", reference=reference, entries=sides, at=at, label=number)
        received = Earning.objects.create(
            plant=plant,
            kind=Earning.Kind.RECEIVED,
            reference=reference,
            label=number,
            amount_minor=amount.minor,
            currency=amount.currency,
            due_at=at,
            created_at=at,
        )
        record("settlement.received", settlement, by=by, at=at, data={"amount_minor": amount.minor})
    return received


def count_reversal(reversal: TransferReversal, *, at: datetime) -> None:
    """What was taken back from a plant's account pays what the plant owes, as a transfer of its own would: the next
    settlement counts it, once."""
    payout = reversal.payout
    if payout.account != LedgerEntry.Account.PLANT or reversal.status != TransferReversal.Status.SUCCEEDED:
        return
    Earning.objects.get_or_create(
        kind=Earning.Kind.RECEIVED,
        reference=reversal.pk,
        defaults={
            "plant_id": UUID(payout.party), "label": payout.label, "amount_minor": reversal.amount_minor,
            "currency": reversal.currency, "due_at": at, "created_at": at,
        },
    )  # fmt: skip
