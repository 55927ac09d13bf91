"""Selling: wrong input is answered beside its field, and the rest of it is kept."""

import struct
import zlib
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from buyback.registry import SandboxRegistry
from refurbishers.models import Refurbisher
from tests.bad_input.cases import Bad, Form, check
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


def test_the_questions(plant: Refurbisher) -> None:
    url = reverse("sell-questions", args=[steps.buying(plant).sku])
    check(Form("questions", url, steps.ANSWERS), Client())


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
    bad = (
        Bad("photos", file(b"<svg onload=alert(1)>"), "This is not a photo we can read"),
        Bad("photos", file(b"GIF89a" + bytes(40)), "This is not a photo we can read"),
        Bad("photos", file(steps.photo().read()[:200]), "This is not a photo we can read"),
        Bad("photos", file(b""), "The submitted file is empty"),
        Bad("photos", file(bytes(10 * 1024 * 1024 + 1)), "larger than 10 MB"),
        Bad("photos", bomb(8_000, 8_000), "more than 50 million pixels"),
        Bad("photos", bomb(60_000, 60_000), "more than 50 million pixels"),
        Bad("photos", [steps.photo() for _number in range(7)], "at most six photos"),
    )
    good = {"text": "When do you look at it?"}
    check(
        Form("message", url, good, bad, page=shown, fresh={"photos": steps.photo}, optional=frozenset({"photos"})), page
    )


def file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("holiday.jpg", content, content_type="image/jpeg")


def bomb(width: int, height: int) -> SimpleUploadedFile:
    """A PNG of some bytes that claims to be this large: to decode it would fill the memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return file(b"\x89PNG\r\n\x1a\n" + body)


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
