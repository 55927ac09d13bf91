"""Sending: what is wrong is said at once, nothing reported goes out, and papers say from whom and how it comes back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.shipping.labels import LabelNotReady, drawn_label, label_pdf
from backmarket.shipping.models import Parcel
from backmarket.shipping.names import courier_name, tracking_url
from catalog.models import Listing
from catalog.registry import SandboxRegistry
from orders.models import Consignment, Order, OrderLine
from orders.services.returns import confirm_withdrawal
from tests.admin.rows import act, url
from tests.factories import imei
from tests.pdf import text_of

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Step = Callable[..., Order]


@pytest.fixture
def consignment(place: Step, pay: Step, listing: Listing, now: datetime, settings: Any) -> Consignment:
    """Two telephones that wait to be sent."""
    timetravel.travel_to(now)
    settings.DEVICE_REGISTRY_TIMEOUT = 0.01
    return pay(place((listing, 2))).consignments.get()


@pytest.fixture
def page(bob: User, client_of: ClientOf) -> Client:
    return client_of(bob)


def lines_of(consignment: Consignment) -> list[OrderLine]:
    return list(consignment.lines.order_by("pk"))


def send(page: Client, consignment: Consignment, *numbers: str, **courier: str) -> Any:
    given = {str(line.pk): number for line, number in zip(lines_of(consignment), numbers, strict=True)}
    return act(page, consignment, "ship", **{"courier": "", "tracking_number": "", **courier}, **given)


@pytest.mark.parametrize(
    ("number", "finding", "words"),
    [
        (SandboxRegistry.STOLEN, "stolen", "reported lost or stolen, and must not be sent"),
        (SandboxRegistry.GREYLISTED, "greylisted", "not sent before that is settled"),
    ],
)
def test_a_reported_device_is_not_sent_and_that_is_recorded(
    consignment: Consignment, page: Client, number: str, finding: str, words: str
) -> None:
    answer = send(page, consignment, imei(), number)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    bad = lines_of(consignment)[1]
    told = Event.objects.get(kind="line.device_refused")
    assert (told.subject_id, told.data) == (str(bad.pk), {"finding": finding})
    assert (set(consignment.lines.values_list("status", "identifier")), Parcel.objects.count()) == ({("paid", "")}, 0)


def test_without_the_registrys_answer_the_same_button_asks_again(consignment: Consignment, page: Client) -> None:
    answer = send(page, consignment, imei(), SandboxRegistry.SILENT)
    assert "press the button again in a minute" in answer.content.decode()
    assert not Event.objects.filter(kind="line.device_refused").exists()
    assert send(page, consignment, imei(), SandboxRegistry.UNKNOWN).status_code == 302
    assert set(consignment.lines.values_list("status", flat=True)) == {"shipped"}


def test_everything_that_is_wrong_is_said_at_once(consignment: Consignment, page: Client) -> None:
    first, second = (str(line.pk) for line in lines_of(consignment))
    answer = send(page, consignment, "123", SandboxRegistry.STOLEN, courier="dhl")
    errors = answer.context["form"].errors
    assert set(errors) == {first, second, "tracking_number"}
    assert "15 digits" in errors[first][0]
    missing = send(page, consignment, "", "123", courier="dhl", tracking_number="?")
    assert set(missing.context["form"].errors) == {first, second, "tracking_number"}
    same = imei()
    assert set(send(page, consignment, same, same).context["form"].errors) == {second}


def test_the_api_tells_all_of_it_too(consignment: Consignment, page: Client) -> None:
    first, second = (str(line.pk) for line in lines_of(consignment))
    body = {"identifiers": {first: "123", second: "12"}, "courier": "dhl", "tracking_number": ""}
    answer = page.post(reverse("api-plant-ship", args=[consignment.pk]), body, content_type="application/json")
    assert (answer.status_code, set(answer.json()["errors"])) == (409, {first, second, "tracking_number"})


def test_the_plants_own_courier_has_no_label_of_ours_and_its_number_is_a_link(
    consignment: Consignment, page: Client
) -> None:
    done = send(page, consignment, imei(), imei(), courier="chronopost", tracking_number="XY123456789FR")
    consignment.refresh_from_db()
    assert consignment.parcel
    shown = page.get(done["Location"]).content.decode()
    assert url("plant", consignment, "step", "label") not in shown
    assert "Print the label" not in shown
    assert 'suivi-page?listeNumerosLT=XY123456789FR" rel="noreferrer">XY123456789FR</a>' in shown
    assert "Chronopost" in shown
    with pytest.raises(LabelNotReady):
        label_pdf(consignment.parcel)


def test_the_house_couriers_parcel_has_a_label(
    consignment: Consignment, page: Client, drain: Callable[[], None]
) -> None:
    Parcel.objects.update(tracking_number="")
    done = send(page, consignment, imei(), imei())
    Parcel.objects.update(tracking_number="BM1234567890")
    shown = page.get(done["Location"]).content.decode()
    assert url("plant", consignment, "step", "label") in shown
    assert "our courier" in shown
    assert act(page, consignment, "label").content[:5] == b"%PDF-"


def test_couriers_have_names_and_numbers_are_quoted() -> None:
    assert [courier_name(code) for code in ("dhl", "ups", "sandbox")] == ["DHL", "UPS", "our courier"]
    assert tracking_url("dpd", "1/2 3") == "https://trace.dpd.fr/fr/trace/1%2F2%203"
    assert tracking_url("dhl", "&1") == "https://www.dhl.com/fr-fr/home/tracking.html?submit=1&tracking-id=%261"
    assert [tracking_url("gls", "1"), tracking_url("sandbox", "1"), tracking_url("ups", "")] == ["", "", ""]


def test_the_packing_slip_says_from_whom_when_and_how_it_comes_back(consignment: Consignment, page: Client) -> None:
    plant, slip = consignment.plant, text_of(act(page, consignment, "packing").content)
    for words in (plant.name, plant.legal_name, "France", "23 Nov 2026", "within 30 days of its delivery"):
        assert words in slip.replace("\n", " "), words
    assert "Withdraw from contract" in slip.replace("\n", " ")


def test_the_label_of_a_return_carries_the_orders_number(delivered_line: OrderLine, alice: User, now: datetime) -> None:
    confirm_withdrawal(delivered_line, name="Alice Martin", by=alice, at=now + timedelta(days=3))
    parcel = Parcel.objects.get(purpose="withdrawal")
    parcel.tracking_number = "BM1234567890"
    assert f"Return of order {delivered_line.order.number}" in text_of(drawn_label(parcel))


def test_the_buyer_follows_the_number_of_the_plants_own_courier(
    delivered_line: OrderLine, alice: User, client_of: ClientOf
) -> None:
    parcel = Parcel.objects.get()
    shown = client_of(alice).get(reverse("order", args=[delivered_line.order_id])).content.decode()
    assert f'Colissimo, number <a href="{parcel.tracking_url}" rel="noreferrer">{parcel.tracking_number}</a>' in shown


@pytest.mark.parametrize(("courier", "name", "told"), [("gls", "GLS", True), ("sandbox", "Our courier", False)])
def test_a_number_without_a_page_of_its_own_is_there_to_be_copied(
    delivered_line: OrderLine, alice: User, client_of: ClientOf, page: Client, courier: str, name: str, told: bool
) -> None:
    Parcel.objects.update(courier=courier, tracking_number="<1>")
    shown = client_of(alice).get(reverse("order", args=[delivered_line.order_id])).content.decode()
    assert f'{name}, number <span class="code copy">&lt;1&gt;</span> <button' in shown
    assert 'data-copy="&lt;1&gt;" data-done="Copied" hidden>Copy</button>' in shown
    assert ("Enter it on the courier&#x27;s own website." in shown) is told
    plants = page.get(url("plant", delivered_line.consignment)).content.decode()
    assert 'data-copy="&lt;1&gt;"' in plants
