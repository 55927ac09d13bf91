"""Selling: wrong input is answered beside its field, and the rest of it is kept."""

import struct
import zlib
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from backmarket.accounts.models import User
from buyback.conditions import CURRENT
from buyback.identifiers import InvalidIdentifier, checked_identifier
from buyback.models import AcceptanceDraft
from buyback.views import accept
from refurbishers.models import Refurbisher
from tests.bad_input.cases import Bad, Form, check, written
from tests.buyback import steps
from tests.buyback.test_sent_back import undelivered
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


@pytest.fixture(autouse=True)
def _tries_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sends so many wrong forms within an hour; the limit has a test of its own."""
    monkeypatch.setattr(accept, "TRIES_PER_HOUR", 10_000)


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


# What people type instead of an IMEI, and the word that helps.
IMEIS = {
    "123456789012345": "one digit is wrong or two are swapped",
    "356983035643809": "one digit is wrong or two are swapped",
    "000000000000000": "all its digits are the same",
    "111111111111111": "all its digits are the same",
    "35693803564380": "it has 15 digits, and these are 14",
    "3": "it has 15 digits, and this is 1",
    "3569380356438091": "the IMEISV",
    "35693803564380900": "it has 15 digits, and these are 17",
    "35693803564380O": "it has digits only",
    "٣٥٦٩٣٨٠٣٥٦٤٣٨٠٩": "it has digits only",
    "*#06#": "it has digits only",
    "iPhone 12": "it has digits only",
    "😀": "it has digits only",
    "<script>alert(1)</script>": "it has digits only",
    "'; DROP TABLE": "it has digits only",
}
IBANS = {
    "FR7630006000011234567890188": "a character is wrong or two are swapped",
    "FR7630006000011234567890198": "a character is wrong or two are swapped",
    "FR763000600001123456789018": "in France it has 27 characters, and this has 26",
    "FR76 3000 6000 0112 3456 7890 1890": "in France it has 27 characters, and this has 28",
    "DE8937040044053201300": "in Germany it has 22 characters, and this has 21",
    "FR763000600001123456789018O": "compare it with the one on your bank statement",
    "FR": "This is not a valid IBAN",
    "ZZ7630006000011234567890189": "it begins with the two letters of a country",
    "30006000011234567890189": "This is not a valid IBAN",
    "4242 4242 4242 4242": "This is not a valid IBAN",
    "AGRIFRPP": "This is not a valid IBAN",
    "BR1800360305000010009795493C1": "We can pay to accounts of the SEPA area only",
    "SA0380000000608010167519": "We can pay to accounts of the SEPA area only",
    "😀": "This is not a valid IBAN",
    "FR76<script>": "This is not a valid IBAN",
}
SERIALS = {
    "AB12": "5 to 20 letters and digits",
    "A" * 21: "5 to 20 letters and digits",
    "AAAAAAA": "one character only",
    "00000000": "one character only",
    "A2403": "number of the model",
    "SN#12345": "5 to 20 letters and digits",
    "😀😀😀😀😀": "5 to 20 letters and digits",
    "ＣＯ２ＸＫ": "5 to 20 letters and digits",
}
DOCUMENTS = ("1", "😀😀😀😀😀", "#", "1" * 21, "<b>12345</b>", "../../etc")
HOLDERS = ("Somebody Else", "Petit", "C. Petit", "Carole Petit", "😀", "<script>", "null")
BIRTHS = {
    "2010-04-01": "You must be 18 or older", "1066-10-14": "Check your date of birth",
    "2126-01-01": "Check your date of birth",
}  # fmt: skip
NAUGHTY = (" ", "\u200b", "\u202e", "a\tb", "NULL", "{{ 7*7 }}", "%s%n", "'\"--", "٩٩", "ﷺ", "Ω≈ç√∫˜µ≤≥÷")


def sale(plant: Refurbisher, at: datetime) -> Form:
    quote = steps.quoted(plant, at)
    return Form(
        "accept",
        reverse("quote-accept", args=[quote.pk]),
        {
            "plant": str(plant.pk), "full_name": "Carol Petit", "birth_date": "1990-04-01",
            "document_kind": "passport", "document_number": "19FV12345", "identifier": imei(),
            "locks_removed": "on", "slot": steps.slots(at)[0].start.isoformat(), "holder": "Carol Petit",
            "iban": steps.IBAN, **{f"address-{name}": value for name, value in PLACE.items()},
        },
        bad=(
            *(Bad("birth_date", day, says) for day, says in BIRTHS.items()),
            *(Bad("document_number", number, "Copy the document's number") for number in DOCUMENTS),
            *(Bad("identifier", number, says) for number, says in IMEIS.items()),
            *(Bad("identifier", text, "") for text in NAUGHTY),
            *(Bad("iban", number, says) for number, says in IBANS.items()),
            *(Bad("iban", text, "") for text in NAUGHTY),
            *(Bad("holder", name, "The account must be in the name") for name in HOLDERS),
            Bad("slot", "2020-01-01T08:00:00+01:00", "This time is not free any more"),
            Bad("slot", "visit-9", "This time is not free any more"),
            *wrong_places("address-"),
            Bad("address-line1", "Lindenstraße", "Add the number of the house",
                {"address-country": "DE", "address-postcode": "10115", "address-phone": ""}),
        ),
        optional=frozenset({"plant", "address-line2", "address-phone"}),
    )  # fmt: skip


@pytest.mark.parametrize(("text", "says"), SERIALS.items())
def test_a_serial_number(plant: Refurbisher, text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier, match=says):
        checked_identifier("serial", text)


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_naughty_name_is_kept_and_shown_as_it_was_typed(
    plant: Refurbisher, page: Client, now: datetime, text: str
) -> None:
    form = sale(plant, now)
    answer = page.post(form.url, form.sent(full_name=f"Carol {text} Petit", holder=f"Carol {text} Petit"))
    assert answer.status_code == 302
    html = page.get(answer["Location"]).content.decode()
    assert escape(" ".join(f"Carol {text} Petit".split(" "))) in html or text.strip() == ""


def test_the_last_click(plant: Refurbisher, page: Client, now: datetime) -> None:
    form = sale(plant, now)
    url = page.post(form.url, form.good)["Location"]
    shown = {"revision": str(AcceptanceDraft.objects.get().revision), "version": CURRENT}
    last = Form("confirm", url, {"conditions": "on"}, fixed=shown)
    assert page.post(url, {**shown, "conditions": "on", "revision": "x" * 10_000}).status_code == 422
    assert page.post(url, {**shown, "conditions": "on", "version": "a\0b"}).status_code == 422
    check(last, page)


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


def test_a_corrected_address(plant: Refurbisher, carol: User, page: Client, now: datetime) -> None:
    trade = undelivered(plant, carol, now)
    bad = (
        Bad("postcode", "123", "not a postcode of France"),
        Bad("postcode", "97²²²", "not a postcode of France"),
        Bad("country", "US", "Select a valid choice"),
    )
    optional = frozenset({"line2"})
    check(Form("address", reverse("trade-address", args=[trade.pk]), steps.ELSEWHERE, bad, optional=optional), page)


def test_the_stars_for_a_sale(plant: Refurbisher, carol: User, page: Client, now: datetime) -> None:
    trade = paid_trade(plant, carol, now)
    good = {"stars_delivery": "5", "stars_service": "4", "words": "Quick."}
    bad = (Bad("stars_service", "6", "Choose 1 to 5 stars"), Bad("stars_service", "-1", "Choose 1 to 5 stars"))
    form = Form("rate", reverse("rate-trade", args=[trade.pk]), good, bad, optional=frozenset({"words"}))
    check(form, page)
