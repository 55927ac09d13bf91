"""What EasyPost refuses, delays or gets wrong, and what becomes of the parcel: batches, refunds, bills, labels."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from backmarket.errors import GatewayError
from backmarket.events.models import Event
from backmarket.shipping import services
from backmarket.shipping.models import Parcel, Pickup
from tests.ground.easypost_stand_in import EasyPost, at_easypost, detail, refusal
from tests.ground.parcel_steps import parcel_of, paris, two_in_one_visit, with_pickup

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def desk(settings: Any, tmp_path: Any) -> Iterator[EasyPost]:
    settings.PRIVATE_ROOT = tmp_path
    with at_easypost(settings) as found:
        yield found


def minutes(at: datetime, count: int) -> list[int]:
    """What the job did in each of the next minutes."""
    return [services.book_couriers(at + number * MINUTE) for number in range(1, count + 1)]


def scheduled(desk: EasyPost) -> list[dict[str, Any]]:
    return [pickup for pickup in desk.all_of("Pickup") if pickup["status"] == "scheduled"]


# A visit for several parcels


def test_a_batch_that_is_being_made_keeps_the_earlier_visit_until_it_is_there(desk: EasyPost, now: datetime) -> None:
    desk.makes_batches_at_once = False
    first, second = two_in_one_visit(now)
    (alone,) = scheduled(desk)
    assert minutes(now, 3) == [0, 0, 0]
    assert (len(desk.all_of("Batch")), scheduled(desk)) == (1, [alone])
    assert [parcel.pickups.get().confirmation for parcel in (first, second)] == [alone["confirmation"], ""]
    assert second.pickups.get().status == "booked"
    desk.makes_batches_at_once = True
    assert minutes(now + 5 * MINUTE, 2) == [1, 0]
    (both,) = scheduled(desk)
    assert both["batch"] == {"id": desk.all_of("Batch")[0]["id"]}
    assert {parcel.pickups.get().confirmation for parcel in (first, second)} == {both["confirmation"]}
    assert alone["status"] == "canceled"


def test_a_batch_that_cannot_be_made_fails_the_parcel_that_joined_and_not_the_visit(
    desk: EasyPost, now: datetime
) -> None:
    desk.makes_batches_at_once = False
    first, second = two_in_one_visit(now)
    desk.all_of("Batch")[0]["state"] = "creation_failed"
    minutes(now, 3)
    assert (first.pickups.get().status, len(scheduled(desk)), len(desk.all_of("Batch"))) == ("booked", 1, 1)
    failed = second.pickups.get()
    assert (failed.status, failed.failure, failed.refusal) == ("failed", "refused", "BATCH.STATE.CREATION_FAILED")
    assert Parcel.objects.get(pk=second.pk).label.name  # it can be dropped off


# Labels that are given back


def cancelled(at: datetime) -> Parcel:
    parcel = parcel_of(at)
    services.book_couriers(at)
    services.cancel_parcel(parcel, by="guest", at=at)
    return parcel


def test_a_rejected_refund_is_a_final_no_that_the_desk_sees_and_may_ask_for_again(
    desk: EasyPost, now: datetime
) -> None:
    desk.refunds = "rejected"
    parcel = cancelled(now)
    minutes(now, 3)
    parcel.refresh_from_db()
    assert (parcel.status, parcel.void_at, parcel.refusal) == ("cancelled", None, "REFUND.REJECTED")
    assert Event.objects.filter(kind="parcel.kept").count() == 1
    assert desk.routes().count("POST /shipments/*/refund") == 1
    desk.refunds = "submitted"
    services.ask_again(parcel, by="system:test", at=now + DAY)
    assert services.book_couriers(now + DAY) == 1
    parcel.refresh_from_db()
    assert (parcel.void_at, parcel.refusal) == (now + DAY, "")


def test_where_an_unused_label_costs_nothing_there_is_nothing_to_give_back(desk: EasyPost, now: datetime) -> None:
    desk.refunds = "not_applicable"  # carriers that bill by the scan
    parcel = cancelled(now)
    assert minutes(now, 2) == [1, 0]
    parcel.refresh_from_db()
    assert (parcel.void_at, parcel.refusal) == (now + MINUTE, "")


def test_a_refund_that_says_it_was_rejected_before_is_not_taken_for_one_that_was_given(
    desk: EasyPost, now: datetime
) -> None:
    parcel = parcel_of(now)
    services.book_couriers(now)
    desk.all_of("Shipment")[0]["refund_status"] = "rejected"
    desk.refunds = "rejected"
    services.cancel_parcel(parcel, by="guest", at=now)
    services.book_couriers(now)
    parcel.refresh_from_db()
    assert (parcel.void_at, parcel.refusal) == (None, "REFUND.REJECTED")


@pytest.mark.parametrize(
    ("answer", "final"),
    [
        (refusal(422, "SHIPMENT.REFUND.UNAVAILABLE"), True),
        (refusal(422, "REFUND.NO_RESPONSE"), False),
        (refusal(500, "INTERNAL"), False),
    ],
    ids=["unavailable", "no response", "down"],
)
def test_a_refund_that_fails_is_asked_for_again_only_when_that_may_help(
    desk: EasyPost, now: datetime, answer: Any, final: bool
) -> None:
    desk.next_answers["POST /shipments/*/refund"] = [answer]
    parcel = cancelled(now)
    assert minutes(now, 2) == ([0, 0] if final else [0, 1])
    parcel.refresh_from_db()
    assert (parcel.refusal, bool(parcel.void_at)) == (("SHIPMENT.REFUND.UNAVAILABLE", False) if final else ("", True))


# Our own bill


# "402: there is a lack of billing information or insufficient funds" (EasyPost's guide to errors).
BILLS = [
    refusal(402, "INSUFFICIENT_FUNDS"),
    refusal(402, "PAYMENT_REQUIRED"),
    refusal(403, "ACCOUNT.INACTIVE"),
    refusal(401, "APIKEY.INACTIVE"),
]


@pytest.mark.parametrize("bill", BILLS, ids=lambda bill: bill[1]["error"]["code"])
@pytest.mark.parametrize("route", ["POST /shipments/*/buy", "POST /pickups/*/buy"])
def test_no_seller_is_told_no_because_of_a_bill_of_ours(desk: EasyPost, now: datetime, route: str, bill: Any) -> None:
    desk.next_answers[route] = [bill, bill]
    parcel = with_pickup(now)
    assert (parcel.refusal, parcel.pickups.get().status) == ("", "booked")
    assert minutes(now, 3)[0] == 0
    parcel.refresh_from_db()
    assert (parcel.tracking_number != "", bool(parcel.pickups.get().confirmation)) == (True, True)
    assert (len(desk.all_of("Shipment")), len(scheduled(desk))) == (1, 1)
    assert Pickup.objects.get().status == "booked"


# Labels


@pytest.mark.parametrize(
    ("pdf", "code"), [(b"<html>", "LABEL.FORMAT.INVALID"), (b"%PDF-" + b"x" * 5 * 2**20, "LABEL.FORMAT.INVALID")],
    ids=["no PDF", "too big"],
)  # fmt: skip
def test_a_label_that_is_none_is_not_kept_and_the_visit_is_booked_nevertheless(
    desk: EasyPost, now: datetime, pdf: bytes, code: str
) -> None:
    good, desk.pdf = desk.pdf, pdf
    parcel = with_pickup(now)
    assert (bool(parcel.label), parcel.booked_at, bool(parcel.pickups.get().confirmation)) == (False, now, True)
    with pytest.raises(GatewayError, match=code):
        services.book_with_courier(parcel.pk, at=now)
    with pytest.raises(services.LabelNotReady):
        services.label_pdf(parcel)
    desk.pdf = good
    assert minutes(now, 2) == [1, 0]
    parcel.refresh_from_db()
    assert services.label_pdf(parcel) == good


@pytest.mark.parametrize("where", ["ftp://127.0.0.1/label.pdf", "http://example.com/label.pdf", "file:///etc/passwd"])
def test_a_label_is_fetched_from_nowhere_but_by_https(desk: EasyPost, now: datetime, where: str) -> None:
    desk.next_answers["GET /shipments/*/label"] = [(200, {"id": "shp_1", "postage_label": {"label_pdf_url": where}})]
    parcel = parcel_of(now)
    with pytest.raises(GatewayError, match=r"LABEL\.URL\.INVALID"):
        services.book_with_courier(parcel.pk, at=now)
    assert not Parcel.objects.get().label
    assert minutes(now, 1) == [1]


@pytest.mark.parametrize("trouble", ["html", "lost", refusal(422, "SHIPMENT.LABEL.FORMAT")], ids=str)
def test_a_label_that_does_not_come_is_fetched_the_next_minute(desk: EasyPost, now: datetime, trouble: Any) -> None:
    desk.next_answers["GET /shipments/*/label"] = [trouble]
    parcel = parcel_of(now)
    assert services.book_couriers(now) == 0
    parcel.refresh_from_db()
    assert (bool(parcel.label), bool(parcel.tracking_number), parcel.refusal) == (False, True, "")
    assert minutes(now, 2) == [1, 0]
    assert len(desk.all_of("Shipment")) == 1


# Journeys


def test_a_tracker_that_reports_an_error_moves_nothing_and_is_shown(desk: EasyPost, now: datetime) -> None:
    parcel = with_pickup(now)
    (tracker,) = desk.all_of("Tracker")
    tracker["tracking_details"] = [detail("failure", paris(2026, 11, 24, 12)), detail("error", paris(2026, 11, 24, 13))]
    assert services.track_silent_parcels(now + 3 * DAY) == 1
    parcel.refresh_from_db()
    assert (parcel.status, [point.code for point in parcel.points.all()]) == ("created", ["problem"])


@pytest.mark.parametrize(
    ("details", "status"),
    [
        ([("in_transit", ""), ("return_to_sender", ""), ("delivered", "")], "returned"),
        ([("in_transit", ""), ("failure", "refused"), ("delivered", "")], "returned"),
        ([("in_transit", ""), ("failure", "lost")], "lost"),
        ([("available_for_pickup", "")], "in_transit"),
        ([("pre_transit", ""), ("unknown", ""), ("cancelled", "")], "created"),
    ],
)
def test_what_the_tracker_tells_is_where_the_parcel_ends(
    desk: EasyPost, now: datetime, details: list[tuple[str, str]], status: str
) -> None:
    parcel = with_pickup(now)
    (tracker,) = desk.all_of("Tracker")
    tracker["tracking_details"] = [
        detail(word, paris(2026, 11, 24, 12 + hour), more=more) for hour, (word, more) in enumerate(details)
    ]
    services.track_silent_parcels(now + 3 * DAY)
    parcel.refresh_from_db()
    assert parcel.status == status
