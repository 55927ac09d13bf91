"""A year of orders: paid, sent, delivered, guaranteed, withdrawn from, in parcels and in the ledger."""

import uuid
from bisect import bisect_right
from datetime import date, datetime, time, timedelta
from itertools import count

from django.conf import settings

from backmarket import market
from backmarket.accounts.models import Address, User
from backmarket.clock import add_months
from backmarket.management.seed_data.people import person
from backmarket.management.seed_data.plants import PLANT_BY_SLUG
from backmarket.management.seeding.base import (
    HISTORY_DAYS,
    device_number,
    insert,
    known,
    next_number,
    spread,
    stable_uuid,
    working_hours,
)
from backmarket.management.seeding.history import History
from backmarket.management.seeding.money import charge_label, earn_sale, refund_line
from backmarket.management.seeding.people import address_of, consumers
from backmarket.management.seeding.returns import Delivered, maybe_withdraw
from backmarket.management.seeding.shipping import Courier, next_delivery, plant_addresses
from backmarket.money import Money, share_minor
from backmarket.payments.gateways.sandbox import fee as provider_fee
from backmarket.payments.models import Payment, SandboxIntent
from backmarket.shipping.models import Parcel
from catalog.models import Listing, Variant
from orders.models import Consignment, Guarantee, Order, OrderLine
from orders.services.taxation import taxes_of
from orders.services.waiting import PURPOSE, RESERVED_FOR
from refurbishers.models import CommissionTerm, Refurbisher

ORDERS = 3_000
CONDITIONS = "2026-01"
Line = OrderLine.Status
Paid = Order.PaymentStatus
SIZES = spread([(1, 16), (2, 3), (3, 1)])
OUTCOMES = spread([(Paid.CAPTURED, 94), (Paid.FAILED, 5), (Paid.CANCELLED, 1)])
GUEST_INDEX = 500_000
# Of the lines of a plant, in ten thousandths: sent late, cancelled. Everyone else is careful.
LATE_BPS = {"segunda-vuelta-digital": 1_000, "warsztat-jaskolka": 900, "drugie-zycie-ekranu": 1_800}
CANCELLED_BPS = {"segunda-vuelta-digital": 400, "warsztat-jaskolka": 250, "drugie-zycie-ekranu": 500}
CAREFUL_LATE_BPS, CAREFUL_CANCELLED_BPS = 150, 100
# One failure is a large share of a quarter's small sample: the careful ones had theirs before.
QUARTER = timedelta(days=100)
SUSPENDED_FOR = timedelta(days=45)
ON_TRIAL_FOR = timedelta(days=40)


def load(at: datetime) -> str:
    history = History(at, "orders")
    shop = Shop(history)
    for number, placed_at in enumerate(_instants(history)):
        shop.order(number, placed_at)
    history.write()
    return f"{ORDERS} orders, {len(shop.lines)} lines"


def _instants(history: History) -> list[datetime]:
    """When orders were placed: by day more than by night, a little more of them each month."""
    span = HISTORY_DAYS * 86_400
    ages = sorted((span * (1 - history.random.random() ** 0.85) for _ in range(ORDERS)), reverse=True)
    instants = [history.at - timedelta(seconds=max(600.0, age)) for age in ages]
    awake = [at if 7 <= market.calendar().local(at).hour < 23 else at - timedelta(hours=8) for at in instants]
    return sorted(awake)


