"""Gift lists through HTTP: the owner's side, the givers' side, and the surprise between them."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from catalog.gift_links import guest_url
from catalog.models import GiftItem, GiftList, GiftPromise
from catalog.services.gifts import (
    MAX_ITEMS,
    MAX_LISTS,
    AlreadyTaken,
    forget_removed_wishes,
    make_list,
    promise_gift,
    remove_wish,
    restore_wish,
    share_list,
    unshare_list,
    wish,
)
from catalog.services.listings import pause_listing
from tests.factories import ListingFactory, VariantFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
BY = "system:test"


@pytest.fixture
def gift_list(alice: User, now: datetime) -> GiftList:
    """Alice's list, shared, with one wish that is in stock."""
    made = make_list(alice, name="Christmas", at=now, occasion_date=date(2026, 12, 24))
    wish(made, ListingFactory(price_minor=29900).variant, "good", at=now, note="Any colour.", priority=1)
    share_list(made)
    return made


@pytest.fixture
def item(gift_list: GiftList) -> GiftItem:
    return gift_list.items.get()


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def shared(gift_list: GiftList) -> str:
    return reverse("gift-shared", args=[gift_list.token])


def give(gift_list: GiftList, item: GiftItem) -> str:
    return reverse("gift-give", args=[gift_list.token, item.pk])


# The owner's side


def test_a_wish_goes_from_a_device_onto_a_list_old_or_new(alice: User, client_of: ClientOf) -> None:
    listing, client = ListingFactory(), client_of(alice)
    address = f"{reverse('gift-add')}?sku={listing.variant.sku}&grade=good"
    assert "My wishes" in text(client, address)
    nameless = client.post(address, {"gift_list": "new", "name": " ", "priority": 2, "note": "blue"})
    assert nameless.status_code == 422
    assert "Give the new list a name" in nameless.content.decode()
    client.post(address, {"gift_list": "new", "name": "Christmas", "priority": 2, "note": "blue"})
    made = GiftList.objects.get(owner=alice)
    client.post(address, {"gift_list": str(made.pk), "priority": 1, "note": "green"})
    item = made.items.get()
    assert (made.name, made.token, item.note, item.priority, item.grade) == ("Christmas", None, "green", 1, "good")


def test_nobody_adds_to_anothers_list_nor_what_does_not_exist(
    gift_list: GiftList, mallory: User, client_of: ClientOf
) -> None:
    client, sku = client_of(mallory), gift_list.items.get().variant.sku
    answer = client.post(f"{reverse('gift-add')}?sku={sku}&grade=good", {"gift_list": str(gift_list.pk), "priority": 1})
    assert (answer.status_code, GiftItem.objects.count()) == (422, 1)
    for wrong in (f"sku={sku}&grade=like-new", "sku=nothing&grade=good", ""):
        assert client.get(f"{reverse('gift-add')}?{wrong}").status_code == 404


