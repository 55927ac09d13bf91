"""What pages and back offices want to know of quotes, trades and the register."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments.models import Payout
from backmarket.payments.selectors import held
from backmarket.shipping.models import OPEN_PICKUP, Pickup
from backmarket.shipping.selectors import parcels_of_visit
from buyback.afterlife import device_story
from buyback.models import AcceptanceDraft, Bid, CounterOffer, Quote, RegisterEntry, Trade
from buyback.payout_words import payout_state
from buyback.services.register import FIRST, entry_hash
from buyback.timelines import trade_timeline
from catalog.models import Category, Condition, Product, QuestionSet
from catalog.questions import Way, option_of
from catalog.search import products_matching
from refurbishers.models import Refurbisher

__all__ = [
    "acceptance_draft",
    "answers_in_words",
    "checked_register",
    "current_questions",
    "device_story",
    "disputed_answers",
    "latest_trade",
    "payout_state",
    "popular_products",
    "products_named",
    "sellable_categories",
    "sellable_products",
    "steps_in_words",
    "trade_timeline",
    "trades_of",
    "typical_bid",
    "variants_with_bids",
    "verify_register",
    "visit_of",
    "waiting_trades",
    "with_best_bid",
]

Text = str | Promise
SEARCH_LIMIT = 24
CHECK_KEPT_SECONDS = 3600


# Choosing what to sell


def sellable_categories() -> QuerySet[Category]:
    """Categories with questions to ask."""
    return Category.objects.filter(question_sets__isnull=False).distinct()


def sellable_products(category: Category | None = None) -> "QuerySet[Any]":
    """Models with questions to ask; `best_minor` is the highest live bid for any variant and condition, or None."""
    products = Product.objects.filter(Exists(QuestionSet.objects.filter(category=OuterRef("category"))))
    if category is not None:
        products = products.filter(category=category)
    return _with_bids(products.select_related("category"), "variant__product")


def variants_with_bids(product: Product) -> "QuerySet[Any]":
    """A model's variants in the order in which they were made known, each with `best_minor` as above."""
    return _with_bids(product.variants.order_by("id"), "variant")


def _with_bids(rows: "QuerySet[Any]", subject: str) -> "QuerySet[Any]":
    live = Bid.objects.live().filter(**{subject: OuterRef("pk")}).order_by("-price_minor")
    found: QuerySet[Any] = rows.annotate(
        best_minor=Subquery(live.values("price_minor")[:1]), currency=Subquery(live.values("currency")[:1])
    )
    return found


def with_best_bid(rows: Iterable[Any]) -> list[Any]:
    """The same models or variants, each with `best`, its highest bid as Money or None."""
    listed = list(rows)
    for row in listed:
        row.best = Money(row.best_minor, row.currency) if row.best_minor else None
    return listed


def typical_bid(product: Product) -> Bid | None:
    """The highest live bid for any version of a model that works and shows light marks, as most in a drawer do."""
    live = Bid.objects.live().filter(variant__product=product, condition=Condition.FUNCTIONAL_GOOD)
    best: Bid | None = live.select_related("variant", "plant").order_by("-price_minor", "pk").first()
    return best


def popular_products(category: Category | None = None, limit: int = 8) -> list[Any]:
    """The models most asked for in quotes, then the dearest; only such as a plant bids for."""
    asked = Quote.objects.filter(variant__product=OuterRef("pk")).order_by().values("variant__product")
    counted = sellable_products(category).annotate(
        asked=Coalesce(Subquery(asked.annotate(n=Count("pk")).values("n")), 0)
    )
    wanted = counted.filter(best_minor__isnull=False)
    return with_best_bid(wanted.order_by("-asked", "-best_minor", "pk")[:limit])


def products_named(words: str, category: Category | None = None) -> list[Any]:
    """The models that somebody means by these words, typing errors forgiven; the most alike first."""
    return with_best_bid(products_matching(sellable_products(category), words)[:SEARCH_LIMIT])


def current_questions(category: Category) -> QuestionSet | None:
    return QuestionSet.objects.filter(category=category).order_by("-version").first()


def answers_in_words(quote: Quote) -> list[tuple[str, str]]:
    """(question, answer) in the source language, as they were given."""
    said = []
    for question in quote.question_set.questions:
        chosen = quote.answers.get(question["code"])
        text = next((option["text"] for option in question["options"] if option["code"] == chosen), "")
        said.append((question["text"], text))
    return said


def steps_in_words(way: Way) -> list[tuple[str, str, str]]:
    """(code, question, answer) for each step of a way, in the source language."""
    chosen = [(step, option_of(step, way.said)) for step in way.steps]
    return [(step["code"], step["text"], option["text"] if option else "") for step, option in chosen]


# A seller's trades


def trades_of(user: User) -> QuerySet[Trade]:
    """What waits for the seller first, then what goes on, then what is over; the newest first in each."""
    trades = Trade.objects.filter(seller=user).select_related("plant", "variant__product", "payout", "parcel")
    order = Case(When(_waits(), then=0), When(status__in=Trade.OPEN, then=1), default=2)
    return trades.prefetch_related("parcel__pickups").annotate(pile=order).order_by("pile", "-number")


