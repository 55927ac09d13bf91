"""What a buyer changes while somebody looks at the order: all of it is called off at once, or goes elsewhere."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.money import Money
from backmarket.payments.models import Payment, Refund, SandboxIntent
from backmarket.payments.selectors import balance
from backmarket.payments.services import settle_payment
from catalog.models import Listing
from orders.models import FraudRule, Hold, Order
from orders.pages import order_page
from orders.services.cancelling import CannotCancel, call_off_order, cancel_line
from orders.services.holds import CannotDecide, refuse_hold, release_hold
from orders.services.redirecting import CannotRedirect, redirect_consignment
from refurbishers.models import ServiceFact
from tests.admin.rows import url
from tests.factories import AddressFactory
from tests.orders.held import end_of, mails, no_difference, stock

pytestmark = pytest.mark.django_db
Place, Pay, Drain = Callable[..., Order], Callable[..., Order], Callable[[], None]
ClientOf = Callable[[User], Client]
Settle = Callable[[datetime], None]
AMERICAN = "4000 0084 0000 1629"
BY = "system:test"
TYPED = {
    "name": "Alice Martin", "line1": "5 rue du Port", "line2": "", "postcode": "2000", "city": "Antwerpen",
    "phone": "",
}  # fmt: skip


@pytest.fixture
def set_aside(place: Place, pay: Pay, listing: Listing, now: datetime) -> Order:
    """A first order of five devices, 1,504.90 €: the bank has set it aside, and nothing is charged."""
    timetravel.travel_to(now)
    return pay(place((listing, 5)))


@pytest.fixture
def charged(place: Place, pay: Pay, listing: Listing, now: datetime) -> Order:
    """Two devices to Belgium, charged to a card that turned out to be American."""
    timetravel.travel_to(now)
    return pay(place((listing, 2), address=AddressFactory(country="BE", postcode="1000")), card=AMERICAN)


def door(order: Order) -> str:
    return reverse("order-cancel", args=[order.pk])


def test_what_is_only_set_aside_is_called_off_as_a_whole(
    set_aside: Order, listing: Listing, alice: User, bob: User, client_of: ClientOf, now: datetime, drain: Drain
) -> None:
    browser, here = client_of(alice), reverse("order", args=[set_aside.pk])
    page = browser.get(here).content.decode()
    assert door(set_aside) in page
    assert reverse("line-cancel", args=[set_aside.lines.first().pk]) not in page
    asked = browser.get(door(set_aside)).content.decode()
    assert "No plant has been told of this yet" in asked
    assert "your bank frees the €1,504.90 that it has set aside" in asked
    for _click in range(2):
        assert browser.post(door(set_aside))["Location"] == here
    settle_payment(Payment.objects.get().pk, at=now)
    drain()
    assert end_of(set_aside) == ("cancelled", {"cancelled"}, "cancelled", "lapsed")
    assert set(set_aside.lines.values_list("cancel_reason", flat=True)) == {"buyer"}
    assert (stock(listing), balance("gateway"), Refund.objects.count()) == ((5, 0), Money(0, "EUR"), 0)
    assert SandboxIntent.objects.get().status == "cancelled"
    assert mails() == ["order_called_off", "order_held"]
    assert Event.objects.get(kind="hold.lapsed").actor == f"user:{alice.pk}"
    assert not ServiceFact.objects.exists()
    page = browser.get(here).content.decode()
    assert "You cancelled this order" in page
    assert "We could not take this order" not in page
    assert client_of(bob).get(url("plant", set_aside.consignments.get())).status_code == 404
    with pytest.raises(CannotDecide):
        release_hold(set_aside.hold, by=BY, at=now)
    assert no_difference()


def test_one_device_of_what_is_only_set_aside_is_not_called_off_alone(
    set_aside: Order, alice: User, now: datetime
) -> None:
    with pytest.raises(CannotCancel, match="is cancelled as a whole"):
        cancel_line(set_aside.lines.first(), by=alice, at=now)
    assert end_of(set_aside)[1] == {"on_hold"}


def test_what_is_charged_goes_back_and_its_plant_never_hears_of_it(
    charged: Order, listing: Listing, alice: User, bob: User, client_of: ClientOf, now: datetime, drain: Drain,
    settle_refunds: Settle,
) -> None:  # fmt: skip
    browser = client_of(alice)
    assert "You get €604.90 back" in browser.get(door(charged)).content.decode()
    for _click in range(2):
        browser.post(door(charged))
    drain()
    settle_refunds(now)
    assert end_of(charged) == ("captured", {"refunded"}, "captured", "lapsed")
    assert (stock(listing), balance("buyer"), Refund.objects.count()) == ((5, 0), Money(0, "EUR"), 2)
    assert set(mails()) == {"order_held", "order_line_cancelled", "order_line_refunded"}
    page = browser.get(reverse("order", args=[charged.pk])).content.decode()
    assert "You cancelled this order" in page
    plant = client_of(bob)
    assert plant.get(url("plant", charged.consignments.get())).status_code == 404
    assert plant.get(url("plant", charged.lines.first())).status_code == 404
    assert not ServiceFact.objects.exists()
    assert no_difference()


def test_one_charged_device_goes_back_and_the_others_are_still_looked_at(
    charged: Order, bob: User, alice: User, client_of: ClientOf, now: datetime, drain: Drain
) -> None:
    first, second = charged.lines.all()
    client_of(alice).post(reverse("line-cancel", args=[first.pk]))
    drain()
    assert (end_of(charged)[1], end_of(charged)[3]) == ({"cancelled", "on_hold"}, "open")
    assert "plant_line_cancelled" not in mails()
    release_hold(charged.hold, by=BY, at=now)
    second.refresh_from_db()
    assert second.status == "paid"
    assert no_difference()


def test_the_parcel_is_called_off_with_its_hold(charged: Order, alice: User, client_of: ClientOf) -> None:
    client_of(alice).post(reverse("parcel-cancel", args=[charged.consignments.get().pk]))
    assert end_of(charged)[1:] == ({"cancelled"}, "captured", "lapsed")


def test_what_was_decided_meanwhile_is_not_called_off_as_a_whole(
    charged: Order, alice: User, client_of: ClientOf, now: datetime
) -> None:
    release_hold(charged.hold, by=BY, at=now)
    page = client_of(alice).post(door(charged), follow=True).content.decode()
    assert "its plants are told: cancel each device" in page
    assert (end_of(charged)[1], Refund.objects.count()) == ({"paid"}, 0)
    with pytest.raises(CannotDecide):
        refuse_hold(charged.hold, reason="silent", by=BY, at=now)


def test_nobody_else_calls_it_off(set_aside: Order, mallory: User, client: Client, client_of: ClientOf) -> None:
    for browser in (client, client_of(mallory)):
        assert (browser.get(door(set_aside)).status_code, browser.post(door(set_aside)).status_code) == (404, 404)
    assert end_of(set_aside)[3] == "open"


def test_no_day_is_promised_while_it_is_looked_at(
    charged: Order, alice: User, client_of: ClientOf, now: datetime
) -> None:
    here = reverse("order", args=[charged.pk])
    assert "Expected by" not in client_of(alice).get(here).content.decode()
    assert [(str(step.title), step.state) for step in order_page(charged, now).parcels[0].steps][:2] == [
        ("Paid", "done"), ("We check your order", "current"),
    ]  # fmt: skip
    release_hold(charged.hold, by=BY, at=now)
    assert "Expected by" in client_of(alice).get(here).content.decode()


def test_a_changed_address_is_seen_by_whoever_looks_at_the_order(
    charged: Order, alice: User, olga: User, client_of: ClientOf, drain: Drain
) -> None:
    parcel, before = charged.consignments.get(), charged.hold.hits
    where = reverse("parcel-address", args=[parcel.pk])
    assert where in client_of(alice).get(reverse("order", args=[charged.pk])).content.decode()
    assert "looks at the new address too" in client_of(alice).get(where).content.decode()
    page = client_of(alice).post(where, TYPED, follow=True).content.decode()
    assert "Whoever looks at your order sees it." in page
    client_of(alice).post(where, {**TYPED, "line1": "7 rue du Port"})
    drain()
    hits = Hold.objects.get(order=charged).hits
    assert [hit["kind"] for hit in hits] == [*(hit["kind"] for hit in before), "moved"]
    desk = client_of(olga).get(url("desk", charged.hold)).content.decode()
    assert "Its buyer has changed the address of a parcel" in desk
    assert "7 rue du Port" in desk
    assert mails() == ["order_held"]


def test_the_rules_judge_the_new_address_too(
    charged: Order, place: Place, pay: Pay, other_listing: Listing, alice: User, now: datetime
) -> None:
    """Four orders of others went to that door today."""
    home = {"line1": "5 rue du Port", "postcode": "2000", "country": "BE"}
    FraudRule.objects.filter(kind="country").update(is_active=False)
    for _order in range(3):
        pay(place((other_listing, 1), buyer=None, email=f"{_order}@example.com", address=AddressFactory(**home)))
    redirect_consignment(charged.consignments.get(), to=AddressFactory(user=alice, **home), by=alice, at=now)
    assert [hit["kind"] for hit in Hold.objects.get(order=charged).hits] == ["country", "moved", "velocity"]


def test_what_would_have_been_held_at_the_new_address_is_not_sent_there(
    place: Place, pay: Pay, listing: Listing, other_listing: Listing, alice: User, now: datetime
) -> None:
    home = {"line1": "5 rue du Port", "postcode": "69001"}
    for number in range(3):
        pay(place((other_listing, 1), buyer=None, email=f"{number}@example.com", address=AddressFactory(**home)))
    parcel = pay(place((listing, 1))).consignments.get()
    with pytest.raises(CannotRedirect, match="look at your order first"):
        redirect_consignment(parcel, to=AddressFactory(user=alice, **home), by=alice, at=now)
    assert redirect_consignment(parcel, to=AddressFactory(user=alice, line1="6 rue du Port"), by=alice, at=now)


def test_once_it_was_looked_at_its_address_stays(charged: Order, alice: User, now: datetime) -> None:
    release_hold(charged.hold, by=BY, at=now)
    elsewhere = AddressFactory(user=alice, country="BE", postcode="2000")
    with pytest.raises(CannotRedirect, match="We have looked at this order with its address"):
        redirect_consignment(charged.consignments.get(), to=elsewhere, by=alice, at=now + timedelta(minutes=1))


def test_called_off_twice_at_once_it_ends_once(charged: Order, alice: User, now: datetime) -> None:
    for _twice in range(2):
        call_off_order(charged, by=alice, at=now)
    assert (end_of(charged)[3], Refund.objects.count()) == ("lapsed", 2)
