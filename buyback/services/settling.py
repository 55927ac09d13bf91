"""Validation: the moment from which the seller is owed the price."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket import states
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor
from backmarket.money import Money
from backmarket.payments import services as payments
from backmarket.payments.models import LedgerEntry
from backmarket.shipping.models import Parcel
from backmarket.shipping.selectors import was_handed_over
from backmarket.shipping.services import cancel_parcel
from buyback.due import due_at
from buyback.models import Trade
from catalog.models import Unit, VatScheme
from catalog.services.units import UnitInStock, take_in_unit

# Of these it is not known whether the courier ever had the device.
UNSEEN = (Trade.Status.ACCEPTED, *Trade.CALLED_OFF)


class CannotValidate(DomainError):
    code = "cannot_validate"
    default_message = _("Inspect the device and wait for its grade first.")


class CannotDeclareLost(DomainError):
    code = "cannot_declare_lost"
    default_message = _("The courier may still bring this parcel, or has brought it.")


class CannotChargeUnsent(DomainError):
    code = "cannot_charge_unsent"
    default_message = _("The plant has handed the device over, or still has time to.")


def validate_trade(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The plant agrees to the quoted price. Raises CannotValidate before the sheet is graded."""
    inspection = getattr(trade, "inspection", None)
    if trade.status != Trade.Status.INSPECTED or inspection is None or inspection.graded_at is None:
        raise CannotValidate
    settle_trade(trade, price=trade.quoted, by=by, at=at)


def settle_trade(trade: Trade, *, price: Money, by: Actor, at: datetime, late: bool = False, because: str = "") -> None:
    """Owe the seller `price`: the plant owes it, its workshop has one unit more. Raises IllegalMove.

    `late`: the plant did not do its part in time. The event carries it, so that no success is counted.
    """
    with transaction.atomic():
        data = {"late": late, "plant": str(trade.plant_id)} | ({"because": because} if because else {})
        facts = {"price_minor": price.minor, "due_at": due_at(Trade.Status.VALIDATED, at), "suspension": ""}
        _refuse_if_moved(trade)
        states.move(trade, Trade.Status.VALIDATED, by=by, at=at, data=data, **facts)
        _book(trade, LedgerEntry.Account.PLANT, str(trade.plant_id), at)
        trade.unit = _take_in(trade, by=by, at=at)
        trade.save(update_fields=["unit"])


def charge_unsent(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The plant kept what it should have sent back: it has bought it, as quoted. Raises CannotChargeUnsent."""
    with transaction.atomic():
        # No join: what the courier has said while this one waited for the lock must be seen.
        locked = lock(Trade.objects.filter(pk=trade.pk)).get()
        parcel = lock(Parcel.objects.filter(pk__in=[locked.return_parcel_id])).first()
        if parcel is None or not Trade.objects.unsent(at).filter(pk=trade.pk).exists():
            raise CannotChargeUnsent
        cancel_parcel(parcel, by=by, at=at)
        settle_trade(locked, price=locked.quoted, by=by, at=at, late=True, because="not_sent_back")
    trade.refresh_from_db()


def _refuse_if_moved(trade: Trade) -> None:
    """Several statuses lead to validation: what was decided on one of them must not be done to another. Without this
    a plant's counter-offer, made in the minute of the deadline, would be overruled by the quoted price. And no plant
    owes what the courier lost."""
    if (
        trade.status == Trade.Status.LOST
        or lock(Trade.objects.filter(pk=trade.pk, status=trade.status)).first() is None
    ):
        raise states.IllegalMove


def lose_trade(trade: Trade, *, by: Actor, at: datetime, way_back: bool = False) -> None:
    """Insured in full: what the courier lost, on either way, is paid as quoted, and not by the plant.

    Raises IllegalMove unless the device was with the courier, on that way: a label nobody used is no device.
    """
    if way_back != (trade.status == Trade.Status.RETURNING):
        raise states.IllegalMove
    if trade.status in UNSEEN and not was_handed_over(trade.parcel):
        raise states.IllegalMove
    _lose(trade, by=by, at=at)


def declare_lost(trade: Trade, *, by: Actor, at: datetime) -> None:
    """Staff settle what the courier leaves open: as if it had been reported lost. Raises CannotDeclareLost."""
    with transaction.atomic():
        # No join: what the courier has said while this one waited for the lock must be seen.
        locked = lock(Trade.objects.filter(pk=trade.pk)).get()
        list(lock(Parcel.objects.filter(pk__in=[locked.parcel_id, locked.return_parcel_id])))
        if not Trade.objects.missing(at).filter(pk=trade.pk).exists():
            raise CannotDeclareLost
        _lose(locked, by=by, at=at)
    trade.refresh_from_db()


def _lose(trade: Trade, *, by: Actor, at: datetime) -> None:
    with transaction.atomic():
        if trade.status == Trade.Status.ACCEPTED:
            states.move(trade, Trade.Status.COLLECTED, by=by, at=at, data={"implied": True})
        states.move(trade, Trade.Status.LOST, by=by, at=at)
        data = {"lost": True, "plant": str(trade.plant_id)}
        facts = {"price_minor": trade.quoted_minor, "due_at": due_at(Trade.Status.VALIDATED, at)}
        states.move(trade, Trade.Status.VALIDATED, by=by, at=at, data=data, **facts)
        _book(trade, LedgerEntry.Account.COMPENSATION, "", at)


def _book(trade: Trade, account: str, party: str, at: datetime) -> None:
    entries = [
        (account, party, -trade.price),
        (LedgerEntry.Account.CONSUMER, str(trade.seller_id), trade.price),
    ]
    label = f"{trade} · {trade.variant}"
    payments.book(f"trade:{trade.pk}", kind="trade", reference=trade.pk, entries=entries, at=at, label=label)


def _take_in(trade: Trade, *, by: Actor, at: datetime) -> Unit | None:
    """The unit; None when a device of this number stands in stock already: that is the plant's to sort out, and
    no reason to keep a seller waiting for the money."""
    try:
        return take_in_unit(
            trade.variant,
            trade.plant,
            identifier=trade.identifier,
            purchase=trade.price,
            vat_scheme=VatScheme.MARGINAL,
            by=by,
            at=at,
        )
    except UnitInStock:
        return None
