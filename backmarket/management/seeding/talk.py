"""Questions about the devices that sell most, and what plants, the house and buyers answered."""

from datetime import datetime, timedelta

from django.db.models import Count

from backmarket.accounts.models import User
from backmarket.management.seed_data.talk import TALK, WAITING
from backmarket.management.seeding.base import known, stable_uuid, working_hours
from backmarket.management.seeding.history import History
from catalog.models import Listing, Product
from orders.models import OrderLine
from reviews.models import Answer, Question
from reviews.services.questions import first_name

PRODUCTS_PER_CATEGORY = 6


def load(at: datetime) -> str:
    history = History(at, "talk")
    askers = list(User.objects.filter(is_staff=False, membership=None).order_by("pk")[:200])
    for category in TALK:
        for product in _most_sold(category):
            for text, answers in TALK[category]:
                question = _ask(history, product, history.random.choice(askers), text)
                for number, (who, words) in enumerate(answers, start=1):
                    _answer(history, question, who, words, number)
    for category, texts in WAITING.items():
        for product, text in zip(_most_sold(category), texts, strict=False):
            _ask(history, product, history.random.choice(askers), text, is_read=False)
    history.write()
    return f"{_asked(history)} questions"


def _asked(history: History) -> int:
    return len(history.rows.by_model.get(Question, []))


def _most_sold(category: str) -> list[Product]:
    sold = Product.objects.filter(category__slug=category).annotate(sold=Count("variants__listings__lines"))
    return list(sold.order_by("-sold", "pk")[:PRODUCTS_PER_CATEGORY])


def _ask(history: History, product: Product, asker: User, text: str, *, is_read: bool = True) -> Question:
    count = _asked(history)
    days = history.random.uniform(8, 200) if is_read else history.random.uniform(0.1, 1)
    asked_at = history.at - timedelta(days=days)
    question = Question(
        id=stable_uuid("question", count), product=product, author=asker, author_name=first_name(asker), text=text,
        asked_at=asked_at,
    )  # fmt: skip
    history.trail.add("question.asked", question, by=asker, at=asked_at, product=product.slug)
    if is_read:
        question.status, question.published_at = "published", working_hours(asked_at + timedelta(hours=3))
        history.trail.add("question.published", question, by="system:seed", at=question.published_at)
    history.rows.add(question)
    return question


def _answer(history: History, question: Question, who: str, words: str, number: int) -> None:
    """Nobody answers in the name of somebody who is not there: no seller or buyer of the device, no answer."""
    given_at = working_hours(known(question.published_at) + timedelta(hours=5 * number))
    answer = Answer(
        id=stable_uuid(f"answer-{number}", _asked(history)), question=question, voice=who,
        text=words, given_at=given_at, status="published", published_at=given_at,
    )  # fmt: skip
    if who == "plant":
        listing = Listing.objects.filter(variant__product=question.product, status="online").order_by("number").first()
        if listing is None:
            return
        answer.plant = listing.plant
        answer.author = listing.plant.members.order_by("pk").first().user  # type: ignore[union-attr]
    elif who == "buyer":
        lines = OrderLine.objects.filter(listing__variant__product=question.product, delivered_at__isnull=False)
        answer.line = lines.filter(order__buyer__isnull=False).order_by("delivered_at").first()
        if answer.line is None or answer.line.order.buyer == question.author:
            return
        answer.author = known(answer.line.order.buyer)
        answer.given_at = answer.published_at = max(given_at, known(answer.line.delivered_at) + timedelta(hours=8))
    else:
        answer.author = User.objects.get(email="sam@backmarket.example")
    answer.author_name = first_name(known(answer.author))
    history.rows.add(answer)
    history.trail.add("answer.published", answer, by=known(answer.author), at=known(answer.published_at))
