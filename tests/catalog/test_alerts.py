"""Alerts through HTTP: asked for, confirmed, fired once by the change that makes them true, ended."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event, EventDelivery
from backmarket.jobs import run
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.notifications.services import _message, forget_old_mail
from catalog.alert_links import alert_url, stop_url
from catalog.handlers import email_who_waited
from catalog.models import Alert, Buyable, Listing
from catalog.services import alerts
from catalog.services.alerts import ask_for_alert, confirm_alert
from catalog.services.listings import change_listing, pause_listing, publish_listing
from catalog.services.stock import release_stock, reserve_stock
from tests.factories import ListingFactory, UserFactory, VariantFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Drain = Callable[[], None]
BY = "system:test"
HERE = "http://127.0.0.1:8000"


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory(price_minor=30000)


@pytest.fixture
def at() -> datetime:
    return timetravel.now()


def new(listing: Listing) -> str:
    return f"{reverse('alert-new')}?sku={listing.variant.sku}&grade={listing.grade}"


def price(listing: Listing, minor: int, at: datetime) -> None:
    change_listing(listing, by=BY, at=at, price=Money(minor, "EUR"))


def told() -> list[str]:
    return [mail.recipient for mail in Notification.objects.filter(template="alert").order_by("created_at", "pk")]


def ask(listing: Listing, user: User | None, at: datetime, target: int | None = None, email: str = "") -> Alert:
    wanted = Money(target, "EUR") if target else None
    return ask_for_alert(listing.variant, listing.grade, user=user, email=email, target=wanted, at=at)


def by_mail(template: str) -> str:
    """The path in the newest e-mail of this kind."""
    mail = Notification.objects.filter(template=template).latest("created_at")
    found = re.search(rf"{HERE}(/alerts/\S+)", mail.text)
    assert found
    return found.group(1)


# When it fires


@pytest.mark.parametrize(
    ("target", "prices", "fires"),
    [
        (None, [30000, 31000], False),
        (None, [29999], True),
        (25000, [29000, 25001], False),
        (25000, [25000], True),
    ],
)
def test_a_price_alert_fires_at_its_target_or_below_todays_price(
    listing: Listing, alice: User, at: datetime, drain: Drain, target: int | None, prices: list[int], fires: bool
) -> None:
    ask(listing, alice, at, target)
    for minor in prices:
        price(listing, minor, at)
    drain()
    assert told() == (["alice@example.com"] if fires else [])


def test_what_was_sold_out_is_told_when_it_is_back_at_any_price(
    listing: Listing, alice: User, at: datetime, drain: Drain
) -> None:
    pause_listing(listing, by=BY, at=at)
    ask(listing, alice, at)
    price(listing, 90000, at)
    drain()
    assert told() == []
    publish_listing(listing, by=BY, at=at)
    drain()
    mail = Notification.objects.get(template="alert")
    assert (mail.recipient, mail.subject) == ("alice@example.com", "Apple iPhone 12 is back")
    assert f"{HERE}{Buyable.objects.get().url}" in mail.text
    assert "€900" in mail.text


def test_stock_that_a_checkout_gives_back_is_back(listing: Listing, alice: User, at: datetime, drain: Drain) -> None:
    change_listing(listing, by=BY, at=at, on_hand=1)
    holder = listing.pk
    reserve_stock(holder=holder, demand={listing.pk: 1}, expires_at=at + timedelta(minutes=10), at=at)
    ask(listing, alice, at)
    release_stock(holder, at=at)
    drain()
    assert told() == ["alice@example.com"]


def test_another_grade_or_variant_tells_nobody(listing: Listing, alice: User, at: datetime, drain: Drain) -> None:
    ask(listing, alice, at)
    ListingFactory(variant=listing.variant, grade="fair", price_minor=100)
    ListingFactory(variant=VariantFactory(product=listing.variant.product), price_minor=100)
    drain()
    assert (told(), Event.objects.filter(kind="buyable.awaited").count()) == ([], 0)


def test_a_change_for_which_nobody_waits_is_no_event_and_costs_one_query(listing: Listing, at: datetime) -> None:
    with CaptureQueriesContext(connection) as queries:
        price(listing, 20000, at)
    assert sum("catalog_alert" in query["sql"] for query in queries) == 1
    assert not Event.objects.filter(kind="buyable.awaited").exists()


def test_an_alert_fires_once_whatever_is_delivered_twice(
    listing: Listing, alice: User, at: datetime, drain: Drain
) -> None:
    alert = ask(listing, alice, at)
    price(listing, 25000, at)
    price(listing, 24000, at)
    drain()
    first = Event.objects.filter(kind="buyable.awaited").first()
    assert first
    for event in Event.objects.filter(kind="buyable.awaited"):
        email_who_waited(event)
    price(listing, 23000, at)
    drain()
    assert [mail.key for mail in Notification.objects.filter(template="alert")] == [f"alert:{alert.pk}:{first.pk}"]
    assert not EventDelivery.objects.filter(handled_at=None).exists()


def test_what_is_gone_again_before_anybody_was_told_is_no_news_and_still_waits(
    listing: Listing, alice: User, at: datetime, drain: Drain
) -> None:
    alert = ask(listing, alice, at, target=25000)
    price(listing, 24000, at)
    price(listing, 26000, at)
    drain()
    assert told() == []
    price(listing, 25000, at)
    drain()
    assert told() == ["alice@example.com"]
    alert.refresh_from_db()
    assert alert.fired_at


def test_nothing_is_told_after_90_days_and_the_row_goes(
    listing: Listing, alice: User, at: datetime, drain: Drain
) -> None:
    ask(listing, alice, at - timedelta(days=90))
    price(listing, 100, at)
    drain()
    assert told() == []
    assert run("forget_aids", at=at + timedelta(seconds=1)) == 1
    assert not Alert.objects.exists()


def test_many_are_told_in_batches_each_once(
    listing: Listing, at: datetime, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "BATCH", 2)
    people = [UserFactory() for _ in range(5)]
    for user in people:
        ask(listing, user, at)
    price(listing, 100, at)
    drain()
    assert sorted(told()) == sorted(user.email for user in people)
    assert Event.objects.filter(kind="buyable.awaited").count() == 3


# Asking


def test_a_person_asks_and_sees_it_in_the_account_and_deletes_it(
    listing: Listing, alice: User, mallory: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    assert "€300 today" in client.get(new(listing)).content.decode()
    refused = client.post(new(listing), {"target": "300"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["target"])
    assert client.post(new(listing), {"target": "249.99"})["Location"] == "/account/alerts/"
    alert = Alert.objects.get()
    assert (alert.user, alert.email, alert.target_minor) == (alice, "", 24999)
    assert "in stock at €249.99 or less" in client.get("/account/alerts/").content.decode()
    client.post(new(listing), {"target": ""})
    assert "in stock for less than €300" in client.get("/account/alerts/").content.decode()
    end = reverse("alert-end", args=[Alert.objects.get().pk])
    assert client_of(mallory).post(end).status_code == 404
    client.post(end)
    assert "You wait for nothing" in client.get("/account/alerts/").content.decode()


def test_after_it_fired_the_account_says_so_for_a_month(
    listing: Listing, alice: User, at: datetime, drain: Drain, client_of: ClientOf
) -> None:
    ask(listing, alice, at)
    price(listing, 100, at)
    drain()
    page = client_of(alice).get("/account/alerts/").content.decode()
    assert "Told on" in page
    assert "Ask again" in page
    assert run("forget_aids", at=at + timedelta(days=31)) == 1


def test_a_guest_is_told_only_after_confirming_and_then_forgotten(listing: Listing, at: datetime, drain: Drain) -> None:
    browser = Client()
    sent = browser.post(new(listing), {"email": "Aunt@example.com", "target": ""})
    assert "on its way to aunt@example.com" in sent.content.decode()
    price(listing, 29000, at)
    drain()
    assert told() == []
    address = by_mail("alert_confirm")
    assert "Confirm your alert" in browser.get(address).content.decode()
    assert Alert.objects.get().confirmed_at is None  # opening it is not yet saying yes
    browser.post(address)
    drain()
    assert told() == ["aunt@example.com"]  # it had come true meanwhile
    assert not Alert.objects.exists()
    assert browser.get(address).status_code == 404


def test_the_address_is_kept_sealed_and_goes_when_nobody_confirms(listing: Listing, at: datetime) -> None:
    Client().post(new(listing), {"email": "aunt@example.com"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM catalog_alert")
        assert "aunt" not in cursor.fetchone()[0]
    assert run("forget_aids", at=at + timedelta(days=4)) == 1


def test_whoever_types_anothers_address_changes_nothing_that_was_confirmed(
    listing: Listing, at: datetime, drain: Drain
) -> None:
    mine = ask(listing, None, at, target=20000, email="aunt@example.com")
    confirm_alert(mine, at=at)
    Client().post(new(listing), {"email": "aunt@example.com", "target": "1"})
    price(listing, 19000, at)
    drain()
    assert told() == ["aunt@example.com"]


def test_confirming_again_takes_the_place_of_the_older_one(listing: Listing, at: datetime) -> None:
    first, second = (ask(listing, None, at, target=target, email="aunt@example.com") for target in (20000, 10000))
    for alert in (first, second, second):
        confirm_alert(alert, at=at)
    assert Alert.objects.get() == second


def test_a_guest_ends_the_alert_by_the_same_link(listing: Listing, at: datetime) -> None:
    alert = ask(listing, None, at, email="aunt@example.com")
    address, browser = alert_url(alert).removeprefix(HERE), Client()
    browser.post(address)
    assert "We are watching for you" in browser.get(address).content.decode()
    browser.post(address, {"end": "1"})
    assert not Alert.objects.exists()


def test_a_mailbox_gets_few_links_and_a_wrong_address_is_told(listing: Listing) -> None:
    for _ in range(7):
        assert Client().post(new(listing), {"email": "aunt@example.com"}).status_code == 200
    assert Notification.objects.filter(template="alert_confirm").count() == 5
    wrong = Client().post(new(listing), {"email": "aunt", "target": "much"})
    assert (wrong.status_code, sorted(wrong.context["form"].errors)) == (422, ["email", "target"])


def test_a_variant_that_nobody_ever_offered_can_be_waited_for(alice: User, at: datetime, drain: Drain) -> None:
    variant = VariantFactory()
    ask_for_alert(variant, "premium", user=alice, target=None, at=at)
    ListingFactory(variant=variant, grade="premium")
    drain()
    assert told() == ["alice@example.com"]


def test_there_is_an_end_to_what_one_waits_for(
    listing: Listing, alice: User, at: datetime, client_of: ClientOf
) -> None:
    for _ in range(alerts.MOST):
        ask_for_alert(VariantFactory(), "good", user=alice, target=None, at=at)
    refused = client_of(alice).post(new(listing), {"target": ""})
    assert refused.status_code == 422
    assert "end one first" in refused.content.decode()


# Ending them all


def test_one_press_in_the_mail_program_ends_all_of_a_recipient(
    listing: Listing, alice: User, at: datetime, drain: Drain
) -> None:
    others = [ListingFactory() for _ in range(2)]
    for each in (listing, *others):
        ask(each, alice, at)
        confirm_alert(ask(each, None, at, email="aunt@example.com"), at=at)
    price(listing, 100, at)
    drain()
    mail = next(m for m in Notification.objects.filter(template="alert") if m.recipient == "aunt@example.com")
    headers = _message(mail).extra_headers
    assert headers["List-Unsubscribe"] == f"<{mail.unsubscribe_url}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    strict, address = Client(enforce_csrf_checks=True), mail.unsubscribe_url.removeprefix(HERE)
    assert "aunt" not in address
    assert "End all your alerts?" in strict.get(address).content.decode()
    assert Alert.objects.filter(user=None).count() == 2
    assert strict.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Alert.objects.filter(user=None).count() == 0
    assert Alert.objects.filter(user=alice).count() == 3  # one of them fired
    Client().post(stop_url(Alert.objects.filter(user=alice).first()).removeprefix(HERE))
    assert Alert.objects.filter(user=alice, fired_at=None).count() == 0


def test_other_emails_carry_no_such_header_and_old_ones_lose_the_link(
    listing: Listing, alice: User, at: datetime, drain: Drain
) -> None:
    ask(listing, None, at, email="aunt@example.com")
    assert "List-Unsubscribe" not in _message(Notification.objects.get()).extra_headers
    ask(listing, alice, at)
    price(listing, 100, at)
    drain()
    forget_old_mail(at + timedelta(days=91))
    assert set(Notification.objects.values_list("unsubscribe_url", flat=True)) == {""}


# The person's own data


def test_it_is_in_the_export_and_goes_with_the_account(
    listing: Listing, alice: User, at: datetime, client_of: ClientOf
) -> None:
    ask(listing, alice, at, target=20000)
    (exported,) = client_of(alice).get("/account/data.json").json()["alerts"]
    assert (exported["device"], exported["target_minor"]) == (str(listing.variant), 20000)
    client_of(alice).post("/account/close/", {"password": "correct horse battery"})
    assert not Alert.objects.exists()


def test_the_page_costs_the_same_at_1_and_40_alerts(alice: User, at: datetime, client_of: ClientOf) -> None:
    client = client_of(alice)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/account/alerts/").status_code == 200
        return len(queries)

    ask(ListingFactory(), alice, at)
    cost()
    alone = cost()
    for _ in range(39):
        ask(ListingFactory(), alice, at)
    assert cost() == alone
