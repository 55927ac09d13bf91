from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from backmarket.money import Money
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.shipping.models import Parcel
from catalog.models import Listing
from catalog.services.units import erase_unit, list_unit, record_test
from orders.models import Earning, Guarantee, Order, OrderLine
from orders.selectors import consignments_to_ship
from orders.services.deadlines import watch_order_deadlines
from orders.services.fulfilment import CannotShip, accept_line, refuse_line, ship_consignment
from orders.services.refunds import CannotRefundLine, refund_line
from refurbishers.models import ServiceFact
from tests.factories import UnitFactory, UserFactory, imei
from tests.ground.money_steps import at_provider
from tests.orders.conftest import carry

Step = Callable[..., Order]
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def paid(place: Step, pay: Step, listing: Listing) -> Order:
    return pay(place((listing, 2)))


def ship(order: Order, at: datetime, numbers: list[str], **tracking: str) -> Parcel:
    consignment = order.consignments.get()
    identifiers = dict(zip(consignment.lines.values_list("pk", flat=True), numbers, strict=False))
    return ship_consignment(consignment, identifiers=identifiers, by="system:test", at=at, **tracking)


def test_shipping_needs_a_real_imei_for_every_device(paid: Order, now: datetime) -> None:
    good = imei()
    for numbers in ([], [good], [good, good], [good, "490154203237517"], [good, "SERIAL-123"]):
        with pytest.raises(CannotShip):
            ship(paid, now, numbers)
    assert set(paid.lines.values_list("status", "identifier")) == {("paid", "")}
    assert not Parcel.objects.exists()


def test_an_own_courier_comes_with_its_tracking_number(paid: Order, now: datetime) -> None:
    with pytest.raises(CannotShip) as refusal:
        ship(paid, now, [imei(), imei()], courier="colissimo")
    assert refusal.value.field == "tracking_number"


def test_one_parcel_takes_all_its_lines_and_the_number_is_final(
    paid: Order, now: datetime, drain: Callable[[], None]
) -> None:
    parcel = ship(paid, now, [imei(), imei()], courier="colissimo", tracking_number="6A 1234 5678")
    drain()

    assert (parcel.tracking_number, parcel.insured) == ("6A12345678", Money(60000, "EUR"))
    assert set(paid.lines.values_list("status", "due_at")) == {("shipped", None)}
    assert set(ServiceFact.objects.values_list("kind", "value")) == {("shipment", 0)}
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.update(identifier=imei())


def test_a_device_is_sold_to_one_buyer_at_a_time(
    paid: Order, place: Step, pay: Step, listing: Listing, now: datetime
) -> None:
    number = imei()
    ship(paid, now, [number, imei()])
    again = pay(place((listing, 1), buyer=None))
    with pytest.raises(CannotShip):
        ship(again, now, [number])


def test_a_unit_of_the_workshop_is_sold_with_its_line_and_only_when_ready(
    paid: Order, listing: Listing, now: datetime
) -> None:
    unit = UnitFactory(plant=listing.plant, variant=listing.variant)
    with pytest.raises(CannotShip):
        ship(paid, now, [unit.identifier, imei()])
    erase_unit(unit, standard="NIST 800-88", tool="Blancco 7.4", operator=UserFactory(), by="system:test", at=now)
    record_test(unit, grade="good", battery_percent=91, by="system:test", at=now)
    list_unit(unit, listing, by="system:test", at=now)
    ship(paid, now, [unit.identifier, imei()])

    unit.refresh_from_db()
    assert unit.status == "sold"
    assert unit.lines.get().identifier == unit.identifier


def test_delivery_starts_the_guarantees_and_books_the_sale(delivered_line: OrderLine) -> None:
    line = delivered_line
    guarantee = Guarantee.objects.get(line=line)

    assert line.status == "delivered"
    assert [str(day) for day in (guarantee.starts_date, guarantee.presumption_until_date)] == [
        "2026-11-25",
        "2027-11-25",
    ]
    assert str(guarantee.legal_until_date) == "2028-11-25"
    assert str(guarantee.commercial_until_date) == "2027-11-25"
    earning = Earning.objects.get()
    assert (earning.kind, earning.amount_minor) == ("sale", 30490 - 3000 - 600)
    assert earning.due_at == line.delivered_at + timedelta(days=14)
    assert balance("buyer") == Money(0, "EUR")
    assert balance("plant", str(line.plant_id)) == Money(26890, "EUR")
    assert balance("commission") == Money(3000, "EUR")
    assert balance("commission_vat") == Money(600, "EUR")
    assert ledger_sum() == {"EUR": 0}


