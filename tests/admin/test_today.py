"""Today shows every pile that waits to whoever may do something about it, by few statements."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backmarket.accounts.models import User
from backmarket.payments.models import Payment, Payout, Reconciliation
from orders.models import CancelRequest, Hold, OrderLine, Settlement
from refurbishers.models import Refurbisher
from tests.admin.rows import role
from tests.factories import UserFactory
from tests.reviews.deals import delivered_line

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


def cards(client: Client, site: str = "desk") -> dict[str, Any]:
    return {str(card.title): card for card in client.get(f"/{site}/").context["cards"]}


def waiting_line(plant: Refurbisher, at: datetime, status: str) -> OrderLine:
    return delivered_line(
        plant, UserFactory(), at, status=status, identifier="", shipped_at=None, delivered_at=None, due_at=at
    )


def payout(at: datetime, **facts: Any) -> Payout:
    return Payout.objects.create(
        purpose="settlement", reference="00000000-0000-4000-8000-000000000001", amount_minor=5_000, currency="EUR",
        gateway="sandbox", iban_last4="0189", due_at=at, created_at=at, **facts,
    )  # fmt: skip


def test_held_orders_stray_money_and_payouts_that_are_stuck_or_held_wait(
    plant: Refurbisher, fiona: User, now: datetime, time_is: None, client_of: ClientOf
) -> None:
    order = waiting_line(plant, now, "on_hold").order
    Hold.objects.create(order=order, status="open", created_at=now, open_at=now, expires_at=now + timedelta(days=6))
    stray = {"purpose": "order", "status": "stray", "amount_minor": 700, "currency": "EUR", "gateway": "sandbox",
             "created_at": now, "captured_at": now, "stray_at": now}  # fmt: skip
    Payment.objects.create(reference=order.pk, **stray)
    Payment.objects.create(reference=plant.pk, refunded_minor=700, **stray)
    payout(now, failure="no_answer")
    held = payout(now, status="cancelled", cancelled_at=now)
    Settlement.objects.create(
        plant=plant, settled_date=now.date(), total_minor=5_000, currency="EUR", created_at=now, payout=held
    )
    found = cards(client_of(fiona))
    titles = [
        "Orders held", "Payments astray, not back yet", "Payouts refused, tried again",
        "Settlements whose payout is held",
    ]  # fmt: skip
    assert [(found[title].count, len(found[title].items)) for title in titles] == [(1, 1)] * 4


def test_who_can_do_nothing_about_a_pile_has_no_card_of_it(
    sam: User, fiona: User, time_is: None, client_of: ClientOf
) -> None:
    support, finance = cards(client_of(sam)), cards(client_of(fiona))
    for title in ("Disputes to answer", "Money that waits for a second person", "Payouts ordered"):
        assert (title in support, title in finance) == (False, True)
    assert ("Claims for support" in support, "Claims for support" in finance) == (True, False)
    assert ("Orders held" in support, "Orders held" in finance) == (True, True)


def test_books_agree_only_once_they_were_compared(fiona: User, time_is: None, client_of: ClientOf) -> None:
    client, title = client_of(fiona), "Comparisons of the books that differ"
    assert cards(client)[title].empty == "The books have not been compared yet."
    begun = Reconciliation.objects.create(started_at=timezone.now())
    assert cards(client)[title].empty == "The books have not been compared yet."
    begun.finished_at = datetime(2026, 11, 23, 2, 30, tzinfo=timezone.get_current_timezone())
    begun.save()
    said = cards(client)[title].empty
    assert said.startswith("All books agreed on ")
    assert "2:30" in said


def test_a_request_to_cancel_waits_at_its_plant(
    plant: Refurbisher, bob: User, now: datetime, time_is: None, client_of: ClientOf
) -> None:
    line = waiting_line(plant, now, "accepted")
    CancelRequest.objects.create(line=line, opened_at=now)
    card = cards(client_of(bob), "plant")["Requests to cancel"]
    assert (card.count, str(card.items[0]["title"])) == (1, f"{line.order.number} · {line.title}")
    assert "pile=to_answer" in card.url
    assert "Requests to cancel" not in cards(client_of(role(plant, "after_sales")), "plant")


@pytest.mark.parametrize("site", ["desk", "plant"])
def test_all_that_does_not_wait_is_counted_by_one_statement(
    olga: User, bob: User, time_is: None, client_of: ClientOf, site: str
) -> None:
    client = client_of(olga if site == "desk" else bob)
    client.get(f"/{site}/")
    with CaptureQueriesContext(connection) as queries:
        assert len(cards(client, site)) > 10
    counting = [query["sql"] for query in queries if "AS pile" in query["sql"]]
    assert len(counting) == 1
    assert len(queries) <= 12
