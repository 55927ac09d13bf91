"""What our courier asks for a label is kept for it, at cost, and is the plant's to pay out of the shipping."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from backmarket.payments.models import Payout
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.reconciling import differences
from backmarket.shipping.models import Parcel, TrackingPoint
from backmarket.shipping.services import book_with_courier
from catalog.models import Listing
from orders.models import Earning, Order, OrderLine
from orders.services.fulfilment import lose_consignment, ship_consignment
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants
from orders.statements import statement_until
from tests.factories import imei
from tests.orders.conftest import carry

pytestmark = pytest.mark.django_db
BY = "system:test"
DAY = timedelta(days=1)
Send = Callable[..., OrderLine]


@pytest.fixture
def send(
    place: Callable[..., Order],
    pay: Callable[..., Order],
    drain: Callable[[], None],
    listing: Listing,
    now: datetime,
) -> Send:
    """Devices of `listing`, delivered with the house's courier, whose label costs `label` cents."""

    def sent(label: int, *, quantity: int = 1, to: str = Parcel.Status.DELIVERED, currency: str = "EUR") -> OrderLine:
        order = pay(place((listing, quantity)))
        consignment = order.consignments.get()
        numbers = {line.pk: imei() for line in consignment.lines.to_ship()}
        parcel = ship_consignment(consignment, identifiers=numbers, by=BY, at=now)
        Parcel.objects.filter(pk=parcel.pk).update(label_minor=label, label_currency=currency)
        carry(parcel, at=now + DAY, to=Parcel.Status.IN_TRANSIT)
        if to != Parcel.Status.IN_TRANSIT:
            carry(parcel, at=now + 2 * DAY, to=to)
        drain()
        return OrderLine.objects.filter(order=order).order_by("pk")[0]

    return sent


def of_plant(line: OrderLine) -> int:
    return balance("plant", str(line.plant_id)).minor


def is_sound(now: datetime) -> bool:
    return ledger_sum() == {"EUR": 0} and list(differences(now, days=None)) == []


@pytest.mark.parametrize(("label", "left"), [(450, 40), (490, 0), (890, -400)])
def test_the_label_is_paid_out_of_the_shipping(send: Send, now: datetime, label: int, left: int) -> None:
    line = send(label)

    assert (balance("shipping").minor, of_plant(line), balance("buyer").minor) == (label, 26_400 + left, 0)
    assert set(Earning.objects.values_list("kind", "amount_minor", "due_at")) == {
        ("sale", 26_890, now + 16 * DAY),
        ("label", -label, now + 16 * DAY),
    }
    assert is_sound(now)


def test_a_plants_own_courier_is_paid_by_the_plant(delivered_line: OrderLine, now: datetime) -> None:
    assert (balance("shipping").minor, of_plant(delivered_line)) == (0, 26_890)
    assert is_sound(now)


def test_a_label_of_another_currency_is_charged_to_nobody(send: Send, now: datetime) -> None:
    line = send(450, currency="USD")
    assert (balance("shipping").minor, of_plant(line), is_sound(now)) == (0, 26_890, True)


def test_devices_of_one_parcel_share_its_label_to_the_cent(send: Send, now: datetime) -> None:
    line = send(1_491, quantity=2)

    shares = Earning.objects.filter(kind="label").order_by("amount_minor")
    assert [row.amount_minor for row in shares] == [-746, -745]
    told = statement_until(line.plant, now + 3 * DAY, "EUR")
    assert sorted(row.amount.minor for row in told.lines if row.what == "Label of our courier") == [-746, -745]
    assert all(row.url() for row in told.lines)
    assert told.closing.minor == of_plant(line) == 2 * 26_400 + 490 - 1_491
    settle_plants(now + 30 * DAY)
    assert (Payout.objects.get().amount_minor, is_sound(now)) == (told.closing.minor, True)


def test_a_refund_gives_no_label_back(send: Send, now: datetime, settle_refunds: Callable[[datetime], None]) -> None:
    line = send(890)
    refund_line(line, reason="withdrawal", by=BY, at=now + 3 * DAY)
    settle_refunds(now + 3 * DAY)

    assert (balance("shipping").minor, of_plant(line), balance("commission").minor) == (890, -890, 0)
    assert sorted(Earning.objects.values_list("kind", "amount_minor", "due_at")) == [
        ("label", -890, now + 16 * DAY),
        ("refund", -26_890, now + 3 * DAY),
        ("sale", 26_890, now + 3 * DAY),
    ]
    assert is_sound(now)


def test_a_parcel_that_our_courier_lost_costs_its_plant_no_label(send: Send, now: datetime) -> None:
    line = send(2_000, to=Parcel.Status.IN_TRANSIT)
    parcel = Parcel.objects.get()
    TrackingPoint.objects.create(parcel=parcel, external_id="1", code="collected", happened_at=now + DAY)
    carry(parcel, at=now + 2 * DAY, to=Parcel.Status.LOST)
    lose_consignment(line.consignment, at=now + 3 * DAY)

    assert list(Earning.objects.values_list("kind", "amount_minor")) == [("sale", 26_890)]
    assert (balance("shipping").minor, of_plant(line), balance("compensation").minor) == (0, 26_890, -26_890)


def test_a_label_that_nobody_was_charged_for_is_found(send: Send, now: datetime) -> None:
    send(450)
    Parcel.objects.update(label_minor=451)
    [found] = differences(now, days=None)
    assert (found.check, found.expected, found.found) == ("labels", 451, 450)


@pytest.mark.django_db(transaction=True)
def test_the_couriers_price_is_kept_with_its_label(
    place: Callable[..., Order], pay: Callable[..., Order], listing: Listing, now: datetime
) -> None:
    consignment = pay(place((listing, 1))).consignments.get()
    numbers = {line.pk: imei() for line in consignment.lines.to_ship()}
    parcel = ship_consignment(consignment, identifiers=numbers, by=BY, at=now)

    book_with_courier(parcel.pk, at=now)

    parcel.refresh_from_db()
    assert parcel.label_price is not None
    assert (parcel.label_price.minor, parcel.label_price.currency) == (450, "EUR")
