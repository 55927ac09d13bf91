"""A held order whose address changes while somebody has its page open: nobody decides on what they have not seen."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.payments.models import Approval
from catalog.models import Listing
from orders.models import Hold, Order
from orders.services.holds import HoldChanged, refuse_hold, release_hold, seen_of
from orders.services.redirecting import redirect_consignment
from tests.admin.rows import act, url
from tests.factories import AddressFactory
from tests.orders.held import decide

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Step = Callable[..., Order]
CHANGED = "This order has changed since you looked"


@pytest.fixture
def hold(place: Step, pay: Step, listing: Listing, now: datetime) -> Hold:
    timetravel.travel_to(now)
    return pay(place((listing, 5))).hold


@pytest.fixture
def move_out(hold: Hold, alice: User, now: datetime) -> Callable[..., None]:
    """The buyer wants the parcel elsewhere."""

    def moved(line1: str = "6 rue du Port") -> None:
        to = AddressFactory(user=alice, line1=line1)
        redirect_consignment(hold.order.consignments.get(), to=to, by=alice, at=now)

    return moved


def seen(page: Any) -> str:
    return str(page.context["form"]["seen"].value())


@pytest.mark.parametrize(("step", "data"), [("release", {}), ("refuse", {"reason": "address"})])
def test_whoever_decides_on_an_old_page_sees_the_new_address_first(
    olga: User, client_of: ClientOf, hold: Hold, move_out: Callable[..., None], step: str, data: dict[str, str]
) -> None:
    desk = client_of(olga)
    old = desk.get(url("desk", hold, "step", step))
    assert "12 rue des Lilas" in old.content.decode()
    move_out()
    for more in ({"seen": seen(old)}, {}):  # also one that says nothing of what was seen
        answer = act(desk, hold, step, "desk", **data, **more)
        assert answer.status_code == 422
        text = answer.content.decode()
        assert CHANGED in text
        assert "6 rue du Port" in text
        assert "Address before, to which nothing goes" in text
        assert "Look at the new address" in text
    hold.refresh_from_db()
    assert hold.status == "open"
    # What that answer shows may be decided on.
    assert act(desk, hold, step, "desk", **data, seen=seen(answer)).status_code == 302
    hold.refresh_from_db()
    assert hold.status == {"release": "released", "refuse": "refused"}[step]


def test_a_second_change_is_news_too(
    olga: User, client_of: ClientOf, hold: Hold, move_out: Callable[..., None]
) -> None:
    desk = client_of(olga)
    move_out()
    page = desk.get(url("desk", hold, "step", "release"))
    move_out("7 rue du Port")
    answer = act(desk, hold, "release", "desk", seen=seen(page))
    assert CHANGED in answer.content.decode()
    assert "7 rue du Port" in answer.content.decode()


def test_what_a_second_person_agrees_to_is_what_the_first_one_saw(
    sam: User, olga: User, client_of: ClientOf, hold: Hold, move_out: Callable[..., None]
) -> None:
    decide(client_of(sam), hold, "release")
    approval = Approval.objects.get()
    move_out()
    answer = act(client_of(olga), approval, "agree", "desk")
    assert CHANGED in answer.content.decode()
    hold.refresh_from_db()
    approval.refresh_from_db()
    assert (hold.status, approval.status) == ("open", "asked")


def test_the_service_compares_under_its_lock(hold: Hold, move_out: Callable[..., None], now: datetime) -> None:
    known = seen_of(hold)
    move_out()
    with pytest.raises(HoldChanged):
        release_hold(hold, by="system:test", at=now, seen=known)
    with pytest.raises(HoldChanged):
        refuse_hold(hold, reason="card", by="system:test", at=now, seen=known)
    hold.refresh_from_db()
    release_hold(hold, by="system:test", at=now, seen=seen_of(hold))


def test_the_page_of_the_hold_tells_when_it_was_moved(
    olga: User, client_of: ClientOf, hold: Hold, move_out: Callable[..., None]
) -> None:
    move_out()
    page = client_of(olga).get(url("desk", hold)).content.decode()
    assert "Consignment redirected" in page
    assert "12 rue des Lilas" in page
    assert "6 rue du Port" in page
    assert reverse("desk:orders_hold_step", args=[hold.pk, "release"]) in page
