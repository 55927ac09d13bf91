"""Packing with a hand scanner, on a wide screen and on a telephone: numbers find their devices, Enter sends nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, expect

from backmarket.accounts.models import User
from catalog.models import Category, Unit
from orders.models import Consignment, OrderLine
from refurbishers.models import Refurbisher
from tests.browser.conftest import DESK, PHONE, Window
from tests.factories import CategoryFactory, UnitFactory, UserFactory, VariantFactory, imei
from tests.reviews.deals import delivered_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ERASED = {"erasure_standard": "NIST SP 800-88 Purge", "erasure_tool": "Blancco 7.4"}


@pytest.fixture
def parcel(transactional_db: None, plant: Refurbisher, now: datetime) -> Consignment:
    """A telephone and a laptop of one order, both accepted; of each, one tested device is on the shelf."""
    phone = VariantFactory()
    laptop = VariantFactory(product__category=CategoryFactory(slug="laptops", identifier=Category.Identifier.SERIAL))
    waiting: dict[str, Any] = {
        "identifier": "", "status": "accepted", "shipped_at": None, "delivered_at": None,
        "due_at": now + timedelta(hours=5),
    }  # fmt: skip
    buyer = UserFactory()
    first = delivered_line(plant, buyer, now, variant=phone, **waiting)
    other = delivered_line(plant, buyer, now, variant=laptop, **waiting)
    OrderLine.objects.filter(pk=other.pk).update(order=first.order, consignment=first.consignment)
    tested = {
        "plant": plant, "status": "ready", "grade": first.grade, "tested_at": now, "erased_at": now, "erased_by": buyer,
        **ERASED,
    }  # fmt: skip
    UnitFactory(variant=phone, identifier=imei(), **tested)
    UnitFactory(variant=laptop, identifier="C02XG0AAJGH5", **tested | {"grade": other.grade})
    return first.consignment


@pytest.fixture
def packing(
    parcel: Consignment, bob: User, window: Window, client_of: Callable[[User], Client], live_server: Any
) -> Callable[..., Page]:
    cookie = client_of(bob).cookies["sessionid"].value

    def open_page(size: dict[str, int], **options: Any) -> Page:
        page = window(size, **options)
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto(f"/plant/orders/consignment/{parcel.pk}/do/ship/")
        return page

    return open_page


def scanned(page: Page, text: str) -> str:
    """The scanner types and presses Enter; returns what the page says."""
    expect(page.locator("#scan-code")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    return page.locator("[data-told]").inner_text()


def field(page: Page, kind: str) -> Any:
    return page.locator(f"input[data-number={kind}]")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_each_number_finds_its_device_and_the_parcel_leaves(
    packing: Callable[..., Page], parcel: Consignment, size: dict[str, int]
) -> None:
    page, number = packing(size), Unit.objects.get(identifier__startswith="35").identifier
    assert "Serial number of" in scanned(page, "c02xg0aajgh5")
    assert "is entered already" in scanned(page, "C02XG0AAJGH5")
    assert "IMEI of" in scanned(page, f"{number[:2]}-{number[2:]}")
    expect(field(page, "serial")).to_have_value("C02XG0AAJGH5")
    expect(field(page, "imei")).to_have_value(number)
    assert "every device has its number already" in scanned(page, imei())
    assert "the courier's number" in scanned(page, "6A12345678901")
    assert OrderLine.objects.filter(status="shipped").count() == 0

    page.select_option("[name=courier]", "colissimo")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/change/")
    parcel.refresh_from_db()
    assert (parcel.parcel.courier, parcel.parcel.tracking_number) == ("colissimo", "6A12345678901")
    assert set(parcel.lines.values_list("status", "identifier")) == {("shipped", number), ("shipped", "C02XG0AAJGH5")}
    assert set(Unit.objects.values_list("status", flat=True)) == {"sold"}


def test_enter_in_a_field_goes_on_to_the_next_and_sends_nothing(packing: Callable[..., Page]) -> None:
    page = packing(DESK)
    field(page, "imei").fill(imei())
    field(page, "imei").press("Enter")
    expect(field(page, "serial")).to_be_focused()
    assert OrderLine.objects.filter(status="shipped").count() == 0


def test_a_device_of_another_parcel_is_not_entered(packing: Callable[..., Page], plant: Refurbisher) -> None:
    page = packing(DESK)
    scanned(page, Unit.objects.get(identifier__startswith="35").identifier)
    assert "another device than those of this parcel" in scanned(page, imei())


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_has_no_barrier(packing: Callable[..., Page], size: dict[str, int]) -> None:
    page = packing(size)
    assert (
        Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}).response["violations"] == []
    )
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
