"""The courier is asked about parcels of which nothing is heard; silence ends the round, as it does for bookings."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from backmarket.shipping import services
from backmarket.shipping.models import Parcel
from tests.ground.easypost_stand_in import EasyPost, at_easypost, detail
from tests.ground.parcel_steps import parcel_of

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOT_NOW = (503, {"error": {"code": "X", "message": "x"}})


@pytest.fixture
def desk(settings: Any, tmp_path: Any) -> Iterator[EasyPost]:
    settings.PRIVATE_ROOT = tmp_path
    with at_easypost(settings) as found:
        yield found


def silent(desk: EasyPost, count: int, at: datetime) -> list[Parcel]:
    """Parcels of which nothing has been heard since they were booked; the stand-in has forgotten what it was asked."""
    made = [parcel_of(at) for _number in range(count)]
    services.book_couriers(at)
    desk.calls.clear()
    for parcel in made:
        parcel.refresh_from_db()
    return made


def asked(desk: EasyPost) -> list[str]:
    return [given["tracking_code"] for route, _path, given in desk.calls if route == "GET /trackers"]


def test_three_trackers_without_an_answer_end_a_round_and_the_next_one_starts_elsewhere(
    desk: EasyPost, now: datetime
) -> None:
    parcels = silent(desk, 12, now)  # as many as a shift by minutes would never move
    desk.next_answers["GET /trackers"] = [NOT_NOW] * 6
    at = now + 2 * DAY
    assert (services.track_silent_parcels(at), len(asked(desk))) == (0, 3)
    assert (services.track_silent_parcels(at + HOUR), len(asked(desk))) == (0, 6)
    assert len(set(asked(desk))) == 6
    assert not Parcel.objects.exclude(asked_at=None).exists()
    assert services.track_silent_parcels(at + 2 * HOUR) == 0
    assert sorted(asked(desk)[6:]) == sorted(parcel.tracking_number for parcel in parcels)


def test_an_answer_in_between_keeps_the_round_going_and_is_not_asked_for_again_that_day(
    desk: EasyPost, now: datetime
) -> None:
    silent(desk, 6, now)
    desk.next_answers["GET /trackers"] = [NOT_NOW, NOT_NOW, None, NOT_NOW, NOT_NOW, None]
    at = now + 2 * DAY
    services.track_silent_parcels(at)
    assert (len(asked(desk)), Parcel.objects.exclude(asked_at=None).count()) == (6, 2)
    services.track_silent_parcels(at + HOUR)
    assert len(asked(desk)) == 10


def test_a_final_no_is_an_answer_and_is_asked_for_again_on_the_next_day(desk: EasyPost, now: datetime) -> None:
    silent(desk, 4, now)
    at, no = now + 2 * DAY, (404, {"error": {"code": "TRACKER.NOT_FOUND", "message": "x"}})
    desk.next_answers["GET /trackers"] = [no] * 4
    assert (services.track_silent_parcels(at), len(asked(desk))) == (0, 4)
    assert Parcel.objects.filter(asked_at=at).count() == 4
    assert (services.track_silent_parcels(at + HOUR), len(asked(desk))) == (0, 4)
    services.track_silent_parcels(at + DAY)
    assert len(asked(desk)) == 8


@pytest.mark.parametrize("odd", [{"trackers": [{"id": "trk_1"}]}, {"trackers": None}, {}], ids=str)
def test_an_answer_that_nobody_understands_keeps_no_other_parcel_waiting(
    desk: EasyPost, now: datetime, odd: Any
) -> None:
    parcels = silent(desk, 2, now)
    for tracker in desk.all_of("Tracker"):
        tracker["tracking_details"] = [detail("in_transit", now + HOUR)]
    desk.next_answers["GET /trackers"] = [(200, odd)]
    assert services.track_silent_parcels(now + 2 * DAY) == 1
    assert sorted(Parcel.objects.filter(pk__in=[p.pk for p in parcels]).values_list("status", flat=True)) == [
        "created",
        "in_transit",
    ]
