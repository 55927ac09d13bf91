"""Collections: who sees which, what stands for each device, and how the desk makes one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from catalog.models import Buyable, Collection, CollectionItem
from catalog.selectors.collections import shelf_for_home, shelf_of
from catalog.services.listings import change_listing, pause_listing
from tests.factories import ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
BY = "system:test"


@pytest.fixture
def collection(db: None) -> Collection:
    return Collection.objects.create(
        slug="christmas", title="Christmas list", words="Given once more.",
        published_from=timetravel.now() - timedelta(days=1),
    )  # fmt: skip


def picked(collection: Collection, number: int = 0, **facts: Any) -> CollectionItem:
    return CollectionItem.objects.create(collection=collection, position=number, **facts)


def test_a_product_is_shown_by_its_best_offer_in_stock_with_the_houses_word(
    collection: Collection, client: Client, now: datetime
) -> None:
    good = ListingFactory(price_minor=30000)
    fair = ListingFactory(variant=good.variant, grade="fair", price_minor=25000, plant=good.plant)
    picked(collection, product=good.variant.product, words="For grandmother.")
    (best,) = shelf_of(collection).picks
    assert best.buyable.grade == max(Buyable.objects.all(), key=lambda row: (row.score, -row.pk)).grade
    other = {"good": good, "fair": fair}[best.buyable.grade]
    change_listing(other, by=BY, at=now, on_hand=0)
    (next_best,) = shelf_of(collection).picks
    assert (next_best.buyable.in_stock, next_best.buyable.grade) == (
        True,
        {"good": "fair", "fair": "good"}[other.grade],
    )
    page = client.get("/collections/christmas/").content.decode()
    assert "For grandmother." in page
    assert "Sold out for the moment" not in page


def test_what_is_sold_out_says_so_kindly_and_what_was_never_offered_is_left_out(
    collection: Collection, client: Client, now: datetime
) -> None:
    listing = ListingFactory()
    picked(collection, 0, variant=listing.variant, grade="good")
    picked(collection, 1, product=ProductFactory(name="Never offered"))
    pause_listing(listing, by=BY, at=now)
    page = client.get("/collections/christmas/").content.decode()
    assert page.count("Sold out for the moment") == 1
    assert "Never offered" not in page


def test_the_order_is_the_houses(collection: Collection) -> None:
    second, first = ListingFactory(), ListingFactory()
    picked(collection, 2, product=second.variant.product)
    picked(collection, 1, variant=first.variant, grade="good")
    assert [pick.buyable.variant_id for pick in shelf_of(collection).picks] == [first.variant_id, second.variant_id]


@pytest.mark.parametrize(
    ("begins", "ends", "status"),
    [(None, None, 404), (-1, None, 200), (-2, -1, 404), (-1, 1, 200), (1, None, 404)],
)
def test_it_is_public_from_its_first_day_until_its_last(
    client: Client, begins: int | None, ends: int | None, status: int
) -> None:
    at = timetravel.now()
    days = {
        name: None if day is None else at + timedelta(days=day) for name, day in (("from", begins), ("until", ends))
    }
    row = Collection.objects.create(slug="x", title="X", published_from=days["from"], published_until=days["until"])
    picked(row, product=ListingFactory().variant.product)
    assert client.get("/collections/x/").status_code == status
    assert ("/collections/x/" in client.get("/collections/").content.decode()) == (status == 200)


def test_a_draft_is_seen_by_those_who_curate_and_by_nobody_else(
    collection: Collection, alice: User, sam: User, client: Client, client_of: ClientOf
) -> None:
    Collection.objects.update(published_from=None)
    address = reverse("collection-preview", args=["christmas"])
    assert [browser.get(address).status_code for browser in (client, client_of(alice), client_of(sam))] == [
        404,
        404,
        200,
    ]
    page = client_of(sam).get(address).content.decode()
    assert "A preview" in page
    assert 'name="robots" content="noindex"' in page


def test_the_pages_cost_the_same_at_1_and_50_devices(collection: Collection, client: Client) -> None:
    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    picked(collection, product=ListingFactory().variant.product)
    picked(collection, variant=ListingFactory().variant, grade="good")
    addresses = ("/collections/", "/collections/christmas/")
    alone = [cost(address) for address in addresses]
    assert [cost(address) for address in addresses] == alone
    for number in range(48):
        listing = ListingFactory()
        by = {"variant": listing.variant, "grade": "good"} if number % 2 else {"product": listing.variant.product}
        picked(collection, number, **by)
    assert [cost(address) for address in addresses] == alone


def test_home_gets_the_first_collection_with_what_is_in_stock_of_it(collection: Collection, now: datetime) -> None:
    at = timetravel.now()
    assert shelf_for_home(at) is None
    gone, there = ListingFactory(), ListingFactory()
    for listing in (gone, there):
        picked(collection, product=listing.variant.product)
    pause_listing(gone, by=BY, at=now)
    shelf = shelf_for_home(at)
    assert shelf is not None
    assert [pick.buyable.variant_id for pick in shelf.picks] == [there.variant_id]


def test_the_database_refuses_a_device_that_is_both_or_neither(collection: Collection) -> None:
    variant = VariantFactory()
    wrong = ({}, {"product": variant.product, "grade": "good"}, {"variant": variant}, {"grade": "good"},
             {"product": variant.product, "variant": variant, "grade": "good"})  # fmt: skip
    for facts in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            picked(collection, **facts)


def items(*rows: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"items-TOTAL_FORMS": len(rows), "items-INITIAL_FORMS": 0}
    empty = {"product": "", "variant": "", "grade": "", "words": "", "position": 0}
    for number, row in enumerate(rows):
        data |= {f"items-{number}-{name}": value for name, value in {**empty, **row}.items()}
    return data


def test_the_desk_curates_and_looks_at_it(sam: User, client_of: ClientOf, client: Client) -> None:
    listing, desk = ListingFactory(), client_of(sam)
    head = {"title": "Back to school", "slug": "school", "words": "", "position": 3, "published_from_0": "2026-01-01",
            "published_from_1": "09:00", "published_until_0": "", "published_until_1": ""}  # fmt: skip
    rows = items({"product": listing.variant.product.pk, "words": "Light."},
                 {"variant": listing.variant.pk, "grade": "good", "position": 1})  # fmt: skip
    add = reverse("desk:catalog_collection_add")
    both = items({"product": listing.variant.product.pk, "variant": listing.variant.pk, "grade": "good"})
    refused = desk.post(add, {**head, **both})
    assert "Choose a product, or a variant and its grade." in refused.content.decode()
    assert not Collection.objects.exists()
    assert desk.post(add, {**head, **items({"product": "x"})}).status_code == 200
    assert desk.post(add, {**head, **rows}).status_code == 302
    made = Collection.objects.get()
    assert [(item.product_id, item.grade, item.words) for item in made.items.all()] == [
        (listing.variant.product_id, "", "Light."),
        (None, "good", ""),
    ]
    page = desk.get(reverse("desk:catalog_collection_change", args=[made.pk])).content.decode()
    assert reverse("collection-preview", args=["school"]) in page
    assert client.get("/collections/school/").status_code == 200


def test_the_desk_finds_products_to_pick(sam: User, client_of: ClientOf) -> None:
    product = ProductFactory(name="iPhone 12", brand="Apple")
    wanted = {"term": "iphone", "app_label": "catalog", "model_name": "collectionitem", "field_name": "product"}
    found = client_of(sam).get(reverse("desk:autocomplete"), wanted).json()["results"]
    assert [row["id"] for row in found] == [str(product.pk)]