class Shop:
    """Writes one order after the other; knows who buys, what is listed, and where plants and people live."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.courier = Courier(history.rows, history.at, "orders")
        self.buyers = consumers()
        self.devices = count(1)
        self.homes = {a.user_id: a for a in Address.objects.exclude(user=None)}
        self.plants = plant_addresses()
        self.listings = _listings()
        self.online_since = [known(listing.online_at) for listing in self.listings]
        self.lines: list[OrderLine] = []

    def order(self, number: int, placed_at: datetime) -> None:
        history, random = self.history, self.history.random
        buyer, address = self._buyer(number)
        paid = random.choice(OUTCOMES)
        order = Order(
            id=stable_uuid("order", number), number=next_number("orders_order_number"),
            buyer=buyer, address=address, checkout_key=stable_uuid("checkout", number),
            email=buyer.email if buyer else person(GUEST_INDEX + number).email, payment_status=paid,
            currency=settings.DEFAULT_CURRENCY, conditions_version=CONDITIONS, placed_at=placed_at,
            reserved_until=placed_at + RESERVED_FOR,
        )  # fmt: skip
        paid_at = placed_at + timedelta(seconds=random.uniform(40, 400))
        setattr(order, f"{paid}_at", paid_at)
        lines = self._lines(order, number)
        order.total_minor = sum(line.price_minor + line.shipping_minor for line in lines)
        by = buyer or "guest"
        history.rows.add(order, *{line.consignment.pk: line.consignment for line in lines}.values(), *lines)
        history.trail.add("order.placed", order, by=by, at=placed_at)
        history.trail.add(f"order.{paid}", order, by="system:checkout", at=paid_at)
        payment = self._pay(order, number, paid_at)
        if paid == Paid.CAPTURED:
            self._fulfil(order, lines, payment, paid_at)
        else:
            for line in lines:
                history.move_line(line, Line.CANCELLED, paid_at, by="system:checkout")
                line.cancel_reason = "not_paid"
        self.lines += lines

    def _buyer(self, number: int) -> tuple[User | None, Address]:
        """One in eight is a guest."""
        if self.history.random.random() < 0.12:
            address = address_of(person(GUEST_INDEX + number), None)
            insert([address])
            return None, address
        buyer = self.history.random.choice(self.buyers)
        return buyer, self.homes[buyer.pk]

    def _choose(self, placed_at: datetime) -> Listing:
        """Something that was on offer then, of a plant that traded then."""
        since = self.history.at - placed_at
        while True:
            listing = self.listings[self.history.random.randrange(bisect_right(self.online_since, placed_at))]
            status = listing.plant.status
            stopped = status == Refurbisher.Status.SUSPENDED and since < SUSPENDED_FOR
            too_early = status == Refurbisher.Status.TRIAL and since > ON_TRIAL_FOR
            if not stopped and not too_early:
                return listing

    def _lines(self, order: Order, number: int) -> list[OrderLine]:
        size = self.history.random.choice(SIZES)
        listings = {listing.pk: listing for listing in (self._choose(order.placed_at) for _ in range(size))}
        consignments: dict[uuid.UUID, Consignment] = {}
        lines = []
        for index, listing in enumerate(sorted(listings.values(), key=lambda found: str(found.plant_id))):
            first = listing.plant_id not in consignments
            consignment = consignments.setdefault(
                listing.plant_id,
                Consignment(
                    id=stable_uuid("consignment", number * 10 + index), order=order, plant=listing.plant,
                    shipping_minor=listing.shipping_minor, currency=order.currency,
                ),
            )  # fmt: skip
            lines.append(
                self._line(consignment, listing, consignment.shipping_minor if first else 0, number * 10 + index)
            )
        return lines

    def _line(self, consignment: Consignment, listing: Listing, shipping: int, number: int) -> OrderLine:
        order, commission = consignment.order, share_minor(listing.price_minor, CommissionTerm.STANDARD_BPS)
        vat, commission_vat = taxes_of(listing, order.address.country, order.placed_at)
        return OrderLine(
            id=stable_uuid("line", number), order=order, consignment=consignment, plant=listing.plant,
            listing=listing, title=str(listing.variant)[:250], grade=listing.grade, price_minor=listing.price_minor,
            shipping_minor=shipping, currency=listing.currency, commission_bps=CommissionTerm.STANDARD_BPS,
            commission_minor=commission, commission_vat_minor=share_minor(commission, commission_vat.bps),
            commission_vat_bps=commission_vat.bps, vat_scheme=listing.vat_scheme, vat_country=vat.country,
            vat_bps=vat.bps, guarantee_months=listing.guarantee_months,
        )  # fmt: skip

    def _pay(self, order: Order, number: int, paid_at: datetime) -> Payment:
        """What the buyer paid or did not, and the bank's memory of it, so that it can be refunded."""
        payment = Payment(
            id=stable_uuid("payment", number), purpose=PURPOSE, reference=order.pk, status=order.payment_status,
            amount_minor=order.total_minor, currency=order.currency, gateway=settings.PAYMENT_GATEWAY,
            created_at=order.placed_at,
        )  # fmt: skip
        payment.gateway_id = f"pay_{payment.pk.hex}"
        setattr(payment, f"{order.payment_status}_at", paid_at)
        self.history.rows.add(
            payment,
            SandboxIntent(
                id=payment.gateway_id, kind="payment", amount_minor=payment.amount_minor, currency=payment.currency,
                status=order.payment_status,
            ),
        )  # fmt: skip
        if order.payment_status == Paid.CAPTURED:
            sides = ("gateway", "", -payment.amount_minor), ("buyer", "", payment.amount_minor)
            self.history.books.book(f"capture:{payment.pk}", order.pk, paid_at, *sides)
            fee = provider_fee(payment.amount).minor
            payment.fee_minor = fee
            self.history.books.book(
                f"fee:{payment.pk}", order.pk, paid_at, ("gateway", "", fee), ("gateway_fee", "", -fee)
            )
        else:
            payment.failure = "card_declined" if order.payment_status == Paid.FAILED else ""
        return payment

    def _fulfil(self, order: Order, lines: list[OrderLine], payment: Payment, paid_at: datetime) -> None:
        """Each plant accepts, ships and delivers what it was asked for, as far as time has come."""
        for consignment in {line.consignment.pk: line.consignment for line in lines}.values():
            mine = [line for line in lines if line.consignment is consignment]
            consignment.ship_by = market.calendar().ship_by(paid_at, OrderLine.SHIP_WITHIN_BUSINESS_DAYS)
            for line in mine:
                self.history.move_line(line, Line.PAID, paid_at, by="system:checkout")
                line.due_at = consignment.ship_by
            sent = [line for line in mine if not self._cancelled(line, payment, paid_at)]
            self._ship(consignment, sent, payment, paid_at)

    def _cancelled(self, line: OrderLine, payment: Payment, paid_at: datetime) -> bool:
        history = self.history
        bps = CANCELLED_BPS.get(line.plant.slug, CAREFUL_CANCELLED_BPS)
        recent = line.plant.slug not in CANCELLED_BPS and history.at - paid_at < QUARTER
        cancelled_at = working_hours(paid_at + timedelta(hours=history.random.uniform(3, 20)))
        if recent or not history.passed(cancelled_at) or not history.fails("cancelled", line.plant, bps):
            return False
        history.move_line(line, Line.CANCELLED, cancelled_at, by="system:seed")
        line.cancel_reason, line.due_at = "defect_found", None
        refund_line(history, line, payment, reason="defect_found", at=cancelled_at)
        return True

    def _ship(self, consignment: Consignment, lines: list[OrderLine], payment: Payment, paid_at: datetime) -> None:
        history, random = self.history, self.history.random
        if not lines:
            return
        plant = consignment.plant
        accepted_at = working_hours(paid_at + timedelta(hours=random.uniform(0.3, 6)))
        ship_by = known(consignment.ship_by)
        late = history.fails("late", plant, LATE_BPS.get(plant.slug, CAREFUL_LATE_BPS))
        shipped_at = accepted_at + (ship_by - accepted_at) * random.uniform(0.1, 0.8)
        if late:
            shipped_at = working_hours(ship_by + timedelta(hours=random.uniform(10, 30)))
        if not history.passed(accepted_at):
            return
        for line in lines:
            history.move_line(line, Line.ACCEPTED, accepted_at, by="system:seed")
        if not history.passed(shipped_at):
            return
        days = PLANT_BY_SLUG[plant.slug].quality_level < 70
        delivered_at = next_delivery(shipped_at + timedelta(days=lines[0].listing.shipping_days - 1 + days))
        ends = self.plants[plant.pk], consignment.order.address
        insured = sum(line.price_minor for line in lines)
        times = shipped_at, shipped_at, delivered_at
        consignment.parcel = self.courier.parcel(Parcel.Purpose.SALE, consignment.pk, ends, insured, times)
        label = known(consignment.parcel.label_price)
        for line, share in zip(lines, label.split([1] * len(lines)), strict=True):
            self._send(line, shipped_at, delivered_at, payment, label=share)

    def _send(
        self, line: OrderLine, shipped_at: datetime, delivered_at: datetime, payment: Payment, *, label: Money
    ) -> None:
        history = self.history
        line.identifier = device_number(line.listing.variant.product.category.identifier, next(self.devices))
        late = shipped_at > known(line.due_at)
        line.due_at = None
        history.move_line(line, Line.SHIPPED, shipped_at, by="system:seed", late=late)
        if not history.passed(delivered_at):
            return
        history.move_line(line, Line.DELIVERED, delivered_at, by="courier:sandbox")
        guarantee = _guarantee(line, delivered_at, history)
        history.rows.add(guarantee)
        device = Delivered(line, payment, earn_sale(history, line, delivered_at), guarantee, delivered_at)
        charge_label(history, line, label, delivered_at)
        if maybe_withdraw(history, self.courier, self.plants[line.plant_id], device):
            return
        closed_at = market.calendar().days_after(delivered_at, OrderLine.WITHDRAW_WITHIN_DAYS)
        if history.passed(closed_at):
            history.move_line(line, Line.CLOSED, closed_at, by="system:deadlines")