def test_a_refund_before_delivery_gives_everything_back_and_books_no_sale(
    paid: Order, now: datetime, settle_refunds: Callable[[datetime], None]
) -> None:
    refused, kept = paid.lines.all()
    accept_line(refused, by="system:test", at=now)
    refuse_line(refused, reason="no_stock", by="system:test", at=now)
    settle_refunds(now)

    refused.refresh_from_db()
    kept.refresh_from_db()
    assert (refused.status, refused.cancel_reason, kept.status) == ("refunded", "no_stock", "paid")
    assert balance("buyer") == kept.gross
    assert not Earning.objects.exists()
    assert ServiceFact.objects.filter(kind="cancellation").values_list("reference", "value").get() == (refused.pk, 1)
    assert ledger_sum() == {"EUR": 0}


def test_a_refund_after_delivery_takes_back_proceeds_and_commission(
    delivered_line: OrderLine, now: datetime, settle_refunds: Callable[[datetime], None]
) -> None:
    at = now + timedelta(days=5)
    refund_line(delivered_line, reason="goodwill", by="system:test", at=at)
    settle_refunds(at)

    delivered_line.refresh_from_db()
    assert delivered_line.status == "refunded"
    assert delivered_line.guarantee.status == "void"
    assert sorted(Earning.objects.values_list("amount_minor", "due_at")) == [(-26890, at), (26890, at)]
    assert at_provider() == Money(0, "EUR")
    for account in ("buyer", "commission", "commission_vat"):
        assert balance(account) == Money(0, "EUR")
    assert balance("plant", str(delivered_line.plant_id)) == Money(0, "EUR")


def test_a_line_is_refunded_once(delivered_line: OrderLine, now: datetime) -> None:
    refund_line(delivered_line, reason="goodwill", by="system:test", at=now)
    with pytest.raises(CannotRefundLine):
        refund_line(delivered_line, reason="goodwill", by="system:test", at=now)
    assert Earning.objects.filter(kind="refund").count() == 1


def test_what_is_not_shipped_in_five_business_days_is_cancelled_refunded_and_recorded(
    paid: Order, settle_refunds: Callable[[datetime], None]
) -> None:
    before, after = datetime(2026, 11, 30, 23, 59, tzinfo=PARIS), datetime(2026, 12, 1, 0, 0, tzinfo=PARIS)
    assert watch_order_deadlines(before) == 0
    assert watch_order_deadlines(after) == 1  # parcel
    settle_refunds(after)

    assert set(paid.lines.values_list("status", "cancel_reason")) == {("refunded", "not_shipped")}
    assert ServiceFact.objects.filter(kind="cancellation", value=1).count() == 2
    assert balance("buyer") == Money(0, "EUR")


def test_a_lost_parcel_is_refunded(
    paid: Order, now: datetime, drain: Callable[[], None], settle_refunds: Callable[[datetime], None]
) -> None:
    carry(ship(paid, now, [imei(), imei()]), at=now + timedelta(days=3), to="lost")
    drain()
    settle_refunds(now + timedelta(days=3))
    assert set(paid.lines.values_list("status", flat=True)) == {"refunded"}
    assert ledger_sum() == {"EUR": 0}


def test_a_delivered_line_closes_after_thirty_days(delivered_line: OrderLine) -> None:
    assert watch_order_deadlines(datetime(2026, 12, 25, 23, 59, tzinfo=PARIS)) == 0
    assert watch_order_deadlines(datetime(2026, 12, 26, 0, 0, tzinfo=PARIS)) == 1
    delivered_line.refresh_from_db()
    assert delivered_line.status == "closed"


def test_plants_see_what_waits_for_them_first_things_first(paid: Order, listing: Listing, now: datetime) -> None:
    assert list(consignments_to_ship(listing.plant)) == list(paid.consignments.all())
    ship(paid, now, [imei(), imei()])
    assert not consignments_to_ship(listing.plant)
