"""What ends a parcel as a whole is told to its buyer once, not device by device: late plants, and lost parcels."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.events.models import Event
from backmarket.notifications.models import Notification
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import Payment, Refund
from backmarket.payments.services import leave_credit, open_payment, retry_refund, send_refund, settle_payment
from catalog.models import Listing
from orders import handlers
from orders.models import Order, OrderLine
from orders.services.cancelling import cancel_line
from orders.services.deadlines import watch_order_deadlines
from orders.services.fulfilment import lose_consignment
from orders.services.refunds import refund_line
from refurbishers.models import Refurbisher
from tests.factories import ListingFactory, imei
from tests.ground.money_steps import eur
from tests.orders.test_dead_ends import parcel_of, scan, send
from tests.orders.test_unreadable_rows import spoil
from tests.races.together import meanwhile

pytestmark = pytest.mark.django_db
Step, Drain, SettleRefunds = Callable[..., Order], Callable[[], None], Callable[[datetime], None]
DAY = timedelta(days=1)


@pytest.fixture
def late(now: datetime) -> datetime:
    """When the clock cancels what was paid `now`."""
    return now + 8 * DAY


@pytest.fixture
def mails(drain: Drain) -> Callable[[], list[str]]:
    """The templates of what the buyer was sent since the last time, once everything has reacted."""
    read: set[UUID] = set()

    def sent() -> list[str]:
        drain()
        new = [mail for mail in Notification.objects.exclude(pk__in=read) if mail.recipient == "alice@example.com"]
        read.update(mail.pk for mail in new)
        return sorted(mail.template for mail in new)

    return sent


@pytest.fixture
def two(place: Step, pay: Step, listing: Listing, now: datetime) -> Order:
    """Two devices in one parcel."""
    timetravel.travel_to(now)
    return pay(place((listing, 2)))


def letter(template: str) -> tuple[str, str, str]:
    """Its subject, and its words in text and in HTML, each in one line."""
    mail = Notification.objects.get(template=template)
    text, html = (" ".join(words.split()) for words in (mail.text, mail.html))
    return mail.subject, text, html


def again() -> None:
    """Whoever writes to the buyer hears everything a second time."""
    for event in Event.objects.filter(kind__in=["line.cancelled", "line.refunded"]):
        handlers.email_buyer_line(event)
    for event in Event.objects.filter(kind="consignment.lost"):
        handlers.email_buyer_of_lost_parcel(event)


def in_order() -> bool:
    told = StringIO()
    call_command("reconcile", days=400, stdout=told)
    return told.getvalue() == "No difference.\n"


def test_a_parcel_that_was_not_sent_is_one_e_mail_and_its_refunds_are_another(
    two: Order, mails: Callable[[], list[str]], late: datetime, settle_refunds: SettleRefunds
) -> None:
    mails()
    assert watch_order_deadlines(late) == 1
    assert mails() == ["order_parcel_cancelled"]
    subject, text, html = letter("order_parcel_cancelled")
    assert subject == f"Order {two.number}: a parcel is cancelled and refunded"
    for words in (text, html):
        assert "The parcel from Atelier Neuf is cancelled. The plant did not send it in time." in words
        assert "You get €604.90 back, shipping included, on the means you paid with." in words
        assert words.count(f"{two.lines.first().title}: €302.45") == 2
    settle_refunds(late)
    assert mails() == ["order_parcel_refunded"]
    subject, text, html = letter("order_parcel_refunded")
    assert subject == f"Order {two.number}: €604.90 refunded"
    assert "We have sent back €604.90 for the parcel from Atelier Neuf, to the means you paid with." in text
    assert text.count("€302.45") == html.count("€302.45") == 2
    again()
    assert (mails(), in_order()) == ([], True)


def test_each_parcel_has_its_own_and_one_device_is_told_of_as_ever(
    place: Step, pay: Step, listing: Listing, other_listing: Listing, mails: Callable[[], list[str]], late: datetime,
    settle_refunds: SettleRefunds,
) -> None:  # fmt: skip
    pay(place((listing, 2), (other_listing, 1)))
    mails()
    watch_order_deadlines(late)
    assert mails() == ["order_line_cancelled", "order_parcel_cancelled"]
    settle_refunds(late)
    assert mails() == ["order_line_refunded", "order_parcel_refunded"]


def test_what_credit_has_paid_of_a_parcel_is_told_as_credit(
    place: Step, pay: Step, listing: Listing, alice: User, mails: Callable[[], list[str]], late: datetime,
    now: datetime, settle_refunds: SettleRefunds,
) -> None:  # fmt: skip
    leave_credit(alice, eur(10_000), reference=uuid4(), label="T1 · iPhone", at=now)
    pay(place((listing, 2), credit_minor=10_000))
    watch_order_deadlines(late)
    settle_refunds(late)
    mails()
    said = "Of this, €100.00 is back on your credit with us already, and €504.90 comes by the bank."
    for template in ("order_parcel_cancelled", "order_parcel_refunded"):
        assert said in letter(template)[1]


@pytest.mark.parametrize("refused_first", [True, False])
def test_money_that_the_bank_refuses_keeps_no_other_from_being_told(
    place: Step, pay: Step, plant: Refurbisher, listing: Listing, mails: Callable[[], list[str]], late: datetime,
    settle_refunds: SettleRefunds, monkeypatch: pytest.MonkeyPatch, refused_first: bool,
) -> None:  # fmt: skip
    """The sandbox refuses what ends in 07. Until the bank has said yes or no to both, neither is told."""
    odd = ListingFactory(plant=plant, price_minor=29962, shipping_minor=0)
    pay(place((listing, 1), (odd, 1)))
    mails()
    watch_order_deadlines(late)
    assert mails() == ["order_parcel_cancelled"]
    refused, other = (Refund.objects.get(reference=each.lines.get().pk) for each in (odd, listing))
    first, second = (refused, other) if refused_first else (other, refused)
    send_refund(first.pk, at=late)
    assert mails() == (["refund_failed"] if refused_first else [])
    send_refund(second.pk, at=late)
    assert mails() == (["order_line_refunded"] if refused_first else ["order_line_refunded", "refund_failed"])
    assert f"back €302.45 for {listing.lines.get().title}" in letter("order_line_refunded")[1]
    monkeypatch.delitem(sandbox.REFUNDS, "07")
    retry_refund(refused, by="system:test", at=late + DAY)
    settle_refunds(late + DAY)
    assert mails() == ["order_line_refunded"]
    assert Notification.objects.filter(template="order_line_refunded").count() == 2


def test_a_device_that_cannot_be_read_keeps_the_other_of_its_parcel_from_nothing(
    two: Order, mails: Callable[[], list[str]], late: datetime
) -> None:
    bad, good = two.lines.order_by("pk")
    spoil(bad, "paid_at")
    mails()
    watch_order_deadlines(late)
    assert [*two.lines.order_by("pk").values_list("status", flat=True)] == ["paid", "cancelled"]
    assert mails() == ["order_line_cancelled"]
    assert good.title in letter("order_line_cancelled")[1]


def test_a_lost_parcel_is_told_once_by_its_own_event(
    two: Order, mails: Callable[[], list[str]], now: datetime, settle_refunds: SettleRefunds
) -> None:
    send(two, [imei(), imei()], now)
    mails()
    scan(parcel_of(two), "in_transit", now + DAY)
    scan(parcel_of(two), "lost", now + 2 * DAY)
    assert mails() == ["parcel_lost"]
    event = Event.objects.get(kind="consignment.lost")
    assert event.subject_id == str(two.consignments.get().pk)
    assert event.data == {"lines": [str(pk) for pk in two.lines.order_by("pk").values_list("pk", flat=True)]}
    subject, text, html = letter("parcel_lost")
    assert subject == f"Order {two.number}: the courier lost your parcel"
    for words in (text, html):
        assert "The courier lost the parcel from Atelier Neuf." in words
        assert "You get €604.90 back, shipping included: it is on its way to the means you paid with" in words
        assert "banks take one to five days to show it" in words
        assert words.count(f"{two.lines.first().title}: €302.45") == 2
        assert "credit" not in words
    settle_refunds(now + 2 * DAY)
    assert mails() == ["order_parcel_refunded"]
    lose_consignment(two.consignments.get(), at=now + 3 * DAY)
    again()
    assert (mails(), Event.objects.filter(kind="consignment.lost").count(), in_order()) == ([], 1, True)


def test_a_lost_parcel_tells_of_what_is_refunded_for_it_alone(
    two: Order, mails: Callable[[], list[str]], now: datetime
) -> None:
    """A device whose money was on its way before is none of it; and where nothing is left, there is nothing to tell."""
    send(two, [imei(), imei()], now)
    first, second = two.lines.order_by("pk")
    refund_line(first, reason="goodwill", by="system:test", at=now)
    mails()
    scan(parcel_of(two), "lost", now + DAY)
    assert mails() == ["parcel_lost"]
    assert "You get €302.45 back" in letter("parcel_lost")[1]
    assert Event.objects.get(kind="consignment.lost").data == {"lines": [str(second.pk)]}


def test_a_parcel_paid_by_credit_says_that_it_is_back_already(
    place: Step, listing: Listing, alice: User, drain: Drain, mails: Callable[[], list[str]], now: datetime
) -> None:
    leave_credit(alice, eur(30_490), reference=uuid4(), label="T1 · iPhone", at=now)
    order = place((listing, 1), credit_minor=30_490)
    payment = Payment.objects.get(reference=order.pk)
    open_payment(payment, return_url="/", at=now)
    settle_payment(payment.pk, at=now)
    drain()
    order.refresh_from_db()
    assert order.payment_status == "captured"
    send(order, [imei()], now)
    scan(parcel_of(order), "lost", now + DAY)
    mails()
    text = letter("parcel_lost")[1]
    assert "You get €304.90 back, shipping included. You paid it with your credit: there it is back already." in text


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_buyer_who_cancels_one_device_while_the_clock_cancels_the_parcel_waits_for_nobody_in_a_circle(
    two: Order, alice: User, late: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """The clock locks all devices before the first one's payment: else each would wait for what the other has."""
    mine = two.lines.order_by("pk").last()
    assert mine is not None
    clock = meanwhile(
        lambda: lock(OrderLine.objects.filter(pk=mine.pk)).get(),
        partial(watch_order_deadlines, late),
        then=partial(cancel_line, mine, by=alice, at=late),
    )
    assert (clock, "job_row_failed" in caplog.text) == (1, False)
    assert [*two.lines.order_by("pk").values_list("status", "cancel_reason")] == [
        ("cancelled", "not_shipped"), ("cancelled", "buyer"),
    ]  # fmt: skip
