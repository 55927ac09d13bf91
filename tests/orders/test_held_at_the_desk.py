"""A held order at the desk: where its money is, which countries, and why it was refused."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from catalog.models import Listing
from orders.models import Hold, Order
from orders.services.cancelling import cancel_line
from orders.services.holds import CannotDecide, refuse_hold
from tests.admin.rows import url
from tests.factories import AddressFactory
from tests.orders.held import decide

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Step = Callable[..., Order]
AMERICAN = "4000 0084 0000 1629"


@pytest.fixture
def desk(sam: User, client_of: ClientOf, now: datetime) -> Client:
    timetravel.travel_to(now)
    return client_of(sam)


@pytest.fixture
def authorised(place: Step, pay: Step, listing: Listing) -> Hold:
    return pay(place((listing, 5))).hold


@pytest.fixture
def taken(place: Step, pay: Step, listing: Listing) -> Hold:
    """Sent to Belgium, and charged at once to a card that turns out to be American."""
    return pay(place((listing, 1), address=AddressFactory(country="BE", postcode="1000")), card=AMERICAN).hold


def test_money_that_is_authorised_is_taken_by_the_release(desk: Client, authorised: Hold) -> None:
    page = desk.get(url("desk", authorised)).content.decode()
    assert "authorised, not taken" in page
    assert "Held since" in page
    release = desk.get(url("desk", authorised, "step", "release")).content.decode()
    assert "The bank takes the money now" in release


def test_money_that_is_taken_is_called_taken_and_countries_by_their_names(desk: Client, taken: Hold) -> None:
    page = desk.get(url("desk", taken)).content.decode()
    assert "taken on" in page
    assert "Authorised" not in page
    assert "It goes to Belgium, and the card is from United States." in page
    release = desk.get(url("desk", taken, "step", "release")).content.decode()
    assert "The money is with us already." in release
    assert "The bank takes the money now" not in release


def test_its_buyer_reads_that_it_is_checked_and_no_word_of_banks(
    authorised: Hold, alice: User, client_of: ClientOf, now: datetime
) -> None:
    timetravel.travel_to(now)
    page = client_of(alice).get(reverse("order", args=[authorised.order_id]))
    assert page.context["page"].state == "Being checked"
    assert "Authorised" not in page.content.decode()
    listed = client_of(alice).get(reverse("orders")).content.decode()
    assert '<span class="badge badge--warn">Being checked</span>' in listed
    assert "Authorised" not in listed
    home = client_of(alice).get(reverse("account")).content.decode()
    assert '<span class="mail-list__to end">Being checked</span>' in home
    assert "Authorised" not in home


def test_the_home_says_that_it_is_checked_though_one_device_was_called_off(
    place: Step, pay: Step, listing: Listing, alice: User, client_of: ClientOf, now: datetime
) -> None:
    timetravel.travel_to(now)
    order = pay(place((listing, 2), address=AddressFactory(country="BE", postcode="1000")), card=AMERICAN)
    cancel_line(order.lines.first(), by=alice, at=now)
    home = client_of(alice).get(reverse("account")).content.decode()
    assert '<span class="mail-list__to end">Being checked</span>' in home


def test_refusing_asks_why_and_the_page_says_it(desk: Client, taken: Hold) -> None:
    silent = decide(desk, taken, "refuse")
    assert list(silent.context["form"].errors) == ["reason"]
    other = decide(desk, taken, "refuse", reason="other", note=" ")
    assert list(other.context["form"].errors) == ["note"]
    assert decide(desk, taken, "refuse", reason="card", note="Asked twice.").status_code == 302
    taken.refresh_from_db()
    assert (taken.status, taken.reason, taken.note) == ("refused", "card", "Asked twice.")
    page = desk.get(url("desk", taken)).content.decode()
    assert "the card does not fit the buyer or the address" in page
    assert "Asked twice." in page


@pytest.mark.parametrize("reason", ["", "because", "other"])
def test_the_service_wants_a_reason_too(taken: Hold, now: datetime, reason: str) -> None:
    with pytest.raises(CannotDecide):
        refuse_hold(taken, reason=reason, by="system:test", at=now)
    taken.refresh_from_db()
    assert taken.status == "open"


@pytest.mark.parametrize("facts", [{"reason": "card"}, {"status": "refused", "reason": "x"}, {"note": "Words."}])
def test_the_database_keeps_reasons_of_refusals_alone(taken: Hold, facts: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="hold_refused_says_why"), transaction.atomic():
        Hold.objects.filter(pk=taken.pk).update(**facts)
