from datetime import datetime
from uuid import uuid4

import pytest

from backmarket.events.models import Event
from backmarket.payments.models import Payment
from backmarket.states import IllegalMove, move

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(now: datetime) -> Payment:
    return Payment.objects.create(
        purpose="order", reference=uuid4(), amount_minor=1000, currency="EUR", gateway="sandbox", created_at=now
    )


def test_a_move_changes_the_row_its_stamp_its_facts_and_records_one_event(payment: Payment, now: datetime) -> None:
    move(payment, "failed", by="gateway:sandbox", at=now, data={"x": 1}, failure="declined")
    assert (payment.status, payment.failed_at, payment.failure) == ("failed", now, "declined")
    payment.refresh_from_db()
    assert (payment.status, payment.failed_at, payment.failure) == ("failed", now, "declined")
    event = Event.objects.get()
    assert (event.kind, event.actor, event.data, event.happened_at) == (
        "payment.failed",
        "gateway:sandbox",
        {"x": 1},
        now,
    )


def test_an_illegal_move_changes_nothing_and_records_nothing(payment: Payment, now: datetime) -> None:
    move(payment, "failed", by="x", at=now)
    with pytest.raises(IllegalMove):
        move(payment, "captured", by="x", at=now, failure="overwritten")
    payment.refresh_from_db()
    assert (payment.status, payment.failure, payment.captured_at) == ("failed", "", None)
    assert Event.objects.count() == 1


def test_the_status_in_the_database_counts_not_the_one_in_memory(payment: Payment, now: datetime) -> None:
    stale = Payment.objects.get(pk=payment.pk)
    move(payment, "cancelled", by="x", at=now)
    with pytest.raises(IllegalMove):
        move(stale, "captured", by="y", at=now)
    assert stale.status == "pending"
    payment.refresh_from_db()
    assert payment.status == "cancelled"
