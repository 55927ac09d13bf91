"""EasyPost by its own client, heard by a stand-in that refuses what EasyPost's published shapes do."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from backmarket.errors import GatewayError
from backmarket.events.models import IncomingWebhook
from backmarket.shipping import services
from backmarket.shipping.models import Parcel
from backmarket.shipping.selectors import express_days
from tests.ground.easypost_stand_in import EasyPost, at_easypost, detail, signature
from tests.ground.parcel_steps import parcel_of, paris, two_in_one_visit, with_pickup

pytestmark = pytest.mark.django_db
URL = "/webhooks/couriers/easypost/"


@pytest.fixture
def desk(settings: Any, tmp_path: Any) -> Iterator[EasyPost]:
    with at_easypost(settings) as found:
        yield found


def test_a_label_and_a_visit_are_made_once_and_insured_in_full(desk: EasyPost, now: datetime) -> None:
    parcel = with_pickup(now)
    services.book_couriers(now)
    (shipment,), (pickup,) = desk.all_of("Shipment"), desk.all_of("Pickup")
    assert (shipment["reference"], shipment["insurance"], shipment["selected_rate"]["id"]) == (
        str(parcel.pk),
        "375.00",
        "rate_1",
    )
    assert (parcel.tracking_number, parcel.gateway_id) == (shipment["tracking_code"], shipment["id"])
    assert (parcel.label_minor, parcel.label_currency) == (940, "USD")
    assert (pickup["min_datetime"], pickup["max_datetime"]) == ("2026-11-24T09:00:00Z", "2026-11-24T11:00:00Z")
    assert (pickup["status"], pickup["bought"]["service"]) == ("scheduled", "Future-day")
    assert (parcel.pickups.get().confirmation, bool(parcel.label)) == (pickup["confirmation"], True)


def test_an_express_parcel_has_the_label_that_was_named_for_it_or_none(
    desk: EasyPost, now: datetime, settings: Any
) -> None:
    parcel = parcel_of(now)
    Parcel.objects.filter(pk=parcel.pk).update(service="express")
    with pytest.raises(GatewayError, match=r"SHIPMENT\.EXPRESS\.UNAVAILABLE"):
        services.book_with_courier(parcel.pk, at=now)
    parcel.refresh_from_db()
    assert (parcel.refusal, parcel.tracking_number, express_days()) == ("SHIPMENT.EXPRESS.UNAVAILABLE", "", None)

    settings.EASYPOST_EXPRESS_SERVICE, settings.EASYPOST_EXPRESS_DAYS = "Express", 2
    Parcel.objects.filter(pk=parcel.pk).update(refusal="")
    services.book_with_courier(parcel.pk, at=now)
    parcel.refresh_from_db()
    assert (parcel.label_minor, express_days()) == (2_190, 2)


@pytest.mark.parametrize("route", ["POST /shipments", "POST /shipments/*/buy"])
@pytest.mark.parametrize("trouble", ["lost", "html", (500, {"error": {"code": "X", "message": "x"}})], ids=str)
def test_a_retry_never_makes_it_twice(desk: EasyPost, now: datetime, route: str, trouble: Any) -> None:
    desk.next_answers[route] = [trouble]
    parcel = parcel_of(now)
    with pytest.raises(GatewayError) as failure:
        services.book_with_courier(parcel.pk, at=now)
    assert failure.value.retry
    assert services.book_with_courier(parcel.pk, at=now) is True
    assert len(desk.all_of("Shipment")) == len(desk.all_of("Tracker")) == 1


def test_two_parcels_of_one_visit_leave_one_pickup_scheduled(desk: EasyPost, now: datetime) -> None:
    two_in_one_visit(now)
    services.book_couriers(now)
    assert sorted(pickup["status"] for pickup in desk.all_of("Pickup")) == ["canceled", "scheduled"]


def test_a_final_no_fails_the_visit(desk: EasyPost, now: datetime) -> None:
    desk.offers_visits = False
    parcel = with_pickup(now)
    pickup = parcel.pickups.get()
    assert (pickup.status, pickup.refusal) == ("failed", "PICKUP.BUY.NO_MATCHING_RATES")


def test_a_wrong_signature_is_400_and_nothing_is_kept(desk: EasyPost, now: datetime) -> None:
    body = desk.tracker_event("1Z", detail("delivered", now))
    for header in ("", "x", "hmac-sha256-hex=", signature(body, "another"), signature(b"{}")):
        answer = Client().post(URL, body, content_type="application/json", headers={"X-Hmac-Signature": header})
        assert answer.status_code == 400
    assert IncomingWebhook.objects.count() == 0


def test_a_silent_courier_is_given_up_in_time(desk: EasyPost, now: datetime, settings: Any) -> None:
    settings.EASYPOST_TIMEOUT = 0.2
    desk.next_answers["GET /shipments/*"] = ["mute"] * 9
    with pytest.raises(GatewayError) as failure:
        services.book_with_courier(parcel_of(now).pk, at=now)
    assert failure.value.retry
    assert desk.routes() == ["GET /shipments/*"]
    assert services.available_slots(postcode="75011", country="FR", at=now)[0].start == paris(2026, 11, 24, 9)


NOT_NOW = (503, {"error": {"code": "X", "message": "x"}})


def test_three_calls_without_an_answer_end_a_round_and_the_next_one_starts_elsewhere(
    desk: EasyPost, now: datetime
) -> None:
    for _number in range(7):
        parcel_of(now)
    desk.next_answers["GET /shipments/*"] = [NOT_NOW] * 6
    assert (services.book_couriers(now), len(desk.calls)) == (0, 3)
    assert (services.book_couriers(now + timedelta(minutes=1)), len(desk.calls)) == (0, 6)
    assert len({path for _route, path, _body in desk.calls}) == 6
    assert services.book_couriers(now + timedelta(minutes=2)) == 7


def test_an_answer_in_between_keeps_the_round_going(desk: EasyPost, now: datetime) -> None:
    for _number in range(7):
        parcel_of(now)
    # A booked parcel is looked for, and then its label is.
    desk.next_answers["GET /shipments/*"] = [NOT_NOW, NOT_NOW, None, None, NOT_NOW, NOT_NOW]
    assert services.book_couriers(now) == 3


def test_what_is_refused_for_good_is_an_answer(desk: EasyPost, now: datetime) -> None:
    for _number in range(4):
        parcel_of(now)
    desk.next_answers["POST /shipments"] = [(422, {"error": {"code": "ADDRESS.INVALID", "message": "x"}})] * 3
    assert services.book_couriers(now) == 1


def test_cancellations_are_told_although_bookings_get_no_answer(desk: EasyPost, now: datetime) -> None:
    services.cancel_parcel(with_pickup(now), by="guest", at=now)
    for _number in range(9):
        parcel_of(now)
    desk.next_answers["POST /shipments"] = [NOT_NOW] * 99
    told = [services.book_couriers(now + timedelta(minutes=minute)) for minute in range(4)]
    assert (sum(told), desk.all_of("Pickup")[0]["status"]) == (2, "canceled")
