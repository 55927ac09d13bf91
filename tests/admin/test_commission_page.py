"""The commission at the desk: what holds today stands beside what comes, and the calendar has its words."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from backmarket.accounts.models import User
from refurbishers.models import CommissionTerm, Refurbisher
from tests.admin.rows import url

pytestmark = pytest.mark.django_db
TODAY = "today, the standard commission"


@pytest.fixture
def desk(olga: User, client_of: Callable[[User], Client], time_is: None) -> Client:
    return client_of(olga)


def term(plant: Refurbisher, at: datetime, begins: date, ends: date | None = None) -> None:
    CommissionTerm.objects.create(plant=plant, rate_bps=750, from_date=begins, to_date=ends, agreed_at=at)


def test_beside_a_term_to_come_stands_what_holds_today(plant: Refurbisher, desk: Client, now: datetime) -> None:
    assert "The standard commission of" in desk.get(url("desk", plant)).content.decode()
    term(plant, now, now.date() + timedelta(days=20))
    page = desk.get(url("desk", plant)).content.decode()
    assert (TODAY in page, "7.50%" in page, "10.00%" in page) == (True, True, True)
    assert "13 Dec 2026" in page


@pytest.mark.parametrize("days", [0, 1])
def test_the_standard_holds_only_outside_of_every_term(
    plant: Refurbisher, desk: Client, now: datetime, days: int
) -> None:
    term(plant, now, now.date() - timedelta(days=5), now.date() + timedelta(days=days))
    assert (TODAY in desk.get(url("desk", plant)).content.decode()) == (days == 0)


def test_the_calendar_of_a_form_has_its_words_before_it(plant: Refurbisher, desk: Client) -> None:
    page = desk.get(url("desk", plant, "step", "commission")).content.decode()
    words, shortcuts = page.index("/desk/jsi18n/"), page.index("DateTimeShortcuts")
    assert words < shortcuts
    assert "gettext" in desk.get("/desk/jsi18n/").content.decode()
    assert "/desk/jsi18n/" not in desk.get(url("desk", plant, "step", "move")).content.decode()
