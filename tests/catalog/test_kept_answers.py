"""A process has at hand what it served last: it stands as long as its subjects do, and is nobody else's."""

import time
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from backmarket.accounts.models import User
from backmarket.nearby import Nearby
from backmarket.pagecache import touch
from catalog.models import Buyable, Listing
from tests.factories import ListingFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("kept")]


@pytest.fixture
def url() -> str:
    listing: Listing = ListingFactory(price_minor=30_000)
    return Buyable.objects.get(variant=listing.variant).category.get_absolute_url()


def warm(client: Client, url: str) -> str:
    for _ in range(2):
        response = client.get(url)
    return str(response.content.decode())


def test_a_stranger_gets_the_same_answer_again(
    client: Client, url: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = client.get(url)
    with django_assert_num_queries(0):
        second = client.get(url)
    ours = {"X-Request-ID"}
    assert second.content == first.content
    assert {name: value for name, value in second.headers.items() if name not in ours} == {
        name: value for name, value in first.headers.items() if name not in ours
    }
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_somebody_known_never_gets_the_stranger_s_answer(client: Client, url: str, alice: User) -> None:
    warm(client, url)
    known = Client()
    known.force_login(alice)
    assert "/account/" in known.get(url).content.decode()
    assert "/account/" not in client.get(url).content.decode()


def test_who_compares_sees_the_count_and_costs_no_statement(
    client: Client, url: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    warm(client, url)
    client.cookies["compare"] = "A|B|C"
    with django_assert_num_queries(0):
        assert "Your comparison, 3 devices<" in client.get(url).content.decode()
    del client.cookies["compare"]
    assert "Your comparison" not in client.get(url).content.decode()


def test_what_shows_nothing_of_anyone_is_the_same_for_all(
    client: Client, url: str, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    words = "/search/suggest/?q=" + Buyable.objects.get().title[:6].replace(" ", "+")
    found = warm(client, words)
    known = Client()
    known.force_login(alice)
    with django_assert_num_queries(0):
        assert known.get(words).content.decode() == found != ""


def test_it_stands_as_long_as_its_subject(client: Client, url: str) -> None:
    warm(client, url)
    Buyable.objects.update(title="Another name")
    assert "Another name" not in client.get(url).content.decode()
    touch(f"category:{Buyable.objects.get().category.slug}")
    assert "Another name" in client.get(url).content.decode()


def test_it_is_old_once_redis_has_forgotten_everything(client: Client, url: str) -> None:
    warm(client, url)
    Buyable.objects.update(title="Another name")
    cache.clear()
    assert "Another name" in client.get(url).content.decode()


def test_what_the_browser_has_is_not_sent_again(client: Client, url: str) -> None:
    first = client.get(url)
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    changed = client.get(url, headers={"If-None-Match": '"other"'})
    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, changed.content) == (200, first.content)


def test_an_answer_at_hand_still_asks_for_the_host_and_the_method(client: Client, url: str) -> None:
    warm(client, url)
    assert client.get(url, headers={"Host": "elsewhere.example"}).status_code == 400
    assert client.post(url).status_code == 405
    assert client.head(url).content == b""


@dataclass(frozen=True)
class Thing:
    size: int
    until: float


def test_only_so_much_is_at_hand_and_only_so_long() -> None:
    things: Nearby[Thing] = Nearby(10)
    later = time.time() + 100
    for key in "abc":
        things.put(key, Thing(4, later))
    assert [things.get(key) is not None for key in "abc"] == [False, True, True]
    things.get("b")
    things.put("d", Thing(4, later))
    assert [things.get(key) is not None for key in "bcd"] == [True, False, True]
    things.put("e", Thing(11, later))
    things.put("d", Thing(4, time.time() - 1))
    assert (things.get("e"), things.get("d"), things.size) == (None, None, 4)
