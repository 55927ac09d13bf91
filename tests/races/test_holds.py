"""A held order is released, refused and let go at the same moment: one of them wins, and money and devices follow it.

Protected by the lock of the order under which the hold is read: the control takes it away and sees another outcome.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from backmarket.money import Money
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import Payment, Refund, SandboxIntent
from backmarket.payments.services import open_payment, settle_payment
from catalog.models import Listing
from orders.models import Hold, Order, OrderLine, PartRefund
from orders.services import goodwill, holds, refunds
from orders.services.checkout import settle_order
from orders.services.goodwill import CannotRefundPart, refund_part
from orders.services.holds import CannotDecide, lapse_hold, refuse_hold, release_hold
from orders.services.refunds import refund_line
from tests.factories import ListingFactory
from tests.races.together import at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
BY = "system:test"


@pytest.fixture
def order(place: Callable[..., Order], listing: Listing, now: datetime) -> Order:
    """Authorised, and held."""
    order = place((listing, 2))
    Hold.objects.create(order=order, created_at=now, hits=[])
    payment = Payment.objects.get(reference=order.pk)
    Payment.objects.filter(pk=payment.pk).update(capture="manual")
    payment.refresh_from_db()
    open_payment(payment, return_url="/", at=now)
    sandbox.pay(SandboxIntent.objects.get(pk=payment.gateway_id), "4242 4242 4242 4242")
    settle_payment(payment.pk, at=now)
    settle_order(order.pk, at=now)
    order.refresh_from_db()
    return order


def ended(order: Order, listing: Listing, now: datetime) -> tuple[str, str, set[str], tuple[int, int]]:
    """Hold, payment and lines, and the stock, once the bank has done what was decided."""
    payment = settle_payment(Payment.objects.get(reference=order.pk).pk, at=now)
    settle_order(order.pk, at=now)
    listing.refresh_from_db()
    lines = set(order.lines.values_list("status", flat=True))
    return Hold.objects.get(order=order).status, payment.status, lines, (listing.on_hand, listing.reserved)


def charged(order: Order, now: datetime) -> Order:
    """The money has come, and the order is held all the same."""
    Hold.objects.create(order=order, created_at=now, hits=[])
    payment = Payment.objects.get(reference=order.pk)
    open_payment(payment, return_url="/", at=now)
    sandbox.pay(SandboxIntent.objects.get(pk=f"pay_{payment.pk.hex}"), "4242 4242 4242 4242")
    settle_payment(payment.pk, at=now)
    settle_order(order.pk, at=now)
    order.refresh_from_db()
    return order


def deciding(hold: Hold, at: datetime) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """To release it, and to refuse it."""
    facts: dict[str, Any] = {"by": BY, "at": at}
    return partial(release_hold, hold, **facts), partial(refuse_hold, hold, reason=Hold.Reason.SILENT, **facts)


RELEASED = ("released", "captured", {"paid"}, (3, 0))
REFUSED = ("refused", "cancelled", {"cancelled"}, (5, 0))
LAPSED = ("lapsed", "cancelled", {"cancelled"}, (5, 0))


@pytest.mark.parametrize("locked", [True, False])
def test_of_two_who_refund_the_last_held_devices_one_ends_the_hold(
    place: Callable[..., Order], listing: Listing, now: datetime, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The control reads the hold without a lock: each sees the other's device still waiting, and nobody ends it."""
    other = ListingFactory(plant=listing.plant)
    order = charged(place((listing, 1), (other, 1)), now)
    if not locked:
        monkeypatch.setattr(refunds, "open_hold", lambda order_id: Hold.objects.get(order_id=order_id))
    first, second = (partial(refund_line, line, reason="goodwill", by=BY, at=now) for line in order.lines.all())
    assert isinstance(meanwhile(first, second), Refund)
    assert set(order.lines.values_list("status", flat=True)) == {"cancelled"}
    assert Hold.objects.get().status == ("lapsed" if locked else "open")


def test_whoever_comes_second_to_a_release_is_refused(order: Order, listing: Listing, now: datetime) -> None:
    release, refuse = deciding(order.hold, now)
    assert isinstance(meanwhile(release, refuse), CannotDecide)
    assert ended(order, listing, now) == RELEASED


def test_whoever_comes_second_to_a_refusal_is_refused(order: Order, listing: Listing, now: datetime) -> None:
    release, refuse = deciding(order.hold, now)
    assert isinstance(meanwhile(refuse, release), CannotDecide)
    assert ended(order, listing, now) == REFUSED


def test_the_clock_lets_go_what_nobody_has_just_released(order: Order, listing: Listing, now: datetime) -> None:
    last = now + timedelta(days=6) - timedelta(seconds=1)
    release = partial(release_hold, order.hold, by=BY, at=last)
    lapse = partial(lapse_hold, order, at=last + timedelta(seconds=1))
    assert meanwhile(release, lapse) is False
    assert ended(order, listing, last) == RELEASED


def test_however_many_decide_at_once_one_wins(order: Order, listing: Listing, now: datetime) -> None:
    answers = at_once([*deciding(order.hold, now)] * 3)
    assert sum(answer is None for answer in answers) == 3
    assert sum(isinstance(answer, CannotDecide) for answer in answers) == 3
    assert ended(order, listing, now) in (RELEASED, REFUSED)


def test_without_the_lock_the_second_sees_what_is_not_true_any_more(
    order: Order, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: read without a lock, the hold still looks open, and only the move itself stops the second."""
    monkeypatch.setattr(holds, "lock", lambda rows: rows)
    release, refuse = deciding(order.hold, now)
    answer = meanwhile(release, refuse)
    assert answer is not None
    assert not isinstance(answer, CannotDecide)


# Refunds in part


@pytest.fixture
def kept(delivered_line: OrderLine) -> OrderLine:
    return delivered_line


def give(line: OrderLine, minor: int, at: datetime) -> PartRefund:
    euros = Money(minor, "EUR")
    return refund_part(line, key=uuid4(), amount=euros, reason="looks", borne_by="house", by=BY, at=at)


def test_two_parts_at_once_never_take_more_than_there_is(kept: OrderLine, now: datetime) -> None:
    at = now + timedelta(days=3)
    answers = at_once([partial(give, kept, 20_000, at)] * 4)
    assert sum(isinstance(answer, PartRefund) for answer in answers) == 1
    assert sum(isinstance(answer, CannotRefundPart) for answer in answers) == 3
    kept.refresh_from_db()
    assert (kept.parts_minor, Refund.objects.get().amount_minor) == (20_000, 20_000)


def test_a_part_and_the_whole_at_once_are_together_the_whole(kept: OrderLine, now: datetime) -> None:
    at = now + timedelta(days=3)
    part, whole = partial(give, kept, 5_000, at), partial(refund_line, kept, reason="goodwill", by=BY, at=at)
    meanwhile(part, whole)
    assert sorted(Refund.objects.values_list("amount_minor", flat=True)) == [5_000, 25_490]


def test_without_the_lock_the_database_still_refuses_what_is_too_much(
    kept: OrderLine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: both read that there is enough, and only the constraint stops the second."""
    monkeypatch.setattr(goodwill, "lock", lambda rows: rows)
    at = now + timedelta(days=3)
    answer = meanwhile(partial(give, kept, 20_000, at), partial(give, kept, 20_000, at))
    assert "line_parts_leave_a_rest" in str(answer)
    assert Refund.objects.count() == 1
