"""Two invoices at once, one of them rolled back: the numbers stay 1, 2, 3.

Protected by the lock of the series' row; the control takes it away, and the second one takes a number that is taken.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from backmarket.invoices import services
from backmarket.invoices.models import Invoice
from backmarket.invoices.services import issue_invoice
from tests.ground.test_invoices import draft
from tests.races.together import PATIENCE, at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
BY = "system:test"


class Lost(IntegrityError):
    """Whatever else goes wrong after the number was taken."""


def issue(key: str, at: datetime) -> int:
    return issue_invoice(draft(key, at), by=BY).number


def roll_back(key: str, at: datetime) -> None:
    with transaction.atomic():
        issue(key, at)
        raise Lost


def numbers() -> list[int]:
    return list(Invoice.objects.order_by("number").values_list("number", flat=True))


def test_many_at_once_leave_no_gap_though_some_are_rolled_back(now: datetime) -> None:
    issue("first", now)
    calls: list[Callable[[], Any]] = [partial(issue, f"i{n}", now) for n in range(6)]
    calls += [partial(roll_back, f"r{n}", now) for n in range(6)]
    outcomes = at_once(calls)
    assert sorted(outcome for outcome in outcomes if isinstance(outcome, int)) == [2, 3, 4, 5, 6, 7]
    assert sum(isinstance(outcome, Lost) for outcome in outcomes) == 6
    assert numbers() == [1, 2, 3, 4, 5, 6, 7]


def test_the_first_of_a_series_is_written_once(now: datetime) -> None:
    assert sorted(at_once([partial(issue, f"i{n}", now) for n in range(4)])) == [1, 2, 3, 4]


def test_the_second_waits_for_the_first_to_commit(now: datetime) -> None:
    assert meanwhile(partial(issue, "a", now), partial(issue, "b", now)) == 2
    assert numbers() == [1, 2]


def test_one_cause_at_once_is_one_invoice(now: datetime) -> None:
    assert at_once([partial(issue, "same", now) for _hand in range(4)]) == [1, 1, 1, 1]
    assert numbers() == [1]


def test_without_the_lock_two_take_the_same_number(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    issue("first", now)
    looked = Barrier(2)

    def unlocked(rows: models.QuerySet[Any]) -> list[Any]:
        found = list(rows)
        looked.wait(timeout=PATIENCE)
        return found

    monkeypatch.setattr(services, "lock", unlocked)
    outcomes = at_once([partial(issue, "a", now), partial(issue, "b", now)])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IntegrityError", "int"]
