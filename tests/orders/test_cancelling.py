"""Calling off before it is sent: at once until the plant accepts, by a request afterwards, and never both ways."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.payments.models import Payment, Refund
from backmarket.states import IllegalMove, move
from catalog.models import Listing, StockReservation
from orders.models import CancelRequest, Order, OrderLine
from orders.services.cancelling import (
    CannotCancel,
    ask_to_cancel,
    cancel_line,
    grant_cancellation,
    refuse_cancellation,
)
from orders.services.fulfilment import accept_line, refuse_line, ship_consignment
from refurbishers.models import ServiceFact
from tests.factories import imei

pytestmark = pytest.mark.django_db
Place = Pay = Callable[..., Order]
Login = Callable[[User], Client]
STEP = "plant:orders_orderline_step"


@pytest.fixture
def line(place: Place, pay: Pay, listing: Listing, now: datetime) -> OrderLine:
    """Paid on Monday 23 November 2026 at 10:00; four are left on the shelf."""
    timetravel.travel_to(now)
    return pay(place((listing, 1))).lines.get()


@pytest.fixture
def accepted(line: OrderLine, bob: User, now: datetime) -> OrderLine:
    accept_line(line, by=bob, at=now)
    return line


def ship(line: OrderLine, bob: User, at: datetime) -> None:
    ship_consignment(
        line.consignment, identifiers={line.pk: imei()}, by=bob, at=at, courier="dhl", tracking_number="7700100"
    )


def mails(template: str) -> list[str]:
    return list(Notification.objects.filter(template=template).values_list("text", flat=True))


def refunds() -> list[tuple[int, str, str]]:
    return list(Refund.objects.values_list("amount_minor", "reason", "status"))


def test_until_the_plant_accepts_the_buyer_cancels_alone(
    line: OrderLine, listing: Listing, alice: User, client_of: Login, drain: Callable[[], None]
) -> None:
    browser, door = client_of(alice), reverse("line-cancel", args=[line.pk])
    page = browser.get(reverse("order", args=[line.order_id])).content.decode()
    assert door in page
    asked = browser.get(door).content.decode()
    assert "so nobody has to agree" in asked
    assert "You get €304.90 back" in asked
    assert "usually on your account by 30 Nov 2026" in asked

    for _twice in range(2):
        assert browser.post(door)["Location"] == reverse("order", args=[line.order_id])
    drain()
    line.refresh_from_db()
    listing.refresh_from_db()
    assert (line.status, line.cancel_reason, listing.on_hand, listing.reserved) == ("cancelled", "buyer", 5, 0)
    assert refunds() == [(30490, "buyer", "pending")]
    assert not ServiceFact.objects.filter(kind="cancellation").exists()
    assert [text for text in mails("order_line_cancelled") if "As you wished" in text]
    assert len(mails("order_line_cancelled")) == len(mails("plant_line_cancelled")) == 1
    assert "Alice" not in mails("plant_line_cancelled")[0]


def test_nobody_else_finds_the_door(line: OrderLine, client_of: Login, mallory: User, client: Client) -> None:
    for browser in (client, client_of(mallory)):
        for name, key in (("line-cancel", line.pk), ("parcel-cancel", line.consignment_id)):
            door = reverse(name, args=[key])
            assert (browser.get(door).status_code, browser.post(door).status_code) == (404, 404)
    line.refresh_from_db()
    assert line.status == "paid"


def test_once_accepted_only_the_plant_cancels(
    accepted: OrderLine, alice: User, bob: User, client_of: Login, drain: Callable[[], None], now: datetime
) -> None:
    browser, door = client_of(alice), reverse("line-cancel", args=[accepted.pk])
    assert "may be packing it" in browser.get(door).content.decode()
    # The page was opened before the plant accepted: what it confirmed is not done in another way.
    told = browser.post(door, follow=True).content.decode()
    assert "You may ask it to cancel." in told
    assert not CancelRequest.objects.exists()

    for _twice in range(2):
        browser.post(door, {"ask": "1"})
    drain()
    request = CancelRequest.objects.get()
    assert (request.status, len(mails("plant_cancel_request"))) == ("open", 1)
    page = browser.get(reverse("order", args=[accepted.order_id])).content.decode()
    assert "It has not answered yet." in page
    assert f'href="{door}"' not in page  # nothing more to ask, only to take back

    client_of(bob).post(reverse(STEP, args=[accepted.pk, "cancel"]))
    drain()
    request.refresh_from_db()
    accepted.refresh_from_db()
    assert (request.status, accepted.status, accepted.cancel_reason) == ("granted", "cancelled", "buyer")
    assert refunds() == [(30490, "buyer", "pending")]
    assert not ServiceFact.objects.filter(kind="cancellation").exists()
    assert mails("plant_line_cancelled") == []  # it did it itself


def test_a_request_is_taken_back_until_the_plant_answers(
    accepted: OrderLine, alice: User, mallory: User, bob: User, client_of: Login, drain: Callable[[], None],
    now: datetime,
) -> None:  # fmt: skip
    browser, door = client_of(alice), reverse("line-cancel", args=[accepted.pk])
    request = ask_to_cancel(accepted, by=alice, at=now)
    here = reverse("order", args=[accepted.order_id])
    assert "Keep it after all" in browser.get(here).content.decode()
    assert client_of(mallory).post(door, {"keep": "1"}).status_code == 404
    assert "You keep it" in browser.post(door, {"keep": "1"}, follow=True).content.decode()
    drain()
    assert (CancelRequest.objects.count(), mails("plant_cancel_request")) == (0, [])
    with pytest.raises((CannotCancel, IllegalMove)):
        grant_cancellation(request, by=bob, at=now)
    accepted.refresh_from_db()
    assert (accepted.status, refunds()) == ("accepted", [])
    assert door in browser.get(here).content.decode()  # they may ask again
    again = ask_to_cancel(accepted, by=alice, at=now)
    refuse_cancellation(again, answer="It is packed.", by=bob, at=now)
    assert "There is no open request" in browser.post(door, {"keep": "1"}, follow=True).content.decode()
    again.refresh_from_db()
    assert again.status == "refused"


def test_a_plant_that_refuses_says_why(
    accepted: OrderLine, alice: User, bob: User, client_of: Login, drain: Callable[[], None], now: datetime
) -> None:
    request = ask_to_cancel(accepted, by=alice, at=now)
    door = reverse(STEP, args=[accepted.pk, "keep"])
    assert client_of(bob).post(door, {"answer": ""}).status_code == 422
    client_of(bob).post(door, {"answer": "The courier has it in an hour."})
    drain()
    request.refresh_from_db()
    assert (request.status, request.answer) == ("refused", "The courier has it in an hour.")
    assert "The courier has it in an hour." in mails("cancel_refused")[0]
    page = client_of(alice).get(reverse("order", args=[accepted.order_id])).content.decode()
    assert "The courier has it in an hour." in page
    assert refunds() == []
    # Asked again, the answer stands; and what the plant cannot send after all is refunded all the same.
    assert ask_to_cancel(accepted, by=alice, at=now) == request
    refuse_line(accepted, reason="defect_found", by=bob, at=now)
    request.refresh_from_db()
    assert (request.status, refunds()) == ("refused", [(30490, "defect_found", "pending")])


def test_sending_it_answers_the_request(
    accepted: OrderLine, alice: User, bob: User, client_of: Login, now: datetime
) -> None:
    request, later = ask_to_cancel(accepted, by=alice, at=now), now + timedelta(hours=2)
    ship(accepted, bob, later)
    request.refresh_from_db()
    assert (request.status, request.lapsed_at, refunds()) == ("lapsed", later, [])
    for answer in (grant_cancellation, lambda *a, **k: refuse_cancellation(*a, answer="No", **k)):
        with pytest.raises(CannotCancel, match="You may withdraw from the contract instead"):
            answer(request, by=bob, at=later)
    page = client_of(alice).get(reverse("order", args=[accepted.order_id])).content.decode()
    assert "before an answer: you may withdraw from the contract instead." in page
    assert reverse("line-withdraw", args=[accepted.pk]) in page


def test_a_plant_that_cannot_send_it_has_cancelled_as_asked(
    accepted: OrderLine, alice: User, bob: User, now: datetime
) -> None:
    request = ask_to_cancel(accepted, by=alice, at=now)
    refuse_line(accepted, reason="defect_found", by=bob, at=now)
    request.refresh_from_db()
    assert (request.status, request.granted_at) == ("granted", now)


@pytest.mark.parametrize(
    ("status", "words"), [("on_hold", "is cancelled as a whole"), ("pending", "This order is not paid yet")]
)
def test_what_is_not_paid_or_being_checked_waits(
    place: Place, listing: Listing, alice: User, now: datetime, status: str, words: str
) -> None:
    line = place((listing, 1)).lines.get()
    if status == "on_hold":
        move(line, "on_hold", by="system:test", at=now)
    for act in (cancel_line, ask_to_cancel):
        with pytest.raises(CannotCancel, match=words):
            act(line, by=alice, at=now)
    assert refunds() == []


def test_a_whole_parcel_is_cancelled_where_it_can_be_and_asked_for_where_not(
    place: Place, pay: Pay, listing: Listing, alice: User, bob: User, client_of: Login, now: datetime
) -> None:
    timetravel.travel_to(now)
    order = pay(place((listing, 3)))
    first, *_rest = order.lines.all()
    accept_line(first, by=bob, at=now)
    browser, door = client_of(alice), reverse("parcel-cancel", args=[order.consignments.get().pk])
    assert door in browser.get(reverse("order", args=[order.pk])).content.decode()
    page = browser.get(door)
    assert (len(page.context["page"].at_once), len(page.context["page"].by_plant)) == (2, 1)
    assert page.context["page"].back == order.total

    for _twice in range(2):
        browser.post(door)
    assert sorted(order.lines.values_list("status", flat=True)) == ["accepted", "cancelled", "cancelled"]
    assert list(CancelRequest.objects.values_list("line", "status")) == [(first.pk, "open")]
    assert len(refunds()) == 2
    assert browser.get(door)["Location"] == reverse("order", args=[order.pk])


def test_a_guest_cancels_in_the_session_that_opened_the_order(
    place: Place, pay: Pay, listing: Listing, client: Client, now: datetime
) -> None:
    timetravel.travel_to(now)
    line = pay(place((listing, 1), buyer=None)).lines.get()
    door = reverse("line-cancel", args=[line.pk])
    assert client.post(door).status_code == 404
    session = client.session
    session["guest_orders"] = [str(line.order_id)]
    session.save()
    client.post(door)
    line.refresh_from_db()
    assert (line.status, refunds()) == ("cancelled", [(30490, "buyer", "pending")])


def test_an_order_that_nobody_has_paid_is_given_up_at_once(
    place: Place, listing: Listing, alice: User, client_of: Login, drain: Callable[[], None], now: datetime
) -> None:
    timetravel.travel_to(now)
    order, browser = place((listing, 2)), client_of(alice)
    door = reverse("order-cancel", args=[order.pk])
    assert door in browser.get(reverse("order", args=[order.pk])).content.decode()
    for _twice in range(2):
        page = browser.post(door, follow=True).content.decode()
    drain()
    order.refresh_from_db()
    listing.refresh_from_db()
    assert (order.payment_status, Payment.objects.get().status) == ("cancelled", "cancelled")
    assert set(order.lines.values_list("status", "cancel_reason")) == {("cancelled", "given_up")}
    assert (listing.reserved, StockReservation.objects.filter(released_at=None).count()) == (0, 0)
    assert "You gave this order up" in page
    assert order.cart.items.get().quantity == 2
    assert not ServiceFact.objects.exists()
    assert mails("order_line_cancelled") == []


def test_an_order_whose_money_is_coming_is_not_given_up(
    place: Place, listing: Listing, alice: User, client_of: Login, now: datetime
) -> None:
    order = place((listing, 1))
    Payment.objects.update(status="captured", captured_at=now, gateway_id="known")
    page = client_of(alice).post(reverse("order-cancel", args=[order.pk]), follow=True).content.decode()
    order.refresh_from_db()
    assert order.payment_status == "pending"
    assert "Your bank is just confirming this order." in page


def test_a_program_cancels_what_is_its_persons(
    line: OrderLine, alice: User, bob: User, mallory: User, client_of: Login, now: datetime
) -> None:
    door = reverse("api-line-cancel", args=[line.pk])
    assert client_of(mallory).post(door).status_code == 404
    accept_line(line, by=bob, at=now)
    refused = client_of(alice).post(door)
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_cancel")
    asked = client_of(alice).post(door, {"ask": True}, "application/json")
    assert (asked.status_code, asked.json()["status"], asked.json()["cancel_request"]) == (200, "accepted", "open")


def test_the_database_keeps_no_refusal_without_a_reason(accepted: OrderLine, alice: User, now: datetime) -> None:
    request = ask_to_cancel(accepted, by=alice, at=now)
    found = CancelRequest.objects.filter(pk=request.pk)
    for wrong, name in (
        ({"status": "refused", "refused_at": now}, "cancel_request_refused_says_why"),
        ({"status": "maybe"}, "cancel_request_status_known"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            found.update(**wrong)


@pytest.mark.parametrize(
    ("reason", "counted"), [("address", 0), ("goodwill", 0), ("defect_found", 1), ("out_of_stock", 1)]
)
def test_only_what_is_the_plants_doing_is_held_against_it(
    line: OrderLine, bob: User, drain: Callable[[], None], now: datetime, reason: str, counted: int
) -> None:
    refuse_line(line, reason=reason, by=bob, at=now)
    drain()
    assert ServiceFact.objects.filter(kind="cancellation").count() == counted
