"""The sandbox as people meet it: a bank's pay page, a time machine, a courier to hurry."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from backmarket import market, timetravel
from backmarket.accounts.forms import AddressForm
from backmarket.accounts.models import Address, User
from backmarket.accounts.services import save_address
from backmarket.errors import DomainError
from backmarket.events import inbox
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import SandboxIntent
from backmarket.shipping import services as shipping
from backmarket.shipping.models import SandboxShipment
from tests.factories import AddressFactory
from tests.ground.money_steps import CARD, RETURN, eur, opened
from tests.ground.standing_in import Answering, standing_in

pytestmark = pytest.mark.django_db


def pay_url(now: datetime, minor: int = 10_000) -> str:
    return f"/sandbox/pay/{opened(now, minor)[1].pk}/"


# The pay page


def test_paying_leads_back_to_the_shop(now: datetime) -> None:
    url = pay_url(now)
    assert b"100.00" in Client().get(url).content
    answer = Client().post(url, {"action": "pay", "card": CARD})
    assert (answer.status_code, answer["Location"]) == (302, RETURN)
    assert SandboxIntent.objects.get().status == "captured"
    assert Client().get(url)["Location"] == RETURN


def test_cancelling_leads_back_to_the_shop(now: datetime) -> None:
    answer = Client().post(pay_url(now), {"action": "cancel", "card": ""})
    assert (answer["Location"], SandboxIntent.objects.get().status) == (RETURN, "cancelled")


def test_a_real_card_is_refused_beside_the_field_and_stays_typed(now: datetime) -> None:
    answer = Client().post(pay_url(now), {"action": "pay", "card": "5555 0000 1111 2222"})
    assert answer.status_code == 422
    assert b"Use one of the test cards" in answer.content
    assert b'value="5555 0000 1111 2222"' in answer.content
    assert SandboxIntent.objects.get().status == "open"


@pytest.mark.parametrize(
    ("card", "status"), [("4000 0000 0000 0002", "failed"), ("4000000000003220", "challenge"), (CARD, "captured")]
)
def test_cards_do_what_the_table_says(now: datetime, card: str, status: str) -> None:
    Client().post(pay_url(now), {"action": "pay", "card": card})
    assert SandboxIntent.objects.get().status == status


def test_the_second_step_asks_for_the_code(now: datetime) -> None:
    url = pay_url(now, 10_033)
    assert b"one-time-code" in Client().post(url, {"action": "pay", "card": CARD}).content
    assert Client().post(url, {"action": "code", "code": "123456"})["Location"] == RETURN
    assert SandboxIntent.objects.get().status == "captured"


def test_the_code_alone_pays_nothing(now: datetime) -> None:
    Client().post(pay_url(now), {"action": "code", "code": "123456"})
    assert SandboxIntent.objects.get().status == "open"


def test_an_unknown_payment_is_404() -> None:
    assert Client().get("/sandbox/pay/pay_unknown/").status_code == 404


class Shop(Answering):
    """A stand-in for the shop's own server: keeps what it is told."""

    heard: list[tuple[str, bytes, str]] = []

    def answer(self) -> None:
        self.heard.append((self.path, self.read(), self.headers[inbox.SIGNATURE_HEADER]))
        self.send(200, "text/plain", b"")


@pytest.fixture
def shop(settings: Any) -> Iterator[type[Shop]]:
    Shop.heard = []
    with standing_in(Shop) as settings.SITE_URL:
        yield Shop


def test_the_bank_tells_the_shop_over_http_signed(now: datetime, shop: type[Shop]) -> None:
    _payment, intent = opened(now)
    sandbox.pay(intent, CARD)
    sandbox.deliver_webhook(intent.pk)
    ((path, body, signature),) = shop.heard
    assert path == "/webhooks/payments/sandbox/"
    inbox.verify(body, signature, django_settings.SANDBOX_WEBHOOK_SECRET)


# The time machine


@pytest.fixture(autouse=True)
def _present() -> Iterator[None]:
    yield
    timetravel.come_back()


def ahead() -> timedelta:
    return timetravel.now() - timezone.now()


@pytest.mark.parametrize(("step", "days"), [("day", 1), ("week", 7)])
def test_the_clock_jumps_ahead_and_comes_back(step: str, days: int) -> None:
    Client().post("/sandbox/travel/", {"step": step})
    assert abs(ahead() - timedelta(days=days)) < timedelta(hours=1, minutes=1)
    Client().post("/sandbox/travel/", {"step": "present"})
    assert abs(ahead()) < timedelta(seconds=5)


