"""A year of devices bought from people: in every status, with pickups, inspections, counter-offers and payouts."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count

from backmarket import market
from backmarket.accounts.models import Address, User
from backmarket.management.seeding.base import device_number, next_number, spread, stable_uuid
from backmarket.management.seeding.history import History
from backmarket.management.seeding.people import consumers
from backmarket.management.seeding.plants import iban
from backmarket.management.seeding.regulars import Regulars
from backmarket.management.seeding.sheets import answers_for
from backmarket.management.seeding.shipping import Courier, plant_addresses
from backmarket.management.seeding.workshop import Workshop
from backmarket.shipping.models import Parcel
from buyback.due import CLOCKED, due_at
from buyback.models import Bid, Identity, Quote, QuoteBid, Trade
from buyback.services.register import enter_in_register
from catalog.models import Condition, QuestionSet, Variant
from refurbishers.models import Refurbisher

Status = Trade.Status
CONDITIONS_VERSION = "2026-01"
FIRST_SELLER = 902  # some of them buy, too; the two before sell much
# How each trade went, by the status it is in now: the last word is that status.
PAID = ("collected", "received", "inspected", "validated", "paid")
COUNTERED = ("collected", "received", "inspected", "countered")
PATHS: list[tuple[str, ...]] = spread(
    [
        (PAID, 480),
        ((*COUNTERED, "validated", "paid"), 27),
        ((*COUNTERED, "returning", "returned"), 23),
        (("collected", "received", "suspended", "returning", "returned"), 20),
        (("cancelled",), 60),
        (("expired",), 45),
        (("collected", "lost", "validated", "paid"), 3),
        (("collected", "lost"), 2),
        ((), 35),
        (("collected",), 25),
        (("collected", "received"), 22),
        (("collected", "received", "inspected"), 18),
        (COUNTERED, 8),
        (("collected", "received", "inspected", "validated"), 16),
        (("collected", "received", "suspended"), 8),
        ((*COUNTERED, "returning"), 3),
        ((*COUNTERED, "returning", "undelivered"), 1),
        (("collected", "received", "suspended", "returning"), 4),
    ]
)
ENDED = {Status.PAID, Status.RETURNED, Status.CANCELLED, Status.EXPIRED}
# Hours from one status to the next, at least and at most.
GAPS = {
    "collected": (20, 90), "received": (20, 50), "inspected": (3, 30), "countered": (0.3, 2), "validated": (1, 20),
    "paid": (40, 75), "returning": (4, 40), "returned": (22, 70), "undelivered": (90, 200), "suspended": (2, 8),
    "lost": (90, 140), "cancelled": (1, 30), "expired": (21 * 24, 21 * 24 + 12),
}  # fmt: skip
WEIGHTS = {
    Condition.FUNCTIONAL_FLAWLESS: 4, Condition.FUNCTIONAL_GOOD: 6, Condition.FUNCTIONAL_USED: 4,
    Condition.FUNCTIONAL_CRACKED: 2, Condition.NOT_FUNCTIONAL_USED: 1, Condition.NOT_FUNCTIONAL_CRACKED: 1,
}  # fmt: skip
LOOSE_QUOTES = 120
RINGS = range(8, 20, 2)


def load(at: datetime) -> str:
    history = History(at, "trades")
    bureau = Bureau(history)
    trades = [bureau.trade(number, path, times) for number, (path, times) in enumerate(_plans(history))]
    for number in range(LOOSE_QUOTES):
        bureau.loose_quote(number)
    history.write()
    bought = [trade for trade in trades if trade.unit]
    for trade in sorted(bought, key=lambda trade: trade.validated_at or at):
        enter_in_register(trade, trade.validated_at or at)
    return f"{len(trades)} trades, {len(bought)} entered in the register"


def _plans(history: History) -> list[tuple[tuple[str, ...], list[datetime]]]:
    """Each trade's path with its instants, acceptance first, in the order of acceptance."""
    plans = [(path, _instants(history, path)) for path in PATHS]
    return sorted(plans, key=lambda plan: plan[1][0])


