"""Several hands at once: real threads, each with a database connection of its own."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import DatabaseError, connection, transaction

from backmarket.errors import DomainError

PATIENCE = 90


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call returned, or the refusal or database error it raised, all let go at the same moment."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait(timeout=PATIENCE)
        return _outcome(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def meanwhile(first: Callable[[], Any], second: Callable[[], Any], then: Callable[[], Any] | None = None) -> Any:
    """What became of `second`, which ran into the locks of `first` before that had committed.

    `then` goes on in the transaction of `first` while `second` waits.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            waiting = pool.submit(_outcome, second)
            until_blocked()
            if then is not None:
                then()
        return waiting.result(timeout=PATIENCE)


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (DomainError, DatabaseError) as error:
        return error
    finally:
        connection.close()


def until_blocked() -> None:
    """Returns once another connection of this database waits for a lock."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _try in range(PATIENCE * 50):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(sql)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits: the two do not race for any row")
