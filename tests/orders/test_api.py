from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from catalog.models import Listing
from orders.models import Order
from tests.factories import imei

JSON = "application/json"


@pytest.fixture
def paid(place: Callable[..., Order], pay: Callable[..., Order], listing: Listing) -> Order:
    return pay(place((listing, 1)))


def test_a_program_reads_its_persons_own_orders_and_no_other(
    paid: Order, client_of: Callable[[User], Client], alice: User, mallory: User, client: Client
) -> None:
    found = client_of(alice).get(reverse("api-orders")).json()["results"]
    assert [(order["number"], order["total_minor"], len(order["lines"])) for order in found] == [
        (paid.number, 30490, 1)
    ]
    one = reverse("api-order", args=[paid.pk])
    assert client_of(alice).get(one).json()["lines"][0]["status"] == "paid"
    assert client_of(mallory).get(one).status_code == 404
    assert client_of(mallory).get(reverse("api-orders")).json()["results"] == []
    assert client.get(one).status_code == 403


def test_a_plant_ships_through_the_api_and_sees_only_its_own_parcels(
    paid: Order, client_of: Callable[[User], Client], bob: User, rival: User, alice: User
) -> None:
    parcels, line = reverse("api-plant-parcels"), paid.lines.get()
    consignment = paid.consignments.get()
    ship = reverse("api-plant-ship", args=[consignment.pk])
    body = {"identifiers": {str(line.pk): imei()}, "courier": "colissimo", "tracking_number": "6A55554444"}

    assert [each["id"] for each in client_of(bob).get(parcels).json()["results"]] == [str(consignment.pk)]
    assert client_of(rival).get(parcels).json()["results"] == []
    assert client_of(alice).get(parcels).status_code == 404
    for stranger in (rival, alice):
        assert client_of(stranger).post(ship, body, JSON).status_code == 404

    wrong = client_of(bob).post(ship, {**body, "identifiers": {str(line.pk): "490154203237517"}}, JSON)
    assert (wrong.status_code, list(wrong.json()["errors"])) == (409, [str(line.pk)])
    assert client_of(bob).post(ship, {"identifiers": {"x": "y"}}, JSON).status_code == 400
    done = client_of(bob).post(ship, body, JSON)
    assert (done.status_code, done.json()["tracking_number"]) == (201, "6A55554444")
    line.refresh_from_db()
    assert line.status == "shipped"
