"""Lists, presents and alerts: wrong input is answered beside its field, and the rest of it is kept."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from catalog.models import GiftItem, Listing
from catalog.services.gifts import make_list, share_list, wish
from tests.bad_input.cases import Bad, Form, check
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory(price_minor=30000)


@pytest.fixture
def item(listing: Listing, alice: User, now: datetime) -> GiftItem:
    gift_list = make_list(alice, name="Christmas", at=now)
    share_list(gift_list)
    return wish(gift_list, listing.variant, "good", at=now)


@pytest.fixture
def page(alice: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(alice)


def query(listing: Listing) -> str:
    return f"?sku={quote(listing.variant.sku)}&grade=good"


def test_a_new_list(page: Client) -> None:
    good = {"name": "Christmas", "for_whom": "Ida", "occasion_date": "2026-12-24"}
    optional = frozenset({"for_whom", "occasion_date"})
    check(Form("list", reverse("gift-list-new"), good, optional=optional), page)


def test_a_list_that_exists(page: Client, item: GiftItem) -> None:
    good = {"name": "Birthday", "for_whom": "Ida", "occasion_date": "2026-12-24"}
    optional = frozenset({"for_whom", "occasion_date"})
    check(Form("list", reverse("gift-list-edit", args=[item.gift_list_id]), good, optional=optional), page)


def test_a_wish_on_a_new_list(page: Client, item: GiftItem, listing: Listing) -> None:
    good = {"gift_list": "new", "name": "Birthday", "priority": "1", "note": "Blue."}
    nameless = Bad("name", " ", "Give the new list a name")
    address = reverse("gift-add") + query(listing)
    check(Form("add", address, good, (nameless,), optional=frozenset({"name", "note"})), page)


def test_what_is_said_of_a_wish(page: Client, item: GiftItem) -> None:
    good = {"priority": "1", "note": "Blue."}
    check(Form("wish", reverse("gift-item", args=[item.pk]), good, optional=frozenset({"note"})), page)


def test_where_a_guests_link_goes(item: GiftItem) -> None:
    address = reverse("gift-give", args=[item.gift_list.token, item.pk])
    check(Form("give", address, {"email": "aunt@example.com"}, done=200), Client())


def test_an_alert_of_a_guest(listing: Listing) -> None:
    bad = (Bad("target", "0", "greater than or equal to 1"), Bad("target", "300", "you can have it now"))
    good = {"target": "250", "email": "aunt@example.com"}
    address = reverse("alert-new") + query(listing)
    check(Form("alert", address, good, bad, optional=frozenset({"target"}), done=200), Client())


@pytest.mark.parametrize("text", ["a\0b", "x" * 5000, "😀", "' OR 1=1 --"])
def test_an_address_that_somebody_made_up_breaks_nothing(page: Client, text: str) -> None:
    wrong = quote(text)
    answers = [page.get(address).status_code for address in (
        f"/compare/?v={wrong}&q={wrong}", f"/compare/add/?v={wrong}", f"/recent/?seen={wrong}", f"/gifts/{wrong}/",
        f"/alerts/{wrong}/", f"/alerts/stop/{wrong}/", f"/alerts/new/?sku={wrong}&grade=good",
        f"/account/lists/add/?sku={wrong}&grade=good",
    )]  # fmt: skip
    assert answers == [200, 302, 200, 404, 404, 404, 404, 404]