def _instants(history: History, path: tuple[str, ...]) -> list[datetime]:
    """Counted back from now for what still goes on, from some day of the year for what has ended."""
    random = history.random
    last = path[-1] if path else Status.ACCEPTED
    back = random.uniform(1, 355) * 24 if last in ENDED else random.uniform(1, 14)
    if not path:
        back = random.uniform(1, 40)
    instants = [history.at - timedelta(hours=back)]
    for step in reversed(path):
        instants.insert(0, instants[0] - timedelta(hours=random.uniform(*GAPS[step])))
    if "collected" in path:
        early = instants[1] - _at_the_door(instants[1])
        instants[:2] = [instants[0] - early, instants[1] - early]
    return instants


def _at_the_door(at: datetime) -> datetime:
    """An instant not after `at` in which couriers ring: half an hour into one of their windows."""
    calendar = market.calendar()
    local = calendar.local(at)
    day, hours = local.date(), [hour for hour in RINGS if time(hour, 30) <= local.time()]
    if not (hours and calendar.is_business_day(day)):
        day, hours = calendar.business_day_before(day, 1), list(RINGS)
    return calendar.instant(day, time(hours[local.minute % len(hours)], 30))


@dataclass
class Terms:
    """What one bid offers, with all that were shown beside it."""

    bid: Bid
    rivals: list[Bid]


