"""Buyers who change their mind within thirty days, and devices that come back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from backmarket import market
from backmarket.accounts.models import Address
from backmarket.management.seeding.base import stable_uuid, working_hours
from backmarket.management.seeding.history import History
from backmarket.management.seeding.money import refund_line
from backmarket.management.seeding.shipping import Courier, next_delivery
from backmarket.payments.models import Payment
from backmarket.shipping.models import Parcel
from orders.models import Earning, Guarantee, OrderLine, Withdrawal

WITHDRAWN = 0.04


@dataclass
class Delivered:
    """A device at its buyer's, and what its delivery brought about."""

    line: OrderLine
    payment: Payment
    sale: Earning
    guarantee: Guarantee
    at: datetime


def maybe_withdraw(history: History, courier: Courier, plant_address: Address, device: Delivered) -> bool:
    """One buyer in twenty-five withdraws; True when this one did."""
    random, line = history.random, device.line
    confirmed_at = device.at + timedelta(days=random.uniform(1, 24))
    if random.random() > WITHDRAWN or not history.passed(confirmed_at):
        return False
    withdrawal = Withdrawal(
        id=stable_uuid("withdrawal", line.pk.int),
        line=line,
        name=line.order.address.name,
        confirmed_at=confirmed_at,
        refund_by=market.calendar().days_after(confirmed_at, Withdrawal.REFUND_WITHIN_DAYS),
    )
    sent_at = confirmed_at + timedelta(hours=random.uniform(8, 60))
    back_at = next_delivery(sent_at)
    ends = line.order.address, plant_address
    withdrawal.parcel = courier.parcel(
        Parcel.Purpose.WITHDRAWAL, withdrawal.pk, ends, line.price_minor, (confirmed_at, sent_at, back_at)
    )
    history.rows.add(withdrawal)
    history.trail.add("withdrawal.confirmed", withdrawal, by=line.order.buyer or "guest", at=confirmed_at)
    opened_at = working_hours(back_at + timedelta(hours=random.uniform(1, 5)))
    if history.passed(opened_at):
        _refund(history, withdrawal, device, opened_at)
    return True


def _refund(history: History, withdrawal: Withdrawal, device: Delivered, at: datetime) -> None:
    delivered = device.sale, device.guarantee
    withdrawal.returned_at = withdrawal.refunded_at = at
    withdrawal.status = Withdrawal.Status.REFUNDED
    history.trail.add("withdrawal.returned", withdrawal, by="system:seed", at=at)
    refund_line(history, device.line, device.payment, reason="withdrawal", at=at, delivered=delivered)
    history.trail.add("withdrawal.refunded", withdrawal, by="system:refunds", at=at)
