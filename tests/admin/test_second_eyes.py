"""Above a limit nobody moves money alone: somebody else agrees, or does not, and the database knows two people."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.payments.models import Approval, Payment, Refund
from backmarket.payments.services.approvals import CannotAgree, approve, ask_approval, expire_approvals
from backmarket.states import IllegalMove
from orders.models import OrderLine
from tests.admin.rows import Rows, act, rows_of, url
from tests.factories import UserFactory
from tests.ground.money_steps import eur
from tests.races.together import at_once

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def line(plant: Any, bob: User, now: datetime, time_is: None) -> OrderLine:
    """Paid, for 900.00 €: more than support may give back alone."""
    rows: Rows = rows_of(plant, now)
    OrderLine.objects.filter(pk=rows.line.pk).update(price_minor=90_000)
    Payment.objects.create(
        purpose="order", reference=rows.line.order_id, status="captured", amount_minor=90_000, currency="EUR",
        gateway="sandbox", created_at=now, captured_at=now,
    )  # fmt: skip
    rows.line.refresh_from_db()
    return rows.line


@pytest.fixture
def fiona(sam: User) -> User:
    return finance("fiona@backmarket.example")


def finance(email: str) -> User:
    person = UserFactory(email=email, is_staff=True)
    person.groups.add(Group.objects.get(name="finance"))
    return person


def status(line: OrderLine) -> tuple[str, int]:
    line.refresh_from_db()
    return line.status, Refund.objects.count()


def test_support_asks_and_finance_agrees(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf, drain: Callable[[], None]
) -> None:
    support, second = client_of(sam), client_of(fiona)
    answer = support.post(url("desk", line, "step", "refund"), {"reason": "goodwill"}, follow=True)
    assert "€900.00 is more than the €500.00 that you may move alone" in answer.content.decode()
    assert status(line) == ("paid", 0)
    asked = Approval.objects.get()
    assert (asked.status, asked.amount, asked.asked_by) == ("asked", eur(90_000), sam)
    drain()
    assert [mail.recipient for mail in Notification.objects.filter(template="approval_asked")] == [fiona.email]

    assert act(support, asked, "agree", "desk").status_code == 403
    page = second.get(url("desk", asked)).content.decode()
    assert "Refund in full" in page
    assert "goodwill" in page
    assert "Take it back" not in page
    act(second, asked, "agree", "desk")

    asked.refresh_from_db()
    assert (asked.status, asked.decided_by) == ("approved", fiona)
    assert status(line) == ("cancelled", 1)
    assert Refund.objects.get().amount == eur(90_000)
    drain()
    told = Notification.objects.get(template="approval_decided")
    assert (told.recipient, "Somebody agreed" in told.text) == (sam.email, True)
    act(second, asked, "agree", "desk")
    assert Refund.objects.count() == 1


def test_what_is_within_the_limit_needs_nobody(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    OrderLine.objects.update(price_minor=50_000 - line.shipping_minor)
    act(client_of(sam), line, "refund", "desk", reason="goodwill")
    assert (status(line), Approval.objects.count()) == (("cancelled", 1), 0)


def test_finance_has_a_limit_too_and_agrees_to_nothing_of_its_own(
    line: OrderLine, olga: User, fiona: User, client_of: ClientOf
) -> None:
    OrderLine.objects.update(price_minor=200_001)
    Payment.objects.update(amount_minor=200_001)
    act(client_of(olga), line, "refund", "desk", reason="goodwill")
    asked = Approval.objects.get()
    mine = act(client_of(olga), asked, "agree", "desk")
    assert "two pairs of eyes are two people" in mine.content.decode()
    assert status(line) == ("paid", 0)
    act(client_of(fiona), asked, "agree", "desk")
    assert status(line) == ("cancelled", 1)


def test_declined_with_a_reason_that_the_asker_reads(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf, drain: Callable[[], None]
) -> None:
    act(client_of(sam), line, "refund", "desk", reason="goodwill")
    asked = Approval.objects.get()
    silent = act(client_of(fiona), asked, "decline", "desk", reason=" ")
    assert list(silent.context["form"].errors) == ["reason"]
    act(client_of(fiona), asked, "decline", "desk", reason="The courier has a proof of delivery.")
    drain()
    assert "The courier has a proof of delivery." in Notification.objects.get(template="approval_decided").text
    act(client_of(fiona), asked, "agree", "desk")
    assert status(line) == ("paid", 0)


def test_asked_again_the_newest_counts_and_may_be_taken_back(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf
) -> None:
    for reason in ("goodwill", "defect"):
        act(client_of(sam), line, "refund", "desk", reason=reason)
    old, new = (
        Approval.objects.order_by("asked_at", "status").filter(status="withdrawn").get(),
        Approval.objects.get(status="asked"),
    )
    assert old.pk != new.pk
    assert "Only the person who asked" in act(client_of(fiona), new, "withdraw", "desk").content.decode()
    act(client_of(sam), new, "withdraw", "desk")
    new.refresh_from_db()
    assert (new.status, status(line)) == ("withdrawn", ("paid", 0))


def test_a_row_that_has_moved_on_is_left_alone_and_the_question_stays(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf
) -> None:
    act(client_of(sam), line, "refund", "desk", reason="goodwill")
    OrderLine.objects.update(status="refunded")
    answer = act(client_of(fiona), Approval.objects.get(), "agree", "desk")
    assert "something has changed meanwhile" in answer.content.decode()
    assert (Approval.objects.get().status, Refund.objects.count()) == ("asked", 0)


def test_nobody_decides_in_a_week(line: OrderLine, sam: User, fiona: User, client_of: ClientOf, now: datetime) -> None:
    act(client_of(sam), line, "refund", "desk", reason="goodwill")
    late = now + timedelta(days=7, hours=1)
    assert expire_approvals(now + timedelta(days=7)) == 0
    timetravel.travel_to(late)
    act(client_of(fiona), Approval.objects.get(), "agree", "desk")
    assert status(line) == ("paid", 0)
    assert expire_approvals(late) == 1
    assert Approval.objects.get().status == "expired"


def asked_by(person: User, now: datetime) -> Approval:
    subject = ("orders.OrderLine", "1")
    return ask_approval(subject, "refund", name="x", answers={}, amount=eur(1), by=person, at=now)


@pytest.mark.parametrize("status", ["approved", "declined"])
def test_the_database_knows_two_people(sam: User, now: datetime, status: str) -> None:
    asked = asked_by(sam, now)
    for who in (sam, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            Approval.objects.filter(pk=asked.pk).update(status=status, decided_by=who)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_agree_at_once_do_it_once(sam: User, fiona: User, now: datetime) -> None:
    asked, done = asked_by(sam, now), []
    people = [fiona, finance("felix@backmarket.example")]
    calls = [partial(approve, Approval.objects.get(), lambda: done.append(1), by=person, at=now) for person in people]
    answers = at_once(calls)
    assert sorted(type(answer) for answer in answers if answer is not None) == [IllegalMove]
    assert done == [1]
    asked.refresh_from_db()
    assert asked.status == "approved"


def test_who_may_not_agree_is_refused_by_the_service_too(sam: User, now: datetime) -> None:
    asked = asked_by(UserFactory(), now)
    with pytest.raises(CannotAgree):
        approve(asked, lambda: None, by=sam, at=now)
