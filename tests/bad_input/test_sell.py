"""Selling: wrong input is answered beside its field, and the rest of it is kept."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from buyback.registry import SandboxRegistry
from refurbishers.models import Refurbisher
from tests.bad_input.cases import Bad, Form, check, written
from tests.buyback import steps
from tests.factories import imei
from tests.reviews.deals import paid_trade

pytestmark = pytest.mark.django_db

PLACE = {
    "name": "Carol Petit", "line1": "3 rue Basse", "line2": "2nd floor", "postcode": "75011", "city": "Paris",
    "country": "FR", "phone": "+33612345678",
}  # fmt: skip
# One wrong postcode for every country that we serve.
POSTCODES = {
    "FR": "7501", "AT": "10100", "BE": "100", "CZ": "110-00", "DE": "1011", "DK": "10500", "EE": "1011", "ES": "2801",
    "FI": "0010", "GR": "10-557", "IE": "X285", "IT": "184", "LT": "0110", "LU": "11180", "NL": "1012", "PL": "00001",
    "PT": "1100148", "SE": "11120A",
}  # fmt: skip
NUMBERS = {"FR": "0612", "DE": "+33 1"}


def wrong_places(prefix: str = "") -> tuple[Bad, ...]:
    """What a courier could not find or ring."""
    postcodes = [
        Bad(f"{prefix}postcode", code, "This is not a postcode of", {f"{prefix}country": country})
        for country, code in POSTCODES.items()
    ]
    phones = [
        Bad(
            f"{prefix}phone",
            number,
            "This phone number does not exist",
            {f"{prefix}country": country} | _code(prefix, country),
        )
        for country, number in NUMBERS.items()
    ]
    return (*postcodes, Bad(f"{prefix}postcode", "😀", "This is not a postcode of France"), *phones)


def _code(prefix: str, country: str) -> dict[str, str]:
    return {f"{prefix}postcode": "10115" if country == "DE" else "75011"}


@pytest.fixture
def page(carol: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(carol)


@pytest.mark.parametrize("answer", ["", "no-such-answer", "a\0b", "x" * 10_000, "😀", "' OR 1=1 --"])
def test_a_tampered_answer_is_said_above_the_answers_and_nothing_is_kept(plant: Refurbisher, answer: str) -> None:
    client, sku = Client(), steps.buying(plant).sku
    url = reverse("sell-question", args=[sku, "state"])
    before = written()
    page = client.post(url, {"answer": answer})
    assert (page.status_code, written()) == (422, before)
    assert "Choose one of the answers." in page.content.decode()
    assert "selling" not in client.session


NAUGHTY = ["", "a\0b", "x" * 10_000, "<script>alert(1)</script>", "' OR 1=1 --", "%_\\", "😀", "& | ! ( ) :*", "Ω≈ç√"]


@pytest.mark.parametrize("words", NAUGHTY)
def test_whatever_is_typed_into_the_search_is_answered_and_shown_as_text(plant: Refurbisher, words: str) -> None:
    steps.buying(plant)
    for url in (reverse("sell"), reverse("sell-category", args=["smartphones"])):
        page = Client().get(url, {"q": words})
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()


def test_the_quote_by_email(plant: Refurbisher, now: datetime) -> None:
    quote = steps.quoted(plant, now)
    form = Form(
        "send", reverse("quote-send", args=[quote.pk]), {"email": "carol@example.com"},
        page=reverse("quote", args=[quote.pk]),
    )  # fmt: skip
    check(form, Client())


def sale(plant: Refurbisher, at: datetime) -> Form:
    quote, stolen = steps.quoted(plant, at), next(iter(SandboxRegistry.DOCUMENTED))
    return Form(
        "accept",
        reverse("quote-accept", args=[quote.pk]),
        {
            "plant": str(plant.pk), "full_name": "Carol Petit", "birth_date": "1990-04-01",
            "document_kind": "passport", "document_number": "19FV12345", "identifier": imei(),
            "locks_removed": "on", "slot": steps.slots(at)[0].start.isoformat(), "holder": "Carol Petit",
            "iban": steps.IBAN, "conditions": "on", **{f"address-{name}": value for name, value in PLACE.items()},
        },
        bad=(
            Bad("birth_date", "2010-04-01", "You must be 18 or older"),
            Bad("birth_date", "1066-10-14", "Check your date of birth"),
            Bad("document_number", "1", "Copy the document's number"),
            Bad("document_number", "😀😀😀😀😀", "Copy the document's number"),
            Bad("identifier", "123456789012345", "This is not a valid IMEI"),
            Bad("identifier", "😀", "This is not a valid IMEI"),
            Bad("identifier", stolen, "This device is"),
            Bad("slot", "2020-01-01T08:00:00+01:00", "This time is not free any more"),
            Bad("holder", "Somebody Else", "The account must be in the name"),
            Bad("iban", "FR7630006000011234567890188", "This is not a valid IBAN"),
            Bad("iban", "😀", "This is not a valid IBAN"),
            *wrong_places("address-"),
        ),
        optional=frozenset({"plant", "address-line2", "address-phone"}),
    )  # fmt: skip


def test_the_sale(plant: Refurbisher, page: Client, now: datetime) -> None:
    check(sale(plant, now), page)


def test_another_collection(plant: Refurbisher, carol: User, page: Client, now: datetime) -> None:
    trade = steps.accepted(plant, carol, now)
    later = steps.slots(now)[3].start.isoformat()
    past = Bad("slot", "2020-01-01T08:00:00+01:00", "This time is not free any more")
    form = Form("rebook", reverse("trade-rebook", args=[trade.pk]), {"slot": later}, (past,))
    check(form, page)


def test_a_word_to_the_plant(plant: Refurbisher, carol: User, page: Client, now: datetime) -> None:
    trade = steps.accepted(plant, carol, now)
    url, shown = reverse("trade-message", args=[trade.pk]), reverse("trade", args=[trade.pk])
    check(Form("message", url, {"text": "When do you look at it?"}, page=shown), page)


def test_another_account(plant: Refurbisher, carol: User, page: Client, now: datetime) -> None:
    trade = steps.accepted(plant, carol, now)
    form = Form(
        "iban",
        reverse("trade-iban", args=[trade.pk]),
        {"holder": "Carol Petit", "iban": steps.OTHER_IBAN},
        (
            Bad("iban", "FR7630006000011234567890188", "This is not a valid IBAN"),
            Bad("iban", "😀", "This is not a valid IBAN"),
            Bad("holder", "Somebody Else", "The account must be in the name"),
        ),
    )
    check(form, page)


def test_the_stars_for_a_sale(plant: Refurbisher, carol: User, page: Client, now: datetime) -> None:
    trade = paid_trade(plant, carol, now)
    good = {"stars_delivery": "5", "stars_service": "4", "words": "Quick."}
    bad = (Bad("stars_service", "6", "Choose 1 to 5 stars"), Bad("stars_service", "-1", "Choose 1 to 5 stars"))
    form = Form("rate", reverse("rate-trade", args=[trade.pk]), good, bad, optional=frozenset({"words"}))
    check(form, page)
