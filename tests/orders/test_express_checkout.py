"""Choosing express at the checkout: with what it costs in sight, and nothing ordered that was not shown."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from catalog.models import Listing
from orders.models import Consignment, Order
from refurbishers.models import Refurbisher
from refurbishers.services.profiles import CannotOfferExpress, offer_express
from tests.admin.rows import act, url
from tests.ground.money_steps import eur
from tests.orders.test_views import ADDRESS, fill

pytestmark = pytest.mark.django_db
# Monday 23 November: two days on the road by the usual parcel, one by express.
TOKEN = "express:590:2026-11-25"


@pytest.fixture
def offered(listing: Listing, now: datetime) -> Refurbisher:
    timetravel.travel_to(now)
    offer_express(listing.plant, surcharge=eur(590), by="system:test", at=now)
    return listing.plant


@pytest.fixture
def guest(offered: Refurbisher, listing: Listing) -> Client:
    client = Client()
    fill(client, listing)
    return client


def field(plant: Refurbisher) -> str:
    return f"delivery-{plant.pk}"


def send(client: Client, **more: str) -> Any:
    key = client.get(reverse("checkout")).context["form"]["checkout_key"].value()
    sent = {"checkout_key": str(key), "email": "greta@example.com", "accept": "on", **ADDRESS, **more}
    return client.post(reverse("checkout"), sent)


def test_what_a_plant_does_not_offer_is_not_asked(client: Client, listing: Listing) -> None:
    fill(client, listing)
    page = client.get(reverse("checkout")).content.decode()
    assert "How fast?" not in page
    assert 'name="surcharge"' not in page


def test_each_delivery_says_its_day_and_price_and_the_usual_one_is_chosen(guest: Client, offered: Refurbisher) -> None:
    page = guest.get(reverse("checkout")).content.decode()
    assert "Standard, by Thursday 26 November" in page
    assert "Express, by Wednesday 25 November" in page
    assert "€5.90 more." in page
    assert f'name="{field(offered)}" value="standard" checked' in page
    assert "Order and pay €304.90" in page
    assert "€304.90" in guest.get(reverse("cart")).content.decode()


def test_without_a_script_the_total_is_shown_before_anything_is_ordered(guest: Client, offered: Refurbisher) -> None:
    shown = send(guest, **{field(offered): TOKEN, "surcharge": "0"})
    page = shown.content.decode()
    assert (shown.status_code, Order.objects.count()) == (422, 0)
    assert "Express delivery adds €5.90: it is in the total now." in page
    assert "Order and pay €310.80" in page
    assert f'value="{TOKEN}" checked' in page
    assert 'name="surcharge" value="590"' in page

    assert send(guest, **{field(offered): TOKEN, "surcharge": "590"}).status_code == 302
    parcel = Consignment.objects.get()
    assert (parcel.order.total_minor, parcel.service, parcel.surcharge_minor) == (31_080, "express", 590)


def test_with_a_script_the_total_follows_the_choice(guest: Client, offered: Refurbisher) -> None:
    def chosen(text: str) -> str:
        answer = guest.get(reverse("checkout"), {field(offered): text}, HTTP_HX_REQUEST="true")
        return str(answer.content.decode())

    assert "Order and pay €310.80" in chosen(TOKEN)
    assert "The total is €310.80 now." in chosen(TOKEN)
    assert "Order and pay €304.90" in chosen("standard")


@pytest.mark.parametrize("text", ["standard", "express:590", "express:x:2026-11-25", "express:590:tomorrow", "fast"])
def test_what_no_page_says_is_the_usual_delivery(guest: Client, offered: Refurbisher, text: str) -> None:
    assert send(guest, **{field(offered): text, "surcharge": "0", "delivery-nobody": TOKEN}).status_code == 302
    assert (Consignment.objects.get().service, Order.objects.get().total_minor) == ("standard", 30_490)


def test_a_changed_surcharge_is_said(guest: Client, offered: Refurbisher, now: datetime) -> None:
    offer_express(offered, surcharge=eur(790), by="system:test", at=now)
    answer = send(guest, **{field(offered): TOKEN, "surcharge": "590"})
    page = answer.content.decode()
    assert (answer.status_code, Order.objects.count()) == (422, 0)
    assert "Express delivery from Atelier Neuf costs €7.90 now, not €5.90." in page
    assert "Order and pay €312.80" in page
    assert 'value="express:790:2026-11-25" checked' in page


def test_express_that_is_not_offered_any_more_is_said(guest: Client, offered: Refurbisher, now: datetime) -> None:
    offer_express(offered, surcharge=None, by="system:test", at=now)
    answer = send(guest, **{field(offered): TOKEN, "surcharge": "590"})
    assert (answer.status_code, Order.objects.count()) == (422, 0)
    assert "Atelier Neuf sends nothing express any more." in answer.content.decode()
    assert "Order and pay €304.90" in answer.content.decode()


def test_a_day_that_has_moved_past_the_cut_off_is_said(guest: Client, offered: Refurbisher, now: datetime) -> None:
    timetravel.travel_to(now.replace(hour=13, minute=1))
    answer = send(guest, **{field(offered): TOKEN, "surcharge": "590"})
    assert (answer.status_code, Order.objects.count()) == (422, 0)
    assert "would arrive by 26 Nov 2026 now, not 25 Nov 2026." in answer.content.decode()


def test_express_that_is_no_faster_is_not_sold(guest: Client, listing: Listing) -> None:
    Listing.objects.filter(pk=listing.pk).update(shipping_days=1)
    assert "How fast?" not in guest.get(reverse("checkout")).content.decode()


def test_express_is_not_sold_where_the_courier_has_none(guest: Client, settings: Any) -> None:
    settings.COURIER_GATEWAY, settings.EASYPOST_EXPRESS_SERVICE = "easypost", ""
    assert "How fast?" not in guest.get(reverse("checkout")).content.decode()
    settings.EASYPOST_EXPRESS_SERVICE = "Express"
    assert "How fast?" in guest.get(reverse("checkout")).content.decode()


def test_another_delivery_is_another_order(guest: Client, offered: Refurbisher) -> None:
    send(guest, **{field(offered): TOKEN, "surcharge": "590"})
    send(guest, **{field(offered): "standard", "surcharge": "0"})
    assert list(Order.objects.order_by("number").values_list("payment_status", "total_minor")) == [
        ("cancelled", 31_080), ("pending", 30_490),
    ]  # fmt: skip


def test_the_order_page_says_the_promise(guest: Client, offered: Refurbisher, pay: Callable[..., Order]) -> None:
    send(guest, **{field(offered): TOKEN, "surcharge": "590"})
    order = pay(Order.objects.get())
    page = guest.get(reverse("order", args=[order.pk])).content.decode()
    assert "Shipping €10.80, of it €5.90 for express: at your door by 25 Nov 2026, or that goes back to you" in page
    assert "Express, promised by 25 Nov 2026" in page


def test_choosing_costs_no_more_statements(
    guest: Client, offered: Refurbisher, django_assert_num_queries: Callable[..., Any]
) -> None:
    guest.get(reverse("checkout"))
    Refurbisher.objects.update(express_minor=None)
    with django_assert_num_queries(2):
        guest.get(reverse("checkout"))
    Refurbisher.objects.update(express_minor=590)
    with django_assert_num_queries(2):
        guest.get(reverse("checkout"))


def test_a_plant_offers_express_within_the_rule(
    plant: Refurbisher, bob: User, client_of: Callable[[User], Client], now: datetime
) -> None:
    page = client_of(bob)
    shown = page.get(url("plant", plant))
    assert url("plant", plant, "step", "express") in shown.content.decode()
    assert act(page, plant, "express", surcharge="6.50").status_code == 302
    plant.refresh_from_db()
    assert plant.express_minor == 650
    assert "€15.00 at most" in act(page, plant, "express", surcharge="15.01").content.decode()
    plant.refresh_from_db()
    assert plant.express_minor == 650
    act(page, plant, "express", surcharge="")
    plant.refresh_from_db()
    assert plant.express_minor is None


def test_express_cannot_be_offered_where_the_courier_has_none(plant: Refurbisher, now: datetime, settings: Any) -> None:
    settings.COURIER_GATEWAY = "easypost"
    with pytest.raises(CannotOfferExpress):
        offer_express(plant, surcharge=eur(590), by="system:test", at=now + timedelta(days=1))
