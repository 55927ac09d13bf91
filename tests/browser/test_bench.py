"""The bench on a tablet: a hand scanner opens a trade, and a sheet saves by itself, with a script and without one."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from backmarket import timetravel
from backmarket.accounts.models import User
from buyback.models import Inspection, SheetDraft, Trade
from refurbishers.models import Refurbisher
from tests.admin.rows import url
from tests.browser.conftest import Window
from tests.buyback import steps

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLET = {"width": 820, "height": 1180}


@pytest.fixture
def trade(transactional_db: None, plant: Refurbisher, carol: User, now: datetime, settings: Any) -> Trade:
    timetravel.travel_to(now)
    return steps.received(plant, carol, now)


@pytest.fixture
def bench(
    trade: Trade, bob: User, window: Window, client_of: Callable[[User], Client], live_server: Any
) -> Callable[..., Page]:
    """A tablet on which bob is logged in."""
    cookie = client_of(bob).cookies["sessionid"].value

    def opened(**options: Any) -> Page:
        page = window(TABLET, **options)
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return page

    return opened


def test_what_a_hand_scanner_types_opens_the_trade(trade: Trade, bench: Callable[..., Page]) -> None:
    page = bench()
    page.goto("/plant/buyback/trade/arrivals/")
    expect(page.get_by_label("Scan or type a code")).to_be_focused()
    page.keyboard.type("NOSUCH123")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No trade of your plant has this code.")
    page.keyboard.type(trade.identifier)  # the wrong code is selected, so it is typed over
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{url('plant', trade)}")


def test_a_sheet_counts_and_saves_by_itself(trade: Trade, bench: Callable[..., Page]) -> None:
    page = bench()
    page.goto(url("plant", trade, "step", "inspect"))
    page.locator("input[name=imei][value=pass]").check()
    expect(page.locator("[data-state]")).to_contain_text("Saved")
    expect(page.locator("[data-count=identity]")).to_have_text("1/5")
    assert SheetDraft.objects.get().sheet == {"imei": "pass"}
    page.get_by_role("button", name="Hand in the sheet").click()
    expect(page.locator("input[name=model]").first).to_be_focused()
    expect(page.locator("input[name=imei][value=pass]")).to_be_checked()


def test_a_chosen_file_writes_into_no_other_field_and_fails_nowhere(
    trade: Trade, bench: Callable[..., Page], tmp_path: Path
) -> None:
    page, failures = bench(), list[str]()
    page.on("pageerror", lambda error: failures.append(str(error)))
    (tmp_path / "seen.jpg").write_bytes(b"a picture")
    page.goto(url("plant", trade, "step", "message"))
    page.locator("input[name=photos]").set_input_files(tmp_path / "seen.jpg")
    assert page.locator("input[name=photos]").evaluate("input => input.files.length") == 1
    assert failures == []


def test_without_a_script_a_sheet_is_filled_in_kept_and_handed_in(trade: Trade, bench: Callable[..., Page]) -> None:
    page = bench(java_script_enabled=False)
    page.goto(url("plant", trade, "step", "inspect"))
    page.locator("input[name=imei][value=pass]").check()
    page.get_by_role("button", name="Keep for later").last.click()
    expect(page.locator("body")).to_contain_text("kept by Bob Durand")
    for code, value in steps.sheet().items():
        field = page.locator(f"input[name={code}]")
        field.fill(str(value)) if isinstance(value, int) else page.locator(f"input[name={code}][value={value}]").check()
    page.get_by_role("button", name="Hand in the sheet").click()
    page.wait_for_url(f"**{url('plant', trade)}")
    assert Inspection.objects.get().trade == trade
