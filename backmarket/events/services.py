"""Record what happened, publish it to its handlers, and run each handler exactly once."""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.cache import cache
from django.db import models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from backmarket.db import Change, insert_together, insertion, now_there
from backmarket.events.models import Event, EventDelivery
from backmarket.prepared import execute

if TYPE_CHECKING:
    from backmarket.accounts.models import User

Actor: TypeAlias = "User | str"

logger = logging.getLogger(__name__)

BATCH = 200
# Thousands of rows through the ORM take seconds, as each value of each row is prepared by itself.
INSERT_MANY = """
    INSERT INTO events_event (kind, actor, happened_at, recorded_at, subject_type, subject_id, data)
    SELECT %s, %s, %s, %s, told.subject ->> 0, told.subject ->> 1, told.subject -> 2
    FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS told (subject, place)
    ORDER BY told.place
"""
WRITE_AND_RECORD = """
    WITH {besides}written AS ({write} RETURNING "{table}"."{key}"::text AS subject)
    INSERT INTO events_event (kind, actor, happened_at, recorded_at, subject_type, subject_id, data)
    SELECT %s, %s, %s, %s, %s, subject, %s::jsonb FROM written ORDER BY subject
"""
# A delivery that is not done after this long is queued again: its message was lost, or its handler failed.
REQUEUE_AFTER = timedelta(seconds=30)
MAX_ATTEMPTS = 10
# The key of the approval under which is done what is being recorded: two people stand behind it.
AGREED: ContextVar[str] = ContextVar("agreed", default="")
# That the publisher has been woken. A message that was lost is sent again by whoever comes after so many seconds.
WOKEN, WOKEN_SECONDS = "events:woken", 2


def actor_code(by: Actor) -> str:
    """ "user:<id>" for a person, else the code itself: "system:<job>", "guest", "gateway:<name>", "courier:<name>"."""
    return by if isinstance(by, str) else f"user:{by.pk}"


def record(kind: str, subject: models.Model, *, by: Actor, at: datetime, data: dict[str, Any] | None = None) -> Event:
    """Insert an event in the caller's transaction; it is published once that commits. `agreed` adds its approval."""
    if approval := AGREED.get():
        data = {**(data or {}), "approval": approval}
    event = _event(kind, subject, by=by, at=at, data=data)
    event.save(force_insert=True)
    _publish_on_commit()
    return event


@contextmanager
def agreed(approval: models.Model) -> Iterator[None]:
    """Every event of `record` inside says which approval it is done under."""
    token = AGREED.set(str(approval.pk))
    try:
        yield
    finally:
        AGREED.reset(token)


