from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from backmarket.errors import DomainError
from backmarket.events.models import Event
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.states import IllegalMove
from catalog.models import Buyable, Listing, PriceChange
from catalog.services.listings import (
    CannotPublish,
    GuaranteeTooShort,
    ListingExists,
    PriceRefused,
    StockHeld,
    WordForbidden,
    archive_listing,
    block_listing,
    change_listing,
    create_listing,
    pause_listing,
    publish_listing,
    unblock_listing,
)
from catalog.services.stock import reserve_stock
from catalog.words import forbidden_word
from refurbishers.models import Refurbisher
from tests.factories import ListingFactory, RefurbisherFactory, VariantFactory

pytestmark = pytest.mark.django_db
BY = "system:test"


def create(now: datetime, **changes: object) -> Listing:
    values = {"grade": "good", "price": Money(30000, "EUR"), "on_hand": 1, "by": BY, "at": now} | changes
    plant, variant = values.pop("plant", None), values.pop("variant", None)
    return create_listing(plant or RefurbisherFactory(), variant or VariantFactory(), **values)


def test_a_draft_is_seen_by_nobody(now: datetime) -> None:
    listing = create(now)
    assert listing.number > 100_000
    assert not Buyable.objects.in_stock().exists()


@pytest.mark.parametrize(
    "text", ["Like new!", "comme-neuf", "État  neuf", "remis à neuf", "NEUWERTIG", "as\nnew", "Brand-New screen"]
)
def test_words_that_the_law_forbids_are_refused_by_field(text: str, now: datetime) -> None:
    with pytest.raises(WordForbidden) as refusal:
        create(now, comment=text)
    assert refusal.value.field == "comment"
    assert not Listing.objects.exists()


@pytest.mark.parametrize("text", ["New battery", "neuf ans d'expérience", "Has news widget", "renewed seal", ""])
def test_innocent_words_pass(text: str) -> None:
    assert forbidden_word(text) is None


@pytest.mark.parametrize(
    ("changes", "refusal", "field"),
    [
        ({"price": Money(0, "EUR")}, PriceRefused, "price"),
        ({"price": Money(30000, "USD")}, PriceRefused, "price"),
        ({"shipping": Money(-1, "EUR")}, PriceRefused, "shipping"),
        ({"guarantee_months": 11}, GuaranteeTooShort, "guarantee_months"),
        ({"on_hand": -1}, StockHeld, "on_hand"),
    ],
)
def test_a_value_the_house_does_not_accept_is_refused_by_field(
    changes: dict[str, object], refusal: type[DomainError], field: str, now: datetime
) -> None:
    listing = ListingFactory()
    with pytest.raises(refusal) as refused:
        change_listing(listing, by=BY, at=now, **changes)
    assert refused.value.field == field
    listing.refresh_from_db()
    assert (listing.price_minor, listing.on_hand, listing.guarantee_months) == (30000, 5, 12)


def test_a_plant_lists_a_variant_in_a_grade_once_until_it_is_archived(now: datetime) -> None:
    first = ListingFactory()
    with pytest.raises(ListingExists):
        create(now, plant=first.plant, variant=first.variant)
    archive_listing(first, by=BY, at=now)
    assert create(now, plant=first.plant, variant=first.variant).pk != first.pk


def test_a_restricted_plant_adds_nothing_but_keeps_what_it_had(now: datetime) -> None:
    old = ListingFactory()
    pause_listing(old, by=BY, at=now)
    Refurbisher.objects.filter(pk=old.plant_id).update(status=Refurbisher.Status.RESTRICTED)
    publish_listing(old, by=BY, at=now)
    new = create(now, plant=old.plant)
    with pytest.raises(CannotPublish):
        publish_listing(new, by=BY, at=now)
    new.refresh_from_db()
    assert (old.status, new.status) == (Listing.Status.ONLINE, Listing.Status.DRAFT)


def test_a_suspended_plant_puts_nothing_online(now: datetime) -> None:
    listing = create(now, plant=RefurbisherFactory(status=Refurbisher.Status.SUSPENDED))
    with pytest.raises(CannotPublish):
        publish_listing(listing, by=BY, at=now)


def test_a_listing_blocked_by_the_house_is_not_put_back_by_its_plant(now: datetime) -> None:
    listing = ListingFactory()
    block_listing(listing, reason="words", by=BY, at=now)
    for way_round in (publish_listing, pause_listing, archive_listing):
        with pytest.raises(IllegalMove):
            way_round(listing, by=BY, at=now)
    assert not Buyable.objects.get().in_stock
    unblock_listing(listing, by=BY, at=now)
    publish_listing(listing, by=BY, at=now)
    assert Buyable.objects.get().in_stock


def test_a_plant_is_told_why_its_listing_was_taken_off(now: datetime, drain: Callable[[], None]) -> None:
    listing = ListingFactory()
    block_listing(listing, reason="safety", by=BY, at=now)
    drain()
    mail = Notification.objects.get(template="listing_blocked")
    assert (mail.recipient, "Reason: device is not safe." in mail.text) == (listing.plant.email, True)


def test_a_changed_price_enters_the_history_and_the_window_at_once(now: datetime) -> None:
    listing = ListingFactory()
    change_listing(listing, price=Money(28000, "EUR"), by=BY, at=now)
    assert list(PriceChange.objects.values_list("price_minor", flat=True)) == [28000, 30000]
    assert Buyable.objects.get().price_minor == 28000
    event = Event.objects.get(kind="listing.changed")
    assert event.data == {"price_minor": 28000}


def test_stock_never_falls_below_what_is_being_paid_for(now: datetime) -> None:
    listing = ListingFactory(on_hand=3)
    reserve_stock(holder=uuid4(), demand={listing.pk: 2}, expires_at=now + timedelta(minutes=10), at=now)
    with pytest.raises(StockHeld):
        change_listing(listing, on_hand=1, by=BY, at=now)
    change_listing(listing, on_hand=2, by=BY, at=now)
    assert listing.available == 0
    assert not Buyable.objects.get().in_stock
