"""What is written by one statement: rows of several tables, a row and its event, a session."""

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection
from pytest_django import DjangoAssertNumQueries

from backmarket.db import insert_together, insert_unless_there
from backmarket.events.models import Event
from backmarket.events.services import insert_and_record
from backmarket.payments.models import Payment, SandboxIntent
from backmarket.sessions import SessionStore
from catalog.models import Listing
from orders.models import Cart, CartItem
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db(transaction=True)
BY = "system:test"


def intent(number: str) -> SandboxIntent:
    return SandboxIntent(id=number, kind="payment", status="open", amount_minor=100, currency="EUR", return_url="/")


def test_rows_of_several_tables_are_inserted_together(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    listing: Listing = ListingFactory()
    cart = Cart()
    item = CartItem(cart=cart, listing=listing, quantity=2, seen_minor=1, added_at=now)
    with django_assert_num_queries(1):
        insert_together([cart], [item])
    assert CartItem.objects.get().cart == Cart.objects.get() == cart
    assert not cart._state.adding


def test_where_one_row_is_refused_none_is_there(now: datetime) -> None:
    listing: Listing = ListingFactory()
    cart = Cart()
    item = CartItem(cart=cart, listing=listing, quantity=-1, seen_minor=1, added_at=now)
    with pytest.raises(IntegrityError):
        insert_together([cart], [item])
    assert not Cart.objects.exists()


def test_a_row_that_is_there_stays_as_it_is() -> None:
    assert insert_unless_there(intent("pay_1"))
    other = intent("pay_1")
    other.amount_minor = 999
    assert not insert_unless_there(other)
    assert SandboxIntent.objects.get().amount_minor == 100


def test_a_row_and_its_event_are_there_both_or_neither(now: datetime) -> None:
    def payment() -> Payment:
        return Payment(
            purpose="order", reference=reference, amount_minor=100, currency="EUR", gateway="sandbox", created_at=now
        )

    reference = uuid.uuid4()
    first = payment()
    assert insert_and_record(first, "payment.requested", by=BY, at=now, data={"purpose": "order"})
    assert not insert_and_record(payment(), "payment.requested", by=BY, at=now)
    event = Event.objects.get(kind="payment.requested")
    assert (event.subject_type, event.subject_id, event.data, event.actor, event.happened_at) == (
        "payments.payment", str(first.pk), {"purpose": "order"}, BY, now,
    )  # fmt: skip


def test_a_session_is_written_by_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    session = SessionStore()
    session["cart"] = "a"
    with django_assert_num_queries(1):
        session.save()
    session["cart"] = "b"
    with django_assert_num_queries(1):
        session.save()
    row = Session.objects.get()
    assert row.get_decoded() == {"cart": "b"}
    assert SessionStore(row.session_key)["cart"] == "b"


def test_a_taken_key_and_an_ended_session_are_refused() -> None:
    session = SessionStore()
    session.save()
    twin: Any = SessionStore(session.session_key)
    with pytest.raises(CreateError):
        twin.save(must_create=True)
    Session.objects.all().delete()
    session["cart"] = "a"
    with pytest.raises(UpdateError):
        session.save()
    assert connection.is_usable()
