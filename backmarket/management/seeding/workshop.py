"""What happens to a bought device at the plant: inspected, countered, paid for, repaired, listed, or sent back."""

import io
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from backmarket import market
from backmarket.files import private_files
from backmarket.management.seeding.base import known, stable_uuid
from backmarket.management.seeding.history import History
from backmarket.management.seeding.sheets import sheet_for, worse_sheet
from backmarket.management.seeding.shipping import Courier
from backmarket.payments.models import Payout
from backmarket.shipping.models import Parcel
from buyback.guides import Suspension
from buyback.models import CounterOffer, EvidencePhoto, Inspection, Trade
from catalog.grading import grade_sheet
from catalog.models import Condition, Grade, GradingSpecification, Listing, Unit, VatScheme
from orders.models import Earning
from refurbishers.models import Member

PHOTO = "trades/demo-scratched-glass.jpg"
COMMENTS = {
    CounterOffer.Reason.FUNCTIONAL: "One function fails our test; the photo shows it. The price covers the part.",
    CounterOffer.Reason.ESTHETICS: "The marks are deeper than described, as you see in the photo.",
    CounterOffer.Reason.OTHER: "The device differs from the description; see the photo.",
}
# How long a device stays in the workshop, and on the shelf.
WORKSHOP, SHELF = timedelta(days=4), timedelta(days=25)
PARTS: tuple[list[str], ...] = (["battery"], ["screen"], ["battery", "back cover"], ["charging port"], [])
BEYOND_REPAIR = {Condition.NOT_FUNCTIONAL_CRACKED: 0.5, Condition.NOT_FUNCTIONAL_USED: 0.2}


