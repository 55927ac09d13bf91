"""The shopper's aids in a real browser: readable for everybody, and comparing and giving done by hand."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest
from django.test import Client

from backmarket.accounts.models import User
from catalog.models import Collection, CollectionItem, GiftItem, GiftList, GiftPromise
from catalog.services.alerts import ask_for_alert
from catalog.services.gifts import make_list, share_list, wish
from tests.browser.conftest import DESK, PHONE, Shop, Window
from tests.browser.test_pages import faults
from tests.factories import VariantFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def gift_list(shop: Shop, alice: User, now: datetime) -> GiftList:
    made = make_list(alice, name="Christmas", at=now, for_whom="Ida", occasion_date=now.date())
    wish(made, shop.listing.variant, "excellent", at=now, note="Any colour but this one, if there is one.")
    share_list(made)
    ask_for_alert(shop.listing.variant, "fair", user=alice, target=None, at=now)
    collection = Collection.objects.create(slug="gifts", title="Gifts", published_from=now - timedelta(days=900))
    CollectionItem.objects.create(collection=collection, product=shop.product, words="For Ida.")
    return made


def device(shop: Shop) -> str:
    return urlencode({"sku": shop.listing.variant.sku, "grade": "fair"})


def public(shop: Shop, gift_list: GiftList) -> list[str]:
    item = GiftItem.objects.get()
    return [
        "/collections/", "/collections/gifts/", "/compare/", "/compare/?v=IP12-128&v=IP12-256", "/compare/?q=iphone",
        "/recent/", "/recent/?seen=iphone-12", "/recent/", f"/alerts/new/?{device(shop)}",
        f"/lists/{gift_list.token}/", f"/lists/{gift_list.token}/give/{item.pk}/",
    ]  # fmt: skip


def own(shop: Shop, gift_list: GiftList) -> list[str]:
    page, item = f"/account/lists/{gift_list.pk}/", GiftItem.objects.get()
    return [
        "/account/lists/", page, f"{page}edit/", f"{page}delete/", f"/account/lists/items/{item.pk}/",
        f"/account/lists/add/?{device(shop)}", "/account/alerts/",
    ]  # fmt: skip


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk, dark"])
def test_every_page_is_readable(
    shop: Shop, gift_list: GiftList, alice: User, window: Window, size: Any, scheme: str
) -> None:
    page, found = window(size, color_scheme=scheme), {}
    for path in public(shop, gift_list):
        page.goto(path)
        if stumbled := faults(page):
            found[path] = stumbled
    sign_in(page, alice)
    for path in own(shop, gift_list):
        page.goto(path)
        assert page.url.endswith(path)  # not the door
        if stumbled := faults(page):
            found[path] = stumbled
    assert found == {}


def sign_in(page: Any, user: User) -> None:
    client = Client()
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": urljoin(page.url, "/")}
    page.context.add_cookies([cookie])


def box_of(place: Any) -> Any:
    return place.bounding_box()


def test_on_a_phone_two_devices_are_compared_and_the_address_is_shared(shop: Shop, window: Window) -> None:
    VariantFactory(product=shop.product, sku="IP12-512", label="512 GB", attributes={"storage_gb": 512})
    page = window(PHONE)
    page.goto("/compare/add/?v=IP12-128")
    page.get_by_label("Name of a device").fill("ifone 12")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="256 GB").click()
    table = page.get_by_role("region", name="Comparison")
    assert table.get_by_text("differs").count() >= 1
    assert table.evaluate("box => box.scrollWidth - box.clientWidth") <= 0  # two fit on a phone
    assert all(cell["width"] >= 100 for cell in map(box_of, table.locator("thead th").all()[1:]))
    page.goto(f"{page.url}&v=IP12-512")
    assert table.evaluate("box => box.scrollWidth - box.clientWidth") > 200
    name = table.locator("tbody th").first
    before = name.bounding_box()
    table.evaluate("box => { box.scrollLeft = 200 }")
    assert before == name.bounding_box()  # the names of the facts stay in view
    other = window(DESK)
    other.goto(page.url)
    assert other.locator("thead a").all_inner_texts() == ["Apple iPhone 12 Pro Max"] * 3


def test_without_scripts_a_giver_looks_and_takes_a_wish(
    shop: Shop, gift_list: GiftList, carol: User, window: Window
) -> None:
    page = window(PHONE, java_script_enabled=False)
    page.goto("/compare/")
    sign_in(page, carol)
    page.goto(f"/lists/{gift_list.token}/")
    page.get_by_role("link", name="I give this").click()
    page.get_by_role("button", name="Yes, I give it").click()
    assert page.get_by_text("You give this", exact=True).count() == 1
    assert GiftPromise.objects.get().giver == carol
