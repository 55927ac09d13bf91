"""Pages are kept until what they show changes, and hold nothing of whoever asked first."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.pagecache import kept_page, not_kept, softly_together, touch
from catalog.models import Buyable, Listing
from catalog.services.listings import change_listing
from tests.factories import ListingFactory, VariantFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("kept")]
BY = "system:test"


@pytest.fixture
def listing() -> Listing:
    return ListingFactory(price_minor=30_000)


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_a_new_price_is_seen_at_the_next_request(
    client: Client, listing: Listing, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    row = Buyable.objects.get()
    pages = [row.url, row.category.get_absolute_url()]
    assert all("€300" in text(client, page) for page in pages)
    with django_assert_num_queries(0):
        assert all("€300" in text(client, page) for page in pages)
    change_listing(listing, by=BY, at=now, price=Money(27_500, "EUR"))
    assert all('class="price__now">€275' in text(client, page) for page in pages)


def test_another_product_of_another_category_stays_kept(
    client: Client, listing: Listing, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = ListingFactory(variant=VariantFactory(product__category__slug="laptops"))
    url = Buyable.objects.get(variant=other.variant).category.get_absolute_url()
    text(client, url)
    change_listing(listing, by=BY, at=now, price=Money(27_500, "EUR"))
    with django_assert_num_queries(0):
        text(client, url)


def test_a_change_that_is_taken_back_shows_nothing(client: Client, listing: Listing, now: datetime) -> None:
    row = Buyable.objects.get()
    with transaction.atomic():
        change_listing(listing, by=BY, at=now, price=Money(27_500, "EUR"))
        transaction.set_rollback(True)
    assert "€300" in text(client, row.url)


def test_nobody_sees_who_asked_before(client: Client, listing: Listing, alice: User) -> None:
    url = Buyable.objects.get().category.get_absolute_url()
    known = Client()
    known.force_login(alice)
    first, second, third = text(known, url), text(client, url), text(known, url)
    assert ("/account/" in first, "/account/" in second, "/account/" in third) == (True, False, True)
    assert ("/accounts/login/" in first, "/accounts/login/" in second) == (False, True)


def test_everyone_has_a_token_of_their_own_that_is_accepted(listing: Listing) -> None:
    url = Buyable.objects.get().url
    tokens = []
    for _ in range(2):
        visitor = Client(enforce_csrf_checks=True)
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text(visitor, url))
        assert found
        tokens.append(found[1])
        form = {"listing": str(listing.pk), "quantity": "1", "csrfmiddlewaretoken": found[1]}
        assert visitor.post("/cart/add/", form).status_code == 302
    assert tokens[0] != tokens[1]


def test_a_message_is_told_once_to_the_one_it_is_for(client: Client, listing: Listing) -> None:
    url = Buyable.objects.get().category.get_absolute_url()
    text(Client(), url)
    client.post("/cart/add/", {"listing": str(listing.pk), "quantity": "1"})
    said = [('class="wrap messages"' in page) for page in (text(client, url), text(client, url), text(Client(), url))]
    assert said[1:] == [False, False]


@pytest.mark.parametrize("query", ["?utm_source=x", "?page=7", "?brand=Nobody", "?page=01"])
def test_invented_addresses_fill_nothing(client: Client, listing: Listing, query: str) -> None:
    url = Buyable.objects.get().category.get_absolute_url()
    assert client.get(url + query).status_code == 200
    assert [key for key in _keys() if "kept:" in key] == []


@pytest.mark.parametrize(
    ("query", "pages"),
    [
        ("?grade={grade}", 1), ("?grade={grade}&variant={sku}", 1), ("?grade={grade}&grade={grade}", 0),
        ("?%67rade={grade}", 0), ("?grade={grade}&", 0), ("?&grade={grade}", 0), ("?grade={grade};", 0),
    ],
)  # fmt: skip
def test_a_choice_said_twice_or_in_another_way_is_shown_and_not_kept(
    client: Client, listing: Listing, query: str, pages: int
) -> None:
    product = listing.variant.product.get_absolute_url()
    asked = query.format(grade=listing.grade, sku=listing.variant.sku)
    assert client.get(product + asked).status_code == 200
    assert len([key for key in _keys() if "kept:" in key]) == pages


def test_a_page_rendered_while_its_subject_changed_is_not_served_again(rf: RequestFactory) -> None:
    seen = []

    @kept_page("thing:{slug}")
    def view(request: HttpRequest, slug: str) -> HttpResponse:
        seen.append(slug)
        if len(seen) == 1:
            touch("thing:a")  # somebody else's commit, between our reading and our answer
        return HttpResponse("old" if len(seen) == 1 else "new")

    answers = [view(rf.get("/"), slug="a").content for _ in range(3)]
    assert (answers, len(seen)) == ([b"old", b"new", b"new"], 2)


def test_what_is_softly_touched_together_becomes_old_at_the_end_and_the_rest_at_once(rf: RequestFactory) -> None:
    seen: list[str] = []

    @kept_page("thing:{slug}")
    def view(request: HttpRequest, slug: str) -> HttpResponse:
        seen.append(slug)
        return HttpResponse(str(len(seen)))

    def ask(slug: str) -> bytes:
        return bytes(view(rf.get(f"/{slug}/"), slug=slug).content)

    assert [ask("a"), ask("b")] == [b"1", b"2"]
    with softly_together():
        touch("thing:a", softly=True)
        touch("thing:b")
        assert [ask("a"), ask("b")] == [b"1", b"3"]
    assert [ask("a"), ask("b")] == [b"4", b"3"]


def test_a_page_can_ask_not_to_be_kept(rf: RequestFactory) -> None:
    seen = []

    @kept_page()
    def view(request: HttpRequest) -> HttpResponse:
        seen.append(1)
        return not_kept(HttpResponse("x"))

    assert [view(rf.get("/")).content for _ in range(2)] == [b"x", b"x"]
    assert len(seen) == 2


def _keys() -> list[str]:
    connection = cache._cache.get_client()  # type: ignore[attr-defined]
    return [key.decode() for key in connection.scan_iter()]


# Many at once


def asked_at_once(view: Any, times: int = 6) -> list[str]:
    with ThreadPoolExecutor(times) as pool:
        answers = pool.map(lambda _n: view(RequestFactory().get("/slow/")), range(times))
        return [answer.content.decode() for answer in answers]


def test_of_all_who_miss_a_page_one_renders_it() -> None:
    rendered: list[float] = []

    @kept_page("slow")
    def slow(request: HttpRequest) -> HttpResponse:
        rendered.append(time.monotonic())
        time.sleep(0.2)
        return HttpResponse(f"page {len(rendered)}")

    assert asked_at_once(slow) == ["page 1"] * 6
    assert len(rendered) == 1
    touch("slow")
    assert asked_at_once(slow) == ["page 2"] * 6


def test_who_waits_for_a_page_that_fails_renders_it() -> None:
    tried: list[float] = []

    @kept_page("slow")
    def fails_once(request: HttpRequest) -> HttpResponse:
        tried.append(time.monotonic())
        if len(tried) == 1:
            time.sleep(0.1)
            return HttpResponse("gone", status=503)
        return HttpResponse("page")

    assert sorted(set(asked_at_once(fails_once, times=2))) == ["gone", "page"]


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backmarket.pagecache.PATIENCE", 0.05)
    began: list[float] = []

    @kept_page("slow")
    def slow(request: HttpRequest) -> HttpResponse:
        began.append(time.monotonic())
        time.sleep(0.4)
        return HttpResponse("page")

    assert asked_at_once(slow, times=2) == ["page", "page"]
    assert 0.04 < began[1] - began[0] < 0.4


@pytest.mark.parametrize(
    ("touches", "others_see"),
    [
        ([True], "page 1"),
        ([False], "page 2"),
        ([False, True], "page 2"),
        ([True, False], "page 2"),
        ([True, True], "page 2"),
    ],
)
def test_who_comes_while_a_softly_old_page_is_rendered_sees_the_one_before(
    touches: list[bool], others_see: str
) -> None:
    rendered: list[str] = []
    begun = Event()

    @kept_page("soft")
    def view(request: HttpRequest) -> HttpResponse:
        rendered.append("once")
        mine = f"page {len(rendered)}"
        begun.set()
        time.sleep(0.3)
        return HttpResponse(mine)

    def ask() -> str:
        return view(RequestFactory().get("/soft/")).content.decode()

    assert ask() == "page 1"
    for softly in touches:
        touch("soft", softly=softly)
    begun.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask)
        assert begun.wait(5)
        assert ask() == others_see
        assert first.result() == "page 2"
    assert ask() == "page 2"
    assert len(rendered) == 2


def test_who_comes_while_a_page_whose_time_is_over_is_rendered_sees_it_once_more() -> None:
    rendered: list[str] = []
    begun = Event()

    @kept_page("late", lifetime=1)
    def view(request: HttpRequest) -> HttpResponse:
        rendered.append("once")
        mine = f"page {len(rendered)}"
        begun.set()
        time.sleep(0.3)
        return HttpResponse(mine)

    def ask() -> str:
        return view(RequestFactory().get("/late/")).content.decode()

    assert [ask(), ask()] == ["page 1"] * 2
    time.sleep(1)
    begun.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask)
        assert begun.wait(5)
        assert ask() == "page 1"
        assert first.result() == "page 2"
    assert ask() == "page 2"
    assert len(rendered) == 2


def test_a_page_whose_time_is_over_is_not_served_once_its_subject_changed() -> None:
    rendered: list[float] = []

    @kept_page("late", lifetime=1)
    def view(request: HttpRequest) -> HttpResponse:
        rendered.append(time.monotonic())
        time.sleep(0.2)
        return HttpResponse(f"page {len(rendered)}")

    assert asked_at_once(view, 1) == ["page 1"]
    time.sleep(1)
    touch("late")
    assert asked_at_once(view) == ["page 2"] * 6
