"""The books are compared each night and when finance asks; what differs is shown and told, and mended by nobody."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.payments.models import Payment, Reconciliation
from backmarket.reconciling import reconcile_books
from tests.admin.rows import url

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def astray(now: datetime) -> Payment:
    """Captured, says its row; the ledger knows nothing of it, and the provider neither."""
    return Payment.objects.create(
        purpose="order", reference="00000000-0000-0000-0000-000000000001", status="captured", amount_minor=12_345,
        currency="EUR", gateway="sandbox", gateway_id="pay_x", created_at=now, captured_at=now,
    )  # fmt: skip


def test_a_night_without_differences_is_kept_and_told_nobody(
    fiona: User, now: datetime, drain: Callable[[], None]
) -> None:
    assert reconcile_books(now) == 0
    drain()
    night = Reconciliation.objects.get()
    assert (night.finished_at, night.count, night.differences) == (now, 0, [])
    assert not Notification.objects.exists()


def test_what_differs_is_told_to_finance_and_stays_as_it_is(
    fiona: User, sam: User, astray: Payment, now: datetime, client_of: ClientOf, drain: Callable[[], None]
) -> None:
    assert reconcile_books(now) == 2
    drain()
    told = Notification.objects.get()
    assert (told.template, told.recipient) == ("books_differ", fiona.email)
    night = Reconciliation.objects.get()
    assert [each["check"] for each in night.differences] == ["captures", "gateway_silent"]
    page = client_of(fiona).get(url("desk", night)).content.decode()
    assert f"capture:{astray.pk}" in page
    assert "€123.45" in page
    astray.refresh_from_db()
    assert (astray.status, astray.amount_minor) == ("captured", 12_345)
    assert client_of(sam).get(url("desk", night)).status_code == 403


def test_finance_has_them_compared_now(
    fiona: User, time_is: None, now: datetime, client_of: ClientOf, drain: Callable[[], None]
) -> None:
    desk, begin = client_of(fiona), url("desk", Reconciliation, "add")
    assert begin in desk.get(url("desk", Reconciliation, "changelist")).content.decode()
    assert "Compare now" in desk.get(begin).content.decode()
    assert "under way" in desk.post(begin, follow=True).content.decode()
    begun = Reconciliation.objects.get()
    assert begun.finished_at is None
    reconcile_books(now)
    assert "agrees" in desk.get(url("desk", begun)).content.decode()
    assert Reconciliation.objects.count() == 1
