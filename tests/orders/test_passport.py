"""The passport of a bought device: what was done to it before it was sent, and nobody's name."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.money import Money
from catalog.models import Listing
from catalog.services import units
from orders.models import Order, OrderLine
from orders.pages import device_page
from orders.services.fulfilment import deliver_consignment, ship_consignment
from tests.factories import GradingSpecificationFactory, imei

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
Login = Callable[[User], Client]


@pytest.fixture
def line(
    place: Callable[..., Order], pay: Callable[..., Order], listing: Listing, carol: User, bob: User, now: datetime
) -> OrderLine:
    """Delivered to alice; carol sold the device to the plant, bob erased it."""
    number = imei()
    unit = units.take_in_unit(
        listing.variant, listing.plant, identifier=number, purchase=Money(9000, "EUR"), vat_scheme="MARGINAL",
        by=carol, at=now - 9 * HOUR,
    )  # fmt: skip
    units.erase_unit(unit, standard="NIST 800-88", tool="Blancco 7.4", operator=bob, by=bob, at=now - 8 * HOUR)
    units.repair_unit(unit, parts=["battery"], by=bob, at=now - 7 * HOUR)
    units.record_test(unit, grade="good", battery_percent=100, by=bob, at=now - 6 * HOUR)
    units.list_unit(unit, listing, by=bob, at=now - 5 * HOUR)
    GradingSpecificationFactory(category=listing.variant.product.category)
    line = pay(place((listing, 1))).lines.get()
    ship_consignment(line.consignment, identifiers={line.pk: number}, by=bob, at=now, courier="dhl",
                     tracking_number="7020000")  # fmt: skip
    deliver_consignment(line.consignment, at=now + 24 * HOUR)
    line.refresh_from_db()
    return line


def test_the_buyer_reads_what_was_done_and_no_name(line: OrderLine, alice: User, client_of: Login) -> None:
    door = reverse("line-device", args=[line.pk])
    assert door in client_of(alice).get(reverse("order", args=[line.order_id])).content.decode()
    page = client_of(alice).get(door).content.decode()
    for said in (
        line.identifier, "NIST 800-88, Blancco 7.4", "battery", "Good, battery 100 %", "Taken into the workshop",
        "Legal guarantee until 24 Nov 2028", "Refurbished and sold by", "Lyon", "What has been tested",
    ):  # fmt: skip
        assert said in page, said
    for unsaid in ("Carol", "Petit", "Bob", "Durand", "€90"):
        assert unsaid not in page, unsaid


def test_what_happens_after_the_sale_is_another_buyers(line: OrderLine, now: datetime) -> None:
    before = [step.title for step in device_page(line).history]
    units.take_back_unit(line.unit, by="system:test", at=now + 48 * HOUR)
    units.repair_unit(line.unit, parts=["screen"], by="system:test", at=now + 49 * HOUR)
    assert [step.title for step in device_page(line).history] == before
    assert before[-1] == "Sold"


def test_a_device_without_a_workshop_record_says_so(delivered_line: OrderLine, alice: User, client_of: Login) -> None:
    page = client_of(alice).get(reverse("line-device", args=[delivered_line.pk])).content.decode()
    assert "keeps the workshop record of this device itself" in page
    assert delivered_line.identifier in page


def test_before_it_is_sent_there_is_none_and_for_strangers_never(
    place: Callable[..., Order], pay: Callable[..., Order], listing: Listing, client_of: Login,
    alice: User, mallory: User,
) -> None:  # fmt: skip
    line = pay(place((listing, 1))).lines.get()
    door = reverse("line-device", args=[line.pk])
    assert client_of(alice).get(door)["Location"] == reverse("order", args=[line.order_id])
    assert client_of(mallory).get(door).status_code == 404
