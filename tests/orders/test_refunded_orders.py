"""What an order's page and e-mails say once money has gone back: of each parcel, of the whole, and why."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.payments.models import Refund
from backmarket.payments.reconciliation import CHECKS, differences
from catalog.models import Listing
from orders import reconciliation
from orders.admin.forms import RefundForm, RefuseLineForm
from orders.models import Order, OrderLine
from orders.pages import order_page
from orders.reasons import OTHER, WORDS
from orders.services.fulfilment import accept_line
from orders.services.refunds import refund_line

pytestmark = pytest.mark.django_db
Place = Pay = Callable[..., Order]
Login = Callable[[User], Client]
Settle = Callable[[datetime], None]
BY = "system:test"
DAY = timedelta(days=1)


@pytest.fixture
def order(place: Place, pay: Pay, listing: Listing, other_listing: Listing, now: datetime) -> Order:
    """One device of each plant: 304.90 € and 199.99 €."""
    timetravel.travel_to(now)
    return pay(place((listing, 1), (other_listing, 1)))


def line_of(order: Order, listing: Listing) -> OrderLine:
    return order.lines.get(listing=listing)


def way(order: Order, listing: Listing, at: datetime) -> list[tuple[str, str]]:
    parcels = order_page(order, at).parcels
    steps = next(each.steps for each in parcels if each.consignment.plant == listing.plant)
    return [(str(step.title), step.state) for step in steps]


def shown(client: Client, order: Order) -> str:
    return " ".join(client.get(reverse("order", args=[order.pk])).content.decode().split())


def test_a_parcel_that_was_cancelled_stays_so_once_its_money_is_back(
    order: Order, listing: Listing, settle_refunds: Settle, now: datetime
) -> None:
    line = line_of(order, listing)
    accept_line(line, by=BY, at=now)
    refund_line(line, reason="goodwill", by=BY, at=now + timedelta(hours=1))
    ended = [("Paid", "done"), ("Accepted by the plant", "done"), ("Cancelled", "problem")]
    assert way(order, listing, now) == ended
    settle_refunds(now + DAY)
    line.refresh_from_db()
    assert (line.status, way(order, listing, now + DAY)) == ("refunded", ended)
    (cancelled,) = [step for step in order_page(order, now).parcels[0].steps if step.state == "problem"]
    assert cancelled.at == now + timedelta(hours=1)


def test_the_badge_and_the_payment_say_what_went_back(
    order: Order, listing: Listing, other_listing: Listing, alice: User, client_of: Login, settle_refunds: Settle,
    now: datetime,
) -> None:  # fmt: skip
    browser = client_of(alice)
    assert 'badge--good">Paid<' in shown(browser, order)
    refund_line(line_of(order, listing), reason="goodwill", by=BY, at=now)
    page = shown(browser, order)
    assert "Being refunded in part" in page
    assert "<dt>On its way back</dt><dd>−€304.90</dd>" in page
    settle_refunds(now)
    page = shown(browser, order)
    assert "Refunded in part" in page
    assert "<dt>Refunded</dt><dd>−€304.90</dd>" in page
    assert "<dt>You pay in the end</dt><dd>€199.99</dd>" in page
    refund_line(line_of(order, other_listing), reason="goodwill", by=BY, at=now)
    assert "Being refunded<" in shown(browser, order)
    settle_refunds(now)
    page = shown(browser, order)
    assert 'badge">Refunded<' in page
    assert "<dt>You pay in the end</dt><dd>€0.00</dd>" in page
    assert list(differences({**CHECKS, **reconciliation.CHECKS})) == []


def test_money_that_came_astray_is_not_of_the_orders_total(order: Order, now: datetime) -> None:
    refund = refund_line(order.lines.first(), reason="goodwill", by=BY, at=now)
    Refund.objects.filter(pk=refund.pk).update(reference=refund.payment_id)
    page = order_page(order, now)
    assert (page.state, page.own.back.minor, page.refunds.asked) == ("Paid", 0, refund.amount)


CODES = [code for form in (RefundForm, RefuseLineForm) for code, _words in form.base_fields["reason"].choices]


@pytest.mark.parametrize("reason", CODES)
def test_every_reason_for_a_refund_is_said_in_words_of_its_own(
    order: Order, listing: Listing, alice: User, client_of: Login, drain: Callable[[], None], now: datetime, reason: str
) -> None:
    refund_line(line_of(order, listing), reason=reason, by=BY, at=now)
    drain()
    words = str(WORDS[reason])
    page, mail = shown(client_of(alice), order), Notification.objects.get(template="order_line_cancelled").text
    assert words in page
    assert words in mail
    for blame in ("could not send it", "cannot send you"):
        assert blame not in page + mail
    assert len({str(text) for text in WORDS.values()}) == len(WORDS)


def test_a_reason_that_nobody_has_words_for_blames_nobody(order: Order, listing: Listing, now: datetime) -> None:
    line = line_of(order, listing)
    refund_line(line, reason="something_new", by=BY, at=now)
    views = [view for parcel in order_page(order, now).parcels for view in parcel.lines if view.line == line]
    assert [view.reason for view in views] == [OTHER]


def test_a_refund_after_delivery_says_why_too(
    delivered_line: OrderLine, alice: User, client_of: Login, now: datetime
) -> None:
    timetravel.travel_to(now + 4 * DAY)
    refund_line(delivered_line, reason="defect", by=BY, at=now + 4 * DAY)
    assert "The device had a defect." in shown(client_of(alice), delivered_line.order)
