"""Writes that are planned once, and changes of rows that are still as they were."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection

from backmarket.accounts.models import Address
from backmarket.db import Change, insert
from backmarket.prepared import execute
from catalog.models import Listing
from orders.models import Cart, CartItem
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db(transaction=True)
RAISE = "UPDATE catalog_listing SET price_minor = price_minor + %s WHERE id = ANY(%s::uuid[]) AND comment <> '100%%'"
NAMED = "UPDATE catalog_listing SET price_minor = %(to)s WHERE id = %(listing)s::uuid AND price_minor <> %(to)s"


def run(sql: str, params: Any) -> int:
    with connection.cursor() as cursor:
        execute(cursor, sql, params)
        return int(cursor.rowcount)


def planned() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [row[0] for row in cursor.fetchall()]


def test_a_write_is_planned_once_for_each_connection_and_made_with_each_value() -> None:
    one, other = ListingFactory(price_minor=100), ListingFactory(price_minor=100)
    connection.close()
    assert [run(RAISE, [5, [one.pk]]), run(RAISE, [7, [one.pk, other.pk]]), run(RAISE, [9, []])] == [1, 2, 0]
    assert [Listing.objects.get(pk=each.pk).price_minor for each in (one, other)] == [112, 107]
    assert sum("price_minor + $1" in each for each in planned()) == 1
    connection.close()
    assert run(RAISE, [-1, [one.pk]]) == 1


def test_a_named_value_may_stand_in_several_places() -> None:
    listing = ListingFactory(price_minor=100)
    assert [run(NAMED, {"to": 130, "listing": listing.pk}) for _again in range(2)] == [1, 0]


def test_a_change_is_made_only_to_rows_that_are_as_they_were() -> None:
    listing = ListingFactory(price_minor=100)
    asked = {"pk": listing.pk, "status": [Listing.Status.ONLINE, Listing.Status.PAUSED]}
    assert Change(Listing, asked, {"price_minor": 90, "comment": "it's 100% new"}).made() == 1
    assert Change(Listing, asked | {"price_minor": 100}, {"price_minor": 80}).made() == 0
    assert Change(Listing, asked | {"status": []}, {"price_minor": 80}).made() == 0
    listing.refresh_from_db()
    assert (listing.price_minor, listing.comment) == (90, "it's 100% new")


def test_a_change_points_to_another_row_by_itself_or_by_its_key(now: datetime) -> None:
    cart, other = Cart.objects.create(), Cart.objects.create()
    item = CartItem.objects.create(cart=cart, listing=ListingFactory(), quantity=1, seen_minor=1, added_at=now)
    assert Change(CartItem, {"cart": cart.pk}, {"cart": other}).made() == 1
    item.refresh_from_db()
    assert item.cart == other
    with pytest.raises(IntegrityError):
        Change(CartItem, {"pk": item.pk}, {"quantity": -1}).made()


def test_an_inserted_row_knows_the_key_that_the_database_gave_it() -> None:
    home = Address(name="Ann", line1="1 rue X", postcode="75011", city="Paris", country="FR")
    insert(home)
    assert not home._state.adding
    assert Address.objects.get(pk=home.pk).line1 == "1 rue X"
