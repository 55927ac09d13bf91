"""Reactions to events: idempotent, in the database only."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from backmarket.events.models import Event
from backmarket.payments.models import Payout
from backmarket.states import IllegalMove
from buyback.emails import send_trade_email
from buyback.models import Trade
from buyback.services import facts, inspections, parcels, payouts, register, settling, tax


def _arrive(trade: Trade, **news: Any) -> None:
    step = parcels.send_back_called_off if trade.status in Trade.CALLED_OFF else inspections.receive_trade
    step(trade, **news)


MOVES: dict[tuple[str, str], Callable[..., None]] = {
    ("parcel.in_transit", "trade"): parcels.collect_trade,
    ("parcel.delivered", "trade"): _arrive,
    ("parcel.lost", "trade"): settling.lose_trade,
    ("parcel.loss_proved", "trade"): settling.lose_trade,
    ("parcel.returned", "trade"): parcels.turn_back_trade,
    ("parcel.returned", "trade_return"): parcels.keep_undelivered,
    ("parcel.delivered", "trade_return"): parcels.close_returned_trade,
    ("parcel.lost", "trade_return"): partial(settling.lose_trade, way_back=True),
}


def _trade(event: Event) -> Trade:
    return Trade.objects.get(pk=event.subject_id)


def move_with_parcel(event: Event) -> None:
    """The courier's news about a trade's parcel, or its return; what comes twice or too late changes nothing."""
    move = MOVES.get((event.kind, event.data["purpose"]))
    if move is not None:
        with suppress(IllegalMove):
            move(Trade.objects.get(pk=event.data["reference"]), by=event.actor, at=event.happened_at)


def email_seller_of_pickup(event: Event) -> None:
    """Nobody was in, or nobody came: how to go on."""
    if event.data["purpose"] == "trade":
        trade = Trade.objects.get(pk=event.data["reference"])
        send_trade_email(trade, event, template=event.kind.replace(".", "_"))


def email_seller(event: Event) -> None:
    """One e-mail per status; not for a step that only follows from another one."""
    if not any(event.data.get(follows) for follows in ("implied", "lost", "resumed")):
        send_trade_email(_trade(event), event, template=event.kind.replace(".", "_"))


def email_reminder(event: Event) -> None:
    send_trade_email(_trade(event), event, template=f"remind_{event.data['about']}")


def email_seller_of_device(event: Event) -> None:
    """Whose device it was hears of its second life, once of each turn: another owner's erasure is not their news."""
    trade = Trade.objects.filter(unit=event.subject_id).first()
    if trade is not None:
        template = event.kind.replace("unit.", "device_")
        send_trade_email(trade, event, template=template, key=f"{template}:{trade.pk}")


def email_message(event: Event) -> None:
    """A message, to whoever did not write it."""
    trade = _trade(event)
    if event.data["from_plant"]:
        send_trade_email(trade, event, template="trade_message")
    else:
        send_trade_email(trade, event, template="trade_message_plant", to=trade.plant.email)


def email_plant_to_send_back(event: Event) -> None:
    """The desk presses for it, or the seller has corrected the address and nobody but people sends it any more."""
    if event.data.get("waits", True):
        trade = _trade(event)
        send_trade_email(trade, event, template="plant_send_back", to=trade.plant.email)


def close_paid_trade(event: Event) -> None:
    payout = Payout.objects.get(pk=event.subject_id)
    if payout.purpose == payouts.PURPOSE:
        with suppress(IllegalMove):
            payouts.close_paid_trade(payout, at=event.happened_at)


def ask_for_new_iban(event: Event) -> None:
    """The seller's account cannot be paid; what was the house's fault is only paid again."""
    payout = Payout.objects.get(pk=event.subject_id)
    if payout.purpose != payouts.PURPOSE:
        return
    if event.data.get("fault") == "house":
        payouts.pay_trade_again(payout, at=event.happened_at)
    else:
        send_trade_email(Trade.objects.get(pk=payout.reference), event, template="payout_bounced")


def enter_in_register(event: Event) -> None:
    """A device the courier lost was never bought, so it is not entered."""
    if not event.data.get("lost"):
        register.enter_in_register(_trade(event), event.happened_at)


def ask_for_tax_number(event: Event) -> None:
    """Before the year's sales pass what must be reported: this one may be the sale that does."""
    tax.ask_if_near_threshold(_trade(event).seller, at=event.happened_at)


def count_outcome(event: Event) -> None:
    if not event.data.get("lost"):
        facts.count_outcome(_trade(event), late=bool(event.data.get("late")), at=event.happened_at)


def count_late_inspection(event: Event) -> None:
    facts.count_outcome(_trade(event), late=True, at=event.happened_at)


def count_days_to_pay(event: Event) -> None:
    facts.count_days_to_pay(_trade(event), at=event.happened_at)
