"""The audit trail is the queue: nothing lost, nothing twice."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from backmarket import wiring
from backmarket.events import services
from backmarket.events.models import Event, EventDelivery
from backmarket.events.selectors import timeline
from backmarket.payments.models import Payment

HANDLER = "tests.ground.test_events.note"
RAISING = "tests.ground.test_events.note_and_raise"


def note(event: Event) -> None:
    """A handler: leaves a trace in the database."""
    services.record("test.handled", event, by="system:test", at=event.happened_at)


def note_and_raise(event: Event) -> None:
    note(event)
    raise RuntimeError("the handler's own trouble")


@pytest.fixture
def payment(db: None, now: datetime) -> Payment:
    return Payment.objects.create(
        purpose="order", reference=uuid4(), amount_minor=1000, currency="EUR", gateway="sandbox", created_at=now
    )


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "WIRING", {"test.happened": [HANDLER], "test.broken": [RAISING]})


def handled() -> int:
    return Event.objects.filter(kind="test.handled").count()


def test_a_crash_between_publishing_and_queueing_loses_nothing_and_does_nothing_twice(
    wired: None, payment: Payment, now: datetime
) -> None:
    services.record("test.happened", payment, by="guest", at=now)
    services._publish_batch(timezone.now())  # the worker dies here: stamped, with deliveries, nothing queued
    assert (Event.objects.unpublished().count(), EventDelivery.objects.waiting().count()) == (0, 1)
    EventDelivery.objects.update(queued_at=timezone.now() - services.REQUEUE_AFTER - timedelta(seconds=1))
    (delivery_id,) = services._requeue_stale(timezone.now())
    assert services.deliver(delivery_id) is True
    assert services.deliver(delivery_id) is False  # the message came twice
    assert handled() == 1


def test_an_event_that_was_not_published_before_a_crash_is_published_by_the_beat(
    wired: None, payment: Payment, now: datetime
) -> None:
    services.record("test.happened", payment, by="guest", at=now)
    assert services.publish_pending() == 1
    assert services.publish_pending() == 0
    assert EventDelivery.objects.get().handler == HANDLER


def test_a_handler_that_raises_changes_nothing_and_its_failure_is_noted(
    wired: None, payment: Payment, now: datetime
) -> None:
    services.record("test.broken", payment, by="guest", at=now)
    services._publish_batch(timezone.now())
    delivery = EventDelivery.objects.get()
    with pytest.raises(RuntimeError):
        services.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (handled(), delivery.handled_at, delivery.attempts, delivery.last_error) == (0, None, 1, "RuntimeError")


def test_a_handler_that_keeps_failing_is_given_up_after_ten_attempts(
    wired: None, payment: Payment, now: datetime
) -> None:
    services.record("test.broken", payment, by="guest", at=now)
    services._publish_batch(timezone.now())
    long_ago = timezone.now() - timedelta(hours=1)
    EventDelivery.objects.update(attempts=services.MAX_ATTEMPTS, queued_at=long_ago)
    assert services._requeue_stale(timezone.now()) == []


def test_what_is_rolled_back_was_never_recorded(payment: Payment, now: datetime) -> None:
    with transaction.atomic():
        services.record("test.happened", payment, by="guest", at=now)
        transaction.set_rollback(True)
    assert Event.objects.count() == 0


def test_an_event_never_changes_and_never_goes(payment: Payment, now: datetime) -> None:
    event = services.record("test.happened", payment, by="guest", at=now)
    for change in (lambda: Event.objects.update(kind="other"), lambda: Event.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    event.refresh_from_db()
    assert event.kind == "test.happened"
    Event.objects.update(published_at=now)


def test_a_transaction_with_many_events_kicks_the_publisher_once(
    payment: Payment, now: datetime, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[operator]
        for _number in range(3):
            services.record("test.happened", payment, by="guest", at=now)
    assert len(callbacks) == 1


def test_a_timeline_tells_of_its_objects_alone_oldest_first(payment: Payment, now: datetime) -> None:
    services.record("test.one", payment, by="guest", at=now)
    event = services.record("test.two", payment, by="guest", at=now)
    services.record("test.other", event, by="guest", at=now)
    assert [row.kind for row in timeline(payment)] == ["test.one", "test.two"]
