"""A connection is tried before it is used, but not again and again while it is at work."""

import time
from collections.abc import Iterator

import pytest
from django.db import connection, connections

from backmarket.postgresql import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def another() -> Iterator[base.DatabaseWrapper]:
    """A connection that was used by a request a moment ago, as all that a web process has."""
    made = connections.create_connection("default")
    assert isinstance(made, base.DatabaseWrapper)
    for _request in range(2):
        process_of(made)
        made.close_if_unusable_or_obsolete()
    yield made
    made.close()


def process_of(used: base.DatabaseWrapper) -> int:
    with used.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end(process: int) -> None:
    """As a restart of the server ends it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
        assert cursor.fetchone() == (True,)


def test_one_that_was_ended_is_replaced_though_it_was_just_used(another: base.DatabaseWrapper) -> None:
    before = process_of(another)
    another.close_if_unusable_or_obsolete()
    end(before)
    assert process_of(another) != before


def test_one_that_was_ended_long_after_its_last_use_is_replaced(
    another: base.DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "FRESH", 0.0)
    before = process_of(another)
    another.close_if_unusable_or_obsolete()
    end(before)
    assert process_of(another) != before


def tried(another: base.DatabaseWrapper, *, after: float) -> bool:
    """Whether a statement is sent only to see that it works, as the server counts them, after so many seconds."""
    process = process_of(another)
    another.close_if_unusable_or_obsolete()
    time.sleep(after)
    another.close_if_health_check_failed()
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [process])
        return bool(cursor.fetchone() == ("SELECT 1",))


def test_it_is_tried_once_it_has_lain_idle(another: base.DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not tried(another, after=0.1)
    monkeypatch.setattr(base, "FRESH", 0.05)
    assert tried(another, after=0.1)
