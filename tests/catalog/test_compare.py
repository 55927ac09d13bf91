"""Comparing up to four variants: the address holds them, and a fifth is refused with words."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Variant
from catalog.selectors.compare import comparison
from tests.factories import CategoryFactory, ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db


def variants(count: int, **facts: object) -> list[Variant]:
    return [ListingFactory(variant=VariantFactory(sku=f"SKU-{n}", **facts), price_minor=20000 + n).variant
            for n in range(count)]  # fmt: skip


def address(*skus: str) -> str:
    return reverse("compare") + "?" + "&".join(f"v={sku}" for sku in skus)


def test_it_shows_what_the_category_declares_and_marks_what_differs(client: Client) -> None:
    small = VariantFactory(sku="S", attributes={"storage_gb": 128, "colour": "Black"})
    VariantFactory(sku="L", attributes={"storage_gb": 1000, "colour": "Black"}, product=small.product)
    ListingFactory(variant=small, price_minor=25000, guarantee_months=24)
    ListingFactory(variant=small, price_minor=20000, grade="fair")
    shown = comparison(["S", "L"])
    assert [(row.label, row.values, row.differs) for row in shown.rows] == [
        ("Storage", ["128 GB", "1 TB"], True),
        ("Colour", ["Black", "Black"], False),
        ("Released", ["2020", "2020"], False),
        ("Guarantee", ["12 to 24 months", "–"], True),
        ("CO2e avoided", ["49 kg over 2 years"] * 2, False),
    ]
    page = client.get(address("S", "L")).content.decode()
    assert "from <strong>€200</strong>" in page
    assert "Sold out" in page
    assert page.count(">differs<") == 2
    alike = client.get(address("S", "L") + "&only=1").content.decode()
    assert ">Colour<" not in alike
    assert ">Storage" in alike


def test_devices_of_two_categories_show_the_facts_of_both(client: Client) -> None:
    screen = CategoryFactory(slug="monitors", attributes=[{"key": "panel", "label": "Panel", "unit": ""}], impact={})
    phone = VariantFactory(sku="P", attributes={"storage_gb": 64})
    monitor = VariantFactory(sku="M", attributes={"panel": "IPS"}, product=ProductFactory(category=screen))
    rows = {row.label: row.values for row in comparison([phone.sku, monitor.sku]).rows}
    assert (rows["Storage"], rows["Panel"]) == (["64 GB", "–"], ["–", "IPS"])
    assert rows["CO2e avoided"] == ["49 kg over 2 years", "–"]


def test_a_fifth_is_refused_with_words(client: Client) -> None:
    variants(5)
    page = client.get(address(*(f"SKU-{n}" for n in range(5)))).content.decode()
    assert page.count('<th scope="col">') == 1 + 4
    assert "has no room here: 4 devices are the most" in page
    assert "Add a device" not in page


def test_each_has_a_link_that_leaves_the_others(client: Client) -> None:
    variants(3)
    page = client.get(address("SKU-0", "SKU-1", "SKU-2")).content.decode()
    assert 'href="/compare/?v=SKU-0&amp;v=SKU-2"' in page


def test_what_nobody_knows_and_what_is_named_twice_is_passed_over(client: Client) -> None:
    variants(2)
    shown = comparison(["SKU-1", "nothing", "SKU-1", "SKU-0", ""])
    assert shown.skus == ["SKU-1", "SKU-0"]
    assert client.get(address("nothing")).status_code == 200
    assert "Nothing to compare yet" in client.get("/compare/").content.decode()


def test_a_link_on_a_devices_page_adds_to_what_was_compared_last(client: Client) -> None:
    variants(6)
    add = reverse("compare-add")
    assert client.get(f"{add}?v=SKU-0")["Location"] == "/compare/?v=SKU-0"
    for number in range(5):
        page = client.get(f"{add}?v=SKU-{number}", follow=True)
    assert "Variant" not in page.content.decode()
    assert "has no room here" in page.content.decode()
    cookie = client.cookies["compare"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")
    assert client.get(f"{add}?v=SKU-5")["Location"].count("v=") == 5


def test_without_an_address_the_last_comparison_comes_back(client: Client) -> None:
    variants(2)
    client.get(address("SKU-0", "SKU-1"))
    assert client.get("/compare/")["Location"] == address("SKU-0", "SKU-1")
    assert client.get("/compare/?q=ifone&only=1")["Location"] == "/compare/?q=ifone&only=1&v=SKU-0&v=SKU-1"
    client.get(address("nothing"))
    assert client.get("/compare/")["Location"] == address("SKU-0", "SKU-1")


def test_only_taking_out_the_last_device_leaves_an_empty_comparison(client: Client) -> None:
    variants(1)
    page = client.get(address("SKU-0")).content.decode()
    (remove,) = re.findall(r'button--quiet" href="([^"]+)">Remove', page)
    assert "Nothing to compare yet" in client.get(remove).content.decode()
    assert client.cookies["compare"].value == ""
    assert client.get("/compare/").status_code == 200


def test_a_device_that_is_gone_does_not_stay_in_the_count(client: Client) -> None:
    variants(1)
    client.cookies["compare"] = "GONE"
    page = client.get("/compare/", follow=True).content.decode()
    assert "Nothing to compare yet" in page
    assert (client.cookies["compare"].value, "Your comparison" in page) == ("", False)


def test_the_header_of_every_page_leads_back_with_a_count(client: Client) -> None:
    variants(2)
    pages = ["/", "/cart/", "/search/?q=iphone", Variant.objects.first().product.get_absolute_url()]
    stranger = Client()
    for page in pages:
        stranger.get(page)
    assert "Your comparison, 2 devices<" in client.get(address("SKU-0", "SKU-1")).content.decode()
    for page in pages:
        assert "Your comparison, 2 devices<" in client.get(page).content.decode()
        assert "Your comparison" not in stranger.get(page).content.decode()


def test_a_device_is_found_by_its_name_and_added(client: Client) -> None:
    first, second = variants(2)
    page = client.get(address(first.sku) + "&q=ifone").content.decode()
    assert f'href="/compare/?v={first.sku}&amp;v={second.sku}"' in page
    assert re.search(rf'href="[^"]*v={first.sku}&amp;v={first.sku}', page) is None
    assert "Nothing in stock is called" in client.get(address(first.sku) + "&q=zzqqxx").content.decode()


def test_it_costs_the_same_for_two_and_for_four(client: Client) -> None:
    variants(4)

    def cost(*skus: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(address(*skus))
        return len(queries)

    cost("SKU-0")
    assert cost("SKU-0", "SKU-1") == cost("SKU-0", "SKU-1", "SKU-2", "SKU-3")


def test_nobody_indexes_a_comparison(client: Client) -> None:
    variants(1)
    assert 'content="noindex"' in client.get(address("SKU-0")).content.decode()
    assert 'content="noindex"' not in client.get("/compare/").content.decode()
