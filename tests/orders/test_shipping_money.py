"""The shipping that a buyer pays belongs to whoever pays the courier, and is taken back from where it is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from backmarket.payments.selectors import balance, ledger_sum
from backmarket.reconciling import differences
from backmarket.shipping.models import Parcel, TrackingPoint
from backmarket.shipping.services import book_with_courier
from catalog.models import Listing
from orders.models import Earning, Order, OrderLine, PartRefund
from orders.services.fulfilment import lose_consignment, ship_consignment
from orders.services.goodwill import refund_part
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

    def sent(label: int, *, quantity: int = 1, to: str = Parcel.Status.DELIVERED) -> OrderLine:
        order = pay(place((listing, quantity)))
        consignment = order.consignments.get()
        numbers = {line.pk: imei() for line in consignment.lines.to_ship()}
        parcel = ship_consignment(consignment, identifiers=numbers, by=BY, at=now)
        Parcel.objects.filter(pk=parcel.pk).update(label_minor=label, label_currency="EUR")
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


def test_the_house_keeps_the_shipping_from_which_it_pays_its_courier(send: Send, now: datetime) -> None:
    line = send(450)

    assert (balance("shipping").minor, of_plant(line), balance("buyer").minor) == (490, 26_400, 0)
    assert list(Earning.objects.values_list("kind", "amount_minor")) == [("sale", 26_400)]
    assert is_sound(now)


def test_a_plants_own_courier_is_paid_by_the_plant(delivered_line: OrderLine, now: datetime) -> None:
    assert (balance("shipping").minor, of_plant(delivered_line)) == (0, 26_890)
    assert is_sound(now)


def test_a_dearer_label_is_a_negative_row_and_a_line_of_the_statement(send: Send, now: datetime) -> None:
    line = send(1_491, quantity=2)

    surplus = Earning.objects.filter(kind="label").order_by("amount_minor")
    assert [row.amount_minor for row in surplus] == [-501, -500]
    assert balance("shipping").minor == 1_491
    assert set(Earning.objects.values_list("due_at", flat=True)) == {now + 16 * DAY}
    told = statement_until(line.plant, now + 3 * DAY, "EUR")
    words = "Our courier's label, above the shipping paid by the customer"
    assert sorted(row.amount.minor for row in told.lines if row.what == words) == [-501, -500]
    assert all(row.url() for row in told.lines)
    assert told.closing.minor == of_plant(line) == 2 * 26_400 - 1_001
    settle_plants(now + 30 * DAY)
    assert is_sound(now)


def test_a_refund_takes_the_shipping_from_the_house_and_leaves_the_plant_its_dear_label(
    send: Send, now: datetime, settle_refunds: Callable[[datetime], None]
) -> None:
    line = send(890)
    refund_line(line, reason="withdrawal", by=BY, at=now + 3 * DAY)
    settle_refunds(now + 3 * DAY)

    assert (balance("shipping").minor, of_plant(line), balance("commission").minor) == (400, -400, 0)
    assert sorted(Earning.objects.values_list("kind", "amount_minor", "due_at")) == [
        ("label", -400, now + 3 * DAY),
        ("refund", -26_400, now + 3 * DAY),
        ("sale", 26_400, now + 3 * DAY),
    ]
    assert is_sound(now)


def test_a_refund_takes_a_plants_own_shipping_from_the_plant(
    delivered_line: OrderLine, now: datetime, settle_refunds: Callable[[datetime], None]
) -> None:
    refund_line(delivered_line, reason="withdrawal", by=BY, at=now + 3 * DAY)
    settle_refunds(now + 3 * DAY)

    assert (balance("shipping").minor, of_plant(delivered_line)) == (0, 0)
    assert is_sound(now)


def test_what_was_given_back_in_part_is_never_taken_twice(
    send: Send, now: datetime, settle_refunds: Callable[[datetime], None]
) -> None:
    """All but a cent was refunded in part at the plant's cost, which is more than it had earned without shipping."""
    line = send(450)
    facts = {"amount": line.gross - line.gross.split([1, 30_489])[0], "borne_by": PartRefund.Bearer.PLANT}
    refund_part(line, key=uuid4(), reason="looks", **facts, by=BY, at=now + 3 * DAY)
    line.refresh_from_db()
    refund_line(line, reason="withdrawal", by=BY, at=now + 4 * DAY)
    settle_refunds(now + 4 * DAY)

    assert (balance("buyer").minor, of_plant(line) + balance("shipping").minor) == (0, 0)
    assert balance("shipping").minor == 489
    assert is_sound(now)


def test_a_parcel_that_our_courier_lost_costs_its_plant_no_label(send: Send, now: datetime) -> None:
    line = send(2_000, to=Parcel.Status.IN_TRANSIT)
    parcel = Parcel.objects.get()
    TrackingPoint.objects.create(parcel=parcel, external_id="1", code="collected", happened_at=now + DAY)
    carry(parcel, at=now + 2 * DAY, to=Parcel.Status.LOST)
    lose_consignment(line.consignment, at=now + 3 * DAY)

    assert list(Earning.objects.values_list("kind", "amount_minor")) == [("sale", 26_400)]
    assert (balance("shipping").minor, of_plant(line), balance("compensation").minor) == (0, 26_400, -26_400)


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
