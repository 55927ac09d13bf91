"""An alert that is asked for while its price falls misses nothing, and one handler's work is done once.

Protected by the lock on the offer's row, which asking and every change of the offer take first.
"""

from datetime import datetime

import pytest
from django.db import transaction

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.events.services import record
from backmarket.money import Money
from backmarket.notifications.models import Notification
from catalog.handlers import email_who_waited
from catalog.models import Alert, Buyable, Listing
from catalog.services.alerts import ask_for_alert
from catalog.services.listings import change_listing
from tests.factories import ListingFactory, UserFactory
from tests.races.together import at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory(price_minor=30000)


def fall(listing: Listing, at: datetime) -> None:
    change_listing(listing, by="system:test", at=at, price=Money(20000, "EUR"))


def ask(listing: Listing, user: User, at: datetime, target: int) -> Alert:
    return ask_for_alert(listing.variant, listing.grade, user=user, target=Money(target, "EUR"), at=at)


def test_asking_while_the_price_falls_sees_the_new_price(listing: Listing, alice: User, now: datetime) -> None:
    asked = meanwhile(lambda: fall(listing, now), lambda: ask(listing, alice, now, 25000))
    assert getattr(asked, "code", "") == "target_met"
    assert not Alert.objects.exists()


def test_a_price_that_falls_while_somebody_asks_tells_them(listing: Listing, alice: User, now: datetime) -> None:
    meanwhile(lambda: ask(listing, alice, now, 25000), lambda: fall(listing, now))
    assert Event.objects.filter(kind="buyable.awaited").count() == 1


def test_two_workers_with_two_events_write_to_each_person_once(listing: Listing) -> None:
    at = timetravel.now()
    people = [UserFactory() for _ in range(6)]
    for user in people:
        ask(listing, user, at, 25000)
    fall(listing, at)
    with transaction.atomic():
        record("buyable.awaited", Buyable.objects.get(), by="system:test", at=at)
    events = list(Event.objects.filter(kind="buyable.awaited"))
    assert len(events) == 2
    at_once([lambda event=event: _handled(event) for event in events * 2])
    assert sorted(mail.recipient for mail in Notification.objects.all()) == sorted(user.email for user in people)
    assert not Alert.objects.filter(fired_at=None).exists()


def _handled(event: Event) -> None:
    with transaction.atomic():
        email_who_waited(event)
