"""Express is a promise: kept, its surcharge is the plant's; broken, it is the buyer's again, by itself."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from backmarket import timetravel
from backmarket.invoices.models import Invoice
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.gateways import sandbox_disputes
from backmarket.payments.models import Payment, Refund
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services import record_dispute, settle_payment
from backmarket.shipping.couriers.sandbox import tariff
from backmarket.shipping.labels import drawn_label
from backmarket.shipping.models import Parcel, SandboxShipment, TrackingPoint
from backmarket.shipping.services import book_with_courier
from backmarket.states import move
from catalog.models import Listing
from orders.express import express_of, late_express
from orders.models import Consignment, Earning, Order, OrderLine, PartRefund
from orders.pages import order_page
from orders.selectors import statement
from orders.services.cancelling import cancel_line
from orders.services.deadlines import watch_order_deadlines
from orders.services.fulfilment import lose_consignment, return_consignment, ship_consignment
from orders.services.goodwill import refund_part
from orders.services.holds import release_hold
from orders.services.promises import give_surcharge_back
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants
from orders.statements import statement_until
from tests.factories import imei
from tests.ground.money_steps import eur
from tests.orders.conftest import carry
from tests.orders.held import no_difference

pytestmark = pytest.mark.django_db
BY = "system:test"
DAY = timedelta(days=1)
# Monday 23 November: sent on Tuesday, and express is there on Wednesday.
PROMISED = date(2026, 11, 25)
# Of two devices, 300.00 each, with 4.90 of shipping and 5.91 for express.
SURCHARGE, TOTAL = 591, 60_000 + 490 + 591
Ordered = Callable[..., Order]


@pytest.fixture
def ordered(place: Callable[..., Order], listing: Listing, now: datetime) -> Ordered:
    """Devices of `listing`, express."""

    def express(quantity: int = 2, *others: tuple[Listing, int], **more: Any) -> Order:
        type(listing.plant).objects.filter(pk=listing.plant_id).update(express_minor=SURCHARGE)
        listing.plant.refresh_from_db()
        offered = express_of(listing.plant, [listing], more.get("at", now))
        assert offered
        return place((listing, quantity), *others, express={listing.plant_id: offered}, **more)

    return express


@pytest.fixture
def sent(ordered: Ordered, pay: Callable[..., Order], now: datetime) -> Callable[[], Consignment]:
    def on_its_way(quantity: int = 2) -> Consignment:
        consignment = pay(ordered(quantity)).consignments.get()
        numbers = {line.pk: imei() for line in consignment.lines.to_ship()}
        parcel = ship_consignment(consignment, identifiers=numbers, by=BY, at=now + DAY)
        carry(parcel, at=now + DAY, to=Parcel.Status.IN_TRANSIT)
        return consignment

    return on_its_way


@pytest.fixture
def delivered(sent: Callable[..., Consignment], drain: Callable[[], None], now: datetime) -> Callable[..., Consignment]:
    def there(days: int, quantity: int = 2) -> Consignment:
        consignment = sent(quantity)
        assert consignment.parcel
        carry(consignment.parcel, at=now + days * DAY)
        drain()
        return consignment

    return there


def parts() -> list[tuple[str, str, int, int]]:
    rows = PartRefund.objects.order_by("amount_minor", "pk")
    return list(rows.values_list("reason", "borne_by", "amount_minor", "plant_minor"))


def is_sound() -> bool:
    return ledger_sum() == {"EUR": 0} and no_difference()


def test_the_order_keeps_what_was_chosen_and_every_cent_of_it(ordered: Ordered, other_listing: Listing) -> None:
    order = ordered(2, (other_listing, 1))
    express, usual = order.consignments.order_by("-surcharge_minor")
    assert (express.service, express.shipping_minor, express.surcharge_minor, express.promised_date) == (
        "express", 490 + SURCHARGE, SURCHARGE, PROMISED,
    )  # fmt: skip
    assert (usual.service, usual.shipping_minor, usual.surcharge_minor, usual.promised_date) == ("standard", 0, 0, None)
    shares = express.lines.order_by("-surcharge_minor").values_list("surcharge_minor", "shipping_minor")
    assert list(shares) == [(296, 541), (295, 540)]
    assert order.total_minor == TOTAL + 19_999 == Payment.objects.get().amount_minor


def test_the_promise_is_dated_when_the_order_is_paid(
    ordered: Ordered, pay: Callable[..., Order], now: datetime
) -> None:
    order = ordered()
    pay(order, at=now.replace(hour=12, minute=59))
    assert order.consignments.get().promised_date == PROMISED
    other = ordered(1)
    pay(other, at=now.replace(hour=13, minute=1))
    assert other.consignments.get().promised_date == PROMISED + DAY


def test_the_promise_of_what_somebody_looked_at_counts_from_its_release(
    ordered: Ordered, pay: Callable[..., Order], drain: Callable[[], None], now: datetime
) -> None:
    order = pay(ordered(5))
    release_hold(order.hold, by=BY, at=now + 2 * DAY)
    settle_payment(Payment.objects.get().pk, at=now + 2 * DAY)
    drain()
    assert order.consignments.get().promised_date == date(2026, 11, 27)


def test_what_is_there_on_the_promised_day_is_the_plants(delivered: Callable[..., Consignment], now: datetime) -> None:
    consignment = delivered(2)
    assert (parts(), list(late_express(now + 30 * DAY))) == ([], [])
    # The price of two less 12 % each, and all of the shipping.
    assert balance("plant", str(consignment.plant_id)) == eur(TOTAL - 2 * 3_600)
    assert watch_order_deadlines(now + 20 * DAY) == 0
    assert is_sound()


def test_what_comes_a_day_late_gives_the_surcharge_back_once_at_the_plants_cost(
    delivered: Callable[..., Consignment], drain: Callable[[], None], settle_refunds: Callable[..., None], now: datetime
) -> None:
    consignment = delivered(3)
    assert parts() == [("express", "plant", 295, 295), ("express", "plant", 296, 296)]
    assert sorted(Refund.objects.values_list("amount_minor", "reason")) == [(295, "express"), (296, "express")]
    settle_refunds(now + 3 * DAY)
    assert give_surcharge_back(consignment, at=now + 4 * DAY) == eur(0)
    watch_order_deadlines(now + 5 * DAY)
    drain()

    assert list(Refund.objects.values_list("status", flat=True)) == ["succeeded", "succeeded"]
    assert balance("plant", str(consignment.plant_id)) == eur(60_000 + 490 - 2 * 3_600)
    assert (balance("commission"), balance("commission_vat"), balance("buyer")) == (eur(6_000), eur(1_200), eur(0))
    [parcel] = order_page(consignment.order, now + 5 * DAY).parcels
    assert parcel.late_back == eur(SURCHARGE)
    mail = Notification.objects.get(template="express_late")
    assert mail.subject.endswith("late, so €5.91 go back to you")
    assert "promised by Nov. 25, 2026, and was not there" in mail.text
    assert not Notification.objects.filter(template="line_part_refunded").exists()
    told = [line for line in statement_until(consignment.plant, now + 6 * DAY, "EUR").lines if "Express" in line.what]
    assert sorted(line.amount.minor for line in told) == [-296, -295]
    assert is_sound()


def test_the_papers_explain_it(
    delivered: Callable[..., Consignment], settle_refunds: Callable[..., None], now: datetime
) -> None:
    delivered(3)
    settle_refunds(now + 3 * DAY)
    invoice = Invoice.objects.get(kind="invoice")
    assert sorted((line["shipping_minor"], line["express_minor"]) for line in invoice.lines) == [(540, 295), (541, 296)]
    assert invoice.total_minor == TOTAL
    notes = Invoice.objects.filter(kind="credit_note").order_by("total_minor")
    assert [note.total_minor for note in notes] == [295, 296]
    assert all(note.lines[0]["what"].startswith("Express delivery that came late: ") for note in notes)


def test_a_surcharge_is_never_more_than_what_is_left(
    ordered: Ordered, pay: Callable[..., Order], deliver: Callable[..., None], now: datetime, drain: Callable[[], None]
) -> None:
    order = pay(ordered(1))
    Consignment.objects.update(promised_date=PROMISED + 30 * DAY)
    deliver(order)
    line = order.lines.get()
    goodwill = {"reason": "looks", "borne_by": "house", "by": BY, "at": now + 2 * DAY}
    refund_part(line, key=order.pk, amount=line.gross - eur(100), **goodwill)
    Consignment.objects.update(promised_date=PROMISED - DAY)
    assert give_surcharge_back(order.consignments.get(), at=now + 3 * DAY) == eur(99)
    line.refresh_from_db()
    assert line.rest == eur(1)
    assert is_sound()


def test_a_sale_undone_after_late_express_and_goodwill_leaves_nobody_a_cent(
    delivered: Callable[..., Consignment], settle_refunds: Callable[..., None], now: datetime
) -> None:
    consignment = delivered(3, 1)
    line, plant = consignment.lines.get(), str(consignment.plant_id)
    for number, borne_by in enumerate(("plant", "house", "plant")):
        refund_part(
            line,
            key=UUID(int=number + 1),
            amount=eur(5_003),
            reason="looks",
            borne_by=borne_by,
            by=BY,
            at=now + 4 * DAY,
        )
    first = PartRefund.objects.get(pk=UUID(int=1))
    # 36.00 of commission were earned on 304.90, not on what express cost besides.
    assert first.commission_minor + first.commission_vat_minor == 591
    refund_line(line, reason="withdrawal", by=BY, at=now + 5 * DAY)
    settle_refunds(now + 5 * DAY)
    line.refresh_from_db()
    assert (line.status, sum(Refund.objects.values_list("amount_minor", flat=True))) == ("refunded", line.gross.minor)
    left = {name: balance(name) for name in ("buyer", "commission", "commission_vat", "compensation")}
    assert (set(left.values()), balance("plant", plant)) == ({eur(0)}, eur(0))
    assert is_sound()


def test_what_nobody_hears_of_gives_the_surcharge_back_a_week_later(
    sent: Callable[..., Consignment], drain: Callable[[], None], settle_refunds: Callable[..., None], now: datetime
) -> None:
    consignment = sent()
    watch_order_deadlines(now + 9 * DAY)
    assert parts() == []
    watch_order_deadlines(now + 10 * DAY)
    assert [minor for *_, minor in parts()] == [295, 296]
    # Nothing is sold before it is there, so the buyers' money gives it.
    assert (balance("plant", str(consignment.plant_id)), is_sound()) == (eur(0), True)
    settle_refunds(now + 10 * DAY)
    assert (balance("buyer"), is_sound()) == (eur(TOTAL - SURCHARGE), True)

    assert consignment.parcel
    carry(consignment.parcel, at=now + 12 * DAY)
    drain()
    assert (balance("plant", str(consignment.plant_id)), balance("buyer")) == (eur(60_490 - 7_200), eur(0))
    assert sorted(Earning.objects.filter(kind="part").values_list("amount_minor", flat=True)) == [-296, -295]
    assert (PartRefund.objects.count(), Notification.objects.filter(template="express_late").count()) == (2, 1)
    assert is_sound()


def test_what_the_bank_refused_to_give_back_whole_is_left_to_whoever_tries_that_again(
    sent: Callable[..., Consignment], now: datetime
) -> None:
    consignment = sent()
    assert consignment.parcel
    carry(consignment.parcel, at=now + 4 * DAY, to=Parcel.Status.LOST)
    lose_consignment(consignment, at=now + 4 * DAY)
    refunds = Refund.objects.filter(reference__in=consignment.lines.values("pk"))
    for refund in refunds:
        move(refund, Refund.Status.FAILED, by=BY, at=now + 4 * DAY)
    assert len(refunds) == 2
    watch_order_deadlines(now + 20 * DAY)
    assert (parts(), OrderLine.objects.filter(status="shipped").count()) == ([], 2)


def test_what_the_courier_lost_is_refunded_whole_and_its_plant_is_not_paid_for_express(
    sent: Callable[..., Consignment], settle_refunds: Callable[..., None], now: datetime
) -> None:
    consignment = sent()
    assert consignment.parcel
    TrackingPoint.objects.create(parcel=consignment.parcel, external_id="1", code="collected", happened_at=now + DAY)
    carry(consignment.parcel, at=now + 4 * DAY, to=Parcel.Status.LOST)
    lose_consignment(consignment, at=now + 4 * DAY)
    settle_refunds(now + 4 * DAY)
    assert (sum(Refund.objects.values_list("amount_minor", flat=True)), parts()) == (TOTAL, [])
    assert balance("plant", str(consignment.plant_id)) == eur(60_490 - 7_200) == -balance("compensation")
    watch_order_deadlines(now + 20 * DAY)
    assert (parts(), is_sound()) == ([], True)
    carry(consignment.parcel, at=now + 21 * DAY, to=Parcel.Status.RETURNED)
    return_consignment(consignment, at=now + 21 * DAY)
    assert (balance("plant", str(consignment.plant_id)), balance("compensation")) == (eur(0), eur(0))
    assert is_sound()


def test_a_cancelled_device_has_its_share_of_it_back_as_of_the_shipping(
    ordered: Ordered, pay: Callable[..., Order], settle_refunds: Callable[..., None], now: datetime
) -> None:
    order = pay(ordered())
    first, second = order.lines.order_by("pk")
    assert cancel_line(first, by=BY, at=now).amount == first.gross
    assert cancel_line(second, by=BY, at=now).amount == second.gross
    settle_refunds(now)
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == TOTAL
    assert (balance("buyer"), is_sound()) == (eur(0), True)


def test_while_the_bank_looks_into_the_payment_the_surcharge_waits(
    sent: Callable[..., Consignment], drain: Callable[[], None], now: datetime
) -> None:
    consignment = sent()
    payment = Payment.objects.get()
    opened = str(sandbox_disputes.open_dispute(payment.gateway_id, at=now + DAY, tell=False))
    record_dispute("sandbox", opened, at=now + DAY)
    assert consignment.parcel
    carry(consignment.parcel, at=now + 3 * DAY)
    drain()
    assert (parts(), OrderLine.objects.filter(status="delivered").count()) == ([], 2)
    assert list(late_express(now + 4 * DAY)) == [consignment.pk]


def test_a_settlement_pays_what_is_left(
    delivered: Callable[..., Consignment], settle_refunds: Callable[..., None], now: datetime
) -> None:
    consignment = delivered(3)
    settle_refunds(now + 3 * DAY)
    settle_plants(now + 30 * DAY)
    settlement = consignment.plant.settlements.get()
    assert settlement.total_minor == 60_490 - 7_200
    assert sorted(row.amount.minor for row in statement(settlement).rows if "late" in row.title) == [-296, -295]
    assert is_sound()


@pytest.mark.django_db(transaction=True)
def test_the_courier_is_asked_for_express(ordered: Ordered, pay: Callable[..., Order], now: datetime) -> None:
    timetravel.travel_to(now)
    consignment = pay(ordered(1)).consignments.get()
    numbers = {line.pk: imei() for line in consignment.lines.to_ship()}
    parcel = ship_consignment(consignment, identifiers=numbers, by=BY, at=now)
    book_with_courier(parcel.pk, at=now)
    parcel.refresh_from_db()
    assert (parcel.service, parcel.label_price) == ("express", Money(890, "EUR"))
    code, at, *_ = SandboxShipment.objects.get(pk=parcel.tracking_number).script[-1]
    assert (code, at) == ("delivered", "2026-11-24T08:00:00+00:00")
    drawn = drawn_label(parcel)
    parcel.service = Parcel.Service.STANDARD
    assert drawn_label(parcel) != drawn


@pytest.mark.parametrize(
    "wrong",
    [
        {"surcharge_minor": 0}, {"promised_date": None}, {"service": "standard"}, {"surcharge_minor": 490 + 592},
    ],
)  # fmt: skip
def test_the_database_refuses_a_promise_without_a_day_a_price_or_a_parcel(
    ordered: Ordered, wrong: dict[str, Any]
) -> None:
    consignment = ordered().consignments.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Consignment.objects.filter(pk=consignment.pk).update(**wrong)


def test_the_database_refuses_a_second_surcharge_and_one_that_the_house_bears(
    delivered: Callable[..., Consignment], now: datetime
) -> None:
    line = delivered(3).lines.first()
    facts = {"line": line, "amount_minor": 1, "currency": "EUR", "reason": "express", "created_at": now}
    for wrong in ({"borne_by": "plant", "plant_minor": 1}, {"borne_by": "house"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PartRefund.objects.create(**facts, **wrong)


def test_a_parcel_abroad_costs_the_abroad_tariff_of_express() -> None:
    found = {(to, service): tariff("FR", to, service).minor for to in ("FR", "BE", "PL") for service in Parcel.Service}
    assert found == {
        ("FR", "standard"): 450, ("FR", "express"): 890, ("BE", "standard"): 890, ("BE", "express"): 1690,
        ("PL", "standard"): 1490, ("PL", "express"): 2890,
    }  # fmt: skip
