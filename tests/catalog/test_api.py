from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from backmarket.accounts.models import User
from catalog.models import Listing
from refurbishers.models import Member, Refurbisher
from tests.factories import ListingFactory, MemberFactory, VariantFactory

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]


@pytest.fixture
def listing(plant: Refurbisher) -> Listing:
    return ListingFactory(plant=plant, price_minor=30000, on_hand=5)


def patch(client: Client, pk: object, **changes: object) -> object:
    return client.patch(f"/api/v1/plant/listings/{pk}/", changes, content_type="application/json")


def test_anyone_reads_what_is_in_stock(listing: Listing, client: Client) -> None:
    ListingFactory(on_hand=0)
    (row,) = client.get("/api/v1/buyables/").json()["results"]
    assert (row["sku"], row["grade"], row["price_minor"]) == (listing.variant.sku, "good", 30000)
    assert row["listing"] == str(listing.pk)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("category=smartphones", 2),
        ("category=laptops", 0),
        ("grade=fair", 1),
        ("max_price=25000", 1),
        ("q=ifone", 2),
        ("q=thinkpad", 0),
    ],
)
def test_buyables_are_filtered(query: str, found: int, listing: Listing, client: Client) -> None:
    ListingFactory(grade="fair", price_minor=25000)
    assert len(client.get(f"/api/v1/buyables/?{query}").json()["results"]) == found


def test_a_filter_that_means_nothing_is_refused_by_name(client: Client) -> None:
    answer = client.get("/api/v1/buyables/?grade=mint&max_price=cheap")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"grade", "max_price"}


def test_a_product_lists_its_variants_and_on_demand_every_offer(listing: Listing, client: Client) -> None:
    dearer = ListingFactory(variant=listing.variant, price_minor=33000)
    VariantFactory(product=listing.variant.product)
    address = f"/api/v1/products/{listing.variant.product.slug}/"
    plain = client.get(address).json()
    assert (len(plain["variants"]), len(plain["buyables"]), plain["offers"]) == (2, 1, [])
    full = client.get(address, {"variant": listing.variant.sku, "grade": "good"}).json()
    assert [offer["listing"] for offer in full["offers"]] == [str(listing.pk), str(dearer.pk)]


def test_a_member_sees_and_changes_only_the_plants_own_listings(listing: Listing, bob: User, client_of: Login) -> None:
    stranger = ListingFactory()
    client = client_of(bob)
    assert [row["id"] for row in client.get("/api/v1/plant/listings/").json()["results"]] == [str(listing.pk)]
    assert patch(client, listing.pk, price_minor=28000, on_hand=9).json()["price_minor"] == 28000
    listing.refresh_from_db()
    assert (listing.price_minor, listing.on_hand) == (28000, 9)
    assert patch(client, stranger.pk, price_minor=1).status_code == 404
    assert patch(client, uuid4(), price_minor=1).status_code == 404
    stranger.refresh_from_db()
    assert stranger.price_minor == 30000


def test_strangers_have_no_plant(listing: Listing, mallory: User, client: Client, client_of: Login) -> None:
    assert client.get("/api/v1/plant/listings/").status_code == 403
    assert client_of(mallory).get("/api/v1/plant/listings/").status_code == 404
    assert patch(client_of(mallory), listing.pk, price_minor=1).status_code == 404


def test_a_technician_reads_prices_but_does_not_set_them(listing: Listing, client_of: Login) -> None:
    technician = MemberFactory(plant=listing.plant, role=Member.Role.TECHNICIAN).user
    client = client_of(technician)
    assert client.get(f"/api/v1/plant/listings/{listing.pk}/").status_code == 200
    assert patch(client, listing.pk, price_minor=1).status_code == 403


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"price_minor": 0}, 400, "price_minor"),
        ({"on_hand": -1}, 400, "on_hand"),
        ({"guarantee_months": 6}, 400, "guarantee_months"),
        ({"comment": "like new"}, 409, "comment"),
    ],
)
def test_a_refusal_names_its_field(
    changes: dict[str, object], status: int, field: str, listing: Listing, bob: User, client_of: Login
) -> None:
    answer = patch(client_of(bob), listing.pk, **changes)
    assert answer.status_code == status
    assert list(answer.json()["errors"]) == [field]
