"""What is written by one statement: rows of several tables, a row and its event, a session."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from redis import Redis

from backmarket import timetravel
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


def test_a_session_that_the_cache_has_lost_is_read_by_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    session = SessionStore()
    session["cart"] = "a"
    session.save()
    cache.clear()
    for statements in (1, 0):
        with django_assert_num_queries(statements):
            assert SessionStore(session.session_key)["cart"] == "a"


def test_what_has_expired_and_what_nobody_has_begin_anew_under_another_key() -> None:
    session = SessionStore()
    session["cart"] = "a"
    session.save()
    cache.clear()
    Session.objects.update(expire_date=datetime(2026, 1, 1, tzinfo=UTC))
    for key in (session.session_key, "a" * 32):
        found: Any = SessionStore(key)
        assert "cart" not in found
        assert found.session_key is None
        found.save()
        assert found.session_key not in (None, key)
    assert Session.objects.count() == 3


def test_sessions_are_written_as_django_writes_them() -> None:
    """Whoever has one keeps it, with its expiry, whichever of the two has written it."""
    theirs: Any = DjangoStore()
    theirs.update({"cart": "a", "_session_expiry": 600})
    theirs.save()
    ours: Any = SessionStore(theirs.session_key)
    assert dict(ours.items()) == {"cart": "a", "_session_expiry": 600}
    ours["cart"] = "b"
    ours.save()
    row = Session.objects.get()
    assert DjangoStore(row.session_key)["cart"] == "b"
    assert 590 < (row.expire_date - timezone.now()).total_seconds() <= 600


def test_a_key_is_cycled_with_what_it_held_and_a_flushed_one_is_gone() -> None:
    session: Any = SessionStore()
    session["cart"] = "a"
    session.save()
    before = session.session_key
    session.cycle_key()
    assert session.session_key != before
    assert [row.session_key for row in Session.objects.all()] == [session.session_key]
    assert SessionStore(session.session_key)["cart"] == "a"
    assert "cart" not in SessionStore(before)
    session.flush()
    assert session.session_key is None
    assert not Session.objects.exists()


def test_a_key_that_is_taken_leaves_the_transaction_at_hand_as_it_was() -> None:
    session = SessionStore()
    session.save()
    with transaction.atomic():
        with pytest.raises(CreateError):
            SessionStore(session.session_key).save(must_create=True)
        assert Session.objects.count() == 1


def test_what_is_committed_together_with_a_session_is_waited_for() -> None:
    session = SessionStore()
    for _written in ("created", "changed"):
        with transaction.atomic(), connection.cursor() as cursor:
            session.save()
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)


def test_one_look_into_the_cache_finds_the_session_and_the_moved_clock(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SessionStore()
    session["cart"] = "a"
    session.save()
    timetravel.travel_to(timezone.now() + timedelta(days=3))
    looks: list[Any] = []
    ask = Redis.execute_command
    monkeypatch.setattr(Redis, "execute_command", lambda *args, **named: looks.append(args[1]) or ask(*args, **named))

    def page(request: Any) -> HttpResponse:
        return HttpResponse(f"{SessionStore(session.session_key)['cart']} {timetravel.now() - timezone.now()}")

    try:
        said = timetravel.OneOffset(page)(RequestFactory().get("/")).content.decode()
    finally:
        timetravel.come_back()
    assert said.startswith(("a 3 days, 0:00:00", "a 2 days, 23:59:59"))
    assert looks == ["MGET", "DEL"]