class Bureau:
    """Writes one trade after the other; knows the bids, the sellers, the questions and the sheets."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.courier = Courier(history.rows, history.at, "trades")
        self.workshop = Workshop(history, self.courier)
        self.plants = plant_addresses()
        self.sellers = consumers()[FIRST_SELLER:]
        self.regulars = Regulars(history.at)
        self.homes = {a.user_id: a for a in Address.objects.exclude(user=None)}
        self.identities: dict[int, Identity] = {}
        self.sets = {s.category_id: s for s in QuestionSet.objects.all()}
        self.devices = count(500_000)
        self.offers = _offers()
        self.by_condition = {c: [key for key in self.offers if key[1] == c] for c in Condition.values}

    def _terms(self, path: tuple[str, ...] = ()) -> Terms:
        """A device that people sell, to the plant that pays most, or nearly most.

        Those who make counter-offers are anybody, so that no plant makes too many of them.
        """
        random = self.history.random
        condition = random.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
        rivals = self.offers[random.choice(self.by_condition[condition])]
        return Terms(random.choice(rivals if "countered" in path else rivals[:2]), rivals)

    def quote(self, number: int, terms: Terms, created_at: datetime, **fields: object) -> Quote:
        bid = terms.bid
        question_set = self.sets[bid.variant.product.category_id]
        answers = answers_for(question_set.questions, bid.condition, self.history.random)
        quote = Quote(
            id=stable_uuid("quote", number), variant=bid.variant, question_set=question_set, answers=answers,
            condition=bid.condition, created_at=created_at,
            expires_at=market.calendar().days_after(created_at, Quote.VALID_DAYS), **fields,
        )  # fmt: skip
        self.history.rows.add(
            quote,
            *(
                QuoteBid(quote=quote, plant=r.plant, price_minor=r.price_minor, currency=r.currency)
                for r in terms.rivals
            ),
        )
        return quote

    def loose_quote(self, number: int) -> None:
        """Somebody only looked: still open, or expired."""
        created_at = self.history.at - timedelta(days=self.history.random.uniform(0.2, 60))
        expires_at = market.calendar().days_after(created_at, Quote.VALID_DAYS)
        ended = {"status": Quote.Status.EXPIRED, "expired_at": expires_at} if expires_at <= self.history.at else {}
        self.quote(10_000 + number, self._terms(), created_at, **ended)

    def trade(self, number: int, path: tuple[str, ...], times: list[datetime]) -> Trade:
        terms, accepted_at = self._terms(path), times[0]
        bid, seller = terms.bid, self.regulars.seller_of(terms.bid.price_minor, path, times)
        seller = seller or self.history.random.choice(self.sellers)
        quote = self.quote(
            number, terms, accepted_at - timedelta(hours=self.history.random.uniform(0.1, 90)),
            status=Quote.Status.ACCEPTED, accepted_at=accepted_at,
        )  # fmt: skip
        account = iban("FR", 1_000 + number)
        trade = Trade(
            id=stable_uuid("trade", number), number=next_number("buyback_trade_number"), quote=quote,
            plant=bid.plant, seller=seller, variant=bid.variant,
            condition=bid.condition, identifier=self._identifier(bid), quoted_minor=bid.price_minor,
            price_minor=bid.price_minor, currency=bid.currency, identity=self._identity(seller),
            address=self.homes[seller.pk], holder=seller.full_name, iban=account, iban_last4=account[-4:],
            conditions_version=CONDITIONS_VERSION, accepted_at=accepted_at,
            due_at=market.calendar().days_after(accepted_at, Trade.COLLECT_WITHIN_DAYS),
        )  # fmt: skip
        self.history.trail.add("trade.accepted", trade, by=seller, at=accepted_at, quote=str(quote.pk))
        instants = dict(zip(path, times[1:], strict=True))
        trade.returned_at = instants.get("returned")
        trade.undelivered_at = instants.get("undelivered")
        self._send(trade, instants)
        for step, at in instants.items():
            self._step(trade, step, at, path)
        self.history.rows.add(trade)
        return trade

    def _identifier(self, bid: Bid) -> str:
        number = next(self.devices)
        return device_number(bid.variant.product.category.identifier, number)

    def _identity(self, seller: User) -> Identity:
        """One document per person."""
        if seller.pk not in self.identities:
            random = self.history.random
            identity = Identity(
                user=seller, full_name=seller.full_name, document_kind=random.choice(Identity.Document.values),
                birth_date=f"{random.randint(1948, 2006)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
                document_number=f"DEMO{random.randrange(10**8):08}", created_at=self.history.at - timedelta(days=380),
            )  # fmt: skip
            identity.save()
            self.identities[seller.pk] = identity
        return self.identities[seller.pk]

    def _send(self, trade: Trade, instants: dict[str, datetime]) -> None:
        """The parcel to the plant, collected at the door, or to be collected tomorrow."""
        collected_at, received_at = instants.get("collected"), instants.get("received")
        ends = trade.address, self.plants[trade.plant_id]
        times = trade.accepted_at, collected_at, received_at
        insured, lost_at = trade.quoted_minor, instants.get("lost")
        trade.parcel = self.courier.parcel(Parcel.Purpose.TRADE, trade.pk, ends, insured, times, lost_at)
        if "expired" in instants:
            return  # meant to be dropped off, and never was
        missed = bool(collected_at) and self.history.random.random() < 0.1
        visit_at = collected_at or self._tomorrow(trade)
        self.courier.pickup(trade.parcel, visit_at, missed=missed, cancelled_at=instants.get("cancelled"))

    def _tomorrow(self, trade: Trade) -> datetime:
        calendar = market.calendar()
        day = calendar.business_day_after(calendar.local(max(trade.accepted_at, self.history.at)).date(), 1)
        return calendar.instant(day, time(self.history.random.choice((8, 10, 14, 16)), 30))

    def _step(self, trade: Trade, step: str, at: datetime, path: tuple[str, ...]) -> None:
        trade.status = step
        setattr(trade, f"{step}_at", at)
        if step != Status.INSPECTED:  # the deadline to inspect and decide runs on
            trade.due_at = due_at(step, at) if step in CLOCKED else None
        self.history.trail.add(f"trade.{step}", trade, by="system:seed", at=at)
        if happens := getattr(self.workshop, step, None):
            happens(trade, at, path)


def _offers() -> dict[tuple[int, str], list[Bid]]:
    """By variant and condition, the live bids, best first; they share their plants and variants."""
    found = defaultdict(list)
    plants = Refurbisher.objects.in_bulk()
    variants = {variant.pk: variant for variant in Variant.objects.select_related("product__category")}
    for bid in Bid.objects.live().order_by("-price_minor", "plant__slug"):
        bid.plant, bid.variant = plants[bid.plant_id], variants[bid.variant_id]
        found[bid.variant_id, bid.condition].append(bid)
    return dict(found)