class Workshop:
    """One method per status that a trade takes at the plant: what that status leaves behind."""

    def __init__(self, history: History, courier: Courier) -> None:
        self.history, self.courier = history, courier
        self.specifications = {s.category_id: s for s in GradingSpecification.objects.all()}
        listings = Listing.objects.filter(status=Listing.Status.ONLINE)
        self.listings = {(found.plant_id, found.variant_id, found.grade): found for found in listings}
        members = Member.objects.order_by("role", "pk")  # a technician's role sorts after an owner's
        self.technicians = dict(members.exclude(role=Member.Role.AFTER_SALES).values_list("plant", "user"))
        self.inspections: dict[object, Inspection] = {}
        self.offers: dict[object, CounterOffer] = {}

    def inspected(self, trade: Trade, at: datetime, path: tuple[str, ...]) -> None:
        specification = self.specifications[trade.variant.product.category_id]
        questions, answers = trade.quote.question_set.questions, trade.quote.answers
        fill = worse_sheet if "countered" in path else sheet_for
        sheet = fill(specification.checks, questions, answers, self.history.random)
        sheet = sheet or sheet_for(specification.checks, questions, answers, self.history.random)
        verdict = grade_sheet(specification.checks, sheet, questions, answers)
        graded_at = min(at + timedelta(minutes=1), self.history.at)
        inspection = Inspection(
            trade=trade,
            specification=specification,
            sheet=sheet,
            submitted_at=at,
            graded_at=graded_at,
            condition_found=verdict.condition_found,
            grade_reachable=verdict.grade_reachable or "",
            verdict=verdict.as_json(),
        )
        self.inspections[trade.pk] = inspection
        self.history.rows.add(inspection)
        self.history.trail.add("trade.graded", trade, by="system:grade_devices", at=graded_at)

    def countered(self, trade: Trade, at: datetime, path: tuple[str, ...]) -> None:
        defects = self.inspections[trade.pk].verdict["defects"]
        first = trade.quote.question_set.questions[0]["code"]
        reasons = [{"reason": d["reason"], "question": d["question"]} for d in defects]
        reasons = reasons or [{"reason": CounterOffer.Reason.OTHER, "question": first}]
        price = max(100, trade.quoted_minor * self.history.random.randint(55, 85) // 10_000 * 100)
        offer = CounterOffer(
            trade=trade,
            price_minor=price,
            currency=trade.currency,
            reasons=reasons,
            comment=COMMENTS[reasons[0]["reason"]],
            offered_at=at,
            answer_by=market.calendar().days_after(at, Trade.ANSWER_WITHIN_DAYS),
        )
        self.offers[trade.pk] = offer
        photo = EvidencePhoto(id=stable_uuid("photo", trade.pk.int), trade=trade, image=evidence_photo(), created_at=at)
        self.history.rows.add(offer, photo)

    def suspended(self, trade: Trade, at: datetime, path: tuple[str, ...]) -> None:
        trade.suspension = Suspension.LOCKED

    def validated(self, trade: Trade, at: datetime, path: tuple[str, ...]) -> None:
        if offer := self._answered(trade, CounterOffer.Answer.ACCEPTED, at):
            trade.price_minor = offer.price_minor
        price = trade.price_minor
        # What the courier lost is paid by the insurance, and nobody's workshop has it.
        payer = ("compensation", "") if trade.lost_at else ("plant", str(trade.plant_id))
        owed, label = ("consumer", str(trade.seller_id), price), f"{trade} · {trade.variant}"
        self.history.books.book(f"trade:{trade.pk}", trade.pk, at, (*payer, -price), owed, label=label)
        if not trade.lost_at:
            self.history.rows.add(
                Earning(
                    plant=trade.plant, kind=Earning.Kind.TRADE, reference=trade.pk, label=label, amount_minor=-price,
                    currency=trade.currency, due_at=at, created_at=at,
                )
            )  # fmt: skip
            trade.unit = self._unit(trade, at)
            self.history.rows.add(trade.unit)

    def paid(self, trade: Trade, at: datetime, path: tuple[str, ...]) -> None:
        sent_at = max(at - timedelta(hours=30), known(trade.validated_at) + timedelta(hours=2))
        trade.payout = self._payout(trade, sent_at, at)
        self.history.rows.add(trade.payout)
        sides = ("consumer", str(trade.seller_id), -trade.price_minor), ("bank", "", trade.price_minor)
        self.history.books.book(f"payout:{trade.payout.pk}", trade.pk, sent_at, *sides, label=str(trade))

    def returning(self, trade: Trade, at: datetime, path: tuple[str, ...]) -> None:
        self._answered(trade, CounterOffer.Answer.REFUSED, at)
        ends = known(trade.parcel).recipient, trade.address
        sent_at = at + timedelta(hours=3)
        times = at, sent_at, trade.returned_at
        trade.return_parcel = self.courier.parcel(
            Parcel.Purpose.TRADE_RETURN,
            trade.pk,
            ends,
            trade.quoted_minor,
            times,
            turned_back_at=trade.undelivered_at,
        )

    def _answered(self, trade: Trade, answer: str, at: datetime) -> CounterOffer | None:
        offer = self.offers.get(trade.pk)
        if offer:
            offer.answer, offer.answered_at = answer, at
        return offer

    def _payout(self, trade: Trade, sent_at: datetime, paid_at: datetime) -> Payout:
        payout = Payout(
            id=stable_uuid("payout", trade.pk.int),
            purpose="trade",
            reference=trade.pk,
            label=str(trade),
            account="consumer",
            party=str(trade.seller_id),
            status=Payout.Status.PAID,
            amount_minor=trade.price_minor,
            currency=trade.currency,
            holder=trade.holder,
            iban=trade.iban,
            iban_last4=trade.iban_last4,
            gateway="sandbox",
            due_at=sent_at,
            created_at=sent_at,
            sending_at=sent_at,
            attempts=1,
            sent_at=sent_at,
            paid_at=paid_at,
        )
        payout.gateway_id = f"out_{payout.pk.hex}"
        return payout

    def _unit(self, trade: Trade, at: datetime) -> Unit:
        """In the workshop at first; some weeks later on the shelf, sold, or given to those who recycle it."""
        unit = Unit(
            id=stable_uuid("unit", trade.pk.int),
            variant=trade.variant,
            plant=trade.plant,
            identifier=trade.identifier,
            vat_scheme=VatScheme.MARGINAL,
            purchase_minor=trade.price_minor,
            currency=trade.currency,
            created_at=at,
        )
        if self.history.at - at >= WORKSHOP:
            self._go_on(unit, trade, at)
        self._tell(unit)
        return unit

    def _go_on(self, unit: Unit, trade: Trade, at: datetime) -> None:
        age, random = self.history.at - at, self.history.random
        if random.random() < BEYOND_REPAIR.get(Condition(trade.condition), 0):
            unit.erased_at, unit.erasure_standard = at + timedelta(hours=5), "NIST SP 800-88 Destroy"
            unit.erasure_tool, unit.erased_by_id = "memory taken out and shredded", self.technicians[unit.plant_id]
            unit.status, unit.recycled_at = Unit.Status.RECYCLED, at + WORKSHOP
            return
        self._prepare(unit, trade, at)
        listing = self.listings.get((unit.plant_id, unit.variant_id, unit.grade))
        if age > SHELF or listing:
            unit.status, unit.listing, unit.ready_at = Unit.Status.READY, listing, at + WORKSHOP
        if age > SHELF and random.random() < 0.85:
            unit.status, unit.sold_at = Unit.Status.SOLD, at + SHELF

    def _tell(self, unit: Unit) -> None:
        """The events of what happened to it, as the services would have recorded them."""
        worker = f"user:{self.technicians[unit.plant_id]}"
        erasure = {"standard": unit.erasure_standard, "tool": unit.erasure_tool, "operator": unit.erased_by_id}
        test = {"grade": unit.grade, "battery_percent": unit.battery_percent}
        told: list[tuple[str, datetime | None, dict[str, object]]] = [
            ("taken_in", unit.created_at, {}),
            ("erased", unit.erased_at, erasure),
            ("repaired", unit.repaired_at, {"parts": unit.parts_changed}),
            ("tested", unit.tested_at, test),
            ("ready", unit.ready_at, {}),
            ("sold", unit.sold_at, {}),
            ("recycled", unit.recycled_at, {}),
        ]
        for what, at, data in told:
            if at is not None:
                self.history.trail.add(f"unit.{what}", unit, by=worker, at=at, **data)

    def _prepare(self, unit: Unit, trade: Trade, at: datetime) -> None:
        """Erased, repaired where needed, and tested after that."""
        random = self.history.random
        unit.erased_at, unit.erasure_standard = at + timedelta(hours=5), "NIST SP 800-88 Purge"
        unit.erasure_tool, unit.erased_by_id = "Blancco 7.4", self.technicians[unit.plant_id]
        if parts := random.choice(PARTS):
            unit.parts_changed, unit.repaired_at = parts, at + timedelta(days=1)
        unit.tested_at = at + timedelta(days=2)
        unit.grade = random.choice((Grade.EXCELLENT, Grade.GOOD, Grade.GOOD, Grade.FAIR))
        specification = self.specifications[trade.variant.product.category_id]
        if "battery" in {check["chapter"] for check in specification.checks}:
            unit.battery_percent = 100 if "battery" in parts else random.randint(82, 97)


def evidence_photo() -> str:
    """The name of a picture of a scratched pane, drawn once."""
    if not private_files().exists(PHOTO):
        picture = Image.new("RGB", (900, 675), "#23272e")
        pen = ImageDraw.Draw(picture)
        pen.rounded_rectangle((250, 40, 650, 635), 48, fill="#3b424d", outline="#8b93a1", width=6)
        for x in range(330, 560, 46):
            pen.line((x, 130 + x // 3, x + 90, 320 + x // 2), fill="#dfe5ee", width=3)
        pen.ellipse((360, 210, 610, 460), outline="#e2483d", width=8)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=85)
        private_files().save(PHOTO, ContentFile(out.getvalue()))
    return PHOTO
