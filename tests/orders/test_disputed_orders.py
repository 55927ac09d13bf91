"""What a buyer and a plant read of an order whose payment the buyer's bank looks into, and what waits for the bank."""

import json
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.payments.models import Dispute, Refund
from catalog.models import Listing
from orders.models import CancelRequest, Order, OrderLine
from orders.services.cancelling import CannotCancel, ask_to_cancel, call_off_order, cancel_line
from orders.services.disputes import evidence_of
from orders.services.fulfilment import accept_line
from orders.services.redirecting import CannotRedirect, redirect_consignment
from tests.admin.rows import url
from tests.factories import AddressFactory
from tests.orders.test_disputes import disputed

pytestmark = pytest.mark.django_db
Place = Pay = Callable[..., Order]
ClientOf = Callable[[User], Client]


@pytest.fixture
def line(place: Place, pay: Pay, listing: Listing, now: datetime) -> OrderLine:
    timetravel.travel_to(now)
    return pay(place((listing, 2))).lines.first()


def doors(line: OrderLine) -> list[str]:
    return [
        reverse("line-cancel", args=[line.pk]), reverse("parcel-cancel", args=[line.consignment_id]),
        reverse("parcel-address", args=[line.consignment_id]),
    ]  # fmt: skip


def test_the_buyer_reads_of_it_and_is_offered_no_cancelling(
    line: OrderLine, alice: User, client_of: ClientOf, now: datetime
) -> None:
    browser, here = client_of(alice), reverse("order", args=[line.order_id])
    assert all(door in browser.get(here).content.decode() for door in doors(line))
    dispute = disputed(line.order, now)
    page = browser.get(here).content.decode()
    assert "Your bank looks into this payment" in page
    assert not [door for door in doors(line) if door in page]
    for door in doors(line):
        told = browser.get(door, follow=True).content.decode()
        assert "Until it has decided" in told
        assert "You get" not in told
    browser.post(doors(line)[0], follow=True)
    line.refresh_from_db()
    assert (line.status, Refund.objects.count()) == ("paid", 0)
    Dispute.objects.filter(pk=dispute.pk).update(status="won", won_at=now)
    assert "Your bank looks into this payment" not in browser.get(here).content.decode()


def test_nothing_of_it_is_called_off_or_sent_elsewhere(line: OrderLine, alice: User, bob: User, now: datetime) -> None:
    other = line.order.lines.exclude(pk=line.pk).get()
    accept_line(other, by=bob, at=now)
    disputed(line.order, now)
    for act, subject in ((cancel_line, line), (ask_to_cancel, other), (call_off_order, line.order)):
        with pytest.raises(CannotCancel, match="Your bank looks into this payment"):
            act(subject, by=alice, at=now)
    with pytest.raises(CannotRedirect, match="Your bank looks into this payment"):
        redirect_consignment(line.consignment, to=AddressFactory(user=alice), by=alice, at=now)
    assert not CancelRequest.objects.exists()


def test_an_inquiry_ends_with_a_refund_and_so_stops_no_cancelling(line: OrderLine, alice: User, now: datetime) -> None:
    dispute = disputed(line.order, now)
    Dispute.objects.filter(pk=dispute.pk).update(inquiry=True)
    cancel_line(line, by=alice, at=now)
    assert Refund.objects.get().reference == line.pk


def test_its_plant_reads_that_it_waits(line: OrderLine, bob: User, client_of: ClientOf, now: datetime) -> None:
    browser = client_of(bob)
    for subject in (line, line.consignment):
        assert "The buyer has disputed" not in browser.get(url("plant", subject)).content.decode()
    disputed(line.order, now)
    for subject in (line, line.consignment):
        page = browser.get(url("plant", subject)).content.decode()
        assert "The buyer has disputed this payment" in page
        assert "Do not send what has not left" in page


def test_the_evidence_has_the_days_of_the_market(place: Place, pay: Pay, listing: Listing) -> None:
    """Half past midnight in Paris is still the day before at Greenwich."""
    at = datetime(2026, 11, 28, 0, 31, tzinfo=ZoneInfo("Europe/Paris"))
    told = evidence_of(disputed(pay(place((listing, 1), at=at), at=at), at))
    assert "on 2026-11-28:" in told["refund_policy_disclosure"]
    assert "2026-11-27" not in json.dumps(told)
