"""Reactions to ratings."""

from django.conf import settings
from django.urls import reverse

from backmarket.events.models import Event
from backmarket.notifications.services import send
from reviews.models import Answer, Question, Review
from reviews.services import push_rating_down

TEMPLATES = {"review.replied": "review_replied", "review.removed": "review_removed"}


def push_rating(event: Event) -> None:
    push_rating_down(Review.objects.get(pk=event.subject_id), at=event.happened_at)


def email_author(event: Event) -> None:
    """Tell the author that the plant answered, or why the rating was removed."""
    review = Review.objects.select_related("author", "plant").get(pk=event.subject_id)
    if review.author is None:
        return
    send(
        TEMPLATES[event.kind],
        to=review.author.email,
        context={"review": review, "url": settings.SITE_URL + reverse("plant-reviews", args=[review.plant.slug])},
        key=f"{event.kind}:{review.pk}",
        language=review.author.language,
        at=event.happened_at,
    )


def email_asker(event: Event) -> None:
    """Tell who asked that there is an answer: once a day for a question, however many answers come."""
    answer = Answer.objects.select_related("question__author", "question__product", "plant").get(pk=event.subject_id)
    asker = answer.question.author
    if asker is None or asker == answer.author or answer.status != Answer.Status.PUBLISHED:
        return
    send(
        "question_answered",
        to=asker.email,
        context={"answer": answer, "question": answer.question, "url": _questions_url(answer.question)},
        key=f"question-answered:{answer.question_id}:{event.happened_at:%Y-%m-%d}",
        language=asker.language,
        at=event.happened_at,
    )


def email_whose_words_went(event: Event) -> None:
    """Tell who asked or answered why the words are not shown, and how to object."""
    model = Question if event.kind.startswith("question") else Answer
    spoken = model.objects.select_related("author").get(pk=event.subject_id)
    if spoken.author is None:
        return
    send(
        "words_removed",
        to=spoken.author.email,
        context={"spoken": spoken},
        key=f"{event.kind}:{spoken.pk}",
        language=spoken.author.language,
        at=event.happened_at,
    )


def _questions_url(question: Question) -> str:
    return settings.SITE_URL + reverse("product-questions", args=[question.product.slug])
