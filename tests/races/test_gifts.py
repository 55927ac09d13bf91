"""Two givers press at the same instant: one gives, the others are told kindly.

Protected by the uniqueness of the promise's row alone; looking first does not help, as the control shows.
"""

from datetime import datetime
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from catalog.gift_links import guest_url
from catalog.models import GiftItem, GiftList, GiftPromise
from catalog.services.gifts import make_list, share_list, wish
from tests.factories import ListingFactory
from tests.races.together import PATIENCE, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

GIVERS = 8


@pytest.fixture
def item(alice: User, now: datetime) -> GiftItem:
    gift_list = make_list(alice, name="Christmas", at=now)
    share_list(gift_list)
    return wish(gift_list, ListingFactory().variant, "good", at=now)


def test_of_many_guests_at_once_one_gives_and_the_others_are_told(item: GiftItem) -> None:
    item.gift_list = GiftList.objects.get()
    links = [guest_url(item).removeprefix("http://127.0.0.1:8000") for _ in range(GIVERS)]
    pages = at_once([lambda link=link: Client().post(link, follow=True).content.decode() for link in links])
    assert GiftPromise.objects.count() == 1
    assert sum("<h1>You give this</h1>" in page for page in pages) == 1
    assert sum("<h1>Somebody was quicker</h1>" in page for page in pages) == GIVERS - 1


def test_one_giver_who_presses_twice_gives_once(item: GiftItem, carol: User) -> None:
    def press() -> str:
        browser = Client()
        browser.force_login(carol)
        address = reverse("gift-give", args=[GiftList.objects.get().token, item.pk])
        return str(browser.post(address, follow=True).content.decode())

    pages = at_once([press] * 4)
    assert GiftPromise.objects.count() == 1
    assert all("Somebody else gives this already" not in page for page in pages)


def test_control_looking_first_does_not_help_the_database_does(item: GiftItem, now: datetime) -> None:
    looked = Barrier(GIVERS)

    def naive() -> bool:
        free = not GiftPromise.objects.filter(item=item).exists()
        looked.wait(timeout=PATIENCE)
        assert free
        return bool(GiftPromise.objects.create(item=item, key=uuid4(), promised_at=now))

    results = at_once([naive] * GIVERS)
    assert results.count(True) == 1
    assert sum(isinstance(result, IntegrityError) for result in results) == GIVERS - 1
