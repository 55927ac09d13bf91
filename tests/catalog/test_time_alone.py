"""A checkout that nobody finished frees its stock by time alone: no job runs in any of these tests."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.db import lock
from catalog.models import Buyable, Listing, StockReservation
from catalog.services import stock
from catalog.services.stock import reserve_stock
from tests.factories import ListingFactory
from tests.races.together import at_once

UNTIL = timedelta(minutes=10)


@pytest.fixture
def held(db: None, now: datetime) -> Listing:
    """The last device, kept aside for somebody for ten minutes."""
    timetravel.travel_to(now)
    listing = ListingFactory(on_hand=1, price_minor=30000)
    reserve_stock(holder=listing.pk, demand={listing.pk: 1}, expires_at=now + UNTIL, at=now)
    return listing


def read(client: Client, url: str) -> str:
    return str(client.get(url).content.decode())


def pages() -> dict[str, str]:
    """The list, the search, the front page and the API's list, each with a word that only a device on offer brings."""
    row = Buyable.objects.get()
    link = f'href="{reverse("product", args=[row.slug])}?'
    return {
        row.category.get_absolute_url(): link,
        f"{reverse('search')}?q=iphone": link,
        reverse("home"): link,
        "/api/v1/buyables/": row.sku,
    }


def test_lists_show_it_again_the_moment_its_time_is_over(client: Client, held: Listing, now: datetime) -> None:
    for url, word in pages().items():
        StockReservation.objects.update(released_at=None)
        Listing.objects.update(reserved=1)
        stock.refresh_buyables([(held.variant_id, held.grade)])
        timetravel.travel_to(now + UNTIL - timedelta(seconds=1))
        assert word not in read(client, url), url
        timetravel.travel_to(now + UNTIL)
        assert word in read(client, url), url


def test_the_product_page_the_cart_and_the_checkout_do_too(client: Client, held: Listing, now: datetime) -> None:
    url, add = Buyable.objects.get().url, reverse("cart-add")
    assert 'name="listing"' not in read(client, url)
    client.post(add, {"listing": str(held.pk), "quantity": 1})
    assert client.get(reverse("checkout"))["Location"] == reverse("cart")

    timetravel.travel_to(now + UNTIL)
    assert f'name="listing" value="{held.pk}"' in read(client, url)
    assert client.post(add, {"listing": str(held.pk), "quantity": 1})["Location"] == reverse("cart")
    assert not client.get(reverse("checkout")).context["cart"].blocked


def test_control_without_the_look_at_the_clock_it_stays_hidden(
    client: Client, held: Listing, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.stock_shown.free_expired", lambda _at: None)
    timetravel.travel_to(now + UNTIL)
    assert 'name="listing"' not in read(client, Buyable.objects.get().url)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_page_never_fails_for_a_listing_that_a_checkout_holds(
    client: Client, now: datetime, held: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = Buyable.objects.get().url
    timetravel.travel_to(now + UNTIL)

    def seen() -> int:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        return client.get(url).status_code

    with transaction.atomic():
        lock(Listing.objects.all()).get()
        assert at_once([seen]) == [200]
