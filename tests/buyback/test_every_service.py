"""Every service of a trade, tried from every state: where it leads, or which refusal it raises and changes nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from backmarket import states
from backmarket.accounts.models import User
from backmarket.errors import DomainError
from backmarket.events.models import Event
from backmarket.payments.models import LedgerEntry, Payout
from backmarket.payments.services import CannotPayOut
from backmarket.shipping.models import Parcel, Pickup
from backmarket.states import IllegalMove
from buyback.models import CounterOffer, Inspection, Trade
from buyback.services import deadlines, inspections, parcels, payouts, settling, trades
from refurbishers.models import Refurbisher
from tests.buyback.steps import (
    ELSEWHERE,
    OTHER_IBAN,
    accepted,
    countered,
    graded,
    offer,
    received,
    sheet,
    slots,
    validated,
)

pytestmark = pytest.mark.django_db
JOB, MINUTE, LATER = "system:test", timedelta(minutes=1), timedelta(days=60)
Service = Callable[[Trade, datetime], Any]


# A trade in each state, brought there by the services themselves


def _after(start: Callable[..., Trade], *steps: Callable[..., None]) -> Callable[[Refurbisher, User, datetime], Trade]:
    def make(plant: Refurbisher, seller: User, at: datetime) -> Trade:
        trade = start(plant, seller, at)
        for step in steps:
            step(Trade.objects.get(pk=trade.pk), by=JOB, at=at)
        return trade

    return make


def _suspend(trade: Trade, **when: Any) -> None:
    inspections.suspend_trade(trade, reason="locked", **when)


def _refuse(trade: Trade, **when: Any) -> None:
    inspections.answer_counter_offer(trade, accept=False, **when)


def _expire(trade: Trade, *, by: str, at: datetime) -> None:
    assert deadlines.watch_trade_deadlines(at + timedelta(days=30)) == 1


def _pay(trade: Trade, *, by: str, at: datetime) -> None:
    payouts.order_trade_payout(trade, by=by, at=at)
    Payout.objects.update(status="paid", paid_at=at)
    payouts.close_paid_trade(Payout.objects.get(), at=at)


def _be_lost(trade: Trade, **when: Any) -> None:
    states.move(trade, Trade.Status.LOST, **when)


STATES = {
    "accepted": _after(accepted),
    "collected": _after(accepted, parcels.collect_trade),
    "received": _after(received),
    "inspected": _after(graded),
    "countered": _after(countered),
    "validated": _after(validated),
    "paid": _after(validated, _pay),
    "suspended": _after(received, _suspend),
    "returning": _after(countered, _refuse),
    "undelivered": _after(countered, _refuse, parcels.keep_undelivered),
    "returned": _after(countered, _refuse, parcels.close_returned_trade),
    "cancelled": _after(accepted, trades.cancel_trade),
    "expired": _after(accepted, _expire),
    "lost": _after(accepted, parcels.collect_trade, _be_lost),
}

# What is tried


def _by(service: Callable[..., Any], **facts: Any) -> Service:
    return lambda trade, at: service(trade, by=JOB, at=at, **facts)


def _counter(trade: Trade, at: datetime) -> None:
    inspections.make_counter_offer(trade, **offer(), at=at)


def _change_iban(trade: Trade, at: datetime) -> None:
    trades.change_iban(trade, iban=OTHER_IBAN, holder="Carol Petit", by=JOB, at=at)


def _choose(trade: Trade, at: datetime) -> None:
    parcels.choose_pickup(trade, slot=slots(at)[5], by=JOB, at=at)


def _submit(trade: Trade, at: datetime) -> None:
    inspections.submit_inspection(trade, sheet=sheet(), note="", by=JOB, at=at)


def _settle(trade: Trade, at: datetime) -> None:
    settling.settle_trade(trade, price=trade.quoted, by=JOB, at=at)


def _clock(trade: Trade, at: datetime) -> None:
    deadlines.watch_trade_deadlines(at + LATER)


def _declare(trade: Trade, at: datetime) -> None:
    settling.declare_lost(trade, by=JOB, at=at + LATER)


def _correct(trade: Trade, at: datetime) -> None:
    parcels.correct_return_address(trade, address=ELSEWHERE, by=JOB, at=at)


def _urge(trade: Trade, at: datetime) -> None:
    parcels.urge_return(trade, by=JOB, at=at + LATER)


def _charge(trade: Trade, at: datetime) -> None:
    settling.charge_unsent(trade, by=JOB, at=at + LATER)


# service → (state → where it leads, what it raises everywhere else; None: it does nothing, in silence)
TABLE: dict[str, tuple[Service, dict[str, str], type[Exception] | None]] = {
    "accepting again": (lambda t, at: trades._take(t.quote, by=JOB, at=at), {}, trades.QuoteAlreadyAccepted),
    "cancel": (_by(trades.cancel_trade), {"accepted": "cancelled"}, trades.CannotCancelTrade),
    "choose pickup": (_choose, {"accepted": "accepted"}, parcels.CannotChangePickup),
    "drop off": (_by(parcels.drop_off_instead), {"accepted": "accepted"}, parcels.CannotChangePickup),
    "change iban": (_change_iban, {state: state for state in Trade.OPEN}, trades.CannotChangeIban),
    "collect": (_by(parcels.collect_trade), {"accepted": "collected"}, IllegalMove),
    "receive": (
        _by(inspections.receive_trade),
        dict.fromkeys(("accepted", "collected", "lost"), "received"),
        IllegalMove,
    ),
    "inspect": (_submit, {"received": "inspected"}, inspections.CannotInspect),
    "validate": (_by(settling.validate_trade), {"inspected": "validated"}, settling.CannotValidate),
    "settle": (_settle, dict.fromkeys(("received", "inspected", "countered", "returning"), "validated"), IllegalMove),
    "counter": (_counter, {"inspected": "countered"}, inspections.CannotCounter),
    "accept": (
        _by(inspections.answer_counter_offer, accept=True),
        {"countered": "validated"},
        inspections.CannotAnswer,
    ),
    "refuse": (
        _by(inspections.answer_counter_offer, accept=False),
        {"countered": "returning"},
        inspections.CannotAnswer,
    ),
    "lapse": (_by(inspections.let_counter_offer_lapse), {"countered": "returning"}, inspections.CannotAnswer),
    "suspend": (
        _by(inspections.suspend_trade, reason="locked"),
        dict.fromkeys(("collected", "received", "inspected"), "suspended"),
        IllegalMove,
    ),
    "resume": (_by(inspections.resume_trade), {"suspended": "received"}, IllegalMove),
    "send back, called off": (
        _by(parcels.send_back_called_off),
        dict.fromkeys(("cancelled", "expired"), "returning"),
        IllegalMove,
    ),
    "send back again": (_by(parcels.send_back_again), {"undelivered": "returning"}, IllegalMove),
    "correct the address": (_correct, {"undelivered": "returning"}, parcels.CannotCorrectAddress),
    "urge the return": (_urge, {"returning": "returning"}, parcels.CannotUrgeReturn),
    "charge what is not sent back": (_charge, {"returning": "validated"}, settling.CannotChargeUnsent),
    "is back": (_by(parcels.close_returned_trade), {"returning": "returned"}, IllegalMove),
    "turned back": (
        _by(parcels.turn_back_trade),
        dict.fromkeys(("accepted", "collected", "cancelled", "expired"), "returned"),
        IllegalMove,
    ),
    "undelivered": (_by(parcels.keep_undelivered), {"returning": "undelivered"}, IllegalMove),
    "lose": (_by(settling.lose_trade), {"collected": "validated"}, IllegalMove),
    "lose on the way back": (_by(settling.lose_trade, way_back=True), {"returning": "validated"}, IllegalMove),
    "declare lost": (_declare, {"collected": "validated"}, settling.CannotDeclareLost),
    "order payout": (_by(payouts.order_trade_payout), {"validated": "validated"}, CannotPayOut),
    "the clock": (
        _clock,
        {
            "accepted": "expired",
            "received": "validated",
            "inspected": "validated",
            **dict.fromkeys(("countered", "suspended", "undelivered"), "returning"),
        },
        None,
    ),
}


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def world(trade: Trade) -> list[Any]:
    counted = (Event, LedgerEntry, Payout, Parcel, Pickup, CounterOffer, Inspection)
    rows = Trade.objects.values().get(pk=trade.pk), list(Parcel.objects.order_by("pk").values())
    return [rows, *(model._default_manager.count() for model in counted)]


def outcome(service: Service, trade: Trade, at: datetime) -> str:
    """The state that it leads to, or the refusal's name; "" when nothing was said. All of it is undone."""
    before, status = world(trade), trade.status
    with transaction.atomic():
        fresh = Trade.objects.get(pk=trade.pk)
        refused = ""
        try:
            service(fresh, at)
        except DomainError as refusal:
            refused = type(refusal).__name__
        changed = world(trade) != before
        assert not (refused and changed), f"{refused} left something changed"
        ended = refused or (Trade.objects.get(pk=trade.pk).status if changed else "")
        transaction.set_rollback(True)
    assert Trade.objects.get(pk=trade.pk).status == status
    return ended


def test_the_table_knows_every_state() -> None:
    assert set(STATES) == set(Trade.Status.values)


@pytest.mark.parametrize("state", STATES)
def test_each_service_does_its_own_step_and_refuses_all_others(
    state: str, plant: Refurbisher, carol: User, now: datetime
) -> None:
    made = STATES[state](plant, carol, now)
    trade = Trade.objects.get(pk=made.pk)
    assert trade.status == state
    expected = {
        name: moves.get(state) or (refusal.__name__ if refusal else "")
        for name, (_service, moves, refusal) in TABLE.items()
    }
    found = {name: outcome(service, trade, now + MINUTE) for name, (service, _moves, _refusal) in TABLE.items()}
    assert found == expected
