"""Something for everybody to do: fresh orders, trades and cases of the demo's cast, made by the services themselves."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile

from backmarket.accounts.models import Address, User
from backmarket.errors import GatewayError
from backmarket.events.models import Event
from backmarket.events.services import Actor
from backmarket.files import private_files
from backmarket.management import demo_logins as cast
from backmarket.management.seed_data.words import CLAIM_MESSAGES
from backmarket.management.seeding.base import dice, imei, known, stable_uuid
from backmarket.management.seeding.people import consumers
from backmarket.management.seeding.records import record_work
from backmarket.management.seeding.sheets import answers_for, sheet_for
from backmarket.management.seeding.shipping import next_delivery
from backmarket.management.seeding.workshop import evidence_photo
from backmarket.money import Money
from backmarket.payments.gateways.sandbox_disputes import open_dispute
from backmarket.payments.models import Payment, SandboxIntent
from backmarket.payments.services import open_payment, record_dispute, settle_payment
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.models import Parcel, SandboxShipment, TrackingPoint
from backmarket.shipping.services import Slot, available_slots, book_with_courier, record_scan
from buyback.models import Bid, Identity, Quote, Trade
from buyback.services.grading import grade_inspection
from buyback.services.inspections import make_counter_offer, receive_trade, submit_inspection, validate_trade
from buyback.services.messages import write_message
from buyback.services.parcels import collect_trade
from buyback.services.payouts import order_payouts
from buyback.services.quotes import make_quote, send_quote
from buyback.services.register import enter_in_register
from buyback.services.sheets import keep_draft
from buyback.services.trades import IdentityData, accept_quote
from catalog.models import Condition, Grade, GradingSpecification, Listing, QuestionSet
from catalog.services.units import erase_unit, record_test, repair_unit
from orders.handlers import set_off_trade
from orders.models import Claim, FraudRule, Order, OrderLine
from orders.services.cancelling import ask_to_cancel
from orders.services.cart import add_to_cart, open_cart
from orders.services.checkout import place_order, settle_order
from orders.services.claims import answer_claim, open_claim, watch_claim_deadlines
from orders.services.fulfilment import accept_line, deliver_consignment, ship_consignment
from orders.services.returns import confirm_withdrawal
from refurbishers.models import Refurbisher

CONDITIONS = "2026-11"
IBAN = "FR7630006000011234567890189"
COURIER = "courier:sandbox"
FIRST_DEVICE = 900_000
Code = TrackingPoint.Code
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def load(at: datetime) -> str:
    stage = Stage(at)
    stage.orders()
    stage.cases()
    stage.trades()
    stage.disputes()
    return "something to do for every login"


class Stage:
    """The demo plant, the people around it, and the devices that pass between them."""

    def __init__(self, at: datetime, part: str = "waiting", first_device: int = FIRST_DEVICE) -> None:
        self.at, self.random = at, dice(part)
        self.plant = Refurbisher.objects.get(slug=cast.DEMO_PLANT)
        self.alice, self.carol, self.owner, self.technician, self.after_sales = (
            User.objects.get(email=email)
            for email in (cast.ALICE, cast.CAROL, cast.OWNER, cast.TECHNICIAN, cast.AFTER_SALES)
        )
        self.others: Iterator[User] = iter(consumers()[100:])
        self.devices = count(first_device)
        phones = Listing.objects.live().filter(plant=self.plant, variant__product__category__slug="smartphones")
        self.listings: Iterator[Listing] = iter(
            phones.filter(on_hand__gte=2).order_by("-variant__product__released_year", "number")
        )

    # Orders: alice rates one and awaits one; the plant accepts and ships, and is asked to cancel one; one is not
    # paid, one is being checked.

    def orders(self) -> None:
        self.bought(self.alice, self.at - 12 * DAY, delivered=True)
        self.shipped(self.bought(self.alice, self.at - 2 * DAY), self.at - DAY)
        for hours in (2, 4):
            self.bought(next(self.others), self.at - hours * HOUR)
        for hours in (5, 7):
            line = self.bought(next(self.others), self.at - hours * HOUR)
            self.accepted(line, self.at - HOUR)
        ask_to_cancel(line, by=known(line.order.buyer), at=self.at - 10 * MINUTE)
        self.ordered(next(self.others), self.at - timedelta(minutes=2))
        self.held(self.at - timedelta(minutes=9))
        returned = self.bought(next(self.others), self.at - 9 * DAY, delivered=True)
        confirm_withdrawal(
            returned, name=returned.order.address.name, by=known(returned.order.buyer), at=self.at - 3 * HOUR
        )

    def ordered(
        self, buyer: User, at: datetime, listing: Listing | None = None, *, quantity: int = 1, credit_minor: int = 0
    ) -> Order:
        """Placed, and not paid yet; one of the plant's own phones, unless it is told which."""
        cart = open_cart(buyer, None)
        add_to_cart(cart, listing or next(self.listings), quantity=quantity, at=at)
        home = Address.objects.filter(user=buyer).earliest("pk")
        return place_order(
            cart, address=home, email=buyer.email, buyer=buyer, language=buyer.language,
            checkout_key=stable_uuid("waiting", next(self.devices)), conditions_version=CONDITIONS, by=buyer, at=at,
            credit_minor=credit_minor,
        )  # fmt: skip

    def bought(self, buyer: User, at: datetime, *, delivered: bool = False, credit_minor: int = 0) -> OrderLine:
        """Paid, so much of it by credit; and, when `delivered`, at the buyer's three days later."""
        order = self.ordered(buyer, at, credit_minor=credit_minor)
        payment = Payment.objects.get(purpose="order", reference=order.pk)
        open_payment(payment, return_url=settings.SITE_URL, at=at)
        SandboxIntent.objects.filter(pk=payment.gateway_id).update(status="captured")
        settle_payment(payment.pk, at=at)
        settle_order(order.pk, at=at)
        line = order.lines.get()
        if delivered:
            self.accepted(line, at + HOUR)
            self.delivered(self.shipped(line, at + 5 * HOUR), at + 2 * DAY)
            line.refresh_from_db()
        return line

    def held(self, at: datetime) -> None:
        """A first order worth so much that somebody looks at it: the bank has said yes, and the plant is not told."""
        paid = Order.objects.filter(payment_status=Order.PaymentStatus.CAPTURED).exclude(buyer=None).values("buyer")
        newcomer = User.objects.filter(pk__in=[person.pk for person in consumers()]).exclude(pk__in=paid).earliest("pk")
        dearest = Listing.objects.live().filter(on_hand__gte=4).order_by("-price_minor", "number").first()
        least = FraudRule.objects.get(kind=FraudRule.Kind.AMOUNT).amount
        count = -(-known(least).minor // known(dearest).price_minor)
        order = self.ordered(newcomer, at, known(dearest), quantity=count)
        payment = Payment.objects.get(purpose="order", reference=order.pk)
        open_payment(payment, return_url=settings.SITE_URL, at=self.at)
        SandboxIntent.objects.filter(pk=payment.gateway_id).update(status="authorised")
        settle_payment(payment.pk, at=self.at)
        settle_order(order.pk, at=self.at)

    def accepted(self, line: OrderLine, at: datetime) -> None:
        accept_line(line, by=self.owner, at=at)

    def shipped(self, line: OrderLine, at: datetime) -> Parcel:
        number = imei(next(self.devices))
        if line.order.buyer == self.alice:
            record_work(line, number, by=self.technician, at=at)
        parcel = ship_consignment(line.consignment, identifiers={line.pk: number}, by=self.owner, at=at)
        self.scan(parcel, Code.IN_TRANSIT, at)
        return parcel

    def delivered(self, parcel: Parcel, at: datetime) -> None:
        self.scan(parcel, Code.DELIVERED, at)
        line = OrderLine.objects.select_related("consignment").get(consignment=parcel.reference)
        deliver_consignment(line.consignment, at=at)

    def scan(self, parcel: Parcel, code: str, at: datetime) -> None:
        """The courier's scan of the past; what it still plans lies ahead of today."""
        book_with_courier(parcel.pk, at=parcel.created_at)
        parcel.refresh_from_db()
        record_scan("sandbox", Scan(f"waiting-{parcel.pk}-{code}", parcel.tracking_number, code, "", at))
        arrival = next_delivery(self.at)
        ahead = [] if code == Code.DELIVERED else [[Code.DELIVERED.value, arrival.isoformat(), ""]]
        shipment = SandboxShipment.objects.filter(pk=parcel.tracking_number)
        shipment.update(script=ahead, position=0, next_at=arrival if ahead else None)

    # Cases: one awaits alice, one the plant, one has been taken over by support.

    def cases(self) -> None:
        mine = self.bought(self.alice, self.at - 41 * DAY, delivered=True)
        claim = self.case(mine, self.at - 2 * DAY)
        answer_claim(claim, text=CLAIM_MESSAGES["plant_asks"][0], by=self.after_sales, at=self.at - 20 * HOUR)
        self.case(self.bought(next(self.others), self.at - 45 * DAY, delivered=True), self.at - HOUR)
        silent = OrderLine.objects.filter(plant__status=Refurbisher.Status.WATCH, status="closed", claims=None)
        kept = silent.filter(order__buyer__isnull=False).select_related("order__buyer").order_by("-delivered_at", "pk")
        self.case(kept[0], self.at - 5 * DAY)
        watch_claim_deadlines(self.at)

    def case(self, line: OrderLine, at: datetime) -> Claim:
        text = self.random.choice(CLAIM_MESSAGES["customer_opens"])
        buyer = known(line.order.buyer)
        return open_claim(line, issue="CHARGING", wish=Claim.Wish.REPAIR, description=text, by=buyer, at=at)

    # Trades: carol answers a counter-offer, follows a device in the workshop, looks at a quote, waits for the courier;
    # for the plant one is in the van, two are to inspect, one of them begun, one is to decide, one is to be erased.

    def trades(self) -> None:
        bids = self.bids()
        self.talk(self.counter(self.inspected(self.received(self.carol, next(bids), 6 * DAY), worse=True)))
        send_quote(
            self.quoted(next(bids), self.at - DAY, by=self.carol), to=cast.CAROL, by=self.carol, at=self.at - DAY
        )
        self.inspected(self.received(next(self.others), next(bids), 4 * DAY), worse=True)
        self.received(next(self.others), next(bids), 3 * DAY)
        self.begun(self.received(next(self.others), next(bids), 3 * DAY))
        self.scan(
            known(self.sent(next(self.others), next(bids), 2 * DAY).parcel), Code.OUT_FOR_DELIVERY, self.at - HOUR
        )
        self.keep(self.inspected(self.received(next(self.others), next(bids), 5 * DAY), worse=False))
        self.reborn(self.inspected(self.received(self.carol, next(bids), 9 * DAY), worse=False))
        order_payouts(self.at)
        self.at_door(self.carol, next(bids), HOUR)

    # Disputes: one waits for finance to answer it.

    def disputes(self) -> None:
        line = self.bought(next(self.others), self.at - 8 * DAY, delivered=True)
        payment = Payment.objects.get(purpose="order", reference=line.order_id)
        opened = open_dispute(payment.gateway_id, at=self.at - 2 * DAY, tell=False)
        record_dispute("sandbox", known(opened), at=self.at - 2 * DAY)

    def bids(self) -> Iterator[Bid]:
        best = Bid.objects.filter(plant=self.plant, condition=Condition.FUNCTIONAL_GOOD, price_minor__gte=10_000)
        phones = best.filter(variant__product__category__slug="smartphones").select_related(
            "variant__product__category"
        )
        return iter(phones.order_by("-variant__product__released_year", "pk"))

    def quoted(self, bid: Bid, at: datetime, *, by: Actor) -> Quote:
        questions = QuestionSet.objects.get(category=bid.variant.product.category_id).questions
        answers = answers_for(questions, bid.condition, self.random)
        return make_quote(bid.variant, answers=answers, by=by, at=at)

    def agreed(self, seller: User, bid: Bid, ago: timedelta, *, slot: Slot | None = None, **of: Any) -> Trade:
        """Accepted so long ago; `of` may name another `address` than the seller's first one."""
        accepted_at = self.at - ago
        document = IdentityData(seller.full_name, date(1990, 4, 12), Identity.Document.IDENTITY_CARD, "DEMO12345678")
        return accept_quote(
            self.quoted(bid, accepted_at - HOUR, by=seller), plant=self.plant, seller=seller,
            identifier=imei(next(self.devices)),
            identity=document, address=of.get("address") or self.home(seller), holder=seller.full_name, iban=IBAN,
            slot=slot, conditions_version=CONDITIONS, by=seller, at=accepted_at,
        )  # fmt: skip

    def home(self, seller: User) -> Address:
        return Address.objects.filter(user=seller).earliest("pk")

    def at_door(self, seller: User, bid: Bid, ago: timedelta, **of: Any) -> Trade:
        """Waiting for the courier: another device may go along. The courier is asked; it may say no."""
        home = of.get("address") or self.home(seller)
        times = available_slots(postcode=home.postcode, country=home.country, at=self.at)
        trade = self.agreed(seller, bid, ago, slot=times[len(times) // 2], **of)
        with suppress(GatewayError):
            book_with_courier(known(trade.parcel).pk, at=trade.accepted_at)
        return trade

    def sent(self, seller: User, bid: Bid, ago: timedelta) -> Trade:
        """Accepted so long ago, and dropped off three hours later."""
        trade = self.agreed(seller, bid, ago)
        left_at = trade.accepted_at + 3 * HOUR
        self.scan(known(trade.parcel), Code.IN_TRANSIT, left_at)
        collect_trade(trade, by=COURIER, at=left_at)
        return trade

    def received(self, seller: User, bid: Bid, ago: timedelta) -> Trade:
        """At the plant for some hours."""
        trade = self.sent(seller, bid, ago)
        self.scan(known(trade.parcel), Code.DELIVERED, self.at - 5 * HOUR)
        receive_trade(trade, by=COURIER, at=self.at - 5 * HOUR)
        return trade

    def begun(self, trade: Trade) -> None:
        """Half of the sheet is filled in, the rest is for later."""
        checks = GradingSpecification.objects.get(category=trade.variant.product.category_id).checks
        quote = trade.quote
        sheet = sheet_for(checks, quote.question_set.questions, quote.answers, self.random)
        half = dict(list(sheet.items())[: len(sheet) // 2])
        keep_draft(trade, sheet=half, note="", seen=0, by=self.technician, at=self.at - HOUR)

    def keep(self, trade: Trade) -> None:
        """Paid as quoted, and owed by the plant; its unit waits to be erased. Nobody handles the events of a seed."""
        validate_trade(trade, by=self.owner, at=self.at - HOUR)
        enter_in_register(trade, self.at - HOUR)
        set_off_trade(Event.objects.about(trade).get(kind="trade.validated"))

    def inspected(self, trade: Trade, *, worse: bool) -> Trade:
        checks = GradingSpecification.objects.get(category=trade.variant.product.category_id).checks
        quote = trade.quote
        sheet = sheet_for(checks, quote.question_set.questions, quote.answers, self.random)
        if worse:
            sheet["screen_marks"] = "visible"
        inspection = submit_inspection(trade, sheet=sheet, note="", by=self.technician, at=self.at - 3 * HOUR)
        grade_inspection(inspection.pk, self.at - 3 * HOUR)
        trade.inspection.refresh_from_db()
        return trade

    def counter(self, trade: Trade) -> Trade:
        defects = trade.inspection.verdict["defects"]
        make_counter_offer(
            trade,
            price=Money(trade.quoted_minor * 7 // 1_000 * 100, trade.currency),
            reasons=[{"reason": defect["reason"], "question": defect["question"]} for defect in defects],
            comment="The marks are deeper than described, as you see in the photo. The price covers the part.",
            photos=[self.picture()],
            by=self.owner,
            at=self.at - 2 * HOUR,
        )
        return trade

    def picture(self) -> ContentFile:
        with private_files().open(evidence_photo()) as photo:
            return ContentFile(photo.read(), name="evidence.jpg")

    def talk(self, trade: Trade) -> None:
        """Carol asks, the plant answers with a picture."""
        asked = "I had not seen that mark. Is it on the glass or on the frame?"
        answer = "On the glass, from edge to edge. Here it is under the lamp."
        write_message(trade, author=self.carol, from_plant=False, text=asked, at=self.at - 80 * MINUTE)
        write_message(
            trade, author=self.owner, from_plant=True, text=answer, photos=[self.picture()], at=self.at - 55 * MINUTE
        )

    def reborn(self, trade: Trade) -> None:
        """Bought, erased, repaired and tested; soon on sale."""
        self.keep(trade)
        unit, by = known(trade.unit), self.technician
        tool = "Blancco Mobile 7.2"
        erase_unit(unit, standard="NIST SP 800-88", tool=tool, operator=by, by=by, at=self.at - 50 * MINUTE)
        repair_unit(unit, parts=["battery"], by=by, at=self.at - 30 * MINUTE)
        record_test(unit, grade=Grade.EXCELLENT, battery_percent=100, by=by, at=self.at - 10 * MINUTE)
