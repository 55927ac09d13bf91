from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from buyback.models import Quote
from refurbishers.models import Refurbisher
from tests.buyback.steps import ANSWERS, accepted, buying

pytestmark = pytest.mark.django_db


def test_a_program_asks_for_a_quote_and_reads_it(plant: Refurbisher, now: datetime, client: Client) -> None:
    timetravel.travel_to(now)
    variant = buying(plant)
    body = {"sku": variant.sku, "answers": ANSWERS}
    made = client.post(reverse("api-quotes"), body, content_type="application/json")
    assert made.status_code == 201
    read = client.get(reverse("api-quote", args=[made.json()["id"]])).json()
    assert read == made.json()
    assert (read["condition"], read["status"], read["sku"]) == ("FUNCTIONAL_GOOD", "open", variant.sku)
    assert [(bid["plant"], bid["price_minor"], bid["currency"]) for bid in read["bids"]] == [
        (plant.slug, 25_000, "EUR")
    ]


def test_bad_input_is_named_in_the_one_error_shape(plant: Refurbisher, client: Client) -> None:
    variant = buying(plant)
    for body, field in (
        ({}, "sku"),
        ({"sku": "none", "answers": {}}, "sku"),
        ({"sku": variant.sku, "answers": "all"}, "answers"),
        ({"sku": variant.sku, "answers": {"screen": "like new"}}, "answers"),
    ):
        answer = client.post(reverse("api-quotes"), body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert field in answer.json()["errors"]
    assert Quote.objects.count() == 0


def test_one_sees_ones_own_trades_only(
    plant: Refurbisher, carol: User, mallory: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    trade = accepted(plant, carol, now)
    own, stranger = client_of(carol), client_of(mallory)
    one = reverse("api-trade", args=[trade.pk])
    assert own.get(one).json()["number"] == trade.number
    assert [row["id"] for row in own.get(reverse("api-trades")).json()["results"]] == [str(trade.pk)]
    assert stranger.get(reverse("api-trades")).json()["results"] == []
    assert stranger.get(one).status_code == 404
    assert own.get(reverse("api-trade", args=[uuid4()])).status_code == 404
    assert Client().get(one).status_code == 403
    assert "iban" not in own.get(one).content.decode().lower()
