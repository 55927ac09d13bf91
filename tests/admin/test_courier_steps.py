"""What the courier refused for good is asked again from the desk, and only with the right to."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.shipping import services
from backmarket.shipping.models import Parcel, Pickup
from backmarket.states import IllegalMove
from tests.admin.rows import act, url
from tests.ground.easypost_stand_in import ACCOUNT, KEY, EasyPost, easypost
from tests.ground.parcel_steps import parcel_of, with_pickup

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
BUTTON = "Ask the courier again"
NO = (422, {"error": {"code": "ADDRESS.INVALID", "message": "x"}})


@pytest.fixture
def courier(settings: Any, time_is: None) -> Iterator[EasyPost]:
    with easypost() as found:
        settings.COURIER_GATEWAY, settings.EASYPOST_API_BASE, settings.EASYPOST_API_KEY = "easypost", found.url, KEY
        settings.EASYPOST_CARRIER_ACCOUNTS = [ACCOUNT]
        yield found


def pile(client: Client, model: type[Parcel | Pickup]) -> set[Any]:
    answer = client.get(url("desk", model, "changelist"), {"pile": "refused"})
    assert answer.status_code == 200
    return {row.pk for row in answer.context["cl"].result_list}


def offers(client: Client, row: Parcel | Pickup) -> bool:
    return BUTTON in client.get(url("desk", row)).content.decode()


def test_a_refused_parcel_is_asked_for_again(courier: EasyPost, now: datetime, sam: User, client_of: ClientOf) -> None:
    support = client_of(sam)
    courier.next_answers["POST /shipments"] = [NO]
    refused, fine = with_pickup(now), parcel_of(now)
    services.book_couriers(now)
    assert (refused.refusal, pile(support, Parcel)) == ("ADDRESS.INVALID", {refused.pk})
    assert (offers(support, refused), offers(support, fine)) == (True, False)
    assert offers(support, refused.pickups.get()) is False  # first its label

    assert act(support, refused, "ask-again", "desk").status_code == 302

    assert services.book_couriers(now) == 1
    refused.refresh_from_db()
    assert (refused.refusal, bool(refused.tracking_number), bool(refused.label)) == ("", True, True)
    assert (pile(support, Parcel), offers(support, refused)) == (set(), False)
    assert Event.objects.get(kind="parcel.asked_again").actor == f"user:{sam.pk}"


def test_refused_visits_are_asked_for_again_as_one(
    courier: EasyPost, now: datetime, sam: User, client_of: ClientOf
) -> None:
    support = client_of(sam)
    courier.offers_visits = False
    first = with_pickup(now)
    pickup = first.pickups.get()
    assert (pickup.status, pile(support, Pickup), offers(support, pickup)) == ("failed", {pickup.pk}, True)
    courier.offers_visits = True

    act(support, pickup, "ask-again", "desk")
    act(support, pickup, "ask-again", "desk")  # a second press finds nothing to ask

    assert services.book_couriers(now) == 1
    again = first.pickups.get(status="booked")
    assert (again.visit, again.window_start, bool(again.confirmation)) == (pickup.visit, pickup.window_start, True)
    assert (first.pickups.count(), pile(support, Pickup)) == (2, set())


def test_a_refused_visit_is_not_asked_for_once_its_time_is_over_or_another_is_booked(
    courier: EasyPost, now: datetime
) -> None:
    courier.offers_visits = False
    parcel = with_pickup(now)
    pickup = parcel.pickups.get()
    for at in (pickup.window_start, pickup.window_end):
        with pytest.raises(IllegalMove):
            services.ask_again(pickup, by="system:test", at=at)
    start = pickup.window_start + timedelta(days=1)
    services.rebook_pickup(parcel, start=start, end=start + timedelta(hours=2), by="guest", at=now)
    with pytest.raises(IllegalMove):
        services.ask_again(pickup, by="system:test", at=now)
    assert not Event.objects.filter(kind="pickup.asked_again").exists()


def test_a_cancellation_that_was_refused_is_told_again(
    courier: EasyPost, now: datetime, sam: User, client_of: ClientOf
) -> None:
    support = client_of(sam)
    parcel = with_pickup(now)
    services.cancel_parcel(parcel, by="guest", at=now)
    courier.refunds = "rejected"
    courier.next_answers["POST /pickups/*/cancel"] = [NO]
    assert services.book_couriers(now) == 0
    pickup = parcel.pickups.get()
    assert (pile(support, Parcel), pile(support, Pickup)) == ({parcel.pk}, {pickup.pk})
    courier.refunds = "submitted"
    courier.all_of("Shipment")[0]["refund_status"] = None

    act(support, parcel, "ask-again", "desk")
    act(support, pickup, "ask-again", "desk")

    assert services.book_couriers(now) == 2
    assert (courier.all_of("Shipment")[0]["refund_status"], courier.all_of("Pickup")[0]["status"]) == (
        "submitted",
        "canceled",
    )
    assert (pile(support, Parcel), pile(support, Pickup)) == (set(), set())


def test_only_who_may_change_parcels_asks(
    courier: EasyPost, now: datetime, sam: User, bob: User, client_of: ClientOf
) -> None:
    courier.next_answers["POST /shipments"] = [NO]
    parcel = with_pickup(now)
    assert parcel.refusal == "ADDRESS.INVALID"
    reader = client_of(reading_only())
    assert (offers(reader, parcel), act(reader, parcel, "ask-again", "desk").status_code) == (False, 403)
    assert act(client_of(bob), parcel, "ask-again", "desk").status_code == 302  # to the door
    parcel.refresh_from_db()
    assert parcel.refusal == "ADDRESS.INVALID"


def reading_only() -> User:
    from django.contrib.auth.models import Permission

    from tests.factories import UserFactory

    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_parcel"))
    return user
