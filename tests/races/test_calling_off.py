"""A buyer who changes their mind while the plant acts: one of them wins, and nothing is both sent and refunded.

Protected by the lock under which the line's status is read: each control takes it away and sees the other outcome.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from backmarket.accounts.models import Address, User
from backmarket.payments.models import Refund
from backmarket.states import IllegalMove
from catalog.models import Listing
from orders.models import CancelRequest, Consignment, Order, OrderLine
from orders.services import cancelling, redirecting
from orders.services.cancelling import CannotCancel, ask_to_cancel, cancel_line, grant_cancellation
from orders.services.fulfilment import CannotShip, accept_line, ship_consignment
from orders.services.redirecting import CannotRedirect, redirect_consignment
from tests.factories import AddressFactory, imei
from tests.races.together import at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def line(place: Callable[..., Order], pay: Callable[..., Order], listing: Listing) -> OrderLine:
    return pay(place((listing, 1))).lines.get()


def ship(line: OrderLine, bob: User, at: datetime) -> Any:
    return ship_consignment(
        Consignment.objects.get(pk=line.consignment_id), identifiers={line.pk: imei()}, by=bob, at=at,
        courier="dhl", tracking_number="7700100",
    )  # fmt: skip


def outcome(line: OrderLine) -> tuple[str, int]:
    line.refresh_from_db()
    return line.status, Refund.objects.filter(reference=line.pk).count()


def test_whoever_comes_second_to_an_acceptance_is_refused(
    line: OrderLine, alice: User, bob: User, now: datetime
) -> None:
    accept, cancel = partial(accept_line, line, by=bob, at=now), partial(cancel_line, line, by=alice, at=now)
    assert isinstance(meanwhile(accept, cancel), CannotCancel)
    assert outcome(line) == ("accepted", 0)


def test_whoever_comes_second_to_a_cancellation_is_refused(
    line: OrderLine, alice: User, bob: User, now: datetime
) -> None:
    cancel = partial(cancel_line, line, by=alice, at=now)
    assert isinstance(meanwhile(cancel, partial(accept_line, line, by=bob, at=now)), IllegalMove)
    assert outcome(line) == ("cancelled", 1)


def test_what_is_just_being_cancelled_is_not_sent(line: OrderLine, alice: User, bob: User, now: datetime) -> None:
    cancel = partial(cancel_line, line, by=alice, at=now)
    assert isinstance(meanwhile(cancel, partial(ship, line, bob, now)), CannotShip)
    assert outcome(line) == ("cancelled", 1)


def test_what_is_just_being_sent_is_not_cancelled(line: OrderLine, alice: User, bob: User, now: datetime) -> None:
    cancel = partial(cancel_line, line, by=alice, at=now)
    assert isinstance(meanwhile(partial(ship, line, bob, now), cancel), CannotCancel)
    assert outcome(line) == ("shipped", 0)


def test_control_without_the_lock_it_is_sent_and_refunded(
    line: OrderLine, alice: User, bob: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancelling, "lock", lambda rows: rows)
    cancel = partial(cancel_line, line, by=alice, at=now)
    assert isinstance(meanwhile(partial(ship, line, bob, now), cancel), Refund)
    assert outcome(line) == ("shipped", 1)


def test_a_request_granted_while_it_is_sent_has_lapsed(line: OrderLine, alice: User, bob: User, now: datetime) -> None:
    accept_line(line, by=bob, at=now)
    request = ask_to_cancel(line, by=alice, at=now)
    grant = partial(grant_cancellation, request, by=bob, at=now)
    assert isinstance(meanwhile(partial(ship, line, bob, now), grant), CannotCancel)
    request.refresh_from_db()
    assert (request.status, *outcome(line)) == ("lapsed", "shipped", 0)


def test_many_clicks_are_one_cancellation_or_one_request(
    line: OrderLine, alice: User, bob: User, now: datetime
) -> None:
    answers = at_once([partial(cancel_line, line, by=alice, at=now)] * 6)
    assert [type(answer) for answer in answers].count(Refund) == 1
    assert outcome(line) == ("cancelled", 1)


def test_many_requests_are_one(line: OrderLine, alice: User, bob: User, now: datetime) -> None:
    accept_line(line, by=bob, at=now)
    answers = at_once([partial(ask_to_cancel, line, by=alice, at=now)] * 6)
    assert {answer.pk for answer in answers} == {CancelRequest.objects.get().pk}


@pytest.fixture
def elsewhere(alice: User) -> Iterator[Address]:
    return AddressFactory(user=alice, line1="5 rue du Port")


def test_a_parcel_sent_while_it_is_redirected_goes_to_the_new_address(
    line: OrderLine, elsewhere: Address, alice: User, bob: User, now: datetime
) -> None:
    """The plant's page was read before, with the old one."""
    stale = Consignment.objects.select_related("order__address", "address").get(pk=line.consignment_id)
    turn = partial(redirect_consignment, line.consignment, to=elsewhere, by=alice, at=now)
    send = partial(ship_consignment, stale, identifiers={line.pk: imei()}, by=bob, at=now)
    assert meanwhile(turn, send).recipient_id == elsewhere.pk


def test_a_parcel_that_is_just_being_sent_is_not_redirected(
    line: OrderLine, elsewhere: Address, alice: User, bob: User, now: datetime
) -> None:
    turn = partial(redirect_consignment, line.consignment, to=elsewhere, by=alice, at=now)
    assert isinstance(meanwhile(partial(ship, line, bob, now), turn), CannotRedirect)
    parcel = Consignment.objects.get()
    assert (parcel.address, parcel.parcel.recipient) == (None, parcel.order.address)


def test_control_without_the_lock_the_order_says_another_address_than_the_label(
    line: OrderLine, elsewhere: Address, alice: User, bob: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redirecting, "lock", lambda rows: rows)

    def turn_meanwhile() -> Any:
        return redirect_consignment(line.consignment, to=elsewhere, by=alice, at=now)

    meanwhile(partial(ship, line, bob, now), turn_meanwhile)
    parcel = Consignment.objects.get()
    assert (parcel.address, parcel.parcel.recipient) == (elsewhere, parcel.order.address)
