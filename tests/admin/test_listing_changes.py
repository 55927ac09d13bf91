"""Many listings changed by a file: looked at, applied batch by batch, each row with its outcome, and the way back."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from catalog.models import Buyable, Listing, ListingChange, ListingChangeRow, PriceChange, StaleBuyable
from catalog.services import listing_changes
from catalog.services.listing_changes import run_listing_change, run_waiting_listing_changes
from catalog.services.listings import archive_listing
from refurbishers.models import Refurbisher
from tests.admin.rows import role
from tests.factories import ListingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_is")]


@pytest.fixture
def page(bob: User, client_of: Any) -> Client:
    return client_of(bob)


@pytest.fixture
def listings(plant: Refurbisher) -> list[Listing]:
    return [ListingFactory(plant=plant, price_minor=30_000, on_hand=5) for _ in range(3)]


def upload(page: Client, text: str | bytes) -> Any:
    raw = text.encode() if isinstance(text, str) else text
    return page.post(reverse("plant:listings_import"), {"file": SimpleUploadedFile("week.csv", raw, "text/csv")})


def sheet(listings: list[Listing], price: str, stock: str) -> str:
    return "Number;Price;In stock\n" + "".join(f"{row.number};{price};{stock}\n" for row in listings)


def stands() -> list[tuple[int, int]]:
    return list(Listing.objects.order_by("number").values_list("price_minor", "on_hand"))


def outcomes() -> list[str]:
    return list(ListingChangeRow.objects.order_by("listing__number").values_list("outcome", flat=True))


def test_a_file_is_looked_at_then_applied_row_by_row(
    listings: list[Listing], page: Client, bob: User, now: datetime
) -> None:
    answer = upload(page, sheet(listings[:2], "279,50", "7") + f"{listings[2].number};;\n")
    change = ListingChange.objects.get()
    assert answer.url == reverse("plant:listing_change", args=[change.pk])
    shown = page.get(answer.url)
    assert "Change 2 listings" in shown.content.decode()
    assert (change.unchanged, stands()) == (1, [(30_000, 5)] * 3)
    assert page.post(answer.url).status_code == 302
    assert "Being applied: 0 of 2." in page.get(answer.url).content.decode()
    assert run_listing_change(change.pk, at=now) == 2
    assert stands() == [(27_950, 7), (27_950, 7), (30_000, 5)]
    assert outcomes() == ["changed", "changed"]
    assert list(Buyable.objects.order_by("pk").values_list("price_minor", flat=True)) == [27_950, 27_950, 30_000]
    history = PriceChange.objects.filter(changed_at=now).values_list("listing", "price_minor")
    assert sorted(history) == sorted((row.pk, 27_950) for row in listings[:2])
    events = Event.objects.filter(kind="listing.changed").order_by("id").values_list("subject_id", "actor", "data")
    expected = [(str(row.pk), f"user:{bob.pk}", {"price_minor": 27_950, "on_hand": 7}) for row in listings[:2]]
    assert sorted(events, key=str) == sorted(expected, key=str)
    assert (page.post(answer.url).status_code, ListingChange.objects.get().status) == (422, "done")


def test_the_export_is_what_the_import_reads(listings: list[Listing], page: Client) -> None:
    ListingFactory(price_minor=100)  # another plant's
    Listing.objects.filter(pk=listings[0].pk).update(price_minor=123_450)
    raw = page.get(reverse("plant:catalog_listing_export_csv")).getvalue()
    upload(page, raw)
    change = ListingChange.objects.get()
    assert (change.unchanged, change.rows.count(), change.broken) == (3, 0, {})
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert {row[0] for row in rows[1:]} == {str(row.number) for row in listings}


def test_what_moved_meanwhile_is_left_alone_and_says_so(listings: list[Listing], page: Client, now: datetime) -> None:
    repriced, short, closed = listings
    address = upload(page, sheet(listings, "250", "1")).url
    Listing.objects.filter(pk=repriced.pk).update(price_minor=29_000)
    page.post(address)
    Listing.objects.filter(pk=short.pk).update(reserved=2)
    archive_listing(closed, by="system:test", at=now)
    run_listing_change(ListingChange.objects.get().pk, at=now)
    assert stands() == [(29_000, 5), (30_000, 5), (30_000, 5)]
    assert outcomes() == ["moved", "held", "archived"]
    text = page.get(address).content.decode()
    assert "left alone: it was changed meanwhile" in text
    rows = page.get(reverse("plant:listing_change_rows", args=[ListingChange.objects.get().pk])).getvalue().decode()
    assert f"{short.number},{short.variant.sku},good,300.00,250.00,5,1,left alone: more are being paid for" in rows
    assert not Event.objects.filter(kind="listing.changed").exists()
    assert not PriceChange.objects.filter(changed_at=now).exists()


def test_a_change_is_taken_back_but_not_what_moved_on(listings: list[Listing], page: Client, now: datetime) -> None:
    address = upload(page, sheet(listings, "250", "9")).url
    page.post(address)
    change = ListingChange.objects.get()
    assert page.post(address, {"take_back": "1"}).status_code == 422  # it runs
    run_listing_change(change.pk, at=now)
    Listing.objects.filter(pk=listings[1].pk).update(price_minor=24_000)
    back = page.post(address, {"take_back": "1"}).url
    run_waiting_listing_changes(now)
    assert stands() == [(30_000, 5), (24_000, 9), (30_000, 5)]
    assert list(change.undone_by.rows.order_by("listing__number").values_list("outcome", flat=True)) == [
        "changed", "moved", "changed",
    ]  # fmt: skip
    assert "Taking back week.csv" in page.get(back).content.decode()
    assert page.post(address, {"take_back": "1"}).status_code == 422
    assert page.post(back, {"take_back": "1"}).status_code == 422


def test_what_a_worker_left_is_finished_by_the_next_and_nothing_is_done_twice(
    monkeypatch: pytest.MonkeyPatch, listings: list[Listing], page: Client, now: datetime
) -> None:
    monkeypatch.setattr(listing_changes, "BATCH", 1)
    monkeypatch.setattr(listing_changes, "PACE", 0)
    page.post(upload(page, sheet(listings, "250", "9")).url)
    change = ListingChange.objects.get()
    assert listing_changes._apply_some(change.pk, now) == 1  # and dies
    assert (stands().count((25_000, 9)), ListingChange.objects.get().status) == (1, "running")
    assert run_waiting_listing_changes(now) == 2
    assert (stands(), ListingChange.objects.get().status) == ([(25_000, 9)] * 3, "done")
    assert Event.objects.filter(kind="listing.changed").count() == PriceChange.objects.filter(changed_at=now).count()
    assert Event.objects.filter(kind="listing_change.done").count() == 1
    assert run_waiting_listing_changes(now) == run_listing_change(change.pk, at=now) == 0


def test_a_batch_costs_the_same_statements_for_1_and_for_50(plant: Refurbisher, page: Client, now: datetime) -> None:
    def cost(count: int) -> int:
        rows = [ListingFactory(plant=plant) for _ in range(count)]
        page.post(upload(page, sheet(rows, "250", "9")).url)
        with CaptureQueriesContext(connection) as queries:
            run_listing_change(ListingChange.objects.earliest("-made_at", "-running_at").pk, at=now)
        assert not StaleBuyable.objects.exists()
        timetravel.travel_to(timetravel.now() + timedelta(minutes=1))
        return len(queries)

    cost(1)
    assert cost(1) == cost(50) <= 60


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "first line must name"),
        ("SKU;Price\nA;1\n", "one of them must be Number"),
        ("Number;Grade\n1;good\n", "No column is Price or In stock"),
        ("Number;Price;price\n1;2;3\n", "there twice"),
        ("Number;Price\n\n", "nothing below it"),
        ("Number;Price\n" + "1;2\n" * 20_001, "at most"),
    ],
)
def test_what_is_no_file_of_listings_is_refused_as_a_whole(page: Client, text: str, says: str) -> None:
    answer = upload(page, text or "\n")
    assert (answer.status_code, ListingChange.objects.count()) == (422, 0)
    assert says in answer.content.decode()


@pytest.mark.parametrize(
    ("price", "stock", "reason"),
    [("0", "1", "above zero"), ("-5", "1", "not a price"), ("1.234", "1", "two ways"), ("999999", "1", "any device"),
     ("1", "-1", "whole number"), ("1", "1.5", "whole number"), ("1", "9999999", "whole number"),
     ("1", "2", "3 are being paid for"), ("1", "٣", "whole number")],
)  # fmt: skip
def test_a_line_that_cannot_be_is_named_with_its_reason(
    listings: list[Listing], page: Client, price: str, stock: str, reason: str
) -> None:
    Listing.objects.update(reserved=3)
    address = upload(page, sheet(listings[:1], price, stock)).url
    change = ListingChange.objects.get()
    assert (change.rows.count(), change.broken_lines) == (0, 1)
    assert reason in change.broken["rows"][0]["faults"][0]["reason"]
    assert page.post(address, {"leave_out": "1"}).status_code == 422


def test_broken_lines_are_left_out_only_by_an_explicit_choice(
    listings: list[Listing], page: Client, now: datetime
) -> None:
    stranger = ListingFactory()
    text = sheet([listings[0], stranger, listings[1], listings[1]], "250", "9")
    address = upload(page, text + "x;1;1\n").url
    assert "Apply the 1 good line" in page.get(address).content.decode()
    assert page.post(address).status_code == 422
    assert page.post(address, {"leave_out": "1"}).status_code == 302
    change = ListingChange.objects.get()
    run_listing_change(change.pk, at=now)
    assert stands() == [(25_000, 9), (30_000, 5), (30_000, 5), (stranger.price_minor, stranger.on_hand)]
    mend = page.get(reverse("plant:listing_change_rows", args=[change.pk]) + "?broken").getvalue().decode("utf-8-sig")
    assert mend.splitlines() == [
        "Number,Price,In stock,Reason",
        f"{stranger.number},250,9,Number: No listing of yours has this number.",
        f"{listings[1].number},250,9,Number: This listing is there 2 times. Keep one line.",
        f"{listings[1].number},250,9,Number: This listing is there 2 times. Keep one line.",
        "x,1,1,Number: No listing of yours has this number.",
    ]


def test_a_preview_expires(listings: list[Listing], page: Client, now: datetime) -> None:
    address = upload(page, sheet(listings, "250", "9")).url
    timetravel.travel_to(now + timedelta(minutes=ListingChange.VALID_MINUTES, seconds=1))
    assert (page.post(address).status_code, stands()) == (422, [(30_000, 5)] * 3)
    upload(page, sheet(listings, "260", "9"))
    assert page.get(address).status_code == 404


def test_another_plants_change_does_not_exist(
    listings: list[Listing], page: Client, rival: User, client_of: Any
) -> None:
    address = upload(page, sheet(listings, "250", "9")).url
    theirs = client_of(rival)
    answers = [theirs.get(address), theirs.post(address), theirs.get(address + "rows/")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [("owner", 200, 302), ("manager", 200, 302), ("technician", 200, 403), ("after_sales", 200, 403)],
)
def test_leaders_change_listings_and_their_people_read(
    plant: Refurbisher, listings: list[Listing], page: Client, client_of: Any, who: str, reads: int, writes: int
) -> None:
    theirs = client_of(role(plant, who))
    assert upload(theirs, sheet(listings, "250", "9")).status_code == writes
    address = upload(page, sheet(listings, "260", "9")).url
    assert [theirs.get(address).status_code, theirs.get(address + "rows/").status_code] == [reads, reads]
    assert theirs.post(address).status_code == writes


@pytest.fixture
def kept(settings: Any) -> Iterator[None]:
    settings.PAGE_CACHE = True
    cache.clear()
    yield
    cache.clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("kept")
def test_every_price_of_a_batch_is_seen_at_the_next_request(
    client: Client, listings: list[Listing], page: Client, now: datetime
) -> None:
    pages = [row.url for row in Buyable.objects.all()] + [Buyable.objects.all()[0].category.get_absolute_url()]
    assert all("€300" in client.get(url).content.decode() for url in pages)
    page.post(upload(page, sheet(listings, "275", "9")).url)
    run_waiting_listing_changes(now)
    assert all('class="price__now">€275' in client.get(url).content.decode() for url in pages)
    assert not any("€300" in client.get(url).content.decode() for url in pages[-1:])