def record_with(
    *tables: Sequence[models.Model],
    kind: str,
    subject: models.Model,
    by: Actor,
    at: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    """Insert the rows of several tables and the event that tells of them, by one statement (db.insert_together)."""
    insert_together(*tables, [_event(kind, subject, by=by, at=at, data=data)])
    _publish_on_commit()


def _event(kind: str, subject: models.Model, *, by: Actor, at: datetime, data: dict[str, Any] | None = None) -> Event:
    return Event(
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        actor=actor_code(by),
        data=data or {},
        happened_at=at,
    )


def change_and_record(
    change: Change,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    data: dict[str, Any] | None = None,
    besides: Change | None = None,
) -> int:
    """Make a change and insert an event for each of its rows, by one statement; how many there were. `besides`:
    another, by the same statement, without a word."""
    first = besides.statement() if besides else None
    return _written_and_recorded(change.model, change.statement(), kind, by=by, at=at, data=data, besides=first)


def insert_and_record(
    row: models.Model, kind: str, *, by: Actor, at: datetime, data: dict[str, Any] | None = None
) -> bool:
    """Insert a row whose key is known, and its event; False, and nothing, where a unique constraint refuses the row."""
    written = insertion([row], unless_there=True)
    is_new = bool(_written_and_recorded(type(row), written, kind, by=by, at=at, data=data))
    if is_new:
        now_there([row])
    return is_new


def _written_and_recorded(
    model: type[models.Model],
    written: tuple[str, Sequence[Any]],
    kind: str,
    *,
    by: Actor,
    at: datetime,
    data: dict[str, Any] | None,
    besides: tuple[str, Sequence[Any]] | None = None,
) -> int:
    meta, first, before = model._meta, "", ()
    if besides:
        first, before = f"besides AS ({besides[0]}), ", tuple(besides[1])
    statement = WRITE_AND_RECORD.format(besides=first, write=written[0], table=meta.db_table, key=meta.pk.column)
    facts = [kind, actor_code(by), at, timezone.now(), meta.label_lower, json.dumps(data or {})]
    with transaction.get_connection().cursor() as cursor:
        execute(cursor, statement, [*before, *written[1], *facts])
        found: int = cursor.rowcount
    if found:
        _publish_on_commit()
    return found


def record_many(kind: str, subjects: Iterable[tuple[models.Model, dict[str, Any]]], *, by: Actor, at: datetime) -> None:
    """As `record`, for many subjects in one statement, each with its data; in their order."""
    rows = [[subject._meta.label_lower, str(subject.pk), data] for subject, data in subjects]
    if rows:
        with transaction.get_connection().cursor() as cursor:
            cursor.execute(INSERT_MANY, [kind, actor_code(by), at, timezone.now(), json.dumps(rows)])
        _publish_on_commit()


def _publish_on_commit() -> None:
    """One message per transaction is enough: the publisher takes all that waits."""
    connection = transaction.get_connection()
    if not any(hook[1] is _kick for hook in connection.run_on_commit):
        transaction.on_commit(_kick, robust=True)


def _kick() -> None:
    """Wake the publisher, unless it has been woken and has not begun yet: it will see this transaction's events too."""
    from backmarket.events.tasks import publish

    if cache.add(WOKEN, True, timeout=WOKEN_SECONDS):
        publish.delay()


def publish_woken() -> None:
    """What the message does: first of all whoever commits from now on has to wake the publisher again."""
    cache.delete(WOKEN)
    publish_pending()


def publish_pending(at: datetime | None = None) -> int:
    """Queue every unpublished event to its handlers and every stale delivery again; returns how many deliveries.

    A crash after the commit and before the queue leaves deliveries behind; the next call queues them again.
    The queue's own clock is the real one, so that travelling in time (`at`) loses nothing.
    """
    queued = 0
    while batch := _publish_batch(timezone.now()):
        queued += _enqueue(batch)
    return queued + _enqueue(_requeue_stale(timezone.now()))


def _publish_batch(now: datetime) -> list[int] | None:
    from backmarket.wiring import handlers_of

    with transaction.atomic():
        events = list(Event.objects.unpublished().select_for_update(skip_locked=True)[:BATCH])
        if not events:
            return None
        deliveries = EventDelivery.objects.bulk_create(
            EventDelivery(event=event, handler=handler, queued_at=now)
            for event in events
            for handler in handlers_of(event.kind)
        )
        Event.objects.filter(pk__in=[event.pk for event in events]).update(published_at=now)
    return [delivery.pk for delivery in deliveries]


def _requeue_stale(now: datetime) -> list[int]:
    stale = EventDelivery.objects.stale(now - REQUEUE_AFTER).filter(attempts__lt=MAX_ATTEMPTS)
    with transaction.atomic():
        ids = list(stale.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        EventDelivery.objects.filter(pk__in=ids).update(queued_at=now)
    return ids


def _enqueue(delivery_ids: list[int]) -> int:
    from backmarket.events.tasks import deliver as task

    for delivery_id in delivery_ids:
        task.delay(delivery_id)
    return len(delivery_ids)


def deliver(delivery_id: int) -> bool:
    """Run one handler in the transaction that marks it done; False when another worker has it or had it.

    A handler that raises changes nothing; the failure is noted on the delivery and raised again.
    """
    try:
        with transaction.atomic():
            waiting = EventDelivery.objects.waiting().select_for_update(skip_locked=True, of=("self",))
            delivery = waiting.select_related("event").filter(pk=delivery_id).first()
            if delivery is None:
                return False
            import_string(delivery.handler)(delivery.event)
            delivery.handled_at = timezone.now()
            delivery.attempts += 1
            delivery.save(update_fields=["handled_at", "attempts"])
    except Exception as error:
        EventDelivery.objects.filter(pk=delivery_id).update(
            attempts=models.F("attempts") + 1, last_error=type(error).__name__
        )
        raise
    return True
