"""What is said of money that goes back in parts: to credit and by the bank, and what the bank has refused of it."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments.models import Refund
from backmarket.payments.reconciliation import CHECKS, differences
from backmarket.payments.services.credit import leave_credit, pay_credit_out
from catalog.models import Listing
from orders import reconciliation
from orders.models import FraudRule, Order, OrderLine
from orders.pages import order_page
from orders.services.cancelling import cancel_line
from orders.services.goodwill import refund_part
from tests.buyback.steps import IBAN

pytestmark = pytest.mark.django_db
Place = Pay = Callable[..., Order]
ClientOf = Callable[[User], Client]
DAY = timedelta(days=1)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def by_both(place: Place, pay: Pay, listing: Listing, alice: User, now: datetime) -> OrderLine:
    """304.90 €: 100.00 by credit, 204.90 by card."""
    timetravel.travel_to(now)
    leave_credit(alice, eur(10_000), reference=uuid.uuid4(), label="T1 · iPhone", at=now)
    return pay(place((listing, 1), credit_minor=10_000)).lines.get()


def shown(browser: Client, address: str) -> str:
    return " ".join(browser.get(address).content.decode().split())


def test_the_page_that_asks_says_what_is_credit_again_and_what_the_bank_brings(
    by_both: OrderLine, alice: User, client_of: ClientOf, now: datetime
) -> None:
    page = shown(client_of(alice), reverse("line-cancel", args=[by_both.pk]))
    assert "You get €304.90 back" in page
    assert "Of it, €100.00 are your credit again at once, and €204.90 come by the bank." in page
    refund = cancel_line(by_both, by=alice, at=now)
    assert (refund.credit, refund.amount) == (eur(10_000), eur(20_490))
    view = order_page(by_both.order, now).parcels[0].lines[0].refund
    assert [str(step.title) for step in view.steps][:2] == [
        "€100.00 back on your credit", "Refund of the other €204.90 asked of the bank",
    ]  # fmt: skip
    assert list(differences({**CHECKS, **reconciliation.CHECKS})) == []


def test_what_is_only_set_aside_frees_the_credit_too(
    place: Place, pay: Pay, listing: Listing, alice: User, client_of: ClientOf, now: datetime
) -> None:
    timetravel.travel_to(now)
    FraudRule.objects.filter(kind="amount").update(amount_minor=100)
    leave_credit(alice, eur(10_000), reference=uuid.uuid4(), label="T1 · iPhone", at=now)
    order = pay(place((listing, 1), credit_minor=10_000))
    page = shown(client_of(alice), reverse("order-cancel", args=[order.pk]))
    assert "your bank frees the €204.90 that it has set aside" in page
    assert "The €100.00 of your credit are yours to use again at once." in page


def test_a_part_that_the_bank_refused_is_not_said_to_be_back(
    delivered_line: OrderLine, alice: User, client_of: ClientOf, now: datetime, settle_refunds: Callable[..., None]
) -> None:
    at = now + 4 * DAY
    timetravel.travel_to(at)
    facts = {"reason": "goodwill", "borne_by": "house", "by": "system:test", "at": at}
    refund_part(delivered_line, key=uuid.uuid4(), amount=eur(3_000), **facts)
    settle_refunds(at)
    refused = refund_part(delivered_line, key=uuid.uuid4(), amount=eur(2_507), **facts)
    Refund.objects.filter(reference=refused.pk).update(status="failed", failed_at=at)
    page = shown(client_of(alice), reverse("order", args=[delivered_line.order_id]))
    assert "Refunded: €30.00." in page
    assert "Refunded €30.00 of €304.90: you keep the device." in page
    assert "55.07" not in page
    assert "The bank refused it" in page


def test_credit_that_is_about_to_leave_has_a_row_with_its_day(alice: User, client_of: ClientOf, now: datetime) -> None:
    timetravel.travel_to(now)
    leave_credit(alice, eur(10_000), reference=uuid.uuid4(), label="T1 · iPhone", at=now)
    door = reverse("account-credit")
    assert "Ordered to your account" not in shown(client_of(alice), door)
    pay_credit_out(alice, eur(4_000), holder="Alice", iban=IBAN, key=uuid.uuid4(), by=alice, at=now)
    page = shown(client_of(alice), door)
    from_then = date_format(localtime(now + timedelta(hours=1)), "DATETIME_FORMAT")
    assert f"Ordered to your account ending in {IBAN[-4:]}: the bank is asked from {from_then} on" in page
    assert "€40.00" in page


def test_the_checkout_names_no_length_that_a_device_does_not_have(client: Client, listing: Listing) -> None:
    from tests.orders.test_views import fill

    Listing.objects.update(guarantee_months=24)
    fill(client, listing)
    page = shown(client, reverse("checkout"))
    assert "Commercial guarantee: as each device says" in page
    assert "Commercial guarantee: 12 months" not in page
