"""The public list, each plant's page, and the API."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from refurbishers.models import Refurbisher, ServiceFact
from refurbishers.services.measures import measure_plants
from tests.factories import CategoryFactory, RefurbisherFactory
from tests.refurbishers.promises import facts, signed_specification

pytestmark = pytest.mark.django_db


def names(query: str = "") -> list[str]:
    response = Client().get(f"/plants/{query}")
    return [card["plant"].name for card in response.context["cards"]]


def test_the_list_shows_plants_that_trade_best_rated_first() -> None:
    RefurbisherFactory(name="Good", rating_sum=40, rating_count=10)
    RefurbisherFactory(name="Best", rating_sum=48, rating_count=10)
    RefurbisherFactory(name="Unrated")
    RefurbisherFactory(name="Applied", status="applied")
    RefurbisherFactory(name="Left", status="left")
    RefurbisherFactory(name="Suspended", status="suspended")
    assert names() == ["Best", "Good", "Unrated"]
    assert names("?sort=name") == ["Best", "Good", "Unrated"]


def test_three_happy_customers_do_not_outshine_two_hundred() -> None:
    RefurbisherFactory(name="Lucky", rating_sum=15, rating_count=3)
    RefurbisherFactory(name="Proven", rating_sum=900, rating_count=200)
    assert names() == ["Proven", "Lucky"]


def test_the_list_is_filtered_by_expertise_and_country() -> None:
    lyon, berlin = RefurbisherFactory(name="Lyon", country="FR"), RefurbisherFactory(name="Berlin", country="DE")
    CategoryFactory(slug="laptops", name="Laptops").experts.add(lyon, berlin)
    CategoryFactory().experts.add(lyon)
    assert names("?category=smartphones") == ["Lyon"]
    assert names("?category=laptops&country=DE") == ["Berlin"]


def test_a_filter_that_does_not_exist_is_told_and_shows_everything() -> None:
    RefurbisherFactory(name="Lyon")
    response = Client().get("/plants/?category=boats&sort=luck&page=x")
    assert set(response.context["form"].errors) == {"category", "sort"}
    assert len(response.context["cards"]) == 1


def test_the_list_costs_the_same_at_1_and_20_plants() -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            Client().get("/plants/")
        return len(queries)

    category = CategoryFactory()
    category.experts.add(RefurbisherFactory())
    one = cost()
    category.experts.add(*RefurbisherFactory.create_batch(19))
    assert cost() == one


def test_the_page_shows_who_is_behind_and_promises_beside_what_was_achieved(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, ServiceFact.Kind.SHIPMENT, [1] * 2 + [0] * 18, now)
    facts(plant, ServiceFact.Kind.ANSWER_TIME, [75, 80, 80, 90, 95], now)
    measure_plants(now)
    page = Client().get(reverse("plant", args=[plant.slug])).content.decode()
    for text in ("Atelier Neuf SAS", "RCS 000 000 000", "FR00000000000", "at most 7%", "10%", "1 h 20 min", "test.1"):
        assert text in page, text
    assert "20 cases in 90 days" in page
    assert "On watch" in page


@pytest.mark.parametrize("status", Refurbisher.Status.values)
def test_plants_that_ever_traded_have_a_page_and_applicants_do_not(status: str) -> None:
    plant = RefurbisherFactory(status=status)
    expected = 404 if status in ("applied", "documents", "audit") else 200
    assert Client().get(reverse("plant", args=[plant.slug])).status_code == expected
    assert Client().get(f"/api/v1/plants/{plant.slug}/").status_code == expected


def test_the_api_lists_plants_and_shows_promises(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, ServiceFact.Kind.SHIPMENT, [0] * 10, now)
    measure_plants(now)
    RefurbisherFactory(status="applied")
    listed = Client().get("/api/v1/plants/").json()["results"]
    assert [row["slug"] for row in listed] == ["atelier-neuf"]
    one = Client().get("/api/v1/plants/atelier-neuf/").json()
    late = next(promise for promise in one["promises"] if promise["code"] == "L-01")
    assert (late["threshold"], late["achieved"], late["sample"], late["kept"]) == (700, 0, 10, True)
    assert "iban" not in one
