"""A year of after-sales cases, in every status, with their conversations and parcels."""

from datetime import datetime, timedelta

from backmarket import market
from backmarket.accounts.models import Address, User
from backmarket.clock import add_months
from backmarket.management.demo_logins import AFTER_SALES, DEMO_PLANT, SUPPORT
from backmarket.management.seed_data.words import CLAIM_MESSAGES
from backmarket.management.seeding.base import known, spread, stable_uuid, working_hours
from backmarket.management.seeding.history import History
from backmarket.management.seeding.money import refund_line
from backmarket.management.seeding.shipping import Courier, plant_addresses
from backmarket.payments.models import Payment
from backmarket.shipping.models import Parcel
from orders.issues import issues_of
from orders.models import Claim, ClaimMessage, Earning, Guarantee, OrderLine
from refurbishers.models import Member

Status, Wish, Role = Claim.Status, Claim.Wish, ClaimMessage.Role
ASKED = ("awaiting_plant", "awaiting_customer")
SENT = ("awaiting_plant", "awaiting_return", "in_transit_to_plant")
HERE = (*SENT, "at_plant")
REFUSED = ("awaiting_plant", "disputed")
PATHS: list[tuple[str, ...]] = spread(
    [
        ((*HERE, "repairing", "in_transit_to_customer", "resolved"), 36),
        ((*HERE, "replacing", "in_transit_to_customer", "resolved"), 12),
        ((*ASKED, "resolved"), 24),
        ((*HERE, "refunded"), 14),
        ((*REFUSED, "arbitration", "refunded"), 5),
        ((*REFUSED, "arbitration", "resolved"), 3),
        ((*ASKED, "withdrawn"), 12),
        ((), 1),
        (("awaiting_plant",), 8),
        (ASKED, 6),
        (SENT[:2], 6),
        (SENT, 5),
        (HERE, 4),
        ((*HERE, "repairing"), 4),
        ((*HERE, "replacing"), 2),
        ((*HERE, "repairing", "in_transit_to_customer"), 3),
        (REFUSED, 3),
        ((*REFUSED, "arbitration"), 2),
    ]
)
ENDED = {Status.RESOLVED, Status.REFUNDED, Status.WITHDRAWN}
# Hours from one status to the next, at least and at most.
GAPS = {
    "awaiting_plant": (0, 0), "awaiting_customer": (0.3, 9), "awaiting_return": (0.5, 12), "disputed": (2, 18),
    "in_transit_to_plant": (6, 60), "at_plant": (20, 60), "repairing": (1, 20), "replacing": (1, 10),
    "in_transit_to_customer": (4, 70), "arbitration": (2, 30), "resolved": (18, 50), "refunded": (2, 40),
    "withdrawn": (4, 60),
}  # fmt: skip
# What the conversation gains when a status begins: on whose behalf, which words.
SAID: dict[str, list[tuple[str, str]]] = {
    "awaiting_plant": [(Role.CUSTOMER, "customer_opens")],
    "awaiting_customer": [(Role.PLANT, "plant_asks")],
    "awaiting_return": [(Role.PLANT, "plant_solves")],
    "arbitration": [(Role.CUSTOMER, "customer_answers"), (Role.SUPPORT, "support")],
    "resolved": [(Role.CUSTOMER, "customer_thanks")],
}
REFUSAL = "Our test found nothing wrong, the sheet is attached. We cannot accept this case as it stands."
# A defect soon after the sale weighs on the quarter's measures: most show later.
AT_LEAST_AFTER = timedelta(days=33)
AT_LAST_DAY, AT_FIRST_DAY = 350, 1


def load(at: datetime) -> str:
    history = History(at, "claims")
    office = AfterSales(history)
    for number, (path, times) in enumerate(_plans(history)):
        office.claim(number, path, times)
    history.write()
    return f"{office.written} claims"


def _plans(history: History) -> list[tuple[tuple[str, ...], list[datetime]]]:
    plans = [(path, _instants(history, path)) for path in PATHS]
    return sorted(plans, key=lambda plan: plan[1][0])


