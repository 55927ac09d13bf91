"""Two pairs of eyes cannot be had around in pieces, nor asked for what cannot be done, and who waits is seen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.payments.models import Approval, Payment, Refund
from orders.models import OrderLine
from tests.admin.rows import act, url
from tests.factories import UserFactory
from tests.ground.money_steps import eur
from tests.races.together import at_once
from tests.reviews.deals import delivered_line

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def line(plant: Any, now: datetime, time_is: None) -> OrderLine:
    """Delivered, for 1,300.00 € with its shipping."""
    line = delivered_line(plant, UserFactory(), now - timedelta(days=5))
    OrderLine.objects.filter(pk=line.pk).update(price_minor=130_000 - line.shipping_minor)
    Payment.objects.create(
        purpose="order", reference=line.order_id, status="captured", amount_minor=130_000, currency="EUR",
        gateway="sandbox", created_at=now, captured_at=now,
    )  # fmt: skip
    line.refresh_from_db()
    return line


def give(client: Client, line: OrderLine, amount: str) -> Any:
    sent = {"amount": amount, "reason": "looks", "borne_by": "house", "key": str(uuid4())}
    return client.post(url("desk", line, "step", "refund-part"), sent, follow=True)


def given() -> list[int]:
    return [*Refund.objects.order_by("amount_minor").values_list("amount_minor", flat=True)]


def test_what_one_person_gives_back_of_an_order_within_a_day_is_one_sum(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf, now: datetime
) -> None:
    support = client_of(sam)
    give(support, line, "450")
    said = give(support, line, "50.01").content.decode()
    assert "€50.01, and the €450.00 that you have given back of this order within a day, is more than the" in said
    assert (given(), Approval.objects.get().amount) == ([45_000], eur(5_001))
    give(support, line, "50")
    assert given() == [5_000, 45_000]
    timetravel.travel_to(now + timedelta(days=1, minutes=5))
    give(support, line, "499")
    assert given() == [5_000, 45_000, 49_900]


def test_another_person_and_another_order_have_sums_of_their_own(
    line: OrderLine, sam: User, client_of: ClientOf, now: datetime
) -> None:
    give(client_of(sam), line, "450")
    other = UserFactory(email="sid@backmarket.example", is_staff=True)
    other.groups.add(Group.objects.get(name="support"))
    give(client_of(other), line, "451")
    assert given() == [45_000, 45_100]


def test_a_refund_in_full_counts_with_the_parts(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    OrderLine.objects.update(price_minor=60_000 - line.shipping_minor)
    give(client_of(sam), line, "450")
    act(client_of(sam), line, "refund", "desk", reason="goodwill")
    assert (given(), Approval.objects.get().amount) == ([45_000], eur(15_000))


def test_what_the_bank_refused_is_not_given(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    give(client_of(sam), line, "450")
    Refund.objects.update(status="failed", failed_at=line.delivered_at)
    give(client_of(sam), line, "450")
    assert given() == [45_000, 45_000]


def test_whoever_agrees_reads_what_was_given_before(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf
) -> None:
    give(client_of(sam), line, "450")
    give(client_of(sam), line, "300")
    asked, second = Approval.objects.get(), client_of(fiona)
    page = second.get(url("desk", asked)).content.decode()
    assert "Given back of this order within a day by who asks" in page
    assert "€450.00" in page
    act(second, asked, "agree", "desk")
    assert given() == [30_000, 45_000]


def test_what_cannot_be_done_is_refused_before_anybody_is_asked(
    line: OrderLine, sam: User, client_of: ClientOf
) -> None:
    answer = give(client_of(sam), line, "1300")
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["amount"]
    assert (given(), Approval.objects.count()) == ([], 0)


def test_the_rows_page_shows_who_waits_in_place_of_the_button(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    support, before = client_of(sam), url("desk", line, "step", "refund-part")
    assert before in support.get(url("desk", line)).content.decode()
    give(support, line, "900")
    page = support.get(url("desk", line)).content.decode()
    assert "Refund in part: waits for a second person" in page
    assert "Refund in part, €900.00: Sam Support asked on" in page
    assert (before in page, url("desk", line, "step", "refund") in page) == (False, True)
    asked = Approval.objects.get()
    assert url("desk", asked) in page
    act(support, asked, "withdraw", "desk")
    assert before in support.get(url("desk", line)).content.decode()


def test_a_form_names_what_it_moves(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    page = client_of(sam).get(url("desk", line, "step", "refund")).content.decode()
    assert "Refund in full: €1,300.00</button>" in page


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_parts_at_once_are_counted_one_after_the_other(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    calls = [partial(give, client_of(sam), line, amount) for amount in ("450", "451")]
    at_once(calls)
    assert (len(given()), Approval.objects.count()) == (1, 1)
