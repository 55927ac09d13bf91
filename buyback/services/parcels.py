"""The two journeys of a trade's device: to the plant, and back to the seller when they do not agree."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket import states
from backmarket.accounts.services import save_address
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.shipping import services as shipping
from backmarket.shipping.models import Parcel, Pickup
from backmarket.shipping.services import Slot
from buyback.due import due_at
from buyback.models import Trade
from refurbishers.services.addresses import plant_address


class SlotGone(DomainError):
    code = "slot_gone"
    default_message = _("This time is over. Choose another one.")


class CannotChangePickup(DomainError):
    code = "cannot_change_pickup"
    default_message = _("The courier has your device, or the sale is over: the collection cannot be changed any more.")


class CannotCorrectAddress(DomainError):
    code = "cannot_correct_address"
    default_message = _("Your device is on its way or with you: its address cannot be corrected any more.")


class CannotUrgeReturn(DomainError):
    code = "cannot_urge_return"
    default_message = _("The plant has handed the device over, or still has time to.")


def send_for(trade: Trade, slot: Slot | None, *, by: Actor, at: datetime, visit: Pickup | None = None) -> None:
    """The parcel to the plant, insured in full: collected at `slot` or by a `visit`, or with a label to drop it off."""
    trade.parcel = shipping.create_parcel(
        purpose=Parcel.Purpose.TRADE,
        reference=trade.pk,
        sender=trade.address,
        recipient=plant_address(trade.plant),
        insured=trade.quoted,
        by=by,
        at=at,
    )
    trade.save(update_fields=["parcel"])
    if visit is not None:
        shipping.join_pickup(trade.parcel, pickup=visit, by=by, at=at)
    elif slot is not None:
        shipping.book_pickup(trade.parcel, start=slot.start, end=slot.end, by=by, at=at)


def collect_trade(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The courier has the device. Raises IllegalMove when it was on its way already."""
    states.move(trade, Trade.Status.COLLECTED, by=by, at=at, due_at=due_at(Trade.Status.COLLECTED, at))