def _instants(history: History, path: tuple[str, ...]) -> list[datetime]:
    """When the case was opened and each status began: counted back from now for open cases."""
    random, last = history.random, path[-1] if path else Status.OPENED
    back = random.uniform(AT_FIRST_DAY, AT_LAST_DAY - 60) * 24 if last in ENDED else random.uniform(0.3, 8)
    instants = [history.at - timedelta(hours=back)]
    for step in reversed(path):
        instants.insert(0, instants[0] - timedelta(hours=random.uniform(*GAPS[step])))
    # Opened while people are at work, so that the first answer takes some working time.
    later = working_hours(instants[0]) - instants[0]
    return [instant + later for instant in instants] if last in ENDED else instants


class AfterSales:
    """Writes one case after the other; knows the devices at their buyers, and who answers for each plant."""

    def __init__(self, history: History) -> None:
        self.history, self.written = history, 0
        self.courier = Courier(history.rows, history.at, "claims")
        self.plants = plant_addresses()
        self.lines = self._devices()
        self.voices = {m.plant_id: m.user for m in Member.objects.filter(role="owner").select_related("user")}
        after_sales = Member.objects.select_related("user").get(user__email=AFTER_SALES, plant__slug=DEMO_PLANT)
        self.voices[after_sales.plant_id] = after_sales.user
        self.support = User.objects.get(email=SUPPORT)

    def _devices(self) -> list[OrderLine]:
        """Delivered and kept, of people with an account, in a mixed order."""
        lines = OrderLine.objects.filter(status__in=["delivered", "closed"], order__buyer__isnull=False)
        related = lines.select_related("order__buyer", "order__address", "plant", "listing__variant__product__category")
        found = list(related.order_by("delivered_at", "pk"))
        self.history.random.shuffle(found)
        return found

    def _device(self, opened_at: datetime) -> OrderLine:
        """One that had been with its buyer for some weeks then, and has no case yet."""
        for index, line in enumerate(self.lines):
            if line.delivered_at and line.delivered_at + AT_LEAST_AFTER < opened_at:
                return self.lines.pop(index)
        raise LookupError("No delivered device is old enough for a claim.")

    def claim(self, number: int, path: tuple[str, ...], times: list[datetime]) -> None:
        random, opened_at = self.history.random, times[0]
        line = self._device(opened_at)
        codes = [code for code, _label in issues_of(line.listing.variant.product.category.slug)]
        text = random.choice(CLAIM_MESSAGES["customer_opens"])
        claim = Claim(
            id=stable_uuid("claim", number), line=line, plant=line.plant, status=Status.OPENED, description=text,
            issue=random.choice(codes[:7]), wish=_wish(path), opened_at=opened_at,
        )  # fmt: skip
        self.history.rows.add(claim)
        self.history.trail.add("claim.opened", claim, by=known(line.order.buyer), at=opened_at, issue=claim.issue)
        for step, at in zip(path, times[1:], strict=True):
            self._step(claim, step, at, path)
        self._send(claim, dict(zip(path, times[1:], strict=True)))
        self.written += 1

    def _step(self, claim: Claim, step: str, at: datetime, path: tuple[str, ...]) -> None:
        claim.status = step
        if hasattr(claim, f"{step}_at"):
            setattr(claim, f"{step}_at", at)
        claim.due_at, claim.paused_at = self._clock(claim, step, at)
        if step == Status.DISPUTED:
            claim.problem = Claim.Problem.PROBLEM_NOT_IDENTIFIED
            self._say(claim, Role.PLANT, REFUSAL, at)
        for role, words in SAID.get(step, []):
            late = step == Status.ARBITRATION and role == Role.SUPPORT
            if not late or path[-1] in ENDED:
                text = (
                    claim.description
                    if words == "customer_opens"
                    else self.history.random.choice(CLAIM_MESSAGES[words])
                )
                self._say(claim, role, text, at + timedelta(minutes=40 * late))
        self.history.trail.add(f"claim.{step}", claim, by="system:seed", at=at)
        if step == Status.REFUNDED:
            self._refund(claim.line, at)
        if step == Status.RESOLVED and "repairing" in path:
            self._extend(claim.line)

    def _clock(self, claim: Claim, step: str, at: datetime) -> tuple[datetime | None, datetime | None]:
        """The deadline that a status sets or keeps, and since when its clock stands still."""
        calendar = market.calendar()
        if step in (Status.AWAITING_PLANT, Status.ARBITRATION):
            return calendar.business_days_after(at, Claim.PLANT_ANSWERS_WITHIN_BUSINESS_DAYS), None
        if step == Status.AT_PLANT:
            return calendar.business_days_after(at, Claim.REPAIR_WITHIN_BUSINESS_DAYS), None
        if step == Status.AWAITING_CUSTOMER:
            return claim.due_at, at
        if step in (Status.REPAIRING, Status.REPLACING):
            return claim.due_at, None
        return None, at if step == Status.DISPUTED else None

    def _say(self, claim: Claim, role: str, text: str, at: datetime) -> None:
        who = {
            Role.CUSTOMER: known(claim.line.order.buyer),
            Role.PLANT: self.voices[claim.plant_id],
            Role.SUPPORT: self.support,
        }
        author = who[Role(role)]
        self.history.rows.add(ClaimMessage(claim=claim, author=author, author_role=role, text=text, created_at=at))
        if claim.first_answer_at is None and role != Role.CUSTOMER:
            claim.first_answer_at = at
            spent = market.calendar().business_time_between(claim.opened_at, at)
            minutes = int(spent.total_seconds() // 60)
            self.history.trail.add("claim.answered", claim, by=author, at=at, role=role, minutes=minutes)

    def _send(self, claim: Claim, instants: dict[str, datetime]) -> None:
        """The parcels to the plant and back; what is not on its way yet waits for the customer."""
        if "awaiting_return" in instants:
            ends = claim.line.order.address, self.plants[claim.plant_id]
            leaves_at = instants.get("in_transit_to_plant") or self.history.at + timedelta(hours=20)
            times = instants["awaiting_return"], leaves_at, instants.get("at_plant")
            claim.parcel = self._parcel(claim, Parcel.Purpose.CLAIM, ends, times)
        if "in_transit_to_customer" in instants:
            sent_at = instants["in_transit_to_customer"]
            ends = self.plants[claim.plant_id], claim.line.order.address
            times = sent_at, sent_at, instants.get("resolved")
            claim.return_parcel = self._parcel(claim, Parcel.Purpose.CLAIM_RETURN, ends, times)

    def _parcel(
        self,
        claim: Claim,
        purpose: str,
        ends: tuple[Address, Address],
        times: tuple[datetime, datetime | None, datetime | None],
    ) -> Parcel:
        return self.courier.parcel(purpose, claim.pk, ends, claim.line.price_minor, times)

    def _refund(self, line: OrderLine, at: datetime) -> None:
        payment = Payment.objects.get(purpose="order", reference=line.order_id, status=Payment.Status.CAPTURED)
        sale = Earning.objects.get(line=line, kind=Earning.Kind.SALE)
        guarantee = Guarantee.objects.get(line=line)
        refund_line(self.history, line, payment, reason="claim", at=at, delivered=(sale, guarantee))
        payment.save(update_fields=["refunded_minor"])
        for row in (line, sale, guarantee):
            row.save()

    def _extend(self, line: OrderLine) -> None:
        guarantee = Guarantee.objects.get(line=line)
        months = Guarantee.LEGAL_MONTHS + Guarantee.REPAIR_EXTENSION_MONTHS
        guarantee.legal_until_date = add_months(guarantee.starts_date, months)
        guarantee.save(update_fields=["legal_until_date"])


def _wish(path: tuple[str, ...]) -> str:
    if "replacing" in path:
        return Wish.REPLACE
    if "awaiting_customer" in path:
        return Wish.REMOTE_ASSISTANCE
    return Wish.REPAIR