def _guarantee(line: OrderLine, delivered_at: datetime, history: History) -> Guarantee:
    """Dated from the day of delivery; warned and expired as the nightly job would have by now."""
    start = market.calendar().local(delivered_at).date()
    today = market.calendar().local(history.at).date()
    ends = add_months(start, line.guarantee_months)
    guarantee = Guarantee(
        line=line, starts_date=start, presumption_until_date=add_months(start, Guarantee.PRESUMPTION_MONTHS),
        legal_until_date=add_months(start, Guarantee.LEGAL_MONTHS), commercial_until_date=ends,
    )  # fmt: skip
    if (warned := ends - timedelta(days=Guarantee.WARN_BEFORE_DAYS)) <= today:
        guarantee.status, guarantee.warned_at = Guarantee.Status.WARNED, _nightly(warned)
    if (expired := ends + timedelta(days=1)) <= today:
        guarantee.status, guarantee.expired_at = Guarantee.Status.EXPIRED, _nightly(expired)
    return guarantee


def _nightly(day: date) -> datetime:
    return market.calendar().instant(day, time(3))


def _listings() -> list[Listing]:
    """What has been online, the oldest first; they share their plants and variants."""
    plants = Refurbisher.objects.in_bulk()
    variants = {variant.pk: variant for variant in Variant.objects.select_related("product__category")}
    listings = list(Listing.objects.exclude(online_at=None).order_by("online_at", "number"))
    for listing in listings:
        listing.plant, listing.variant = plants[listing.plant_id], variants[listing.variant_id]
    return listings
