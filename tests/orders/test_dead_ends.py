"""What goes wrong after the payment comes to an end: refused refunds, parcels that come back, get lost or are found."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from backmarket.events.models import Event
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import LedgerMovement, Payment, Refund
from backmarket.payments.selectors import balance, ledger_sum, unanswered
from backmarket.payments.services import CannotRefund, record_refund_transfer, request_refund, retry_refund
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.models import Parcel
from backmarket.shipping.services import book_couriers, record_scan
from catalog.models import Listing, Unit
from catalog.services.units import erase_unit, list_unit, record_test
from orders.models import Earning, Order, OrderLine
from orders.querysets import found_after_refund
from orders.services.deadlines import watch_order_deadlines
from orders.services.fulfilment import ship_consignment
from orders.services.refunds import is_refundable, refund_line
from orders.services.returns import confirm_withdrawal
from refurbishers.models import ServiceFact
from tests.factories import ListingFactory, UnitFactory, UserFactory, imei
from tests.ground.money_steps import at_provider

Step = Callable[..., Order]
Drain = Callable[[], None]
SettleRefunds = Callable[[datetime], None]
DAY = timedelta(days=1)


def fresh(line: OrderLine) -> OrderLine:
    return OrderLine.objects.get(pk=line.pk)


def scan(parcel: Parcel, code: str, at: datetime) -> None:
    """The courier's word, through the same door as any webhook's."""
    parcel.refresh_from_db()
    assert record_scan("sandbox", Scan(f"{parcel.pk}-{code}-{at}", parcel.tracking_number, code, "", at))


def turn_back(parcel: Parcel, at: datetime) -> None:
    """Nobody took it: the courier brings it back to the door it came from."""
    for day, code in enumerate(("in_transit", "returning", "delivered")):
        scan(parcel, code, at + day * DAY)


# Refunds that the bank refuses


@pytest.fixture
def refused(place: Step, pay: Step, drain: Drain, settle_refunds: SettleRefunds, now: datetime) -> Refund:
    """A device cancelled and its refund refused: the sandbox refuses what ends in 07."""
    line = pay(place((ListingFactory(price_minor=30007, shipping_minor=0), 1))).lines.get()
    refund_line(line, reason="mistake", by="system:test", at=now)
    settle_refunds(now)
    return Refund.objects.get(status="failed")


def test_a_refused_refund_is_tried_again_once_and_ends_the_line(
    refused: Refund, settle_refunds: SettleRefunds, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sandbox.REFUNDS, "07")
    again = retry_refund(refused, by="system:test", at=now + DAY)
    with pytest.raises(CannotRefund):
        retry_refund(refused, by="system:test", at=now + DAY)
    settle_refunds(now + DAY)

    refused.refresh_from_db()
    again.refresh_from_db()
    line = OrderLine.objects.get()
    assert (refused.status, again.status, again.amount) == ("failed", "succeeded", refused.amount)
    assert (line.status, balance("buyer"), ledger_sum()) == ("refunded", Money(0, "EUR"), {"EUR": 0})
    with pytest.raises(CannotRefund):
        retry_refund(refused, by="system:test", at=now + DAY)


def test_a_refund_that_the_bank_never_takes_is_paid_by_transfer_once(
    refused: Refund, drain: Drain, now: datetime
) -> None:
    paid = record_refund_transfer(refused, bank_reference="tr 77 ", by="system:test", at=now + DAY)
    drain()
    line = OrderLine.objects.get()
    payment = Payment.objects.get()
    assert (paid.status, paid.gateway_id, line.status) == ("succeeded", "bank:TR 77", "refunded")
    assert (payment.refunded_minor, payment.reserved_refund_minor) == (30007, 0)
    assert (balance("buyer"), balance("bank"), ledger_sum()) == (Money(0, "EUR"), Money(30007, "EUR"), {"EUR": 0})
    assert "bank account you gave us" in Notification.objects.get(template="order_line_refunded").text
    for act in (retry_refund, partial(record_refund_transfer, bank_reference="TR 78")):
        with pytest.raises(CannotRefund):
            act(refused, by="system:test", at=now + DAY)


def test_one_transfer_pays_one_refund(
    refused: Refund, place: Step, pay: Step, settle_refunds: SettleRefunds, now: datetime
) -> None:
    record_refund_transfer(refused, bank_reference="TR 77", by="system:test", at=now + DAY)
    line = pay(place((ListingFactory(price_minor=20007, shipping_minor=0), 1))).lines.get()
    other = refund_line(line, reason="mistake", by="system:test", at=now)
    settle_refunds(now)
    other.refresh_from_db()
    with pytest.raises(CannotRefund) as refusal:
        record_refund_transfer(other, bank_reference="tr  77", by="system:test", at=now + DAY)
    assert refusal.value.field == "bank_reference"


def test_only_the_newest_refusal_waits_for_somebody(
    refused: Refund, settle_refunds: SettleRefunds, now: datetime
) -> None:
    waiting = Refund.objects.filter(unanswered())
    assert list(waiting) == [refused]
    again = retry_refund(refused, by="system:test", at=now + DAY)
    assert not waiting.all()
    settle_refunds(now + DAY)
    assert list(waiting.all()) == [again]


def test_the_buyer_hears_once_that_the_bank_refused(
    refused: Refund, settle_refunds: SettleRefunds, now: datetime
) -> None:
    retry_refund(refused, by="system:test", at=now + DAY)
    settle_refunds(now + DAY)
    told = Notification.objects.get(template="refund_failed")
    assert told.recipient == "alice@example.com"
    assert "€300.07" in told.text


def test_a_cancelled_line_whose_refund_was_refused_can_be_refunded(refused: Refund, now: datetime) -> None:
    line = OrderLine.objects.get()
    assert (line.status, is_refundable(line)) == ("cancelled", True)
    refund_line(line, reason="mistake", by="system:test", at=now + DAY)
    assert not is_refundable(line)


def test_money_that_came_too_late_and_was_refused_back_is_tried_again(
    place: Step, pay: Step, settle_refunds: SettleRefunds, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = pay(place((ListingFactory(price_minor=30007, shipping_minor=0), 1)))
    payment = Payment.objects.get(reference=order.pk)
    request_refund(payment, reference=order.pk, amount=order.total, reason="paid_too_late", by="system:test", at=now)
    settle_refunds(now)
    monkeypatch.delitem(sandbox.REFUNDS, "07")
    retry_refund(Refund.objects.get(), by="system:test", at=now + DAY)
    settle_refunds(now + DAY)
    assert Notification.objects.filter(template="refund_failed").count() == 1
    assert balance("buyer") == at_provider() == Money(0, "EUR")


def test_the_clock_asks_a_bank_that_refused_no_second_time(
    place: Step, pay: Step, deliver: Callable[..., None], settle_refunds: SettleRefunds, now: datetime
) -> None:
    order = pay(place((ListingFactory(price_minor=30007, shipping_minor=0), 1)))
    deliver(order)
    withdrawal = confirm_withdrawal(order.lines.get(), name="Alice", by="guest", at=now + 3 * DAY)
    book_couriers(now + 3 * DAY)
    scan(withdrawal.parcel, "in_transit", now + 4 * DAY)
    assert watch_order_deadlines(withdrawal.refund_by) == 1
    settle_refunds(withdrawal.refund_by)
    assert watch_order_deadlines(withdrawal.refund_by + DAY) == 0
    assert Refund.objects.count() == 1


# Parcels that come back, are lost, are found


@pytest.fixture
def unit(listing: Listing, now: datetime) -> Unit:
    """A device of the workshop, for sale under `listing`."""
    unit: Unit = UnitFactory(plant=listing.plant, variant=listing.variant)
    erase_unit(unit, standard="NIST 800-88", tool="Blancco 7.4", operator=UserFactory(), by="system:test", at=now)
    record_test(unit, grade="good", battery_percent=91, by="system:test", at=now)
    list_unit(unit, listing, by="system:test", at=now)
    return unit


@pytest.fixture
def sent(place: Step, pay: Step, listing: Listing, unit: Unit, now: datetime) -> Order:
    """Two devices, the first from the workshop, in one parcel of the house courier."""
    order = pay(place((listing, 2)))
    send(order, [unit.identifier, imei()], now)
    return order


def send(order: Order, numbers: list[str], at: datetime, **own: str) -> None:
    consignment = order.consignments.get()
    identifiers = dict(zip(consignment.lines.values_list("pk", flat=True), numbers, strict=True))
    ship_consignment(consignment, identifiers=identifiers, by="system:test", at=at, **own)
    book_couriers(at)


def parcel_of(order: Order) -> Parcel:
    parcel = order.consignments.get().parcel
    assert parcel is not None
    return parcel


def test_a_parcel_that_comes_back_is_refunded_and_its_device_is_in_the_workshop(
    sent: Order, unit: Unit, drain: Drain, settle_refunds: SettleRefunds, now: datetime
) -> None:
    turn_back(parcel_of(sent), now + DAY)
    drain()
    settle_refunds(now + 3 * DAY)

    assert set(sent.lines.values_list("status", flat=True)) == {"refunded"}
    assert set(Refund.objects.values_list("reason", "status")) == {("undelivered", "succeeded")}
    unit.refresh_from_db()
    assert (unit.status, unit.erased_at, unit.listing) == ("in_workshop", None, None)
    assert (Earning.objects.count(), balance("plant", str(unit.plant_id))) == (0, Money(0, "EUR"))
    assert not ServiceFact.objects.filter(kind="cancellation").exists()
    assert (balance("buyer"), ledger_sum()) == (Money(0, "EUR"), {"EUR": 0})


@pytest.mark.parametrize("ending", ["lost", "returned"])
def test_one_device_refunded_before_does_not_keep_the_others_of_its_parcel_from_it(
    sent: Order, drain: Drain, settle_refunds: SettleRefunds, now: datetime, ending: str
) -> None:
    refund_line(sent.lines.order_by("pk")[0], reason="goodwill", by="system:test", at=now)
    if ending == "lost":
        scan(parcel_of(sent), "lost", now + DAY)
    else:
        turn_back(parcel_of(sent), now + DAY)
    drain()
    settle_refunds(now + 3 * DAY)
    assert set(sent.lines.values_list("status", flat=True)) == {"refunded"}


def test_the_house_pays_the_plant_what_its_courier_lost(
    sent: Order, listing: Listing, drain: Drain, settle_refunds: SettleRefunds, now: datetime
) -> None:
    scan(parcel_of(sent), "in_transit", now + DAY)
    scan(parcel_of(sent), "lost", now + 2 * DAY)
    drain()
    settle_refunds(now + 2 * DAY)

    owed = sum(line.proceeds.minor for line in sent.lines.all())
    assert set(sent.lines.values_list("status", flat=True)) == {"refunded"}
    assert set(Earning.objects.values_list("kind", "due_at")) == {("sale", now + 16 * DAY)}
    assert balance("plant", str(listing.plant_id)) == Money(owed, "EUR")
    assert balance("compensation") == Money(-owed, "EUR")
    assert balance("buyer") == balance("commission") == Money(0, "EUR")
    assert ledger_sum() == {"EUR": 0}


def test_what_the_courier_never_had_is_paid_once_a_scan_shows_that_it_had_it(
    sent: Order, drain: Drain, settle_refunds: SettleRefunds, now: datetime
) -> None:
    scan(parcel_of(sent), "lost", now + 2 * DAY)
    drain()
    settle_refunds(now + 2 * DAY)
    assert not Earning.objects.exists()
    scan(parcel_of(sent), "collected", now + DAY)
    drain()
    assert Earning.objects.filter(kind="sale").count() == 2


def test_what_the_plants_own_courier_lost_is_between_the_two(
    place: Step, pay: Step, listing: Listing, drain: Drain, now: datetime
) -> None:
    order = pay(place((listing, 1)))
    send(order, [imei()], now, courier="dhl", tracking_number="JD014600003")
    for day, code in enumerate(("in_transit", "lost"), start=1):
        scan(parcel_of(order), code, now + day * DAY)
    drain()
    assert Refund.objects.count() == 1
    assert not Earning.objects.exists()


def test_what_was_lost_and_comes_back_to_its_plant_is_not_paid_twice(
    sent: Order, unit: Unit, drain: Drain, settle_refunds: SettleRefunds, now: datetime
) -> None:
    scan(parcel_of(sent), "in_transit", now + DAY)
    scan(parcel_of(sent), "lost", now + 2 * DAY)
    drain()
    settle_refunds(now + 2 * DAY)
    for day, code in enumerate(("returning", "delivered"), start=5):
        scan(parcel_of(sent), code, now + day * DAY)
    drain()

    unit.refresh_from_db()
    assert unit.status == "in_workshop"
    assert sum(Earning.objects.values_list("amount_minor", flat=True)) == 0
    assert Earning.objects.filter(kind="refund").count() == 2
    assert balance("plant", str(unit.plant_id)) == balance("compensation") == Money(0, "EUR")


@pytest.mark.parametrize("refunded", [True, False])
def test_what_is_found_after_the_loss_is_the_desks_to_settle_and_sold_once(
    sent: Order, drain: Drain, settle_refunds: SettleRefunds, now: datetime, refunded: bool
) -> None:
    scan(parcel_of(sent), "in_transit", now + DAY)
    scan(parcel_of(sent), "lost", now + 2 * DAY)
    drain()
    if refunded:
        settle_refunds(now + 2 * DAY)
    scan(parcel_of(sent), "delivered", now + 5 * DAY)
    drain()
    settle_refunds(now + 5 * DAY)

    assert set(sent.lines.values_list("status", flat=True)) == {"refunded"}
    assert OrderLine.objects.filter(found_after_refund()).count() == 2
    assert (Earning.objects.count(), LedgerMovement.objects.filter(kind="sale").count()) == (2, 0)
    assert ledger_sum() == {"EUR": 0}


def test_a_return_that_comes_back_to_its_buyer_gets_a_new_label_and_its_refund_in_time(
    delivered_line: OrderLine, drain: Drain, now: datetime
) -> None:
    withdrawal = confirm_withdrawal(delivered_line, name="Alice", by="guest", at=now + 3 * DAY)
    book_couriers(now + 3 * DAY)
    first = withdrawal.parcel
    turn_back(first, now + 4 * DAY)  # type: ignore[arg-type]
    drain()

    withdrawal.refresh_from_db()
    assert (withdrawal.parcel.status, withdrawal.parcel == first) == ("created", False)
    assert Notification.objects.get(template="withdrawal_turned_back").recipient == "alice@example.com"
    assert watch_order_deadlines(withdrawal.refund_by) == 1
    assert Refund.objects.get().reason == "withdrawal"


def test_after_three_journeys_people_send_the_return(delivered_line: OrderLine, drain: Drain, now: datetime) -> None:
    withdrawal = confirm_withdrawal(delivered_line, name="Alice", by="guest", at=now + 3 * DAY)
    for journey in range(3):
        book_couriers(now + 3 * DAY)
        withdrawal.refresh_from_db()
        turn_back(withdrawal.parcel, now + (4 + 3 * journey) * DAY)
        drain()
    assert Parcel.objects.filter(purpose="withdrawal").count() == 3
    assert Event.objects.filter(kind="withdrawal.turned_back").count() == 2


# What is cancelled before it was sent


@pytest.mark.parametrize(
    ("reason", "on_the_shelf"),
    [("buyer", 5), ("address", 5), ("goodwill", 5), ("mistake", 5), ("hold_refused", 5),
     ("out_of_stock", 4), ("defect_found", 4), ("wrong_price", 4), ("not_shipped", 4)],
)  # fmt: skip
def test_what_stays_at_the_plant_is_for_sale_again(
    place: Step, pay: Step, listing: Listing, now: datetime, reason: str, on_the_shelf: int
) -> None:
    line = pay(place((listing, 1))).lines.get()
    refund_line(line, reason=reason, by="system:test", at=now)
    listing.refresh_from_db()
    assert (listing.on_hand, listing.reserved) == (on_the_shelf, 0)
