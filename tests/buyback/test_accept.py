from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ImproperlyConfigured

from backmarket import states
from backmarket.accounts.models import Address, User
from backmarket.events.models import Event
from backmarket.shipping import services as shipping
from buyback.identifiers import HolderIsNotSeller, InvalidDocument, InvalidIban, InvalidIdentifier
from buyback.models import Identity, Quote, Trade
from buyback.services import devices, trades
from buyback.services.parcels import CannotChangePickup, SlotGone, choose_pickup, drop_off_instead
from buyback.services.trades import accept_quote, cancel_trade
from catalog.registry import SandboxRegistry, device_registry
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted, person, quoted, received, slots, terms
from tests.factories import BidFactory, RefurbisherFactory, imei

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registry_is_given_up_soon(settings: Any) -> None:
    settings.DEVICE_REGISTRY_TIMEOUT = 0.01


def nothing_was_kept(quote: Quote) -> bool:
    quote.refresh_from_db()
    kept = Trade.objects.count() + Identity.objects.count() + Address.objects.count()
    return quote.status == "open" and kept == 0


def test_an_accepted_quote_is_a_trade_with_an_insured_parcel_and_a_pickup(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    quote = quoted(plant, now)
    slot = slots(now)[2]
    trade = accept_quote(quote, **terms(quote, carol, now, slot=slot, identifier="353982 10000000 1"))
    assert (trade.status, trade.price_minor, trade.quoted_minor, trade.identifier) == (
        "accepted",
        25_000,
        25_000,
        "353982100000001",
    )
    assert trade.due_at == datetime(2026, 12, 15, tzinfo=ZoneInfo("Europe/Paris"))
    parcel = trade.parcel
    assert parcel is not None
    assert (parcel.purpose, parcel.reference, parcel.insured, parcel.recipient.name) == (
        "trade",
        trade.pk,
        trade.quoted,
        plant.name,
    )
    pickup = parcel.pickups.get()
    assert (pickup.window_start, pickup.window_end, pickup.status) == (slot.start, slot.end, "booked")
    quote.refresh_from_db()
    assert quote.status == "accepted"
    assert isinstance(trade.number, int)


def test_without_a_slot_the_seller_drops_the_parcel_off(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now, slot=None)
    assert trade.parcel is not None
    assert trade.parcel.pickups.count() == 0


def test_the_consumer_may_choose_another_bid_than_the_best(plant: Refurbisher, carol: User, now: datetime) -> None:
    quote = quoted(plant, now)
    second = RefurbisherFactory()
    BidFactory(plant=second, variant=quote.variant, price_minor=24_000)
    quote = trades_quote(quote, now)
    trade = accept_quote(quote, **terms(quote, carol, now, plant=second))
    assert (trade.plant, trade.price_minor) == (second, 24_000)


def trades_quote(quote: Quote, at: datetime) -> Quote:
    from buyback.services.quotes import renew_quote

    return renew_quote(quote, by="guest", at=at)


REFUSALS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"identifier": "353982100000004"}, InvalidIdentifier, "identifier"),
    ({"identifier": SandboxRegistry.STOLEN}, devices.DeviceStolen, "identifier"),
    ({"identifier": SandboxRegistry.GREYLISTED}, devices.DeviceUnderInvestigation, "identifier"),
    ({"identifier": SandboxRegistry.SILENT}, devices.RegistryUnavailable, "identifier"),
    ({"identity": person(birth_date=date(2008, 11, 24))}, trades.TooYoung, "birth_date"),
    ({"identity": person(birth_date=date(2027, 1, 1))}, trades.InvalidBirthDate, "birth_date"),
    ({"identity": person(birth_date=date(1890, 1, 1))}, trades.InvalidBirthDate, "birth_date"),
    ({"identity": person(document_number="?")}, InvalidDocument, "document_number"),
    ({"iban": "FR7630006000011234567890188"}, InvalidIban, "iban"),
    ({"holder": "Mallory Stranger"}, HolderIsNotSeller, "holder"),
]


@pytest.mark.parametrize(("changes", "refusal", "field"), REFUSALS)
def test_a_refusal_names_its_field_and_keeps_nothing(
    plant: Refurbisher, carol: User, now: datetime, changes: dict[str, Any], refusal: type[Exception], field: str
) -> None:
    quote = quoted(plant, now)
    with pytest.raises(refusal) as refused:
        accept_quote(quote, **terms(quote, carol, now, **changes))
    assert refused.value.field == field  # type: ignore[attr-defined]
    assert nothing_was_kept(quote)


def test_on_the_18th_birthday_one_may_sell(plant: Refurbisher, carol: User, now: datetime) -> None:
    assert accepted(plant, carol, now, identity=person(birth_date=date(2008, 11, 23))).status == "accepted"


def test_an_unknown_device_is_no_stolen_one(plant: Refurbisher, carol: User, now: datetime) -> None:
    assert accepted(plant, carol, now, identifier=SandboxRegistry.UNKNOWN).status == "accepted"


