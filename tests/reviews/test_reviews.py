"""Who may rate what, once; and how a rating travels down to its plant."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.notifications.models import Notification
from orders.models import OrderLine
from refurbishers.models import Refurbisher, ServiceFact
from reviews.models import Review
from reviews.selectors import STARS, distribution, reviews_of_plant, reviews_of_product
from reviews.services import (
    CannotRate,
    CannotRemove,
    CannotReply,
    rate_line,
    rate_trade,
    remove_review,
    reply_to_review,
    shown_name,
)
from tests.factories import UserFactory
from tests.reviews.deals import delivered_line, paid_trade

pytestmark = pytest.mark.django_db


def rate(
    line: OrderLine, author: User, at: datetime, stars: tuple[int, int, int] = (5, 4, 5), words: str = ""
) -> Review:
    device, delivery, service = stars
    return rate_line(
        line,
        author=author,
        stars_device=device,
        stars_delivery=delivery,
        stars_service=service,
        words=words,
        by=author,
        at=at,
    )


def test_the_buyer_rates_a_delivered_device(plant: Refurbisher, alice: User, now: datetime) -> None:
    line = delivered_line(plant, alice, now)
    review = rate(line, alice, now, words="  Spotless. ")
    assert (review.author_name, review.words, review.stars) == ("Alice M.", "Spotless.", 5)
    assert (review.product_slug, review.device_title) == (line.listing.variant.product.slug, line.title)
    event = Event.objects.get(kind="review.published")
    assert (event.subject_id, event.data) == (str(review.pk), {"plant": str(plant.pk)})


@pytest.mark.parametrize("status", ["pending", "paid", "accepted", "shipped", "cancelled"])
def test_what_was_not_delivered_cannot_be_rated(plant: Refurbisher, alice: User, now: datetime, status: str) -> None:
    line = delivered_line(plant, alice, now, status=status, delivered_at=None)
    with pytest.raises(CannotRate):
        rate(line, alice, now)
    assert not Review.objects.exists()


def test_a_refund_after_delivery_leaves_the_right_to_rate_and_one_before_does_not(
    plant: Refurbisher, alice: User, now: datetime
) -> None:
    rate(delivered_line(plant, alice, now, status="refunded"), alice, now)
    with pytest.raises(CannotRate):
        rate(delivered_line(plant, alice, now, status="refunded", delivered_at=None), alice, now)
    assert Review.objects.count() == 1


def test_only_the_buyer_rates(plant: Refurbisher, alice: User, mallory: User, now: datetime) -> None:
    with pytest.raises(CannotRate):
        rate(delivered_line(plant, alice, now), mallory, now)
    with pytest.raises(CannotRate):
        rate(delivered_line(plant, None, now), mallory, now)


def test_a_line_is_rated_once(plant: Refurbisher, alice: User, now: datetime) -> None:
    line = delivered_line(plant, alice, now)
    rate(line, alice, now)
    with pytest.raises(CannotRate, match="already"):
        rate(line, alice, now, stars=(1, 1, 1))
    assert Review.objects.get().stars_device == 5
    assert Event.objects.filter(kind="review.published").count() == 1


@pytest.mark.parametrize("stars", [0, 6])
def test_stars_are_one_to_five(plant: Refurbisher, alice: User, now: datetime, stars: int) -> None:
    with pytest.raises(CannotRate) as refusal:
        rate(delivered_line(plant, alice, now), alice, now, stars=(5, stars, 5))
    assert refusal.value.field == "stars_delivery"


def test_the_seller_rates_a_paid_trade_once(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = paid_trade(plant, carol, now)
    review = rate_trade(trade, author=carol, stars_delivery=5, stars_service=4, by=carol, at=now)
    assert (review.stars, review.stars_device, review.product_slug) == (5, None, trade.variant.product.slug)
    with pytest.raises(CannotRate):
        rate_trade(trade, author=carol, stars_delivery=1, stars_service=1, by=carol, at=now)


def test_an_unpaid_trade_or_anothers_cannot_be_rated(
    plant: Refurbisher, carol: User, mallory: User, now: datetime
) -> None:
    unpaid, paid = paid_trade(plant, carol, now, status="validated"), paid_trade(plant, carol, now)
    for trade, person in ((unpaid, carol), (paid, mallory)):
        with pytest.raises(CannotRate):
            rate_trade(trade, author=person, stars_delivery=5, stars_service=5, by=person, at=now)


@pytest.mark.parametrize(
    ("full_name", "shown"),
    [("Alice Martin", "Alice M."), ("Jean de la Tour", "Jean T."), ("Cher", "Cher"), ("", "–")],
)
def test_a_rating_shows_a_first_name_and_an_initial(full_name: str, shown: str) -> None:
    assert shown_name(User(full_name=full_name)) == shown


def test_the_plant_answers_once(plant: Refurbisher, alice: User, bob: User, now: datetime) -> None:
    review = rate(delivered_line(plant, alice, now), alice, now)
    reply_to_review(review, text="Thank you!", by=bob, at=now)
    with pytest.raises(CannotReply):
        reply_to_review(review, text="And again!", by=bob, at=now)
    review.refresh_from_db()
    assert (review.reply, review.replied_at) == ("Thank you!", now)


def test_a_removal_names_its_reason_and_happens_once(
    plant: Refurbisher, alice: User, olga: User, now: datetime
) -> None:
    review = rate(delivered_line(plant, alice, now), alice, now)
    with pytest.raises(CannotRemove):
        remove_review(review, reason="too honest", by=olga, at=now)
    assert Review.objects.published().count() == 1
    remove_review(review, reason="insult", by=olga, at=now)
    with pytest.raises(CannotRemove):
        remove_review(review, reason="law", by=olga, at=now)
    assert not reviews_of_plant(plant).exists()
    assert Review.objects.get().removal == "insult"


def test_ratings_of_both_legs_reach_the_plant_down_the_wire(
    plant: Refurbisher, alice: User, carol: User, now: datetime, drain: Callable[[], None]
) -> None:
    rate(delivered_line(plant, alice, now), alice, now, stars=(5, 5, 5))
    trade = paid_trade(plant, carol, now)
    bad = rate_trade(trade, author=carol, stars_delivery=2, stars_service=2, by=carol, at=now)
    drain()
    plant.refresh_from_db()
    assert (plant.rating_sum, plant.rating_count, plant.rating) == (7, 2, 3.5)
    assert sorted(ServiceFact.objects.filter(kind="rating").values_list("value", flat=True)) == [200, 500]

    remove_review(bad, reason="law", by="system:test", at=now)
    drain()
    plant.refresh_from_db()
    assert (plant.rating_sum, plant.rating_count) == (5, 1)
    assert list(ServiceFact.objects.filter(kind="rating").values_list("value", flat=True)) == [500]
    assert Notification.objects.get(template="review_removed").recipient == carol.email


def test_a_repeated_event_changes_nothing(
    plant: Refurbisher, alice: User, now: datetime, drain: Callable[[], None]
) -> None:
    from reviews.handlers import push_rating

    rate(delivered_line(plant, alice, now), alice, now)
    drain()
    push_rating(Event.objects.get(kind="review.published"))
    plant.refresh_from_db()
    assert (plant.rating_sum, plant.rating_count) == (5, 1)
    assert Event.objects.filter(kind="plant.rated").count() == 1


def test_the_author_learns_of_the_answer(
    plant: Refurbisher, alice: User, bob: User, now: datetime, drain: Callable[[], None]
) -> None:
    review = rate(delivered_line(plant, alice, now), alice, now)
    reply_to_review(review, text="Glad & grateful", by=bob, at=now)
    drain()
    email = Notification.objects.get(template="review_replied")
    assert email.recipient == alice.email
    assert "Glad & grateful" in email.text
    assert "Glad &amp; grateful" in email.html


@pytest.mark.parametrize("stars", [(5, 5, 5), (5, 4, 4), (1, 2, 2), (1, 1, 2), (3, 4, 5), (1, 5, 5)])
def test_the_stars_in_sql_are_the_stars_in_python(
    plant: Refurbisher, alice: User, carol: User, now: datetime, stars: tuple[int, int, int]
) -> None:
    rate(delivered_line(plant, alice, now), alice, now, stars=stars)
    trade = paid_trade(plant, carol, now)
    rate_trade(trade, author=carol, stars_delivery=stars[0], stars_service=stars[1], by=carol, at=now)
    for review in Review.objects.annotate(given=STARS):
        assert review.given == review.stars


def test_the_distribution_counts_every_star_and_tells_the_trend_from_five_on_each_side(
    plant: Refurbisher, now: datetime
) -> None:
    def rated(days_ago: int, stars: int) -> None:
        person, at = UserFactory(), now - timedelta(days=days_ago)
        rate(delivered_line(plant, person, at), person, at, stars=(stars,) * 3)

    for stars in (5, 5, 5, 5, 4):
        rated(10, stars)
    for stars in (1, 2, 3, 3):
        rated(100, stars)
    found = distribution(reviews_of_plant(plant), at=now)
    assert [(row.stars, row.count) for row in found.rows] == [(5, 4), (4, 1), (3, 2), (2, 1), (1, 1)]
    assert (found.total, found.average, found.recent, found.before) == (9, 3.7, None, None)
    rated(100, 3)
    found = distribution(reviews_of_plant(plant), at=now)
    assert (found.recent, found.before, found.recent_count) == (4.8, 2.4, 5)


def test_a_product_shows_ratings_of_those_who_bought_one(
    plant: Refurbisher, alice: User, carol: User, now: datetime
) -> None:
    line = delivered_line(plant, alice, now)
    bought = rate(line, alice, now)
    trade = paid_trade(plant, carol, now)
    rate_trade(trade, author=carol, stars_delivery=5, stars_service=5, by=carol, at=now)
    assert list(reviews_of_product(line.listing.variant.product.slug)) == [bought]
    assert not reviews_of_product(trade.variant.product.slug).exists()
