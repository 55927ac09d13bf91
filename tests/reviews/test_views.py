"""Rating through the browser, and the public pages and fragments."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket.accounts.models import User
from refurbishers.models import Refurbisher
from reviews.models import Review
from reviews.services import rate_line
from tests.factories import RefurbisherFactory, UserFactory
from tests.reviews.deals import delivered_line, paid_trade

pytestmark = pytest.mark.django_db
STARS = {"stars_device": "5", "stars_delivery": "4", "stars_service": "3"}


def publish(plant: Refurbisher, at: datetime, words: str = "Fine.") -> Review:
    person = UserFactory(full_name="Zoe Backer")
    line = delivered_line(plant, person, at)
    stars = {name: int(value) for name, value in STARS.items()}
    return rate_line(line, author=person, words=words, by=person, at=at, **stars)


def test_a_buyer_rates_through_the_form(
    plant: Refurbisher, alice: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    line = delivered_line(plant, alice, now)
    url = reverse("rate-line", args=[line.pk])
    client = client_of(alice)
    assert b"stars_device" in client.get(url).content
    response = client.post(url, STARS | {"words": "Good."})
    assert (response.status_code, response["Location"]) == (302, reverse("order", args=[line.order_id]))
    review = Review.objects.get()
    assert (review.stars_device, review.stars_delivery, review.stars_service, review.words) == (5, 4, 3, "Good.")
    assert b"You have rated this" in client.get(url).content


def test_a_seller_rates_through_the_form(
    plant: Refurbisher, carol: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    trade = paid_trade(plant, carol, now)
    client = client_of(carol)
    assert b"stars_device" not in client.get(reverse("rate-trade", args=[trade.pk])).content
    client.post(reverse("rate-trade", args=[trade.pk]), {"stars_delivery": "4", "stars_service": "2"})
    review = Review.objects.get()
    assert (review.trade, review.stars_device, review.stars_delivery, review.stars_service) == (trade, None, 4, 2)


def test_bad_stars_are_told_beside_their_field_and_the_words_are_kept(
    plant: Refurbisher, alice: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    line = delivered_line(plant, alice, now)
    response = client_of(alice).post(
        reverse("rate-line", args=[line.pk]), {"stars_device": "9", "stars_service": "3", "words": "Half a word"}
    )
    assert response.context["form"].errors == {
        "stars_device": ["Choose 1 to 5 stars."],
        "stars_delivery": ["Choose one to five stars."],
    }
    page = response.content.decode()
    assert 'id="id_stars_device_error"' in page
    assert "Half a word" in page
    assert response.context["form"]["stars_service"].value() == "3"
    assert not Review.objects.exists()


def test_words_have_a_limit(
    plant: Refurbisher, alice: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    line = delivered_line(plant, alice, now)
    response = client_of(alice).post(reverse("rate-line", args=[line.pk]), STARS | {"words": "x" * 2001})
    assert list(response.context["form"].errors) == ["words"]


def test_what_cannot_be_rated_yet_shows_no_form(
    plant: Refurbisher, alice: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    line = delivered_line(plant, alice, now, status="shipped", delivered_at=None)
    assert b"<textarea" not in client_of(alice).get(reverse("rate-line", args=[line.pk])).content


def test_somebody_elses_line_or_trade_does_not_exist(
    plant: Refurbisher, alice: User, carol: User, mallory: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    line, trade = delivered_line(plant, alice, now), paid_trade(plant, carol, now)
    for url in (reverse("rate-line", args=[line.pk]), reverse("rate-trade", args=[trade.pk])):
        assert client_of(mallory).get(url).status_code == 404
        assert client_of(mallory).post(url, STARS).status_code == 404
        assert Client().get(url).status_code == 302


def test_ratings_are_a_page_of_their_own_and_a_fragment_for_htmx(plant: Refurbisher, now: datetime) -> None:
    review = publish(plant, now, words="<b>Solid</b> work")
    for url in (reverse("plant-reviews", args=[plant.slug]), reverse("product-reviews", args=[review.product_slug])):
        page = Client().get(url).content.decode()
        fragment = Client().get(url, headers={"HX-Request": "true"}).content.decode()
        assert "<html" in page
        assert "<html" not in fragment
        for text in (page, fragment):
            assert "&lt;b&gt;Solid&lt;/b&gt; work" in text
            assert "Zoe B." in text


def test_ratings_come_in_pages_of_ten_at_the_same_cost(plant: Refurbisher, now: datetime) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            Client().get(reverse("plant-reviews", args=[plant.slug]), headers={"HX-Request": "true"})
        return len(queries)

    publish(plant, now)
    one = cost()
    for _ in range(11):
        publish(plant, now)
    assert cost() == one
    second = Client().get(reverse("plant-reviews", args=[plant.slug]), {"page": "2"})
    assert len(second.context["page_obj"]) == 2


def test_unknown_plants_and_products_have_no_ratings_page() -> None:
    RefurbisherFactory(slug="applicant", status="applied")
    for url in ("/plants/applicant/reviews/", "/plants/nobody/reviews/", "/p/nothing/reviews/"):
        assert Client().get(url).status_code == 404


def test_the_method_is_public() -> None:
    assert Client().get(reverse("reviews-method")).status_code == 200


def test_the_api_gives_a_plants_ratings_without_names_or_removed_ones(plant: Refurbisher, now: datetime) -> None:
    kept, removed = publish(plant, now), publish(plant, now)
    Review.objects.filter(pk=removed.pk).update(removed_at=now, removal="law")
    body = Client().get(f"/api/v1/plants/{plant.slug}/reviews/").json()
    assert [row["id"] for row in body["results"]] == [str(kept.pk)]
    assert body["results"][0]["author"] == "Zoe B."
    assert body["results"][0]["leg"] == "bought"
    assert "Backer" not in str(body)
    assert Client().get("/api/v1/plants/nobody/reviews/").status_code == 404