def test_the_owner_changes_note_and_order(
    gift_list: GiftList, item: GiftItem, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    answer = client.post(reverse("gift-item", args=[item.pk]), {"note": "Only black.", "priority": 3})
    assert answer["Location"] == gift_list.get_absolute_url()
    item.refresh_from_db()
    assert (item.note, item.priority) == ("Only black.", 3)
    assert client.post(reverse("gift-item", args=[item.pk]), {"priority": 9}).status_code == 422


def test_taking_off_can_be_undone(gift_list: GiftList, item: GiftItem, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    answer = client.post(reverse("gift-item-remove", args=[item.pk]), follow=True)
    page = answer.content.decode()
    assert "is off the list" in page
    assert "Nothing on it yet" in page
    restore = re.search(r'action="(/account/lists/items/[^"]+/restore/)"', page)
    assert restore
    client.post(restore.group(1))
    assert gift_list.items.wished().get() == item


def test_a_list_is_renamed_and_deleted_after_a_question(gift_list: GiftList, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    facts = {"name": "Birthday", "for_whom": "Ida", "occasion_date": "2027-02-03"}
    client.post(reverse("gift-list-edit", args=[gift_list.pk]), facts)
    gift_list.refresh_from_db()
    assert (gift_list.name, gift_list.for_whom, gift_list.occasion_date) == ("Birthday", "Ida", date(2027, 2, 3))
    address = reverse("gift-list-delete", args=[gift_list.pk])
    assert "Delete “Birthday”?" in text(client, address)
    assert GiftList.objects.exists()
    client.post(address)
    assert not GiftList.objects.exists()


def test_a_bad_day_is_told_and_the_page_keeps_the_lists_name(
    gift_list: GiftList, alice: User, client_of: ClientOf
) -> None:
    answer = client_of(alice).post(reverse("gift-list-edit", args=[gift_list.pk]), {"name": "", "occasion_date": "x"})
    assert sorted(answer.context["form"].errors) == ["name", "occasion_date"]
    gift_list.refresh_from_db()
    assert gift_list.name == "Christmas"


def test_the_link_can_be_renewed_and_ended(gift_list: GiftList, alice: User, client_of: ClientOf) -> None:
    client, stranger, first = client_of(alice), Client(), shared(gift_list)
    client.post(reverse("gift-list-share", args=[gift_list.pk]))
    gift_list.refresh_from_db()
    assert [stranger.get(address).status_code for address in (first, shared(gift_list))] == [404, 200]
    second = shared(gift_list)
    client.post(reverse("gift-list-unshare", args=[gift_list.pk]))
    assert stranger.get(second).status_code == 404


def test_lists_and_wishes_have_an_end(gift_list: GiftList, alice: User, now: datetime, client_of: ClientOf) -> None:
    for number in range(MAX_LISTS - 1):
        make_list(alice, name=str(number), at=now)
    client = client_of(alice)
    assert "delete one first" in client.post(reverse("gift-list-new"), {"name": "One more"}).content.decode()
    variants = [VariantFactory() for _ in range(MAX_ITEMS - 1)]
    GiftItem.objects.bulk_create(
        GiftItem(gift_list=gift_list, variant=variant, grade="good", added_at=now) for variant in variants
    )
    sku = VariantFactory().sku
    full = client.post(f"{reverse('gift-add')}?sku={sku}&grade=good", {"gift_list": gift_list.pk, "priority": 1})
    assert (full.status_code, gift_list.items.count()) == (422, MAX_ITEMS)


def test_pages_cost_the_same_at_1_and_50_wishes(
    gift_list: GiftList, alice: User, carol: User, now: datetime, client_of: ClientOf
) -> None:
    views = [(client_of(alice), gift_list.get_absolute_url()), (client_of(alice), "/account/lists/"),
             (client_of(carol), shared(gift_list))]  # fmt: skip

    def costs() -> list[int]:
        found = []
        for client, address in views:
            with CaptureQueriesContext(connection) as queries:
                text(client, address)
            found.append(len(queries))
        return found

    costs()
    alone = costs()
    for _ in range(49):
        wish(gift_list, ListingFactory().variant, "good", at=now)
    assert costs() == alone


# The givers' side


def test_a_person_with_an_account_takes_a_wish_and_gives_it_free_again(
    gift_list: GiftList, item: GiftItem, carol: User, mallory: User, client_of: ClientOf
) -> None:
    giver, other = client_of(carol), client_of(mallory)
    assert giver.post(give(gift_list, item))["Location"] == shared(gift_list)
    assert "You give this" in text(giver, shared(gift_list))
    assert "Taken" in text(other, shared(gift_list))
    answer = other.post(give(gift_list, item), follow=True)
    assert "Somebody else gives this already" in answer.content.decode()
    assert other.post(reverse("gift-undo", args=[item.pk])).status_code == 404
    assert "for “Christmas”" in text(giver, "/account/lists/")
    giver.post(reverse("gift-undo", args=[item.pk]))
    assert not GiftPromise.objects.exists()
    assert "I give this" in text(other, shared(gift_list))


def test_a_guest_takes_a_wish_by_the_link_in_an_email_and_leaves_no_address(
    gift_list: GiftList, item: GiftItem, drain: Callable[[], None]
) -> None:
    browser, other = Client(), Client()
    sent = browser.post(give(gift_list, item), {"email": "Aunt@Example.com"})
    assert "on its way to Aunt@Example.com" in sent.content.decode()
    mail = Notification.objects.get(template="gift_link")
    assert mail.recipient == "Aunt@Example.com"
    link = re.search(r"http://[^/]+(/gifts/\S+)", mail.text)
    assert link
    assert "Do you give this?" in text(browser, link.group(1))
    assert not GiftPromise.objects.exists()  # a mail server that follows links promises nothing
    browser.post(link.group(1))
    promise = GiftPromise.objects.get()
    assert (promise.item, promise.giver) == (item, None)
    assert "aunt" not in str(GiftPromise.objects.values().get()).lower()
    assert "You give this" in text(browser, shared(gift_list))
    other.post(reverse("gift-look", args=[gift_list.token]))
    assert "Taken" in text(other, shared(gift_list))
    other.post(link.group(1), {"undo": "1"})  # the e-mail opened on another device
    assert not GiftPromise.objects.exists()


def test_a_guest_undoes_it_on_the_list_in_the_same_browser_and_nobody_else_can(
    gift_list: GiftList, item: GiftItem, now: datetime
) -> None:
    browser, address = Client(), guest_url(item).removeprefix("http://127.0.0.1:8000")
    browser.post(address)
    assert Client().post(reverse("gift-undo", args=[item.pk])).status_code == 404
    assert GiftPromise.objects.count() == 1
    assert browser.post(reverse("gift-undo", args=[item.pk]))["Location"] == shared(gift_list)
    assert not GiftPromise.objects.exists()


def test_a_guests_link_ends_with_the_link_of_the_list_but_still_takes_back(gift_list: GiftList, item: GiftItem) -> None:
    promised, late = (guest_url(item).removeprefix("http://127.0.0.1:8000") for _ in range(2))
    browser = Client()
    browser.post(promised)
    share_list(gift_list)
    browser.post(promised, {"undo": "1"})
    assert not GiftPromise.objects.exists()
    assert "cannot be taken any more" in browser.post(late, follow=True).content.decode()
    assert not GiftPromise.objects.exists()
    assert browser.get("/gifts/forged/").status_code == 404


def test_only_so_many_links_are_sent_to_one_mailbox(gift_list: GiftList, item: GiftItem) -> None:
    for _ in range(7):
        assert Client().post(give(gift_list, item), {"email": "aunt@example.com"}).status_code == 200
    assert Notification.objects.filter(template="gift_link").count() == 5
    wrong = Client().post(give(gift_list, item), {"email": "aunt"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["email"])


def test_whoever_gives_learns_that_the_wish_was_taken_off(
    gift_list: GiftList, item: GiftItem, carol: User, mallory: User, now: datetime, client_of: ClientOf
) -> None:
    promise_gift(item, token=gift_list.token, giver=carol, key=uuid4(), at=now)
    remove_wish(item, at=now)
    assert "taken it off the list since" in text(client_of(carol), shared(gift_list))
    assert item.variant.label not in text(client_of(mallory), shared(gift_list))
    wish(gift_list, item.variant, "good", at=now)
    assert "Taken" in text(client_of(mallory), shared(gift_list))
    remove_wish(item, at=now)
    assert forget_removed_wishes(now - timedelta(days=1)) == 0
    assert forget_removed_wishes(now) == 1
    assert not GiftPromise.objects.exists()


def test_a_sold_out_wish_leads_to_other_looks(gift_list: GiftList, item: GiftItem, now: datetime) -> None:
    pause_listing(item.variant.listings.get(), by=BY, at=now)
    page = text(Client(), shared(gift_list))
    assert "Sold out in these looks right now" in page
    assert f"/p/{item.variant.product.slug}/" in page


def test_a_page_that_a_link_opens_is_for_no_index_and_no_other_site(gift_list: GiftList, item: GiftItem) -> None:
    for address in (shared(gift_list), give(gift_list, item)):
        response = Client().get(address)
        assert (response["X-Robots-Tag"], response["Referrer-Policy"]) == ("noindex", "same-origin")
        assert "no-store" in response["Cache-Control"]


def test_a_list_without_a_name_of_its_owner_shows_no_piece_of_an_address(gift_list: GiftList, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(full_name="")
    page = text(Client(), shared(gift_list))
    assert "alice" not in page.lower()


# The surprise


def owner_sees(client: Client, gift_list: GiftList, item: GiftItem) -> list[tuple[int, bytes, str, list[str]]]:
    """Every page that the owner has of a list: status, body without its tokens, headers, statements."""
    seen = []
    addresses = [gift_list.get_absolute_url(), "/account/lists/", reverse("gift-item", args=[item.pk]),
                 reverse("gift-list-edit", args=[gift_list.pk]), reverse("gift-list-delete", args=[gift_list.pk]),
                 shared(gift_list), give(gift_list, item), "/account/"]  # fmt: skip
    for address in addresses:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        body = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", response.content)
        kept = {name: value for name, value in response.headers.items() if name not in ("Expires", "X-Request-ID")}
        seen.append(
            (response.status_code, body, str(sorted(kept.items())), [re.sub(r"'[^']*'", "", q["sql"]) for q in queries])
        )
    return seen


@pytest.mark.parametrize("guest", [True, False])
def test_the_owner_sees_the_same_bytes_headers_and_statements_whether_or_not_a_wish_is_taken(
    gift_list: GiftList, item: GiftItem, alice: User, carol: User, now: datetime, client_of: ClientOf, guest: bool
) -> None:
    client = client_of(alice)
    owner_sees(client, gift_list, item)  # what a process loads once
    before = owner_sees(client, gift_list, item)
    promise_gift(item, token=gift_list.token, giver=None if guest else carol, key=uuid4(), at=now)
    assert owner_sees(client, gift_list, item) == before


def test_no_page_of_one_list_asks_the_table_of_promises_for_its_owner(
    gift_list: GiftList, item: GiftItem, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    for address in (gift_list.get_absolute_url(), reverse("gift-item", args=[item.pk]), shared(gift_list)):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert [query for query in queries if "giftpromise" in query["sql"]] == []


def test_the_owner_changes_what_is_taken_as_if_it_were_free(
    gift_list: GiftList, item: GiftItem, alice: User, carol: User, now: datetime, client_of: ClientOf
) -> None:
    promise_gift(item, token=gift_list.token, giver=carol, key=uuid4(), at=now)
    client = client_of(alice)
    for name in ("gift-item-remove", "gift-item-restore"):
        assert client.post(reverse(name, args=[item.pk])).status_code == 302
    assert client.post(reverse("gift-item", args=[item.pk]), {"note": "", "priority": 1}).status_code == 302
    assert client.post(reverse("gift-undo", args=[item.pk])).status_code == 404
    assert GiftPromise.objects.count() == 1
    assert client.post(reverse("gift-list-delete", args=[gift_list.pk]))["Location"] == "/account/lists/"


def test_the_owner_takes_no_wish_of_her_own_and_gets_no_link_for_one(
    gift_list: GiftList, item: GiftItem, alice: User, client_of: ClientOf
) -> None:
    assert client_of(alice).post(give(gift_list, item))["Location"] == gift_list.get_absolute_url()
    client_of(alice).post(guest_url(item).removeprefix("http://127.0.0.1:8000"))
    answer = Client().post(give(gift_list, item), {"email": "ALICE@example.com"})
    assert "on its way" in answer.content.decode()  # the same words, so that nobody learns whose address it is
    assert not GiftPromise.objects.exists()
    assert not Notification.objects.filter(template="gift_link").exists()


def test_a_browser_in_which_nobody_is_logged_in_shows_what_is_taken_only_when_asked(
    gift_list: GiftList, item: GiftItem, carol: User, now: datetime
) -> None:
    browser = Client()
    before = re.sub(r'value="[^"]+"', "", text(browser, shared(gift_list)))
    promise_gift(item, token=gift_list.token, giver=carol, key=uuid4(), at=now)
    assert re.sub(r'value="[^"]+"', "", text(browser, shared(gift_list))) == before
    browser.post(reverse("gift-look", args=[gift_list.token]))
    assert "Taken" in text(browser, shared(gift_list))


def test_the_export_of_the_owner_holds_the_wishes_and_no_promise_that_of_the_giver_her_promises(
    gift_list: GiftList, item: GiftItem, alice: User, carol: User, now: datetime, client_of: ClientOf
) -> None:
    before = client_of(alice).get("/account/data.json").json()
    promise_gift(item, token=gift_list.token, giver=carol, key=uuid4(), at=now)
    after = client_of(alice).get("/account/data.json").json()
    changing = {"exported_at": "", "person": {}}
    assert {**after, **changing} == {**before, **changing}
    (exported,) = after["gift_lists"]
    assert (exported["name"], exported["wishes"][0]["note"]) == ("Christmas", "Any colour.")
    promised = client_of(carol).get("/account/data.json").json()["gifts_promised"]
    assert [gift["device"] for gift in promised] == [str(item.variant)]


def test_closing_the_account_erases_lists_and_promises(
    gift_list: GiftList, item: GiftItem, alice: User, carol: User, now: datetime, client_of: ClientOf
) -> None:
    promise_gift(item, token=gift_list.token, giver=carol, key=uuid4(), at=now)
    client_of(carol).post("/account/close/", {"password": "correct horse battery"})
    assert (GiftPromise.objects.count(), GiftItem.objects.count()) == (0, 1)
    client_of(alice).post("/account/close/", {"password": "correct horse battery"})
    assert not GiftList.objects.exists()


def test_promising_twice_is_promising_once(gift_list: GiftList, item: GiftItem, carol: User, now: datetime) -> None:
    first, again = (promise_gift(item, token=gift_list.token, giver=carol, key=uuid4(), at=now) for _ in range(2))
    assert first == again
    with pytest.raises(AlreadyTaken):
        promise_gift(item, token=gift_list.token, giver=None, key=uuid4(), at=now)
    unshare_list(gift_list)
    restore_wish(item)
    assert GiftPromise.objects.get() == first
