"""Reactions to ratings."""

from django.conf import settings
from django.urls import reverse

from backmarket.events.models import Event
from backmarket.notifications.services import send
from reviews.models import Review
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
