from datetime import datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from backmarket.money import Money
from backmarket.payments.models import LedgerEntry, LedgerMovement
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services import UnbalancedMovement, book
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db


def test_a_movement_is_booked_once_per_key(now: datetime) -> None:
    entries = [("plant", "p1", eur(-500)), ("consumer", "c1", eur(500))]
    first = book("trade:1", kind="trade", reference=uuid4(), entries=entries, at=now)
    second = book("trade:1", kind="trade", reference=uuid4(), entries=entries, at=now)
    assert first.pk == second.pk
    assert LedgerEntry.objects.count() == 2


def test_entries_that_do_not_sum_to_zero_are_refused_before_the_database(now: datetime) -> None:
    with pytest.raises(UnbalancedMovement):
        book("x", kind="x", reference=uuid4(), entries=[("bank", "", eur(1))], at=now)
    mixed = [("bank", "", eur(1)), ("gateway", "", Money(-1, "USD"))]
    with pytest.raises(UnbalancedMovement):
        book("x", kind="x", reference=uuid4(), entries=mixed, at=now)
    assert LedgerMovement.objects.count() == 0


def write_unbalanced(at: datetime) -> None:
    with transaction.atomic():
        movement = LedgerMovement.objects.create(key="x", kind="x", reference=uuid4(), happened_at=at)
        LedgerEntry.objects.create(movement=movement, account="bank", amount_minor=1, currency="EUR")
        connection.check_constraints()  # what a commit does


def test_the_database_refuses_an_unbalanced_movement_itself(now: datetime) -> None:
    with pytest.raises(DatabaseError, match="does not sum to zero"):
        write_unbalanced(now)
    assert LedgerMovement.objects.count() == 0


def test_the_ledger_is_append_only(now: datetime) -> None:
    book("x", kind="x", reference=uuid4(), entries=[("bank", "", eur(1)), ("gateway", "", eur(-1))], at=now)
    for rows in (LedgerEntry.objects.all(), LedgerMovement.objects.all()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows._raw_delete("default")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.update(amount_minor=2)


def test_entries_of_nothing_are_left_out(now: datetime) -> None:
    entries = [("buyer", "", eur(-10)), ("plant", "p1", eur(10)), ("commission", "", eur(0))]
    book("sale:1", kind="sale", reference=uuid4(), entries=entries, at=now)
    assert LedgerEntry.objects.count() == 2


def test_a_balance_is_one_partys_in_one_currency(now: datetime) -> None:
    entries = [("plant", "p1", eur(10)), ("plant", "p2", eur(20)), ("buyer", "", eur(-30))]
    book("a", kind="sale", reference=uuid4(), entries=entries, at=now)
    assert (balance("plant", "p1"), balance("plant", None), balance("plant", "p3")) == (eur(10), eur(30), eur(0))
    assert balance("plant", "p1", "USD") == Money(0, "USD")
    assert ledger_sum() == {"EUR": 0}
