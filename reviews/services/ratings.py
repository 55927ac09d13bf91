"""Every write on ratings: give one, answer it once, remove it with a reason, push the sums down to the plant."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from buyback.models import Trade
from catalog.models import Product
from catalog.services.products import set_product_rating
from orders.models import OrderLine
from refurbishers.models import Refurbisher, ServiceFact
from refurbishers.services import record_service_fact, set_rating, withdraw_service_fact
from reviews.models.ratings import Review
from reviews.selectors import STARS, is_ratable


class CannotRate(DomainError):
    """This cannot be rated, or not by this person, or not again; nothing was changed."""

    code = "cannot_rate"
    default_message = _("A device can be rated once it was delivered, by the person who bought it.")


class CannotReply(DomainError):
    """The plant has already answered, or the rating was removed."""

    code = "cannot_reply"
    default_message = _("A rating is answered once, and this one has its answer.")


class CannotRemove(DomainError):
    """Ratings are removed only against the law or as insults."""

    code = "cannot_remove"
    default_message = _("A rating is removed only when it is against the law or an insult: say which.")


def rate_line(
    line: OrderLine,
    *,
    author: User,
    stars_device: int,
    stars_delivery: int,
    stars_service: int,
    words: str = "",
    by: Actor,
    at: datetime,
) -> Review:
    """Publish the buyer's rating of one delivered device, once. Stars are 1 to 5. Raises CannotRate."""
    if line.order.buyer_id != author.pk or not is_ratable(line):
        raise CannotRate
    return _publish(
        line=line,
        plant_id=line.plant_id,
        author=author,
        product_slug=line.listing.variant.product.slug,
        device_title=line.title,
        stars_device=stars_device,
        stars_delivery=stars_delivery,
        stars_service=stars_service,
        words=words,
        by=by,
        at=at,
    )


def rate_trade(
    trade: Trade, *, author: User, stars_delivery: int, stars_service: int, words: str = "", by: Actor, at: datetime
) -> Review:
    """Publish the seller's rating of one paid trade, once: the hand-over and the service. Raises CannotRate."""
    if trade.seller_id != author.pk or trade.status != Trade.Status.PAID:
        raise CannotRate(_("A sale can be rated once it was paid, by the person who sold."))
    return _publish(
        trade=trade,
        plant_id=trade.plant_id,
        author=author,
        product_slug=trade.variant.product.slug,
        device_title=str(trade.variant),
        stars_delivery=stars_delivery,
        stars_service=stars_service,
        words=words,
        by=by,
        at=at,
    )


def _publish(*, author: User, words: str, by: Actor, at: datetime, **fields: Any) -> Review:
    _check_stars(fields)
    review = Review(author=author, author_name=shown_name(author), words=words.strip(), published_at=at, **fields)
    try:
        with transaction.atomic():
            review.save(force_insert=True)
            record("review.published", review, by=by, at=at, data={"plant": str(review.plant_id)})
    except IntegrityError as error:
        raise CannotRate(_("You have already rated this one.")) from error
    return review


def _check_stars(fields: dict[str, Any]) -> None:
    for name, stars in fields.items():
        if name.startswith("stars_") and stars not in range(1, 6):
            raise CannotRate(_("Give one to five stars."), field=name)


def shown_name(author: User) -> str:
    """The first name and an initial: "Alice M."; a neutral word for people without a name."""
    first, *rest = author.full_name.split() or [""]
    if not first:
        return "–"
    return f"{first} {rest[-1][0]}."[:60] if rest else first[:60]


@transaction.atomic
def reply_to_review(review: Review, *, text: str, by: Actor, at: datetime) -> Review:
    """Publish the plant's one answer under a rating. Records review.replied. Raises CannotReply."""
    if not text.strip():
        raise CannotReply(_("Write an answer."), field="text")
    unanswered = Review.objects.published().filter(pk=review.pk, reply="")
    if not unanswered.update(reply=text.strip(), replied_at=at):
        raise CannotReply
    review.refresh_from_db()
    record("review.replied", review, by=by, at=at, data={"plant": str(review.plant_id)})
    return review


@transaction.atomic
def remove_review(review: Review, *, reason: str, by: Actor, at: datetime) -> Review:
    """Take a rating off the public pages for a reason of Review.Removal; its row stays. Raises CannotRemove."""
    if reason not in Review.Removal.values:
        raise CannotRemove(field="reason")
    if not Review.objects.published().filter(pk=review.pk).update(removed_at=at, removal=reason):
        raise CannotRemove(_("This rating has already been removed."))
    review.refresh_from_db()
    record("review.removed", review, by=by, at=at, data={"plant": str(review.plant_id), "reason": reason})
    return review


@transaction.atomic
def push_rating_down(review: Review, *, at: datetime) -> None:
    """Tell the plant its new sum of stars over all published ratings of both legs, and keep its fact in step.

    The plant is locked first, so that two ratings at once cannot each push a sum without the other. What a buyer
    says counts for the product, too.
    """
    plant: Refurbisher = lock(Refurbisher.objects.filter(pk=review.plant_id)).get()
    published = Review.objects.published().filter(plant=plant)
    sums = published.aggregate(stars=Sum(STARS, default=0), count=Count("pk"))
    by = "system:push_rating"
    set_rating(plant.pk, rating_sum=sums["stars"], rating_count=sums["count"], by=by, at=at)
    if review.line_id:
        _push_to_product(review.product_slug, by=by, at=at)
    if review.removed_at:
        withdraw_service_fact(kind=ServiceFact.Kind.RATING, reference=review.pk)
    else:
        value = 100 * review.stars
        kind = ServiceFact.Kind.RATING
        record_service_fact(plant.pk, kind=kind, reference=review.pk, value=value, at=review.published_at)


def _push_to_product(slug: str, *, by: Actor, at: datetime) -> None:
    product = lock(Product.objects.filter(slug=slug)).first()
    if product is None:
        return
    bought = Review.objects.published().filter(product_slug=slug, line__isnull=False)
    sums = bought.aggregate(stars=Sum(STARS, default=0), count=Count("pk"))
    set_product_rating(product, rating_sum=sums["stars"], rating_count=sums["count"], by=by, at=at)
