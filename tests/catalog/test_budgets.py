"""What a page of the shop asks of the database: so many statements, as many for fifty rows as for one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Category
from catalog.services.facet_index import index_stale
from tests.factories import CategoryFactory, ListingFactory, ProductFactory, RefurbisherFactory, VariantFactory

pytestmark = pytest.mark.django_db

# Every cache of pages off, the process warm, nothing stale. Where offers are shown, one asks whether stock has expired.
BUDGETS = {
    "/c/smartphones/": 6,
    "/c/smartphones/?sort=price&page=2": 6,
    "/c/smartphones/?brand=Apple&grade=good&storage_gb=128": 6,
    "/c/smartphones/?price_min=210&price_max=290": 7,
    "/search/?q=nimbus": 8,
    "/search/?q=nmibus": 10,
    "/search/?q=nimbus&grade=good&brand=Apple&storage_gb=128": 7,
    "/search/?q=nimbus+zeppelin": 12,
    "/search/": 5,
    "/search/suggest/?q=nim": 2,
    "/search/suggest/?q=nmibus": 4,
    "/ranking/": 5,
    "/": 9,
}


def shelve(count: int) -> None:
    """So many more products, each offered by two plants in two categories."""
    plants = RefurbisherFactory(), RefurbisherFactory()
    for slug in ("smartphones", "tablets"):
        category: Category = CategoryFactory(slug=slug)
        for _ in range(count):
            variant = VariantFactory(product=ProductFactory(name="Nimbus", category=category))
            for plant in plants:
                ListingFactory(variant=variant, plant=plant, price_minor=25_000)
    index_stale()


def cost(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_every_page_asks_as_often_for_50_as_for_1(client: Client) -> None:
    shelve(1)
    one = {url: cost(client, url) for url in BUDGETS}
    shelve(49)
    fifty = {url: cost(client, url) for url in BUDGETS}
    assert fifty == one


@pytest.mark.parametrize(("url", "most"), BUDGETS.items())
def test_no_page_asks_more_than_its_budget(client: Client, url: str, most: int) -> None:
    shelve(3)
    assert cost(client, url) <= most