def test_the_next_working_morning_is_one_in_which_people_are_reminded() -> None:
    Client().post("/sandbox/travel/", {"step": "morning"})
    there = market.calendar().local(timetravel.now())
    assert (market.calendar().is_open(timetravel.now()), there.hour) == (True, 10)
    assert timedelta(0) < ahead() < timedelta(days=6)


@pytest.mark.parametrize(
    "data", [{}, {"step": "x"}, {"step": "to", "to": "x"}, {"step": "to", "to": "2020-01-01T00:00Z"}]
)
def test_a_senseless_journey_is_refused(data: dict[str, str]) -> None:
    answer = Client().post("/sandbox/travel/", data, follow=True)
    assert b"at most ten years ahead" in answer.content
    assert abs(ahead()) < timedelta(seconds=5)


def test_travelling_needs_the_forms_token() -> None:
    assert Client(enforce_csrf_checks=True).post("/sandbox/travel/", {"step": "day"}).status_code == 403
    assert Client().get("/sandbox/travel/").status_code == 405


def test_time_cannot_be_moved_where_sandboxes_are_not_allowed(settings: Any) -> None:
    settings.ALLOW_SANDBOX = False
    with pytest.raises(DomainError):
        timetravel.travel_to(timezone.now() + timedelta(days=1))
    assert abs(ahead()) < timedelta(seconds=5)


def test_the_page_documents_every_magic_value_and_the_waiting_parcels() -> None:
    SandboxShipment.objects.create(
        tracking_number="BM1", script=[["lost", "2026-01-01T00:00+00:00", "", ""]], next_at=timezone.now()
    )
    text = Client().get("/sandbox/").content.decode()
    for value in (
        "4242 4242 4242 4242",
        "ending in 02",
        "ending in 61",
        "ending in 71",
        "ending in 991",
        sandbox.EXAMPLE_BOUNCING_IBAN,
        "BM1",
    ):
        assert value in text


def test_the_courier_can_be_hurried() -> None:
    at = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Europe/Paris"))
    parcel = shipping.create_parcel(
        purpose="sale",
        reference=uuid4(),
        sender=AddressFactory(),
        recipient=AddressFactory(),
        insured=eur(1),
        by="guest",
        at=at,
    )
    answer = Client().post("/sandbox/courier/", follow=True)
    assert b"The courier made 3 scans." in answer.content
    parcel.refresh_from_db()
    assert parcel.status == "delivered"


# Addresses


def address(**changes: str) -> AddressForm:
    facts = {
        "name": "Carol",
        "line1": "1 rue Haute",
        "postcode": "75011",
        "city": "Paris",
        "country": "FR",
        "phone": "",
    }
    return AddressForm({**facts, **changes})


@pytest.mark.parametrize(
    ("country", "right", "wrong"),
    [("FR", "75011", "7501"), ("NL", "1012 js", "1012"), ("PL", "00-001", "00001"), ("IE", "d02 x285", "75011")],
)
def test_a_postcode_has_the_shape_of_its_country(country: str, right: str, wrong: str) -> None:
    assert address(country=country, postcode=right).errors == {}
    assert list(address(country=country, postcode=wrong).errors) == ["postcode"]


def test_a_national_phone_number_is_read_in_the_addresss_country() -> None:
    form = address(country="BE", postcode="1000", phone="02 555 12 12")
    assert form.is_valid()
    assert str(form.cleaned_data["phone"]) == "+3225551212"
    assert list(address(phone="12").errors) == ["phone"]


def test_an_unknown_country_is_refused_beside_the_field() -> None:
    assert list(address(country="XX").errors) == ["country"]


def test_saving_the_same_address_again_keeps_one_row_per_person(alice: User) -> None:
    form = address(phone="+33612345678")
    assert form.is_valid()
    first, second = save_address(alice, form.cleaned_data), save_address(alice, form.cleaned_data)
    guest = save_address(None, form.cleaned_data)
    assert (first.pk, first.user) == (second.pk, alice)
    assert (guest.user, Address.objects.count()) == (None, 2)
    assert str(first.phone) == "+33612345678"