def waiting_trades(user: User) -> QuerySet[Trade]:
    """Those of `trades_of` in which nothing goes on before the seller has done something."""
    return trades_of(user).filter(_waits())


def _waits() -> Q:
    """Countered, suspended, undelivered, the money came back, or nobody was there for the courier and no new pickup is
    booked."""
    missed = Pickup.objects.filter(parcel=OuterRef("parcel"), status=Pickup.Status.FAILED)
    ahead = Pickup.objects.filter(parcel=OuterRef("parcel"), status__in=OPEN_PICKUP)
    return (
        Q(status__in=[Trade.Status.COUNTERED, Trade.Status.SUSPENDED, Trade.Status.UNDELIVERED])
        | Q(payout__status=Payout.Status.BOUNCED) & ~held("payout__")
        | Q(Exists(missed), ~Exists(ahead), status=Trade.Status.ACCEPTED)
    )


def listed_pickup(trade: Trade) -> Pickup | None:
    """The latest pickup of one of `trades_of`, which has fetched them."""
    return next(iter(trade.parcel.pickups.all()), None) if trade.parcel else None


def visit_of(trade: Trade, pickup: Pickup | None) -> list[Trade]:
    """The seller's devices that the courier collects at one visit, this one among them, in the order of sale."""
    if pickup is None:
        return [trade]
    parcels = parcels_of_visit(pickup.visit).values("pk")
    mates = Trade.objects.filter(parcel__in=parcels, seller=trade.seller_id).select_related("variant__product")
    together = list(mates.order_by("number"))
    return together if trade in together else [trade]


@dataclass(frozen=True)
class Dispute:
    """One reason of a counter-offer beside the seller's answer; `found` are the checks that contradict it."""

    reason: Text
    question: str
    said: str
    found: tuple[str, ...]


def disputed_answers(trade: Trade, offer: CounterOffer) -> list[Dispute]:
    """What the seller said and what the plant found, reason by reason."""
    asked = {question["code"]: question["text"] for question in trade.quote.question_set.questions}
    said = _said_by_question(trade.quote)
    checks = trade.inspection.verdict.get("checks", [])
    return [
        Dispute(
            reason=CounterOffer.Reason(item["reason"]).label,
            question=asked.get(item["question"], ""),
            said=said.get(item["question"], ""),
            found=tuple(
                f"{check['text']}: {check['outcome']}"
                for check in checks
                if check["question"] == item["question"] and not check["agrees"]
            ),
        )
        for item in offer.reasons
    ]


def _said_by_question(quote: Quote) -> dict[str, str]:
    words = answers_in_words(quote)
    return {question["code"]: text for question, (_q, text) in zip(quote.question_set.questions, words, strict=True)}


# The register


@dataclass(frozen=True)
class RegisterCheck:
    """`broken_at` is the number of the first entry that does not fit, None when the chain holds."""

    entries: int
    broken_at: int | None
    reason: Text


@dataclass(frozen=True)
class CheckedRegister:
    check: RegisterCheck
    at: datetime


def checked_register(plant: Refurbisher, at: datetime) -> CheckedRegister:
    """verify_register(), computed again after a new entry and after an hour: it reads every entry."""
    last = RegisterEntry.objects.filter(plant=plant).order_by("-number").values_list("hash", flat=True).first()
    key = f"register:{plant.pk}:{last}"
    found: CheckedRegister | None = cache.get(key)
    if found is None:
        found = CheckedRegister(verify_register(plant), at)
        cache.set(key, found, CHECK_KEPT_SECONDS)
    return found


def verify_register(plant: Refurbisher) -> RegisterCheck:
    """Recompute the chain of a plant's register from its first entry on, and say where it breaks."""
    previous, count = FIRST, 0
    for entry in RegisterEntry.objects.filter(plant=plant).order_by("number").iterator():
        count += 1
        if entry.number != count:
            return RegisterCheck(count, entry.number, _("An entry is missing before this one."))
        if entry.previous_hash != previous:
            return RegisterCheck(count, entry.number, _("The entry does not follow the one before it."))
        if entry.hash != entry_hash(entry):
            return RegisterCheck(count, entry.number, _("The entry was changed after it was written."))
        previous = entry.hash
    return RegisterCheck(count, None, "")


# Accepting


def acceptance_draft(quote: Quote, seller: User, at: datetime) -> AcceptanceDraft | None:
    """What this seller gave for the quote and has not confirmed; None once its day is over."""
    return AcceptanceDraft.objects.filter(quote=quote, seller=seller, expires_at__gt=at).first()


def latest_trade(seller: User) -> Trade | None:
    """The sale whose details are offered again with the next one; none that has been erased."""
    whole = Trade.objects.filter(seller=seller).exclude(iban="").exclude(identity__birth_date="")
    return whole.select_related("identity").order_by("-accepted_at", "-number").first()