def test_an_expired_quote_is_refused_before_any_job_has_closed_it(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    quote = quoted(plant, now)
    with pytest.raises(trades.QuoteExpired):
        accept_quote(quote, **terms(quote, carol, quote.expires_at))
    assert nothing_was_kept(quote)


def test_a_plant_outside_the_quote_or_suspended_since_cannot_buy(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    quote = quoted(plant, now)
    with pytest.raises(trades.BidNotInQuote):
        accept_quote(quote, **terms(quote, carol, now, plant=RefurbisherFactory()))
    Refurbisher.objects.filter(pk=plant.pk).update(status="suspended")
    with pytest.raises(trades.BidNotInQuote):
        accept_quote(quote, **terms(quote, carol, now))
    assert nothing_was_kept(quote)


def test_nobody_sells_to_the_plant_they_work_at(plant: Refurbisher, bob: User, now: datetime) -> None:
    quote = quoted(plant, now)
    with pytest.raises(trades.CannotSellToOwnPlant):
        accept_quote(quote, **terms(quote, bob, now))


def test_a_window_that_is_over_is_refused(plant: Refurbisher, carol: User, now: datetime) -> None:
    quote = quoted(plant, now)
    over = shipping.Slot(now - timedelta(hours=2), now)
    with pytest.raises(SlotGone):
        accept_quote(quote, **terms(quote, carol, now, slot=over))
    assert nothing_was_kept(quote)


def test_a_double_click_makes_one_trade(plant: Refurbisher, carol: User, now: datetime) -> None:
    quote, stale = (q := quoted(plant, now)), Quote.objects.get(pk=q.pk)
    accept_quote(quote, **terms(quote, carol, now))
    with pytest.raises(trades.QuoteAlreadyAccepted):
        accept_quote(stale, **terms(stale, carol, now))
    assert (Trade.objects.count(), Identity.objects.count()) == (1, 1)


def test_a_device_in_an_open_trade_is_refused_until_that_one_is_over(
    plant: Refurbisher, carol: User, mallory: User, now: datetime
) -> None:
    number = imei()
    first = accepted(plant, carol, now, identifier=number)
    with pytest.raises(trades.DeviceInOpenTrade) as refusal:
        accepted(plant, mallory, now, identifier=number)
    assert refusal.value.field == "identifier"
    cancel_trade(first, by=carol, at=now)
    assert accepted(plant, mallory, now, identifier=number).status == "accepted"


def test_the_database_refuses_a_second_open_trade_and_the_seller_reads_why(
    plant: Refurbisher, carol: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = imei()
    accepted(plant, carol, now, identifier=number)
    quote = quoted(plant, now)
    # Two acceptances in the same instant: neither sees the other's trade yet.
    monkeypatch.setattr(trades, "_refuse_if_open", lambda identifier: None)
    with pytest.raises(trades.DeviceInOpenTrade):
        accept_quote(quote, **terms(quote, carol, now, identifier=number))
    quote.refresh_from_db()
    assert (quote.status, Trade.objects.count()) == ("open", 1)


def test_identity_and_account_are_unreadable_in_the_database(plant: Refurbisher, carol: User, now: datetime) -> None:
    from django.db import connection

    trade = accepted(plant, carol, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT document_number, full_name, birth_date FROM buyback_identity")
        stored = [*cursor.fetchone()]
        cursor.execute("SELECT iban, holder FROM buyback_trade")
        stored += [*cursor.fetchone()]
    assert not any(secret in value for value in stored for secret in ("19FV", "Carol", "1990", "FR76"))
    trade.refresh_from_db()
    assert (trade.iban_last4, trade.identity.document_number) == ("0189", "19FV12345")
    assert "19FV" not in str(list(Event.objects.values_list("data", flat=True)))


def test_cancelling_voids_the_label_and_the_visit(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    cancel_trade(trade, by=carol, at=now)
    trade.refresh_from_db()
    assert trade.parcel is not None
    assert (trade.status, trade.due_at, trade.parcel.status, trade.parcel.pickups.get().status) == (
        "cancelled",
        None,
        "cancelled",
        "cancelled",
    )


def test_a_device_that_has_left_cannot_be_cancelled(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = received(plant, carol, now)
    with pytest.raises(states.IllegalMove):
        cancel_trade(trade, by=carol, at=now)


def test_the_collection_can_be_moved_dropped_and_booked_again(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    later = slots(now)[7]
    choose_pickup(trade, slot=later, by=carol, at=now)
    drop_off_instead(trade, by=carol, at=now)
    choose_pickup(trade, slot=later, by=carol, at=now)
    assert trade.parcel is not None
    states_in_order = trade.parcel.pickups.order_by("created_at", "status").values_list("status", flat=True)
    assert sorted(states_in_order) == ["booked", "cancelled", "cancelled"]


def test_the_collection_of_a_device_that_has_left_cannot_be_changed(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = received(plant, carol, now)
    with pytest.raises(CannotChangePickup):
        choose_pickup(trade, slot=slots(now)[0], by=carol, at=now)


def test_a_registry_that_does_not_exist_fails_loudly(settings: Any) -> None:
    settings.DEVICE_REGISTRY = "nowhere"
    device_registry.cache_clear()
    with pytest.raises(ImproperlyConfigured):
        device_registry()
    settings.DEVICE_REGISTRY = "sandbox"
    device_registry.cache_clear()
