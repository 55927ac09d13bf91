"""What backers say: ratings of delivered devices and of paid trades, and what the plants answered."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from backmarket.management.seed_data.plants import PLANT_BY_SLUG
from backmarket.management.seed_data.words import REPLIES, reviews_for
from backmarket.management.seeding.base import known, stable_uuid, working_hours
from backmarket.management.seeding.history import History
from backmarket.management.seeding.plants import STATUSES
from buyback.models import Trade
from orders.models import OrderLine
from reviews.models import Review
from reviews.services import shown_name

Rated = TypeVar("Rated", OrderLine, Trade)

OF_LINES, OF_TRADES = 1_700, 300
TROUBLED = {slug for slug, status in STATUSES.items() if status in ("watch", "restricted", "suspended")}
REPLIED = 0.3
WORDS = 0.8
SELLING_WORDS = {
    5: ("The courier came on time and the money was there two days later.", "Paid as quoted, to the cent.",
        "I sold it from my kitchen table. Nothing could be simpler."),
    4: ("All went well, the payment took a day longer than said.", "Fair price and clear messages."),
    3: ("In the end it worked, but I had to ask where my device was.",),
    2: ("They offered less than quoted, with a photo that I could follow. Still a pity.",),
    1: ("A long wait for a lower price.",),
}  # fmt: skip


def load(at: datetime) -> str:
    history = History(at, "reviews")
    lines = OrderLine.objects.filter(status__in=["delivered", "closed"], order__buyer__isnull=False)
    trades = Trade.objects.filter(status=Trade.Status.PAID)
    related = lines.select_related("order__buyer", "plant", "listing__variant__product__category")
    _sample(history, list(related.order_by("delivered_at", "pk")), OF_LINES, _line_review)
    bought = trades.select_related("seller", "plant", "variant__product__category")
    _sample(history, list(bought.order_by("paid_at", "pk")), OF_TRADES, _trade_review)
    history.write()
    return f"{len(history.rows.by_model[Review])} ratings"


def _sample(
    history: History, found: list[Rated], count: int, review_of: Callable[[History, Rated, int], Review]
) -> None:
    """That many of them, evenly spread over the year."""
    for number, index in enumerate(sorted(history.random.sample(range(len(found)), min(count, len(found))))):
        review = review_of(history, found[index], number)
        history.rows.add(review)
        history.trail.add("review.published", review, by=known(review.author), at=review.published_at)
        if review.replied_at:
            history.trail.add("review.replied", review, by="system:seed", at=review.replied_at)


def _line_review(history: History, line: OrderLine, number: int) -> Review:
    stars = _stars(history, line.plant.slug)
    category = line.listing.variant.product.category.slug
    words = history.random.choice(reviews_for(category, stars)) if history.random.random() < WORDS else ""
    review = Review(
        id=stable_uuid("review-line", number), plant=line.plant, line=line, author=line.order.buyer,
        product_slug=line.listing.variant.product.slug, device_title=line.title, stars_device=stars,
        words=words, published_at=_later(history, known(line.delivered_at)),
    )  # fmt: skip
    return _finish(history, review, stars)


def _trade_review(history: History, trade: Trade, number: int) -> Review:
    stars = _stars(history, trade.plant.slug)
    review = Review(
        id=stable_uuid("review-trade", number), plant=trade.plant, trade=trade, author=trade.seller,
        product_slug=trade.variant.product.slug, device_title=str(trade.variant),
        words=history.random.choice(SELLING_WORDS[stars]), published_at=_later(history, known(trade.paid_at)),
    )  # fmt: skip
    return _finish(history, review, stars)


def _finish(history: History, review: Review, stars: int) -> Review:
    random = history.random
    review.author_name = shown_name(known(review.author))
    review.stars_delivery = min(5, max(1, stars + random.choice((-1, 0, 0, 0, 1))))
    review.stars_service = stars
    replied_at = working_hours(review.published_at + timedelta(hours=random.uniform(2, 60)))
    if review.words and random.random() < REPLIED and history.passed(replied_at):
        mood = "good" if stars > 3 else "mixed" if stars == 3 else "bad"
        review.reply, review.replied_at = random.choice(REPLIES[mood]), replied_at
    return review


def _later(history: History, happened_at: datetime) -> datetime:
    """Some days after, and not in the future."""
    wait = timedelta(days=history.random.uniform(0.1, 9))
    return min(happened_at + wait, history.at - timedelta(minutes=history.random.uniform(1, 90)))


def _stars(history: History, slug: str) -> int:
    """By the plant's quality: its mean in hundredths is met exactly over a handful, and spread around it."""
    level = PLANT_BY_SLUG[slug].quality_level
    mean = 365 + (level - 58) if slug in TROUBLED else 420 + 2 * (level - 70)
    key = ("stars", slug)
    owed = history.gathered.get(key, 0) + mean
    wish = owed / 100 + history.random.choice((-1.2, -0.4, 0.3, 0.6, 0.7))
    stars = min(5, max(1, round(wish)))
    history.gathered[key] = owed - stars * 100
    return stars
