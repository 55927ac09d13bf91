"""What the cart and the checkout say before anything is paid: what it saves, and what has changed."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.money import Money
from catalog.models import Listing, Product
from catalog.services.buyables import refresh_buyables
from catalog.services.listings import change_listing, pause_listing
from catalog.services.stock import reserve_stock
from orders.models import Order
from tests.factories import ReferencePriceFactory
from tests.orders.test_one_order import form, send
from tests.orders.test_views import check_out, fill

pytestmark = pytest.mark.django_db


def test_each_device_and_the_cart_say_what_they_save(
    client: Client, listing: Listing, other_listing: Listing, now: datetime
) -> None:
    """809.00 € new, twice for 300.00 €; the other has no labelled price."""
    ReferencePriceFactory(variant=listing.variant)
    refresh_buyables([(listing.variant_id, listing.grade)])
    fill(client, listing, 2)
    fill(client, other_listing)
    for door in ("cart", "checkout"):
        answer = client.get(reverse(door))
        page, cart = answer.content.decode(), answer.context["cart"]
        assert cart.saved == Money(101800, "EUR")
        assert "You save <strong>€1,018.00</strong> against the labelled prices of new ones." in page
        assert "Devices without such a price are not counted." in page
        # Three telephones, two further years each, 24.6 kg a year (18 to 30).
        assert (cart.impact.co2e_g, cart.impact.low_g, cart.impact.high_g) == (147_600, 108_000, 180_000)
        assert "<strong>148 kg CO2e</strong> avoided" in page
        assert "between 108 and 180 kg" in page
        assert reverse("impact") in page
    assert "€1,018.00 less than new" in client.get(reverse("cart")).content.decode()


def test_a_new_one_that_costs_less_is_no_saving_and_what_has_gone_saves_nothing(
    client: Client, listing: Listing
) -> None:
    ReferencePriceFactory(variant=listing.variant, price_minor=29900)
    refresh_buyables([(listing.variant_id, listing.grade)])
    fill(client, listing)
    assert client.get(reverse("cart")).context["cart"].saved is None
    pause_listing(listing, by="system:test", at=timetravel.now())
    cart = client.get(reverse("cart")).context["cart"]
    assert (cart.saved, cart.impact) == (None, None)


def test_what_costs_more_than_new_lowers_the_sum(client: Client, listing: Listing, other_listing: Listing) -> None:
    for offer, new in ((listing, 80900), (other_listing, 15000)):
        ReferencePriceFactory(variant=offer.variant, price_minor=new)
        refresh_buyables([(offer.variant_id, offer.grade)])
        fill(client, offer)
    page = client.get(reverse("cart"))
    assert page.context["cart"].saved == Money(50900 - 4999, "EUR")
    assert "are not counted" not in page.content.decode()


def test_who_was_too_slow_is_told_which_device_went(client: Client, listing: Listing, other_listing: Listing) -> None:
    Product.objects.filter(pk=other_listing.variant.product_id).update(name="iPhone 13")
    fill(client, listing)
    fill(client, other_listing)
    typed, now = form(client), timetravel.now()
    reserve_stock(holder=listing.pk, demand={listing.pk: 5}, expires_at=now + timedelta(hours=1), at=now)
    page = send(client, typed)
    assert page.status_code == 422
    said = page.context["form"].non_field_errors()[0]
    assert said == (
        f"Someone else was quicker, and not enough is left of this: {listing.variant}. Nothing was taken from you."
    )
    assert not Order.objects.exists()


def test_a_price_that_changed_meanwhile_is_said_with_both_amounts(client: Client, listing: Listing) -> None:
    fill(client, listing)
    typed = form(client)
    change_listing(listing, price=Money(31000, "EUR"), by="system:test", at=timetravel.now())
    page = send(client, typed)
    assert page.context["form"].non_field_errors()[0] == (
        f"The price of {listing.variant} has changed from €300.00 to €310.00. Look at the sum and confirm again."
    )
    assert "was €300.00 when you last looked" in page.content.decode()
    assert send(client, typed).status_code == 302


def test_an_offer_that_went_off_meanwhile_is_named(client: Client, listing: Listing) -> None:
    fill(client, listing)
    typed = form(client)
    pause_listing(listing, by="system:test", at=timetravel.now())
    assert f"{listing.variant} is not offered any more." in send(client, typed).context["form"].non_field_errors()[0]


def test_the_reservation_is_said_by_the_clock_and_in_seconds(client: Client, listing: Listing, now: datetime) -> None:
    timetravel.travel_to(now)
    fill(client, listing)
    check_out(client)
    order = Order.objects.get()
    timetravel.travel_to(order.reserved_until - timedelta(seconds=90))
    page = client.get(reverse("order", args=[order.pk])).content.decode()
    seconds = int(page.split('data-countdown="')[1].split('"')[0])
    assert 80 <= seconds <= 90
    assert f">{order.reserved_until.astimezone(now.tzinfo):%-H:%M}</time>" in page


def test_each_country_says_how_its_postcodes_are_written(client: Client, listing: Listing) -> None:
    fill(client, listing)
    assert "Written like 75011" in client.get(reverse("checkout")).content.decode()
    page = check_out(client, country="NL", postcode="13002")
    assert page.status_code == 422
    assert "Written like 1012 JS" in page.content.decode()
