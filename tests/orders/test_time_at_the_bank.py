"""The sandbox bank's page shows how long the devices are kept, and the way back once that is over."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backmarket import timetravel
from catalog.models import Listing
from orders.models import Order
from tests.ground.money_steps import opened
from tests.orders.conftest import CARD
from tests.orders.test_views import check_out, fill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rules")]


@pytest.fixture
def bank(client: Client, listing: Listing, now: datetime) -> str:
    timetravel.travel_to(now)
    fill(client, listing)
    return check_out(client)["Location"]


def seconds_left(page: str) -> int:
    [seconds] = re.findall(r'data-countdown="(\d+)"', page)
    return int(seconds)


def test_what_is_left_of_the_time_stands_there_with_and_without_a_script(
    client: Client, bank: str, now: datetime
) -> None:
    timetravel.travel_to(now + timedelta(minutes=4))
    page = client.get(bank).content.decode()
    assert "Reserved for you until" in page
    assert abs(seconds_left(page) - 360) <= 2  # the clock runs on while the pages are made
    until = timezone.localtime(Order.objects.get().reserved_until)
    assert f'<time datetime="{until:%Y-%m-%dT%H:%M:%S%z}">{until:%H:%M}</time>' in page
    assert 'name="card"' in page
    assert page.count(reverse("checkout-return", args=[Order.objects.get().pk])) == 1


def test_once_it_is_over_the_page_leads_back_and_asks_for_no_card(client: Client, bank: str, now: datetime) -> None:
    timetravel.travel_to(now + timedelta(minutes=11))
    page = client.get(bank).content.decode()
    assert "Your time to pay is over" in page
    assert "data-countdown" not in page
    assert 'name="card"' not in page
    back = client.get(reverse("checkout-return", args=[Order.objects.get().pk]), follow=True).content.decode()
    assert "Your time to pay has run out" in back
    assert "Go on to payment" in back


def test_going_on_gives_more_time_on_the_same_page(client: Client, bank: str, now: datetime) -> None:
    timetravel.travel_to(now + timedelta(minutes=11))
    again = client.post(reverse("checkout-pay", args=[Order.objects.get().pk]))
    assert again["Location"] == bank
    assert abs(seconds_left(client.get(bank).content.decode()) - 600) <= 2


def test_who_pays_a_moment_too_late_gets_what_is_still_there(
    client: Client, bank: str, now: datetime, drain: Callable[[], None]
) -> None:
    timetravel.travel_to(now + timedelta(minutes=11))
    client.get(client.post(bank, {"action": "pay", "card": CARD})["Location"])
    drain()
    order = Order.objects.get()
    assert (order.payment_status, order.lines.get().status) == ("captured", "paid")


def test_what_keeps_no_devices_has_no_time(now: datetime) -> None:
    page = Client().get(f"/sandbox/pay/{opened(now, 10_000)[1].pk}/").content.decode()
    assert "Reserved for you" not in page
    assert 'name="card"' in page
