"""A process has at hand what it served last: it stands as long as its subjects do, and is nobody else's."""

import re
import time
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

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
    for host in ("elsewhere.example", "", "testserver:x", "a b"):
        assert client.get(url, headers={"Host": host}).status_code == 400
    assert client.post(url).status_code == 405
    assert client.head(url).content == b""


def test_in_each_language_it_is_another_one(client: Client, url: str, settings: Settings) -> None:
    settings.LANGUAGES = [("en-gb", "English"), ("fr", "French")]
    told = [client.get(url, headers={"Accept-Language": wish}).headers["Content-Language"] for wish in ["fr", "en"] * 2]
    assert told == ["fr", "en-gb"] * 2


# Somebody known


@pytest.fixture
def known(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def cart_of(client: Client, url: str) -> int:
    """What the header says of the cart."""
    found = re.search(r"Cart, (\d+) device", client.get(url).content.decode())
    assert found
    return int(found[1])


def is_signed_in(client: Client, url: str) -> bool:
    page = client.get(url).content.decode()
    assert ("/account/" in page) != ("/accounts/login/" in page)
    return "/account/" in page


def add(client: Client, quantity: int) -> None:
    form = {"listing": str(Listing.objects.get().pk), "quantity": str(quantity)}
    assert client.post("/cart/add/", form).status_code == 302


def told(client: Client, url: str) -> bool:
    return 'class="wrap messages"' in client.get(url).content.decode()


def test_who_is_signed_in_costs_one_statement(
    client: Client, known: Client, url: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    warm(client, url)
    warm(known, url)
    with django_assert_num_queries(1):
        assert is_signed_in(known, url)


def test_everybody_sees_their_own_cart_as_it_is(client: Client, known: Client, url: str) -> None:
    for visitor in (client, known):
        warm(visitor, url)
    guest = Client()
    add(known, 2)
    add(guest, 1)
    for visitor in (guest, known):
        visitor.get("/cart/")  # is told that it was added
    assert [cart_of(visitor, url) for visitor in (client, known, guest, client, known)] == [0, 2, 1, 0, 2]
    add(known, 1)
    assert [cart_of(visitor, url) for visitor in (known, known, guest)] == [3, 3, 1]


def test_a_message_is_told_once_though_the_page_is_at_hand(known: Client, url: str) -> None:
    warm(known, url)
    known.post("/recent/forget/")
    assert [told(known, url) for _ in range(2)] == [True, False]


def test_a_message_that_lies_in_the_session_is_told_once(known: Client, url: str, settings: Settings) -> None:
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
    warm(known, url)
    known.post("/recent/forget/")
    assert [told(known, url) for _ in range(2)] == [True, False]


def stolen(known: Client) -> Client:
    """Somebody else with the cookies as they are."""
    other = Client()
    other.cookies.load(known.cookies.output(header=""))
    return other


def test_who_has_signed_out_is_signed_out_at_once(known: Client, url: str) -> None:
    warm(known, url)
    other = stolen(known)
    assert is_signed_in(other, url)
    known.post("/accounts/logout/")
    assert not is_signed_in(known, url)
    assert not is_signed_in(other, url)
    assert other.cookies["sessionid"].value == ""


def test_a_new_password_ends_the_sessions_of_others(known: Client, url: str, alice: User) -> None:
    warm(known, url)
    alice.set_password("another long password")
    alice.save()
    assert not is_signed_in(known, url)
    assert known.cookies["sessionid"].value == ""


def test_who_is_shut_out_is_out_at_once(known: Client, url: str, alice: User) -> None:
    warm(known, url)
    alice.is_active = False
    alice.save()
    assert not is_signed_in(known, url)


def test_who_is_gone_is_nobody(known: Client, url: str, alice: User) -> None:
    warm(known, url)
    alice.delete()
    assert not is_signed_in(known, url)


def test_a_way_in_that_is_closed_lets_nobody_in(known: Client, url: str, settings: Settings) -> None:
    warm(known, url)
    settings.AUTHENTICATION_BACKENDS = settings.AUTHENTICATION_BACKENDS[1:]
    assert not is_signed_in(known, url)


def test_a_session_of_the_key_before_goes_on_under_the_new_one(known: Client, url: str, settings: Settings) -> None:
    warm(known, url)
    before = known.cookies["sessionid"].value
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another secret" * 4, [settings.SECRET_KEY]
    assert is_signed_in(known, url)
    assert known.cookies["sessionid"].value != before
    assert is_signed_in(known, url)


@pytest.mark.parametrize("key", ["a" * 32, "x", "é" * 32, "../../marks:site", "a b" * 11])
def test_an_invented_session_is_nobody_s(client: Client, url: str, key: str) -> None:
    warm(client, url)
    client.cookies["sessionid"] = key
    assert not is_signed_in(client, url)


def test_what_the_cache_has_lost_the_database_knows(known: Client, url: str) -> None:
    warm(known, url)
    cache.clear()
    assert is_signed_in(known, url)


# Its forms


@pytest.fixture
def product() -> str:
    ListingFactory(price_minor=30_000)
    return str(Buyable.objects.get().url)


def token_in(response: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.content.decode())
    assert found
    return found[1]


def test_the_same_page_carries_everybody_s_own_token(client: Client, product: str, alice: User) -> None:
    warm(client, product)
    visitors = [Client(enforce_csrf_checks=True) for _ in range(2)]
    visitors[1].force_login(alice)
    tokens = [token_in(visitor.get(product)) for visitor in visitors]
    for visitor, others in zip(visitors, reversed(tokens), strict=True):
        form = {"listing": str(Listing.objects.get().pk), "quantity": "1"}
        assert visitor.post("/cart/add/", {**form, "csrfmiddlewaretoken": others}).status_code == 403
        mine = token_in(visitor.get(product))
        assert visitor.post("/cart/add/", {**form, "csrfmiddlewaretoken": mine}).status_code == 302


def test_a_page_with_an_earlier_token_of_the_same_visitor_is_not_sent_again(client: Client, product: str) -> None:
    warm(client, product)
    strict = Client(enforce_csrf_checks=True)
    first = strict.get(product)
    again = strict.get(product, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    form = {"listing": str(Listing.objects.get().pk), "quantity": "1", "csrfmiddlewaretoken": token_in(first)}
    assert strict.post("/cart/add/", form).status_code == 302
    somebody = Client().get(product, headers={"If-None-Match": first.headers["ETag"]})
    assert somebody.status_code == 200


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
