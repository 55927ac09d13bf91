"""One device number typed for two buyers in the same instant.

Protected by the unique indexes `line_device_on_one_road` and, for a unit of the workshop, `unit_sold_once`: the look
before them sees nothing of a parcel that is being registered, as the control shows.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from backmarket.shipping.models import Parcel
from catalog.models import Listing
from catalog.services.units import erase_unit, list_unit, record_test
from orders.models import Order, OrderLine
from orders.services.fulfilment import CannotShip, checked_identifier, ship_consignment
from tests.factories import UnitFactory, UserFactory, imei
from tests.races.together import meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def two_orders(place: Callable[..., Order], pay: Callable[..., Order], listing: Listing) -> tuple[Order, Order]:
    return pay(place((listing, 1))), pay(place((listing, 1), buyer=None))


def ship(order: Order, number: str, at: datetime) -> Parcel:
    return ship_consignment(
        order.consignments.get(), identifiers={order.lines.get().pk: number}, by="system:test", at=at,
        courier="colissimo", tracking_number=f"T{order.number}",
    )  # fmt: skip


@pytest.mark.parametrize("known", [False, True], ids=["unknown to the workshop", "a unit of the workshop"])
def test_one_device_is_on_the_road_to_one_buyer_only(
    two_orders: tuple[Order, Order], listing: Listing, now: datetime, known: bool
) -> None:
    one, other = two_orders
    number = imei()
    if known:
        unit = UnitFactory(plant=listing.plant, variant=listing.variant, identifier=number)
        erase_unit(unit, standard="NIST 800-88", tool="Blancco 7.4", operator=UserFactory(), by="system:test", at=now)
        record_test(unit, grade="good", battery_percent=91, by="system:test", at=now)
        list_unit(unit, listing, by="system:test", at=now)

    refusal = meanwhile(partial(ship, one, number, now), partial(ship, other, number, now))

    assert isinstance(refusal, CannotShip)
    assert (refusal.field, str(refusal)) == (
        str(other.lines.get().pk),
        "This device is already sold to somebody else.",
    )
    assert (one.lines.get().status, other.lines.get().status) == ("shipped", "paid")
    assert other.lines.get().identifier == ""
    assert Parcel.objects.count() == 1


def test_control_looking_first_does_not_see_the_parcel_that_is_being_registered(
    two_orders: tuple[Order, Order], now: datetime
) -> None:
    one, other = two_orders
    number = imei()
    line = OrderLine.objects.select_related("listing__variant__product__category").get(order=other)

    def look_then_wait() -> str:
        seen = checked_identifier(line, number)
        OrderLine.objects.filter(order=one).update(due_at=now)
        return seen

    assert meanwhile(partial(ship, one, number, now), look_then_wait) == number