def close_returned_trade(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The device is back with its seller. Raises IllegalMove unless it was on its way back."""
    if trade.status != Trade.Status.RETURNING:
        raise states.IllegalMove
    states.move(trade, Trade.Status.RETURNED, by=by, at=at, due_at=None)


def turn_back_trade(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The courier could not hand the device to the plant: its seller has it again, and the sale is over.

    Raises IllegalMove once the plant has had it in its hands.
    """
    if trade.received_at is not None:
        raise states.IllegalMove
    with transaction.atomic():
        if trade.status == Trade.Status.ACCEPTED:
            states.move(trade, Trade.Status.COLLECTED, by=by, at=at, data={"implied": True})
        # The parcel that took it away has brought it back.
        facts = {"return_parcel": trade.parcel, "due_at": None, "suspension": ""}
        states.move(trade, Trade.Status.RETURNED, by=by, at=at, data={"because": "turned_back"}, **facts)


def keep_undelivered(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The courier could not hand the device to its seller: the plant has it again. Raises IllegalMove.

    It is sent again when the plant or the desk says so, else by the clock; after MAX_SENDINGS only by people.
    """
    is_last = _sendings(trade) >= Trade.MAX_SENDINGS
    due = None if is_last else due_at(Trade.Status.UNDELIVERED, at)
    states.move(trade, Trade.Status.UNDELIVERED, by=by, at=at, data={"last": is_last}, due_at=due)


def _sendings(trade: Trade) -> int:
    return Parcel.objects.filter(purpose=Parcel.Purpose.TRADE_RETURN, reference=trade.pk).count()


def send_back_again(trade: Trade, *, by: Actor, at: datetime) -> None:
    """Another parcel to the seller, free. Raises IllegalMove unless the courier brought the last one back."""
    if trade.status != Trade.Status.UNDELIVERED:
        raise states.IllegalMove
    send_back(trade, by=by, at=at, data={"because": "sent_again"})


def correct_return_address(trade: Trade, *, address: dict[str, Any], by: Actor, at: datetime) -> None:
    """Send what came back to the plant to another `address`, an AddressForm's cleaned data; at once, and free.

    After MAX_SENDINGS the plant or the desk sends it: the plant is told. Raises CannotCorrectAddress elsewhere.
    """
    with transaction.atomic():
        locked = lock(Trade.objects.filter(pk=trade.pk)).get()
        if locked.status != Trade.Status.UNDELIVERED:
            raise CannotCorrectAddress
        locked.address = save_address(locked.seller, address)
        locked.save(update_fields=["address"])
        waits = _sendings(locked) >= Trade.MAX_SENDINGS
        record("trade.address_corrected", locked, by=by, at=at, data={"waits": waits})
        if not waits:
            send_back_again(locked, by=by, at=at)
    trade.refresh_from_db()


def urge_return(trade: Trade, *, by: Actor, at: datetime) -> None:
    """Tell a plant that it should have sent the device back by now. Raises CannotUrgeReturn."""
    if not Trade.objects.unsent(at).filter(pk=trade.pk).exists():
        raise CannotUrgeReturn
    record("trade.return_urged", trade, by=by, at=at)


def send_back(trade: Trade, *, by: Actor, at: datetime, data: dict[str, Any] | None = None) -> None:
    """The device goes back to its seller, free and insured, within two business days. Raises IllegalMove."""
    with transaction.atomic():
        parcel = shipping.create_parcel(
            purpose=Parcel.Purpose.TRADE_RETURN,
            reference=trade.pk,
            sender=plant_address(trade.plant),
            recipient=trade.address,
            insured=trade.quoted,
            by=by,
            at=at,
        )
        facts = {"return_parcel": parcel, "due_at": due_at(Trade.Status.RETURNING, at)}
        states.move(trade, Trade.Status.RETURNING, by=by, at=at, data=data, **facts)


def send_back_called_off(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The sale was over, and its device reached the plant all the same: nobody keeps it. Raises IllegalMove."""
    if trade.status not in Trade.CALLED_OFF:
        raise states.IllegalMove
    send_back(trade, by=by, at=at, data={"because": "called_off"})


def choose_pickup(trade: Trade, *, slot: Slot, by: Actor, at: datetime) -> None:
    """Book, move or book again the courier's visit, free. Raises CannotChangePickup or SlotGone."""
    if slot.start <= at:
        raise SlotGone(field="slot")
    with transaction.atomic():
        parcel = _parcel_at_door(trade)
        book = shipping.rebook_pickup if parcel.pickups.exists() else shipping.book_pickup
        book(parcel, start=slot.start, end=slot.end, by=by, at=at)
        window = {"starts": slot.start.isoformat(), "ends": slot.end.isoformat()}
        record("trade.pickup_changed", trade, by=by, at=at, data=window)


def drop_off_instead(trade: Trade, *, by: Actor, at: datetime) -> None:
    """Cancel the courier's visit: the seller takes the labelled parcel to a relay point. Raises CannotChangePickup."""
    with transaction.atomic():
        try:
            shipping.cancel_pickup(_parcel_at_door(trade), by=by, at=at)
        except states.IllegalMove as error:
            raise CannotChangePickup(
                _("No visit of the courier is ahead: drop the parcel off."), field="slot"
            ) from error
        record("trade.pickup_changed", trade, by=by, at=at, data={"dropped": True})


def _parcel_at_door(trade: Trade) -> Parcel:
    if trade.status != Trade.Status.ACCEPTED or trade.parcel is None:
        raise CannotChangePickup(field="slot")
    return trade.parcel


def call_off_courier(trade: Trade, *, by: Actor, at: datetime) -> None:
    """Nobody comes, the label is void. Raises IllegalMove once the parcel is on its way.

    Of a parcel that the courier calls lost, though it never had it, there is nothing to call off.
    """
    if trade.parcel is not None and trade.parcel.status != Parcel.Status.LOST:
        shipping.cancel_parcel(trade.parcel, by=by, at=at)
