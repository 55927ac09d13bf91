"""Accepting through HTTP, in two steps: details, one page to check, one click."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.shipping.models import Pickup
from buyback.conditions import CURRENT
from buyback.models import AcceptanceDraft, Identity, Quote, RegistryCheck, Trade
from buyback.services.acceptance import forget_drafts
from catalog.registry import Finding, SandboxRegistry
from refurbishers.models import Refurbisher
from tests.buyback.steps import IBAN, OTHER_IBAN, accepted, quoted, slots
from tests.buyback.test_pages import confirm, form
from tests.factories import imei

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def at(now: datetime, settings: Any) -> datetime:
    settings.DEVICE_REGISTRY_TIMEOUT = 0.01
    timetravel.travel_to(now)
    return now


@pytest.fixture
def quote(plant: Refurbisher, at: datetime) -> Quote:
    return quoted(plant, at)


@pytest.fixture
def seller(carol: User, client_of: ClientOf) -> Client:
    return client_of(carol)


def url(quote: Quote, page: str = "accept") -> str:
    return reverse(f"quote-{page}", args=[quote.pk])


def given(seller: Client, quote: Quote, at: datetime, **changes: str) -> dict[str, str]:
    """The details sent rightly; returns what was sent."""
    sent = form(at, quote.bids.get().plant, **changes)
    answer = seller.post(url(quote), sent)
    assert (answer.status_code, answer["Location"]) == (302, url(quote, "review"))
    return sent


WRONG: list[tuple[dict[str, str], str]] = [
    ({"full_name": ""}, "full_name"),
    ({"birth_date": "yesterday"}, "birth_date"),
    ({"birth_date": "2015-01-01"}, "birth_date"),
    ({"document_kind": "library card"}, "document_kind"),
    ({"document_number": "#"}, "document_number"),
    ({"identifier": "123"}, "identifier"),
    ({"identifier": SandboxRegistry.STOLEN}, "identifier"),
    ({"identifier": SandboxRegistry.GREYLISTED}, "identifier"),
    ({"identifier": SandboxRegistry.SILENT}, "identifier"),
    ({"locks_removed": ""}, "locks_removed"),
    ({"slot": "2020-01-01T08:00:00+00:00"}, "slot"),
    ({"slot": "visit-1"}, "slot"),
    ({"slot": ""}, "slot"),
    ({"holder": "Mallory Stranger"}, "holder"),
    ({"iban": "FR76 0000"}, "iban"),
    ({"plant": str(uuid4())}, "plant"),
    ({"plant": "x"}, "plant"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    plant: Refurbisher, seller: Client, quote: Quote, at: datetime, changes: dict[str, str], field: str
) -> None:
    page = seller.post(url(quote), form(at, plant, **changes))
    assert (page.status_code, set(page.context["form"].errors)) == (422, {field})
    html = page.content.decode()
    assert 'value="3 rue Basse"' in html
    assert escape(page.context["form"].errors[field][0]) in html
    assert (Trade.objects.count(), AcceptanceDraft.objects.count()) == (0, 0)


def test_all_that_is_wrong_is_said_at_once(plant: Refurbisher, seller: Client, quote: Quote, at: datetime) -> None:
    wrong = {"identifier": "1", "iban": "2", "document_number": "#", "address-postcode": "ABC", "address-city": ""}
    page = seller.post(url(quote), form(at, plant, **wrong))
    assert set(page.context["form"].errors) == {"identifier", "iban", "document_number"}
    assert set(page.context["address"].errors) == {"postcode", "city"}
    assert re.search(rf'value="{re.escape(slots(at)[1].start.isoformat())}" checked', page.content.decode())


def test_the_page_to_check_shows_everything_and_no_secret_whole(seller: Client, quote: Quote, at: datetime) -> None:
    sent = given(seller, quote, at)
    html = seller.get(url(quote, "review")).content.decode()
    shown = (sent["identifier"], "3 rue Basse", "Carol Petit", "••••345", "FR•• •••• 0189", "CREDIT AGRICOLE", "1990")
    assert [text for text in shown if text not in html] == []
    assert [secret for secret in ("19FV12345", IBAN, "1990-04-01", "April") if secret in html] == []


def test_between_the_pages_all_is_sealed_and_none_of_it_is_in_the_session(
    seller: Client, quote: Quote, at: datetime
) -> None:
    sent = given(seller, quote, at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM buyback_acceptancedraft")
        kept = cursor.fetchone()[0]
        cursor.execute("SELECT data::text FROM events_event")
        kept += "".join(row[0] for row in cursor.fetchall())
    kept += str(dict(seller.session.items()))
    names = ("full_name", "birth_date", "document_number", "identifier", "iban", "address-line1")
    secrets = [sent[name] for name in names]
    assert [secret for secret in secrets if secret in kept.replace(str(quote.pk), "")] == []


def test_the_last_click_sells_with_the_version_that_was_accepted(seller: Client, quote: Quote, at: datetime) -> None:
    sent = given(seller, quote, at)
    answer = confirm(seller, quote)
    trade = Trade.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("trade", args=[trade.pk]))
    assert (trade.identifier, trade.iban, trade.holder) == (sent["identifier"], IBAN, "Carol Petit")
    assert (trade.identity.document_number, trade.conditions_version) == ("19FV12345", CURRENT)
    assert trade.parcel is not None
    assert trade.parcel.pickups.get().window_start == slots(at)[1].start
    assert AcceptanceDraft.objects.count() == 0


def test_the_conditions_must_be_accepted_and_nothing_is_lost(seller: Client, quote: Quote, at: datetime) -> None:
    given(seller, quote, at)
    page = confirm(seller, quote, conditions="")
    assert (page.status_code, set(page.context["form"].errors)) == (422, {"conditions"})
    assert "••••345" in page.content.decode()
    assert Trade.objects.count() == 0


def test_conditions_that_changed_meanwhile_are_shown_again(seller: Client, quote: Quote, at: datetime) -> None:
    given(seller, quote, at)
    page = confirm(seller, quote, version="2026-01")
    assert (page.status_code, Trade.objects.count()) == (422, 0)
    assert "The conditions have changed since you opened this page" in page.content.decode()
    assert f'name="version" value="{CURRENT}"' in page.content.decode()


def test_a_tab_never_confirms_what_it_did_not_show(seller: Client, quote: Quote, at: datetime) -> None:
    given(seller, quote, at)
    first = str(AcceptanceDraft.objects.get().revision)
    given(seller, quote, at, iban=OTHER_IBAN)
    page = confirm(seller, quote, revision=first)
    assert (page.status_code, Trade.objects.count()) == (422, 0)
    assert "You changed your details in another window" in page.content.decode()
    assert "FR•• •••• 2606" in page.content.decode()
    assert confirm(seller, quote).status_code == 302
    assert Trade.objects.get().iban == OTHER_IBAN


def test_the_button_pressed_twice_leads_to_the_one_sale(seller: Client, quote: Quote, at: datetime) -> None:
    given(seller, quote, at)
    page = seller.get(url(quote, "review"))
    sent = {"revision": str(page.context["draft"].revision), "version": CURRENT, "conditions": "on"}
    answers = [seller.post(url(quote, "review"), sent)["Location"] for _press in range(2)]
    answers += [seller.get(url(quote, page))["Location"] for page in ("accept", "review")]
    assert answers == [reverse("trade", args=[Trade.objects.get().pk])] * 4


def test_details_are_forgotten_after_a_day(seller: Client, quote: Quote, at: datetime) -> None:
    given(seller, quote, at)
    draft = AcceptanceDraft.objects.get()
    timetravel.travel_to(draft.expires_at)
    assert seller.get(url(quote, "review"))["Location"] == url(quote)
    assert (forget_drafts(draft.expires_at - timedelta(seconds=1)), forget_drafts(draft.expires_at)) == (0, 1)
    assert AcceptanceDraft.objects.count() == 0


def test_nobody_sees_what_somebody_else_gave(
    seller: Client, mallory: User, quote: Quote, at: datetime, client_of: ClientOf
) -> None:
    given(seller, quote, at)
    assert client_of(mallory).get(url(quote, "review"))["Location"] == url(quote)


def test_changing_keeps_the_rest_and_shows_no_secret(seller: Client, quote: Quote, at: datetime) -> None:
    sent = given(seller, quote, at)
    html = seller.get(url(quote)).content.decode()
    assert f'value="{sent["identifier"]}"' in html
    assert re.search(rf'value="{re.escape(sent["slot"])}" checked', html)
    assert [secret for secret in ("19FV12345", IBAN) if secret in html] == []
    again = {name: value for name, value in sent.items() if name not in ("document_number", "iban", "birth_date")}
    kept = again | {"same_person": "on", "same_account": "on", "address-city": "Lyon", "full_name": "", "holder": ""}
    assert seller.post(url(quote), kept).status_code == 302
    confirm(seller, quote)
    trade = Trade.objects.get()
    assert (trade.iban, trade.identity.document_number, trade.address.city) == (IBAN, "19FV12345", "Lyon")


def test_a_second_device_needs_only_its_number(plant: Refurbisher, carol: User, seller: Client, at: datetime) -> None:
    first = accepted(plant, carol, at)
    quote = quoted(plant, at)
    html = seller.get(url(quote)).content.decode()
    assert ("••••345" in html, IBAN in html, 'value="3 rue Basse"' in html) == (True, False, True)
    page = {name: value for name, value in form(at, plant).items() if name.startswith("address") or name == "plant"}
    assert first.parcel is not None
    pickup = first.parcel.pickups.get()
    rest = {"identifier": imei(), "locks_removed": "on", "slot": f"visit-{pickup.pk}"}
    assert seller.post(url(quote), page | rest | {"same_person": "on", "same_account": "on"}).status_code == 302
    assert str(first.variant.product) in seller.get(url(quote, "review")).content.decode()
    confirm(seller, quote)
    second = Trade.objects.get(quote=quote)
    assert (second.iban, second.identity.document_number) == (IBAN, "19FV12345")
    assert set(Pickup.objects.values_list("visit", flat=True)) == {pickup.visit}
    assert Pickup.objects.count() == 2


def test_a_visit_is_offered_at_its_own_door_only_and_to_its_seller_only(
    plant: Refurbisher, carol: User, mallory: User, seller: Client, at: datetime, client_of: ClientOf
) -> None:
    trade = accepted(plant, carol, at)
    assert trade.parcel is not None
    key = f"visit-{trade.parcel.pickups.get().pk}"
    quote = quoted(plant, at)
    times = {"address-postcode": "75011", "address-country": "FR"}
    assert key in seller.get(url(quote, "times"), times).content.decode()
    assert key not in seller.get(url(quote, "times"), times | {"address-postcode": "75012"}).content.decode()
    assert key not in client_of(mallory).get(url(quote, "times"), times).content.decode()
    page = client_of(mallory).post(url(quote), form(at, plant, slot=key))
    assert set(page.context["form"].errors) == {"slot"}


def test_a_visit_to_another_door_is_refused_at_the_last_click(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade = accepted(plant, carol, at)
    assert trade.parcel is not None
    quote = quoted(plant, at)
    given(seller, quote, at, slot=f"visit-{trade.parcel.pickups.get().pk}", **{"address-line1": "99 rue Haute"})
    page = confirm(seller, quote)
    assert (page.status_code, Trade.objects.count()) == (422, 1)
    assert "comes to another address" in page.content.decode()


# The courier's times


def test_times_follow_the_postcode_without_a_script(
    seller: Client, quote: Quote, plant: Refurbisher, at: datetime
) -> None:
    assert "Type your postcode above" in seller.get(url(quote)).content.decode()
    typed = form(at, plant, times="1", iban="FR", slot="") | {"address-line2": "2nd floor"}
    page = seller.post(url(quote), typed)
    html = page.content.decode()
    assert (page.status_code, html.count('name="slot"')) == (200, len(slots(at)) + 1)
    assert "error-summary" not in html
    kept = ("2nd floor", "19FV12345", "FR", typed["identifier"])
    assert [value for value in kept if f'value="{value}"' not in html] == []
    assert AcceptanceDraft.objects.count() == 0


@pytest.mark.parametrize(
    ("postcode", "said"),
    [
        ("75996", "The courier does not come to 75996 yet"),
        ("75990", "calendar does not answer just now"),
        ("7501", "Type your postcode above"),
        ("", "Type your postcode above"),
        ("😀" * 500, "Type your postcode above"),
    ],
)
def test_where_the_courier_does_not_come_the_page_says_so_kindly(
    seller: Client, quote: Quote, postcode: str, said: str
) -> None:
    page = seller.get(url(quote, "times"), {"address-postcode": postcode, "address-country": "FR"})
    assert said in page.content.decode()
    assert page.content.decode().count('name="slot"') == 1


def test_after_the_cut_off_the_courier_does_not_come_tomorrow(seller: Client, quote: Quote, now: datetime) -> None:
    asked = {"address-postcode": "75011", "address-country": "FR"}
    before = seller.get(url(quote, "times"), asked).content.decode()
    timetravel.travel_to(now.replace(hour=13))
    after = seller.get(url(quote, "times"), asked).content.decode()
    assert ("Tuesday 24 November" in before, "Tuesday 24 November" in after) == (True, False)


def test_a_window_that_filled_up_meanwhile_is_refused_at_the_last_click(
    seller: Client, quote: Quote, at: datetime
) -> None:
    given(seller, quote, at, slot=slots(at)[0].start.isoformat())
    timetravel.travel_to(at.replace(hour=13, minute=1))
    page = confirm(seller, quote)
    assert (page.status_code, Trade.objects.count()) == (422, 0)
    assert "Choose another one" in page.content.decode()


# The registry


def test_a_refused_device_is_recorded(seller: Client, plant: Refurbisher, quote: Quote, at: datetime) -> None:
    for number in (SandboxRegistry.STOLEN, SandboxRegistry.GREYLISTED):
        assert seller.post(url(quote), form(at, plant, identifier=number)).status_code == 422
    refused = Event.objects.filter(kind="quote.device_refused").order_by("id")
    assert [event.data for event in refused] == [{"finding": "stolen"}, {"finding": "greylisted"}]
    kept = RegistryCheck.objects.order_by("id").values_list("identifier", "finding")
    assert list(kept) == [(SandboxRegistry.STOLEN, "stolen"), (SandboxRegistry.GREYLISTED, "greylisted")]
    assert (Identity.objects.count(), AcceptanceDraft.objects.count()) == (0, 0)


def test_the_desk_finds_a_refused_device_and_the_plant_reads_the_answer(
    seller: Client, plant: Refurbisher, quote: Quote, at: datetime, bob: User, olga: User, client_of: ClientOf
) -> None:
    seller.post(url(quote), form(at, plant, identifier=SandboxRegistry.STOLEN))
    found = client_of(olga).get("/desk/buyback/quote/", {"q": SandboxRegistry.STOLEN}).content.decode()
    assert str(quote.pk) in found
    assert "reported lost or stolen" in client_of(olga).get(f"/desk/buyback/quote/{quote.pk}/change/").content.decode()
    given(seller, quote, at, identifier=SandboxRegistry.UNKNOWN)
    confirm(seller, quote)
    page = client_of(bob).get(f"/plant/buyback/trade/{Trade.objects.get().pk}/change/").content.decode()
    assert "not in the registry" in page


def test_a_registry_that_is_slow_within_its_time_is_waited_for(
    seller: Client, quote: Quote, at: datetime, settings: Any
) -> None:
    settings.DEVICE_REGISTRY_TIMEOUT = 5
    given(seller, quote, at, identifier=SandboxRegistry.SLOW)
    assert RegistryCheck.objects.get().finding == "clean"


def test_a_registry_that_is_slower_than_that_costs_a_second_press_and_nothing_else(
    seller: Client, plant: Refurbisher, quote: Quote, at: datetime
) -> None:
    page = seller.post(url(quote), form(at, plant, identifier=SandboxRegistry.SLOW))
    assert "Nothing is lost" in str(page.context["form"].errors["identifier"])
    assert 'value="19FV12345"' in page.content.decode()
    assert RegistryCheck.objects.count() == 0


def test_the_registry_is_asked_again_when_its_answer_is_old(
    seller: Client, quote: Quote, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = given(seller, quote, at)
    timetravel.travel_to(at + timedelta(minutes=29))
    assert seller.get(url(quote, "review")).status_code == 200
    # Stolen half an hour later.
    monkeypatch.setitem(SandboxRegistry.FINDINGS, sent["identifier"], Finding.STOLEN)
    timetravel.travel_to(at + timedelta(minutes=31))
    page = confirm(seller, quote)
    assert (page.status_code, Trade.objects.count()) == (422, 0)
    assert "reported lost or stolen" in page.content.decode()


def test_a_fresh_answer_is_not_asked_for_again(seller: Client, quote: Quote, at: datetime) -> None:
    given(seller, quote, at)
    timetravel.travel_to(at + timedelta(minutes=29))
    confirm(seller, quote)
    assert (RegistryCheck.objects.count(), Trade.objects.count()) == (1, 1)


def test_numbers_are_not_tried_out_here(seller: Client, plant: Refurbisher, quote: Quote, at: datetime) -> None:
    for _try in range(30):
        assert seller.post(url(quote), form(at, plant, identifier=SandboxRegistry.STOLEN)).status_code == 422
    page = seller.post(url(quote), form(at, plant))
    assert page.status_code == 422
    assert "try again later" in str(page.context["form"].non_field_errors())
    assert RegistryCheck.objects.count() == 30
