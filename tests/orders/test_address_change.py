"""Another address for a parcel, until its plant accepts it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import Address, User
from backmarket.events.models import Event
from backmarket.notifications.models import Notification
from backmarket.states import move
from catalog.models import Listing
from orders.documents import packing_pdf
from orders.models import Consignment, Order
from orders.services.cancelling import cancel_line
from orders.services.fulfilment import accept_line, ship_consignment
from orders.services.redirecting import CannotRedirect, redirect_consignment
from tests.factories import AddressFactory, imei

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]
TYPED = {
    "name": "Alice Martin", "line1": "5 rue du Port", "line2": "", "postcode": "13002", "city": "Marseille",
    "phone": "",
}  # fmt: skip


@pytest.fixture
def parcel(place: Callable[..., Order], pay: Callable[..., Order], listing: Listing, now: datetime) -> Consignment:
    timetravel.travel_to(now)
    return pay(place((listing, 2))).consignments.get()


def test_the_parcel_goes_to_the_new_address_and_the_old_one_is_kept(
    parcel: Consignment, alice: User, bob: User, client_of: Login, drain: Callable[[], None], now: datetime
) -> None:
    browser, door = client_of(alice), reverse("parcel-address", args=[parcel.pk])
    before = parcel.destination
    assert door in browser.get(reverse("order", args=[parcel.order_id])).content.decode()
    assert browser.get(door).context["form"]["city"].value() == "Paris"
    for _twice in range(2):
        assert browser.post(door, TYPED).status_code == 302
    drain()

    parcel.refresh_from_db()
    assert (parcel.destination.line1, parcel.order.address) == ("5 rue du Port", before)
    told = Event.objects.get(kind="consignment.redirected")
    assert told.data == {"from": before.pk, "to": parcel.address_id}
    assert Address.objects.filter(user=alice).count() == 2
    mail = Notification.objects.get(template="plant_redirected")
    assert "Marseille" not in mail.text
    page = browser.get(reverse("order", args=[parcel.order_id])).content.decode()
    assert "This parcel goes to another address" in page
    screen = client_of(bob).get(reverse("plant:orders_consignment_change", args=[parcel.pk])).content.decode()
    assert "New address, as the customer wishes" in screen
    assert "5 rue du Port" in screen
    assert "12 rue des Lilas" not in screen

    numbers = {line.pk: imei() for line in parcel.lines.all()}
    sent = ship_consignment(parcel, identifiers=numbers, by=bob, at=now)
    assert sent.recipient == parcel.address


def test_the_packing_slip_says_where_it_goes_now(parcel: Consignment, alice: User, now: datetime) -> None:
    first = packing_pdf(parcel)
    to = AddressFactory(user=alice, line1="5 rue du Port")
    redirect_consignment(parcel, to=to, by=alice, at=now)
    parcel.refresh_from_db()
    assert packing_pdf(parcel) != first


def test_another_country_is_refused_in_words_and_the_form_does_not_take_one(
    parcel: Consignment, alice: User, client_of: Login, now: datetime
) -> None:
    with pytest.raises(CannotRedirect, match="cancel, and order anew"):
        redirect_consignment(parcel, to=AddressFactory(user=alice, country="DE"), by=alice, at=now)
    door = reverse("parcel-address", args=[parcel.pk])
    assert "Into another country cost and taxes differ" in client_of(alice).get(door).content.decode()
    answer = client_of(alice).post(door, {**TYPED, "country": "NL", "postcode": "1012 JS"})
    assert answer.status_code == 422  # no postcode of France: the country stays
    # Its postcodes look alike: the parcel stays in France all the same.
    assert client_of(alice).post(door, {**TYPED, "country": "DE"}).status_code == 302
    parcel.refresh_from_db()
    assert parcel.destination.country == "FR"


def test_once_any_of_it_is_accepted_the_address_is_final(
    parcel: Consignment, alice: User, bob: User, client_of: Login, now: datetime
) -> None:
    accept_line(parcel.lines.first(), by=bob, at=now)
    door = reverse("parcel-address", args=[parcel.pk])
    page = client_of(alice).post(door, TYPED, follow=True).content.decode()
    assert "its address cannot be changed any more" in page
    assert door not in page
    assert Address.objects.filter(line1="5 rue du Port").count() == 0
    with pytest.raises(CannotRedirect):
        redirect_consignment(parcel, to=AddressFactory(user=alice), by=alice, at=now)


def test_what_is_cancelled_of_it_does_not_stand_in_the_way(parcel: Consignment, alice: User, now: datetime) -> None:
    first, second = parcel.lines.all()
    cancel_line(first, by=alice, at=now)
    assert redirect_consignment(parcel, to=AddressFactory(user=alice, city="Lyon"), by=alice, at=now)
    cancel_line(second, by=alice, at=now)
    with pytest.raises(CannotRedirect):
        redirect_consignment(parcel, to=AddressFactory(user=alice, city="Nice"), by=alice, at=now)


def test_while_the_payment_is_checked_the_address_stays(
    place: Callable[..., Order], listing: Listing, alice: User, now: datetime
) -> None:
    order = place((listing, 1))
    move(order.lines.get(), "on_hold", by="system:test", at=now)
    with pytest.raises(CannotRedirect, match="being checked"):
        redirect_consignment(order.consignments.get(), to=AddressFactory(user=alice), by=alice, at=now)


def test_a_strangers_parcel_does_not_exist(parcel: Consignment, mallory: User, client_of: Login) -> None:
    door = reverse("parcel-address", args=[parcel.pk])
    assert client_of(mallory).get(door).status_code == client_of(mallory).post(door, TYPED).status_code == 404
