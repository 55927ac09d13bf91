"""What the courier brings today, and the scanner that opens its trade."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.shipping.models import TrackingPoint
from backmarket.shipping.services import book_with_courier
from buyback.models import Trade
from buyback.services.parcels import collect_trade
from refurbishers.models import Refurbisher
from tests.admin.rows import role, url
from tests.buyback import steps

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _now(time_is: None, settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def trade(plant: Refurbisher, carol: User, now: datetime) -> Trade:
    return steps.received(plant, carol, now)


@pytest.fixture
def page(bob: User, client_of: ClientOf) -> Client:
    return client_of(bob)


def on_the_road(plant: Refurbisher, seller: User, accepted_at: datetime, collected_at: datetime) -> Trade:
    trade = steps.accepted(plant, seller, accepted_at)
    assert trade.parcel
    book_with_courier(trade.parcel.pk, at=accepted_at)
    collect_trade(trade, by="courier:sandbox", at=collected_at)
    return Trade.objects.get(pk=trade.pk)


def arrivals() -> str:
    return reverse("plant:arrivals")


def scan(page: Client, code: str) -> Any:
    return page.post(arrivals(), {"code": code})


# Arrivals


def test_what_is_in_the_van_comes_first_then_what_is_expected_and_the_rest_later(
    plant: Refurbisher, carol: User, page: Client, now: datetime
) -> None:
    before = now - timedelta(days=6)
    later = on_the_road(plant, carol, before, now - timedelta(hours=1))  # Monday, so Tuesday
    expected = on_the_road(plant, carol, before, now - timedelta(days=3))  # Friday, so today
    van = on_the_road(plant, carol, before, now - timedelta(hours=2))
    TrackingPoint.objects.create(
        parcel=van.parcel, external_id="van", code="out_for_delivery", place="Lyon", happened_at=now
    )
    day = page.get(arrivals()).context["day"]
    assert [coming.trade for coming in day.today] == [van, expected]
    assert [(coming.trade, str(coming.expected)) for coming in day.later] == [(later, "2026-11-24")]
    assert "1 parcel" not in page.get("/plant/").content.decode()
    assert "2 parcels should come today." in page.get("/plant/").content.decode()


def test_what_should_have_come_before_today_is_marked(
    plant: Refurbisher, carol: User, page: Client, now: datetime
) -> None:
    on_the_road(plant, carol, now - timedelta(days=9), now - timedelta(days=5))  # Wednesday, so Thursday
    (coming,) = page.get(arrivals()).context["day"].today
    assert (coming.is_delayed, str(coming.expected)) == (True, "2026-11-19")
    assert "since Thu 19 Nov" in page.get(arrivals()).content.decode()


def test_the_most_urgent_stands_first_and_what_is_late_says_so(
    plant: Refurbisher, carol: User, page: Client, now: datetime
) -> None:
    trades = [steps.received(plant, carol, now) for _ in range(3)]
    for trade, hours in zip(trades, (30, -2, 5), strict=True):
        Trade.objects.filter(pk=trade.pk).update(due_at=now + timedelta(hours=hours))
    answer = page.get(arrivals())
    assert list(answer.context["day"].waiting["received"]) == [trades[1], trades[2], trades[0]]
    assert answer.content.decode().count('<span class="tag tag--danger">late</span>') == 1
    listed = page.get(url("plant", Trade, "changelist")).context["cl"].result_list
    assert list(listed) == [trades[1], trades[2], trades[0]]


def test_cards_of_the_dashboard_stand_by_their_earliest_deadline(
    plant: Refurbisher, carol: User, page: Client, now: datetime
) -> None:
    decide = steps.graded(plant, carol, now)
    inspect = steps.received(plant, carol, now)
    Trade.objects.filter(pk=decide.pk).update(due_at=now + timedelta(hours=9))
    Trade.objects.filter(pk=inspect.pk).update(due_at=now + timedelta(hours=3))
    titles = [str(card.title) for card in page.get("/plant/").context["cards"]]
    assert titles[:2] == ["Devices to inspect", "Trades to decide"]
    Trade.objects.filter(pk=decide.pk).update(due_at=now - timedelta(hours=1))
    titles = [str(card.title) for card in page.get("/plant/").context["cards"]]
    assert titles[:2] == ["Trades to decide", "Devices to inspect"]


def test_the_day_costs_the_same_however_much_comes(
    plant: Refurbisher, carol: User, page: Client, now: datetime
) -> None:
    def more() -> None:
        steps.received(plant, carol, now)
        on_the_road(plant, carol, now - timedelta(days=6), now - timedelta(days=3))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page.get(arrivals()).status_code == 200
        return len(queries)

    more()
    cost()
    one = cost()
    for _ in range(5):
        more()
    assert cost() == one


def test_the_day_is_the_workshops_and_nobody_elses(plant: Refurbisher, bob: User, client_of: ClientOf) -> None:
    statuses = {name: client_of(role(plant, name)).get(arrivals()).status_code for name in ("technician", "manager")}
    assert statuses == {"technician": 200, "manager": 200}
    assert client_of(role(plant, "after_sales")).get(arrivals()).status_code == 403
    assert arrivals() in client_of(role(plant, "technician")).get("/plant/").content.decode()
    assert arrivals() not in client_of(role(plant, "after_sales")).get("/plant/").content.decode()


# The scanner


@pytest.mark.parametrize("written_as", ["parcel", "small letters", "T number", "number", "identifier", "spaced"])
def test_every_code_on_the_parcel_and_the_device_opens_its_trade(trade: Trade, page: Client, written_as: str) -> None:
    assert trade.parcel
    book_with_courier(trade.parcel.pk, at=trade.accepted_at)
    trade.parcel.refresh_from_db()
    number = trade.parcel.tracking_number
    codes = {
        "parcel": number, "small letters": f"  {number.lower()} ", "T number": f"t{trade.number}",
        "number": str(trade.number), "identifier": trade.identifier,
        "spaced": f"{trade.identifier[:6]} {trade.identifier[6:]}",
    }  # fmt: skip
    assert scan(page, codes[written_as])["Location"] == url("plant", trade)


NONSENSE = [
    "",
    "   ",
    "NOSUCH123",
    "T",
    "T999999999999",
    "9" * 80,
    "٣٥٣",
    "%",
    "' OR 1=1 --",
    "<script>",
    "\N{BOMB}",
    "T-1",
]


@pytest.mark.parametrize("code", [*NONSENSE, "9" * 81])
def test_an_unknown_code_is_answered_kindly_and_kept(trade: Trade, page: Client, code: str) -> None:
    answer = scan(page, code)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert (list(form.errors), form["code"].value()) == (["code"], code)
    assert f'value="{code}"' in answer.content.decode() or not code.isalnum()


def test_another_plants_trade_is_as_unknown_as_none(rival: User, carol: User, page: Client, now: datetime) -> None:
    theirs = steps.received(rival.membership.plant, carol, now)
    assert theirs.parcel
    said = {
        str(scan(page, code).context["form"].errors)
        for code in (str(theirs), theirs.identifier, theirs.parcel.tracking_number or "X1", "NOSUCH123")
    }
    assert len(said) == 1
    assert str(theirs.identifier) not in page.get(arrivals()).content.decode()


def test_a_device_that_came_twice_opens_the_trade_that_goes_on(
    plant: Refurbisher, carol: User, page: Client, now: datetime
) -> None:
    open_one = steps.received(plant, carol, now)
    newer = steps.received(plant, carol, now)
    Trade.objects.filter(pk=newer.pk).update(status="cancelled", identifier=open_one.identifier)
    assert scan(page, open_one.identifier)["Location"] == url("plant", open_one)
