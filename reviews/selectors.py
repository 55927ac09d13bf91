"""What the public reads of ratings."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Avg, Case, Count, F, IntegerField, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from backmarket.accounts.models import User
from buyback.models import Trade
from catalog.models import Listing, Product
from orders.models import OrderLine
from refurbishers.models import Member, Refurbisher
from reviews.models import Answer, Question, Review

TREND = timedelta(days=90)
# A trend is told from this many ratings on each side.
TREND_SAMPLE = 5

# Review.stars as SQL: the mean of the answers given, half up.
_SUM = Coalesce(F("stars_device"), Value(0)) + F("stars_delivery") + F("stars_service")
_GIVEN = Case(When(stars_device=None, then=Value(2)), default=Value(3))
STARS = (2 * _SUM + _GIVEN) / (2 * _GIVEN)
STARS.output_field = IntegerField()


@dataclass(frozen=True)
class StarRow:
    """How many gave this number of stars."""

    stars: int
    count: int


@dataclass(frozen=True)
class Distribution:
    """How ratings spread, best first. `average` to one decimal; `recent` and `before` when both samples are enough."""

    rows: list[StarRow]
    total: int
    average: float | None
    recent: float | None
    before: float | None
    recent_count: int


@dataclass(frozen=True)
class Voice:
    """In whose name somebody answers: `plant` for a plant's member, `line` for a buyer, neither for the house."""

    kind: str
    plant: Refurbisher | None = None
    line: OrderLine | None = None


def is_ratable(line: OrderLine) -> bool:
    """Only what was really delivered, whatever became of it afterwards."""
    done = {OrderLine.Status.DELIVERED, OrderLine.Status.CLOSED, OrderLine.Status.REFUNDED}
    return line.status in done and line.delivered_at is not None


def reviews_of_plant(plant: Refurbisher) -> QuerySet[Review]:
    """Published ratings of a plant by buyers and sellers, newest first."""
    return _published(plant=plant)


def reviews_of_product(slug: str) -> QuerySet[Review]:
    """Published ratings of devices of one product, by those who bought one, newest first."""
    return _published(product_slug=slug, line__isnull=False)


def _published(**lookup: Any) -> QuerySet[Review]:
    reviews: QuerySet[Review] = Review.objects.published().filter(**lookup)
    return reviews.select_related("plant").order_by("-published_at", "pk")


def distribution(reviews: QuerySet[Review], *, at: datetime) -> Distribution:
    """How these ratings spread and whether they rise or fall: one statement."""
    rated = reviews.order_by().annotate(given=STARS)
    recently = Q(published_at__gte=at - TREND)
    per_star = {f"stars_{n}": Count("pk", filter=Q(given=n)) for n in range(1, 6)}
    found = rated.aggregate(
        **per_star,
        total=Count("pk"),
        average=Avg("given"),
        recent=Avg("given", filter=recently),
        before=Avg("given", filter=~recently),
        recent_count=Count("pk", filter=recently),
    )
    told = min(found["recent_count"], found["total"] - found["recent_count"]) >= TREND_SAMPLE
    return Distribution(
        rows=[StarRow(n, found[f"stars_{n}"]) for n in range(5, 0, -1)],
        total=found["total"],
        average=_rounded(found["average"]),
        recent=_rounded(found["recent"]) if told else None,
        before=_rounded(found["before"]) if told else None,
        recent_count=found["recent_count"],
    )


def _rounded(average: Any) -> float | None:
    return None if average is None else round(float(average), 1)


def lines_to_rate(user_id: int) -> QuerySet[OrderLine]:
    """Delivered lines of a buyer that have no rating yet, newest first."""
    lines: QuerySet[OrderLine] = OrderLine.objects.filter(
        order__buyer_id=user_id,
        status__in=[OrderLine.Status.DELIVERED, OrderLine.Status.CLOSED],
        delivered_at__isnull=False,
        review=None,
    )
    return lines.order_by("-delivered_at")


def trades_to_rate(user_id: int) -> QuerySet[Trade]:
    """Paid trades of a seller that have no rating yet, newest first."""
    trades: QuerySet[Trade] = Trade.objects.filter(seller_id=user_id, status=Trade.Status.PAID, review=None)
    return trades.order_by("-paid_at")


# Questions and answers

# The house and the plants first: they stand by what they say.
_BY_VOICE = Case(When(voice=Answer.Voice.PLANT, then=0), When(voice=Answer.Voice.HOUSE, then=1), default=2)


def questions_of(product: Product) -> QuerySet[Question]:
    """The published questions about a product with their published answers in `shown`, the newest question first."""
    shown = Answer.objects.published().select_related("plant").order_by(_BY_VOICE, "published_at", "pk")
    questions: QuerySet[Question] = Question.objects.published().filter(product=product)
    return questions.prefetch_related(Prefetch("answers", queryset=shown, to_attr="shown")).order_by(
        "-published_at", "pk"
    )


def questions_waiting(user: User | AnonymousUser, product: Product) -> QuerySet[Question]:
    """What this person asked about a product and the house has not read yet, the newest first; nobody else sees it."""
    waiting: QuerySet[Question] = Question.objects.waiting()
    return waiting.filter(author_id=user.pk, product=product).order_by("-asked_at", "pk") if user.pk else waiting.none()


def questions_for_plant(plant: Refurbisher) -> QuerySet[Question]:
    """The published questions about what a plant has online, the newest first."""
    online = Listing.objects.filter(plant=plant, status=Listing.Status.ONLINE)
    questions: QuerySet[Question] = Question.objects.published()
    return questions.filter(product__in=online.values("variant__product"))


def voice_of(user: User | AnonymousUser, product: Product) -> Voice | None:
    """In whose name this person may answer about this product; None for everybody else."""
    if not user.is_authenticated:
        return None
    member = Member.objects.select_related("plant").filter(user=user, plant__status__in=Refurbisher.TRADING).first()
    if member and Listing.objects.filter(plant=member.plant, variant__product=product, status="online").exists():
        return Voice(Answer.Voice.PLANT, plant=member.plant)
    if user.is_staff and user.has_perm("reviews.add_answer"):
        return Voice(Answer.Voice.HOUSE)
    bought = OrderLine.objects.filter(order__buyer=user, listing__variant__product=product, delivered_at__isnull=False)
    line = bought.order_by("delivered_at").first()
    return Voice(Answer.Voice.BUYER, line=line) if line else None
