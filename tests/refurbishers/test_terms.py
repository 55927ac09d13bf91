"""What the house takes, by days: agreed ahead, told in writing, frozen on what was sold."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from refurbishers.models import CommissionTerm, Refurbisher
from refurbishers.selectors import commission_of
from refurbishers.services.terms import CannotAgree, agree_commission, withdraw_commission
from tests.factories import UserFactory

TODAY = date(2026, 11, 23)
SOON, LATER = TODAY + timedelta(days=1), TODAY + timedelta(days=30)


def rates(plant: Refurbisher, *days: date) -> list[int]:
    return [commission_of(plant, day) for day in days]


def agree(plant: Refurbisher, now: datetime, **terms: Any) -> CommissionTerm:
    return agree_commission(plant, by="system:test", at=now, **terms)


def test_a_term_holds_from_its_day_on_and_the_standard_one_around_it(plant: Refurbisher, now: datetime) -> None:
    agree(plant, now, rate_bps=800, from_date=SOON, to_date=LATER)
    assert rates(plant, TODAY, SOON, LATER - timedelta(days=1), LATER) == [1000, 800, 800, 1000]


def test_a_new_term_ends_the_one_that_runs_and_taken_back_lets_it_go_on(plant: Refurbisher, now: datetime) -> None:
    agree(plant, now, rate_bps=800, from_date=SOON)
    agree(plant, now, rate_bps=700, from_date=LATER)
    assert rates(plant, SOON, LATER) == [800, 700]
    withdraw_commission(plant, by="system:test", at=now + timedelta(days=2))
    assert rates(plant, SOON, LATER) == [800, 800]
    with pytest.raises(CannotAgree, match="No commission is agreed for later"):
        withdraw_commission(plant, by="system:test", at=now + timedelta(days=2))


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"rate_bps": 800, "from_date": TODAY}, "from_date"),
        ({"rate_bps": 1200, "from_date": TODAY + timedelta(days=14)}, "from_date"),
        ({"rate_bps": 800, "from_date": SOON, "to_date": SOON}, "to_date"),
        ({"rate_bps": 10_001, "from_date": LATER}, "rate"),
        ({"rate_bps": 800, "from_date": SOON, "to_date": LATER + timedelta(days=1)}, "to_date"),
    ],
)
def test_what_cannot_be_agreed_changes_nothing(
    plant: Refurbisher, now: datetime, terms: dict[str, Any], field: str
) -> None:
    agree(plant, now, rate_bps=900, from_date=LATER)
    with pytest.raises(CannotAgree) as refused:
        agree(plant, now, **terms)
    assert refused.value.field == field
    assert list(CommissionTerm.objects.values_list("rate_bps", "from_date", "to_date")) == [(900, LATER, None)]


def test_a_dearer_one_is_told_fifteen_days_ahead(plant: Refurbisher, now: datetime) -> None:
    agree(plant, now, rate_bps=1200, from_date=TODAY + timedelta(days=15))
    assert rates(plant, TODAY + timedelta(days=14), TODAY + timedelta(days=15)) == [1000, 1200]


@pytest.mark.parametrize(
    "row",
    [
        {"rate_bps": 500, "from_date": SOON, "to_date": None},
        {"rate_bps": 500, "from_date": TODAY, "to_date": SOON + timedelta(days=1)},
        {"rate_bps": 10_001, "from_date": TODAY, "to_date": SOON},
        {"rate_bps": 500, "from_date": TODAY, "to_date": TODAY},
    ],
)
def test_the_database_holds_one_commission_a_day(plant: Refurbisher, now: datetime, row: dict[str, Any]) -> None:
    agree(plant, now, rate_bps=800, from_date=SOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        CommissionTerm.objects.create(plant=plant, agreed_at=now, **row)


def test_finance_agrees_one_at_the_desk_and_the_owners_are_told(
    plant: Refurbisher, bob: User, drain: Callable[[], None], client_of: Callable[[User], Client], fiona: User
) -> None:
    desk, page = client_of(fiona), f"/desk/refurbishers/refurbisher/{plant.pk}"
    assert desk.get(f"{page}/change/").status_code == 200
    day = date.today() + timedelta(days=20)  # noqa: DTZ011 - a form of today
    refused = desk.post(f"{page}/do/commission/", {"rate": "12.5", "from_date": "2020-01-01", "to_date": ""})
    assert "Begin tomorrow at the earliest" in refused.content.decode()
    desk.post(f"{page}/do/commission/", {"rate": "12.5", "from_date": str(day), "to_date": ""})
    assert list(plant.commission_terms.values_list("rate_bps", "from_date")) == [(1250, day)]
    drain()
    told = Notification.objects.get(template="plant_commission")
    assert told.recipient == bob.email
    assert "12.50%" in told.text
    assert "12.50%" in told.html
    assert "12.5" in client_of(bob).get(f"/plant/refurbishers/refurbisher/{plant.pk}/change/").content.decode()


@pytest.fixture
def fiona(db: None) -> User:
    """Finance."""
    from django.contrib.auth.models import Group
    from django.core.management import call_command

    call_command("sync_roles", verbosity=0)
    user = UserFactory(email="fiona@backmarket.example", is_staff=True)
    user.groups.add(Group.objects.get(name="finance"))
    return user


def test_support_agrees_nothing(plant: Refurbisher, sam: User, client_of: Callable[[User], Client]) -> None:
    page = f"/desk/refurbishers/refurbisher/{plant.pk}/do/commission/"
    assert client_of(sam).post(page, {"rate": "1", "from_date": "2030-01-01"}).status_code in (403, 404)
    assert not CommissionTerm.objects.exists()
