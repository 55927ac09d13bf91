"""The API answers wrong input with one error shape, its errors by field; addresses and filters never break a page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote as escaped

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from catalog.models import Listing
from refurbishers.models import Refurbisher
from tests.admin.rows import Rows, rows_of
from tests.bad_input.cases import LONG, written
from tests.buyback import steps
from tests.factories import ListingFactory, imei

pytestmark = pytest.mark.django_db

SURROGATE = "\ud800"


@dataclass(frozen=True)
class Wrong:
    """What is sent, and the fields that the answer has to name."""

    sent: Any
    fields: tuple[str, ...]
    status: int = 400


def wrong(sent: Any, *fields: str, status: int = 400) -> Wrong:
    return Wrong(sent, tuple(sorted(fields)), status)


def check(client: Client, method: str, url: str, case: Wrong) -> None:
    before = written()
    client.raise_request_exception = False
    answer = getattr(client, method)(url, case.sent, content_type="application/json")
    assert answer.status_code == case.status, (case, answer.content[:300], getattr(answer, "exc_info", None))
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "code", "detail", "errors"}
    assert (body["status"], tuple(sorted(body["errors"]))) == (case.status, case.fields), body
    assert written() == before


@pytest.fixture
def owner(bob: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(bob)


QUOTES = (
    wrong({}, "sku", "answers"),
    wrong([], "non_field_errors"),
    wrong('"nonsense"', "non_field_errors"),
    wrong({"sku": "no-such-sku", "answers": {}}, "sku"),
    wrong({"sku": "a\0b", "answers": {}}, "sku"),
    wrong({"sku": SURROGATE, "answers": {}}, "sku"),
    wrong({"sku": 7, "answers": {}}, "sku"),
    wrong({"sku": [], "answers": {}}, "sku"),
    wrong({"sku": LONG, "answers": "yes"}, "sku", "answers"),
)
ANSWERS = ({}, {"turns_on": "perhaps"}, {"turns_on": "a\0b"}, {"turns_on": []}, {"turns_on": "x" * 41})


@pytest.mark.parametrize("case", QUOTES)
def test_asking_for_a_quote(plant: Refurbisher, case: Wrong) -> None:
    steps.buying(plant)
    check(Client(), "post", reverse("api-quotes"), case)


@pytest.mark.parametrize("answers", ANSWERS)
def test_answers_that_are_none(plant: Refurbisher, answers: dict[str, Any]) -> None:
    sku = steps.buying(plant).sku
    sent = steps.ANSWERS | answers if answers else {}
    check(Client(), "post", reverse("api-quotes"), wrong({"sku": sku, "answers": sent}, "answers"))


CHANGES = (
    wrong({"price_minor": 0}, "price_minor"),
    wrong({"price_minor": -1}, "price_minor"),
    wrong({"price_minor": "much"}, "price_minor"),
    wrong({"price_minor": 2**70}, "price_minor"),
    wrong({"price_minor": None}, "price_minor"),
    wrong({"on_hand": 3.5}, "on_hand"),
    wrong({"on_hand": 100_001}, "on_hand"),
    wrong({"on_hand": 1}, "on_hand", status=409),
    wrong({"guarantee_months": 11}, "guarantee_months"),
    wrong({"comment": "a\0b"}, "comment"),
    wrong({"comment": SURROGATE}, "comment"),
    wrong({"comment": "x" * 501}, "comment"),
    wrong({"comment": "Like new!"}, "comment", status=409),
    wrong([1], "non_field_errors"),
)


@pytest.mark.parametrize("case", CHANGES)
def test_changing_a_listing(plant: Refurbisher, owner: Client, case: Wrong) -> None:
    listing = ListingFactory(plant=plant)
    Listing.objects.update(reserved=2)
    check(owner, "patch", reverse("api-plant-listing", args=[listing.pk]), case)


def shipment(rows: Rows, **changes: Any) -> dict[str, Any]:
    return {"identifiers": {str(rows.line.pk): imei()}, "courier": "dhl", "tracking_number": "JD0146"} | changes


def test_sending_a_parcel(plant: Refurbisher, bob: User, owner: Client, now: datetime) -> None:
    rows = rows_of(plant, now)
    line, url = str(rows.line.pk), reverse("api-plant-ship", args=[rows.line.consignment_id])
    for case in (
        wrong({}, "identifiers"),
        wrong(shipment(rows, identifiers=[]), "identifiers"),
        wrong(shipment(rows, identifiers={"x": "1"}), "identifiers"),
        wrong(shipment(rows, identifiers={line: "a\0b"}), "identifiers"),
        wrong(shipment(rows, identifiers={line: "123"}), line, status=409),
        wrong(shipment(rows, courier="a\0b"), "courier"),
        wrong(shipment(rows, tracking_number=""), "tracking_number", status=409),
        wrong(shipment(rows, tracking_number="x" * 41), "tracking_number"),
    ):
        check(owner, "post", url, case)


@pytest.mark.parametrize("sent", ["{", '{"sku": NaN', "\ufeff", "null"])
def test_what_is_not_json(sent: str) -> None:
    answer = Client(raise_request_exception=False).post(reverse("api-quotes"), sent, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


GARBAGE = ("\0", "a\0b", "'", "😀", "-1", "1e999", "9" * 40, "%", LONG[:3000], SURROGATE)
FILTERS = {
    "search": ("q", "sort", "page", "brand", "grade", "price", "colour", "storage_gb", "min_price", "max_price"),
    "suggest": ("q",),
    "sell": ("q",),
    "plants": ("category", "country", "sort", "page"),
    "api-buyables": ("category", "q", "grade", "max_price", "cursor", "page_size"),
    "api-plants": ("cursor", "page_size", "country", "category"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_takes_whatever_is_typed_into_an_address(plant: Refurbisher, name: str) -> None:
    ListingFactory(plant=plant)
    client, refused = Client(raise_request_exception=False), {400, 404} if name.startswith("api-") else set()
    for parameter in FILTERS[name]:
        for value in GARBAGE:
            typed = escaped(value, errors="surrogatepass")
            # What is left of nothing but NUL is nothing: a list leads to its address without it.
            answer = client.get(f"{reverse(name)}?{parameter}={typed}", follow=True)
            assert answer.status_code in {200, *refused}, (parameter, value[:20], getattr(answer, "exc_info", None))


def test_a_category_and_a_product_take_whatever_is_typed_into_their_address(plant: Refurbisher) -> None:
    product = ListingFactory(plant=plant).variant.product
    own, client = product.get_absolute_url(), Client(raise_request_exception=False)
    for url in (own, f"{own}reviews/", product.category.get_absolute_url()):
        for parameter in ("variant", "grade", "listing", "page", "sort", "storage_gb", "colour", "price"):
            for value in GARBAGE:
                typed = escaped(value, errors="surrogatepass")
                answer = client.get(f"{url}?{parameter}={typed}", follow=True)
                assert answer.status_code == 200, (url, parameter, value[:20], getattr(answer, "exc_info", None))


@pytest.mark.parametrize("path", ["/sell/d/{}/", "/orders/find/{}/", "/plants/join/{}/", "/sell/d/x/?quote={}", "/{}"])
def test_an_address_that_nobody_gave_is_not_found(path: str) -> None:
    for value in GARBAGE:
        answer = Client(raise_request_exception=False).get(path.format(escaped(value, errors="surrogatepass")))
        assert answer.status_code in (400, 404), (value[:20], getattr(answer, "exc_info", None))


@pytest.mark.parametrize("site", ["desk", "plant"])
def test_a_list_of_the_admin_takes_whatever_is_typed_into_its_address(
    plant: Refurbisher, bob: User, olga: User, client_of: Callable[[User], Client], site: str
) -> None:
    ListingFactory(plant=plant)
    client = client_of(olga if site == "desk" else bob)
    client.raise_request_exception = False
    rows = reverse(f"{site}:catalog_listing_changelist")
    for parameter in ("q", "pile", "status__exact", "grade__exact", "o", "p", "nonsense"):
        for value in GARBAGE:
            answer = client.get(f"{rows}?{parameter}={escaped(value, errors='surrogatepass')}")
            assert answer.status_code in (200, 302), (parameter, value[:20], getattr(answer, "exc_info", None))


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v1/orders/nothing/here/", "/api/v2/x"])
def test_an_unknown_path_is_a_problem_with_a_sentence(client: Client, method: str, path: str) -> None:
    not_found(getattr(client, method)(path))


def test_a_missing_row_is_a_problem_with_a_sentence(client: Client, alice: User) -> None:
    client.force_login(alice)
    for name in ("orders", "trades"):
        not_found(client.get(f"/api/v1/{name}/00000000-0000-4000-8000-000000000000/"))


def not_found(answer: Any) -> None:
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert (answer.json()["code"], answer.json()["status"]) == ("not_found", 404)
    assert answer.json()["detail"] == "There is nothing at this address."


@pytest.mark.parametrize("name", ["api-docs", "api-schema", "api-buyables", "api-plants", "api-orders", "api-trades"])
def test_an_address_without_its_last_slash_leads_to_the_endpoint(client: Client, name: str) -> None:
    whole = reverse(name)
    for method in (client.get, client.head):
        answer = method(f"{whole.removesuffix('/')}?grade=good&q=a%20b")
        assert (answer.status_code, answer["Location"]) == (301, f"{whole}?grade=good&q=a%20b")


def test_what_would_write_is_told_that_the_slash_is_missing(client: Client) -> None:
    answer = client.post(reverse("api-quotes").removesuffix("/"), {}, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "Addresses end with a slash: nothing was done. Write /api/v1/quotes/."


@pytest.mark.parametrize("path", ["/api/nothing", "/api/v1/", "/api/v1/quotes/x", "/api//evil.example/v1/plants-"])
def test_what_no_slash_would_help_stays_a_problem(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is nothing at this address.")
