"""Lists cost the same at 1 and 50 rows, and their exports run nothing in a spreadsheet."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backmarket.accounts.models import User
from backmarket.admin.dashboards import next_settlement
from backmarket.admin.exports import safe_cell
from backmarket.money import Money
from buyback.models import Bid
from catalog.models import Listing, Unit
from orders.models import Claim, Consignment, OrderLine
from refurbishers.models import Refurbisher
from tests.admin.rows import url
from tests.factories import BidFactory, ListingFactory, UnitFactory, UserFactory
from tests.reviews.deals import delivered_line

ClientOf = Callable[[User], Client]


def fill(plant: Refurbisher, at: datetime) -> None:
    listing = ListingFactory(plant=plant)
    UnitFactory(plant=plant, variant=listing.variant)
    BidFactory(plant=plant, variant=listing.variant)
    line = delivered_line(
        plant, UserFactory(), at, variant=listing.variant, identifier="", status="paid", shipped_at=None,
        delivered_at=None, due_at=at,
    )  # fmt: skip
    Claim.objects.create(
        line=line, plant=plant, status="awaiting_plant", issue="BATTERY", wish="REPAIR", description="-",
        opened_at=at, due_at=at + timedelta(days=1),
    )  # fmt: skip


@pytest.mark.parametrize("site", ["plant", "desk"])
@pytest.mark.parametrize("model", [Listing, Unit, Bid, OrderLine, Consignment, Claim])
def test_a_list_costs_the_same_at_1_and_at_many_rows(
    plant: Refurbisher, bob: User, olga: User, now: datetime, time_is: None, client_of: ClientOf, model: type, site: str
) -> None:
    client = client_of(bob if site == "plant" else olga)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url(site, model, "changelist")).status_code == 200
        return len(queries)

    fill(plant, now)
    cost()  # the first request of a process fills caches
    alone = cost()
    for _ in range(20):
        fill(plant, now)
    assert cost() == alone


def test_lines_stand_by_their_deadline_and_what_is_done_comes_last(
    plant: Refurbisher, bob: User, now: datetime, time_is: None, client_of: ClientOf
) -> None:
    hours: list[int | None] = [None, 5, 2]
    for due in hours:
        delivered_line(
            plant, UserFactory(), now, status="paid", shipped_at=None, delivered_at=None, identifier="",
            due_at=None if due is None else now + timedelta(hours=due),
        )  # fmt: skip
    listed = client_of(bob).get(url("plant", OrderLine, "changelist")).context["cl"].result_list
    assert [line.due_at for line in listed] == [now + timedelta(hours=2), now + timedelta(hours=5), None]


def test_the_dashboards_cost_the_same_however_much_waits(
    plant: Refurbisher, bob: User, now: datetime, time_is: None, client_of: ClientOf
) -> None:
    client = client_of(bob)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/plant/").status_code == 200
        return len(queries)

    for _ in range(6):
        fill(plant, now)
    cost()
    some = cost()
    for _ in range(6):
        fill(plant, now)
    assert cost() == some


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_numbers_stay_numbers_negative_ones_too() -> None:
    assert safe_cell(-5) == -5
    assert safe_cell(Money(-1_234, "EUR")) == Decimal("-12.34")
    assert safe_cell("plain") == "plain"


def test_an_export_writes_a_formula_in_a_comment_as_text(
    plant: Refurbisher, bob: User, time_is: None, client_of: ClientOf
) -> None:
    ListingFactory(plant=plant, comment='=HYPERLINK("https://evil.example")')
    text = client_of(bob).get(url("plant", Listing, "changelist") + "export/").getvalue().decode()
    assert "'=HYPERLINK" in text
    assert ",=HYPERLINK" not in text
    assert ',"=HYPERLINK' not in text


@pytest.mark.parametrize(
    ("today", "then"),
    [
        ("2026-11-05", "2026-11-06"),
        ("2026-11-06", "2026-11-16"),
        ("2026-11-26", "2026-12-06"),
        ("2026-12-31", "2027-01-06"),
    ],
)
def test_the_next_statement_is_on_the_next_6th_16th_or_26th(today: str, then: str) -> None:
    from datetime import date

    assert next_settlement(date.fromisoformat(today)) == date.fromisoformat(then)
