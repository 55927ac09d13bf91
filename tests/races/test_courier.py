"""The courier at the door while the seller changes their mind, and several workers at one visit or one webhook.

A parcel's row is locked by its scans, and a state moves only from where the database says that it is; an advisory lock
lets one worker ask about one visit, for EasyPost makes what it is asked for twice twice. The controls show each
without.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection

from backmarket.accounts.models import User
from backmarket.events import inbox
from backmarket.events.models import Event, IncomingWebhook
from backmarket.shipping import services as shipping
from backmarket.shipping.couriers import courier as courier_named
from backmarket.shipping.couriers.base import Scan, Visit
from backmarket.shipping.models import Parcel, TrackingPoint
from buyback.models import Trade
from buyback.services.trades import CannotCancelTrade, cancel_trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted
from tests.ground.easypost_stand_in import ACCOUNT, KEY, EasyPost, easypost
from tests.ground.parcel_steps import parcel_of, paris
from tests.races.together import PATIENCE, at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
AT_THE_DOOR = paris(2026, 11, 24, 8, 30)


@pytest.fixture
def trade(plant: Refurbisher, carol: User, now: datetime) -> Trade:
    made = accepted(plant, carol, now)
    shipping.book_couriers(now)
    return Trade.objects.select_related("parcel").get(pk=made.pk)


def collect(trade: Trade) -> bool:
    assert trade.parcel
    return shipping.record_scan("sandbox", Scan("s-1", trade.parcel.tracking_number, "collected", "Paris", AT_THE_DOOR))


def cancel(trade: Trade) -> None:
    cancel_trade(Trade.objects.get(pk=trade.pk), by="guest", at=AT_THE_DOOR)


def states(trade: Trade) -> tuple[str, str, str]:
    parcel = Parcel.objects.get(pk=trade.parcel_id)
    return Trade.objects.get(pk=trade.pk).status, parcel.status, parcel.pickups.get().status


def called_off() -> bool:
    return bool(Event.objects.get(kind="parcel.in_transit").data.get("called_off", False))


KEPT, GONE = ("accepted", "in_transit", "collected"), ("cancelled", "in_transit", "cancelled")


def test_a_trade_is_not_cancelled_once_the_courier_has_the_parcel(trade: Trade) -> None:
    refusal = meanwhile(partial(collect, trade), partial(cancel, trade))
    assert isinstance(refusal, CannotCancelTrade)
    assert (states(trade), called_off()) == (KEPT, False)
    assert not Event.objects.filter(kind__in=["trade.cancelled", "parcel.cancelled", "pickup.cancelled"]).exists()


def test_what_the_courier_took_after_the_cancellation_is_followed_as_called_off(trade: Trade) -> None:
    assert meanwhile(partial(cancel, trade), partial(collect, trade)) is True
    assert (states(trade), called_off()) == (GONE, True)


@pytest.mark.parametrize("_round", range(3))
def test_both_at_once_end_in_one_of_the_two_and_never_between(trade: Trade, _round: int) -> None:
    refusal, known = at_once([partial(cancel, trade), partial(collect, trade)])
    assert known is True
    if isinstance(refusal, CannotCancelTrade):
        assert (states(trade), called_off()) == (KEPT, False)
    else:
        assert (refusal, states(trade), called_off()) == (None, GONE, True)


def test_control_who_looks_before_cancelling_forgets_the_parcel_that_the_courier_has(trade: Trade) -> None:
    def naive() -> None:
        parcel = Parcel.objects.get(pk=trade.parcel_id)
        if parcel.status == "created":
            Trade.objects.filter(pk=trade.pk).update(status="cancelled", cancelled_at=AT_THE_DOOR, due_at=None)
            Parcel.objects.filter(pk=parcel.pk).update(status="cancelled", cancelled_at=AT_THE_DOOR)

    assert meanwhile(partial(collect, trade), naive) is None
    assert states(trade) == ("cancelled", "cancelled", "collected")


# Two workers, one visit


@pytest.fixture
def desk(settings: Any) -> Iterator[EasyPost]:
    with easypost() as found:
        settings.COURIER_GATEWAY, settings.EASYPOST_API_BASE, settings.EASYPOST_API_KEY = "easypost", found.url, KEY
        settings.EASYPOST_CARRIER_ACCOUNTS = [ACCOUNT]
        yield found


def unvisited(now: datetime) -> Parcel:
    """A parcel with its label, and a pickup that the courier does not know of."""
    parcel = parcel_of(now)
    shipping.book_couriers(now)
    parcel.pickups.create(window_start=paris(2026, 11, 24, 10), window_end=paris(2026, 11, 24, 12), created_at=now)
    return Parcel.objects.get(pk=parcel.pk)


def while_asked(desk: EasyPost, route: str, call: Callable[[], Any]) -> list[Any]:
    """What became of `call`, made by another worker while the courier is at this request of the first one."""
    came: list[Any] = []

    def unlocked(now_at: str) -> None:
        if now_at == route and not came:
            came.append(None)
            came[0] = call()
            connection.close()

    desk.unlocked = unlocked
    return came


def test_two_workers_book_one_visit_once(desk: EasyPost, now: datetime) -> None:
    parcel = unvisited(now)
    book = partial(shipping.book_with_courier, parcel.pk, at=now)
    other = while_asked(desk, "POST /pickups", book)

    assert (book(), other) == (True, [False])

    (visit,) = desk.all_of("Pickup")
    assert (visit["status"], parcel.pickups.get().confirmation) == ("scheduled", visit["confirmation"])
    assert at_once([book, book]) == [False, False]
    assert len(desk.all_of("Pickup")) == 1


def test_control_two_who_both_ask_make_two_visits(desk: EasyPost, now: datetime) -> None:
    parcel = unvisited(now)
    ask = partial(courier_named().book, Visit((parcel.pickups.select_related("parcel__sender").get(),)))
    while_asked(desk, "POST /pickups", ask)
    ask()
    assert [visit["status"] for visit in desk.all_of("Pickup")] == ["scheduled", "scheduled"]


# Two workers, one webhook


@pytest.fixture
def webhook(trade: Trade) -> IncomingWebhook:
    assert trade.parcel
    told = {
        "id": "w-1", "tracking_number": trade.parcel.tracking_number, "code": "collected",
        "happened_at": AT_THE_DOOR.isoformat(),
    }  # fmt: skip
    return IncomingWebhook.objects.create(
        provider="couriers.sandbox", external_id="w-1", body=told, received_at=AT_THE_DOOR
    )


ONCE = {"parcel.in_transit": 1, "pickup.collected": 1}


def moves() -> Counter[str]:
    return Counter(
        Event.objects.filter(kind__in=["parcel.in_transit", "pickup.collected"]).values_list("kind", flat=True)
    )


def test_one_webhook_in_two_hands_happens_once(trade: Trade, webhook: IncomingWebhook) -> None:
    handle = partial(inbox.handle_webhook, webhook.pk, at=AT_THE_DOOR)
    assert meanwhile(handle, handle) is True
    assert (states(trade), moves(), TrackingPoint.objects.count()) == (KEPT, ONCE, 1)
    webhook.refresh_from_db()
    assert (webhook.handled_at is not None, webhook.last_error) == (True, "")


def test_one_webhook_in_six_hands_at_once_happens_once(trade: Trade, webhook: IncomingWebhook) -> None:
    results = at_once([partial(inbox.handle_webhook, webhook.pk, at=AT_THE_DOOR)] * 6)
    assert set(results) <= {True, False}
    assert True in results
    assert (states(trade), moves(), TrackingPoint.objects.count()) == (KEPT, ONCE, 1)


def test_control_hands_that_look_before_they_keep_a_scan_are_stopped_by_the_database_alone(trade: Trade) -> None:
    looked = Barrier(2)

    def naive() -> TrackingPoint:
        assert not TrackingPoint.objects.filter(external_id="sandbox:w-1").exists()
        looked.wait(timeout=PATIENCE)
        return TrackingPoint.objects.create(
            parcel_id=trade.parcel_id, external_id="sandbox:w-1", code="collected", happened_at=AT_THE_DOOR
        )

    results = at_once([naive, naive])
    assert Counter(type(result) for result in results) == {TrackingPoint: 1, IntegrityError: 1}
