"""Whatever is bought, cancelled, refunded, sent back, lost and settled, in any order: every cent is somewhere, once.

Of each order, what was captured is what was refunded, what its plants and the house have earned of it, and what is held
for lines that are still under way. The same is asked of the ledger, by the checks of `manage.py reconcile`.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.db.models import Q, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backmarket.errors import DomainError
from backmarket.money import Money
from backmarket.payments import reconciliation as payments
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import Payment, Payout, Refund, SandboxIntent
from backmarket.payments.reconciliation import differences
from backmarket.payments.services import open_payment, send_due_payouts, send_refunds, settle_payment
from backmarket.shipping.models import Parcel
from catalog.models import Listing
from orders import reconciliation
from orders.models import Consignment, Earning, Hold, Order, OrderLine, PartRefund, Withdrawal
from orders.services.checkout import settle_order
from orders.services.fulfilment import (
    deliver_consignment,
    lose_consignment,
    refuse_line,
    return_consignment,
    ship_consignment,
)
from orders.services.goodwill import refund_part
from orders.services.holds import refuse_hold, release_hold
from orders.services.refunds import close_refunded_line, refund_line
from orders.services.returns import confirm_withdrawal, receive_return
from orders.services.settlement import settle_plants
from tests.factories import imei
from tests.orders.conftest import CARD, carry

pytestmark = pytest.mark.django_db
BY = "system:test"


class Shop:
    """A shop whose clock is `at`; each step takes the n-th thing that it can be done to, or does nothing."""

    def __init__(self, offers: list[Listing], place: Callable[..., Order], at: datetime) -> None:
        self.offers, self.place, self.at = offers, place, at

    def take(self, step: str, number: int) -> None:
        with suppress(DomainError, LookupError, ZeroDivisionError), transaction.atomic():
            getattr(self, step)(number)

    def buy(self, number: int) -> None:
        wanted = [(self.offers[0], 1 + number % 2), (self.offers[1], 1)][: 1 + number % 3]
        self._pay(self.place(*wanted, buyer=None, at=self.at))

    def buy_much(self, number: int) -> None:
        """So much that somebody looks at it first."""
        self._pay(self.place((self.offers[0], 5), buyer=None, email=f"{uuid4().hex}@example.com", at=self.at))

    def _pay(self, order: Order) -> None:
        payment = Payment.objects.get(reference=order.pk)
        open_payment(payment, return_url="http://testserver/", at=self.at)
        sandbox.pay(SandboxIntent.objects.get(pk=f"pay_{payment.pk.hex}"), CARD)
        settle_payment(payment.pk, at=self.at)
        settle_order(payment.reference, at=self.at)

    def release(self, number: int) -> None:
        hold = self._hold(number)
        release_hold(hold, by=BY, at=self.at)
        settle_payment(Payment.objects.get(reference=hold.order_id).pk, at=self.at)
        settle_order(hold.order_id, at=self.at)

    def turn_away(self, number: int) -> None:
        refuse_hold(self._hold(number), by=BY, at=self.at)

    def refund_some(self, number: int) -> None:
        line, borne_by = self._line(number, "delivered", "closed"), PartRefund.Bearer.values[number % 2]
        amount = Money(1 + line.rest.minor // (number + 2), line.currency)
        refund_part(line, key=uuid4(), amount=amount, reason="looks", borne_by=borne_by, by=BY, at=self.at)

    def refuse(self, number: int) -> None:
        refuse_line(self._line(number, "paid", "accepted"), reason="no_stock", by=BY, at=self.at)

    def refund(self, number: int) -> None:
        refund_line(self._line(number), reason="goodwill", by=BY, at=self.at)

    def ship(self, number: int) -> None:
        consignment = self._consignment(number, Q(lines__status__in=["paid", "accepted"]))
        own = {"courier": "colissimo", "tracking_number": uuid4().hex[:12]} if number % 2 else {}
        numbers = {line.pk: imei() for line in consignment.lines.to_ship()}
        ship_consignment(consignment, identifiers=numbers, by=BY, at=self.at, **own)

    def deliver(self, number: int) -> None:
        deliver_consignment(self._on_its_way(number, Parcel.Status.DELIVERED), at=self.at)

    def lose(self, number: int) -> None:
        lose_consignment(self._on_its_way(number, Parcel.Status.LOST), at=self.at)

    def turn_back(self, number: int) -> None:
        return_consignment(self._on_its_way(number, Parcel.Status.RETURNED), at=self.at)

    def withdraw(self, number: int) -> None:
        confirm_withdrawal(self._line(number, "delivered", "closed"), name="Ann Other", by="guest", at=self.at)

    def receive(self, number: int) -> None:
        rows = list(Withdrawal.objects.filter(status="confirmed").order_by("pk"))
        receive_return(rows[number % len(rows)], by=BY, at=self.at)

    def bank(self, number: int) -> None:
        """The provider pays what is refunded, and the lines hear of it."""
        send_refunds(self.at)
        for refund in Refund.objects.filter(status="succeeded"):
            close_refunded_line(refund, at=self.at)

    def settle(self, number: int) -> None:
        self.at += timedelta(days=10)
        settle_plants(self.at)
        send_due_payouts(self.at)

    def _hold(self, number: int) -> Hold:
        found = list(Hold.objects.filter(status="open").order_by("order__number"))
        return found[number % len(found)]

    def _line(self, number: int, *statuses: str) -> OrderLine:
        lines = OrderLine.objects.filter(status__in=statuses) if statuses else OrderLine.objects.all()
        found = list(lines.order_by("order__number", "pk"))
        return found[number % len(found)]

    def _consignment(self, number: int, which: Q) -> Consignment:
        found = list(Consignment.objects.filter(which).distinct().order_by("order__number", "pk"))
        return found[number % len(found)]

    def _on_its_way(self, number: int, end: str) -> Consignment:
        consignment = self._consignment(number, Q(lines__status="shipped"))
        assert consignment.parcel is not None
        for status in (Parcel.Status.IN_TRANSIT, end):
            with suppress(DomainError):
                carry(consignment.parcel, at=self.at, to=status)
        return consignment


def accounted_for(order: Order) -> int:
    """What is known of the order's money, in cents: refunded, earned by plants and house, held for its lines."""
    lines = list(order.lines.exclude(paid_at=None))
    earned = Earning.objects.filter(line__in=lines).exclude(line__status="shipped")
    back = Refund.objects.filter(payment__reference=order.pk, status="succeeded")
    total = _sum(back) + _sum(earned.exclude(_of_lost()))
    for line in lines:
        kinds = set(line.earnings.exclude(_of_lost()).values_list("kind", flat=True))
        parts = list(line.parts.all())
        total += sum(part.amount_minor for part in parts if not _is_back(part.pk))
        if "sale" in kinds and "refund" not in kinds:
            total += line.commission_minor + line.commission_vat_minor
            total -= sum(part.commission_minor + part.commission_vat_minor for part in parts)
            # What the house gave is its own.
            total -= sum(part.amount_minor for part in parts if part.borne_by == "house")
        elif not _is_back(line.pk):
            total += line.rest.minor
    return total


def _is_back(reference: UUID) -> bool:
    return Refund.objects.filter(reference=reference, status="succeeded").exists()


def _of_lost() -> Q:
    """What the house pays a plant for a parcel that its courier lost is not the buyer's money."""
    return Q(line__delivered_at=None)


def _sum(rows: object) -> int:
    return rows.aggregate(minor=Sum("amount_minor"))["minor"] or 0  # type: ignore[attr-defined]


STEPS = (
    "buy", "buy_much", "release", "turn_away", "refund_some", "refuse", "refund", "ship", "deliver", "lose",
    "turn_back", "withdraw", "receive", "bank", "settle",
)  # fmt: skip
# What comes late in a life is drawn more often than once: else it hardly ever finds something to be done to.
LATE = ("ship", "deliver", "deliver", "refund", "withdraw", "receive", "bank", "bank", "settle")
LIKELY = (*STEPS, *LATE, "refund_some", "release")
SEQUENCES = st.lists(st.tuples(st.sampled_from(LIKELY), st.integers(0, 5)), min_size=6, max_size=16)
START = [("buy", 1), ("buy", 2), ("ship", 0), ("ship", 1), ("deliver", 0)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=SEQUENCES)
def test_every_cent_is_somewhere_once(
    listing: Listing, other_listing: Listing, place: Callable[..., Order], now: datetime, steps: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        Listing.objects.update(on_hand=50)
        shop = Shop([listing, other_listing], place, now)
        for step, number in [*START, *steps]:
            shop.take(step, number)
        for order in Order.objects.filter(payment_status="captured"):
            assert accounted_for(order) == order.total_minor == sum(line.gross.minor for line in order.lines.all())
        assert list(differences({**payments.CHECKS, **reconciliation.CHECKS})) == []
        paid_out = Payout.objects.filter(status__in=["sent", "paid"])
        assert _sum(paid_out) >= 0
        transaction.set_rollback(True)


def test_a_life_with_everything_in_it(
    listing: Listing, other_listing: Listing, place: Callable[..., Order], now: datetime
) -> None:
    """The same question, asked of a life in which each step is known to have done something."""
    shop = Shop([listing, other_listing], place, now)
    Listing.objects.update(on_hand=50)
    life = [
        ("buy", 2), ("buy", 2), ("buy", 1), ("refuse", 0), ("bank", 0), ("ship", 0), ("ship", 1), ("ship", 0),
        ("deliver", 0), ("lose", 0), ("settle", 0), ("bank", 0), ("settle", 0), ("withdraw", 0), ("receive", 0),
        ("bank", 0), ("settle", 0), ("deliver", 0), ("settle", 0), ("settle", 0), ("refund", 3), ("settle", 0),
        ("buy_much", 0), ("release", 0), ("buy_much", 0), ("turn_away", 0), ("ship", 0), ("deliver", 0),
        *(("refund_some", number) for number in range(6)), ("bank", 0), ("settle", 0), ("settle", 0),
        ("refund", 1), ("bank", 0), ("settle", 0),
    ]  # fmt: skip
    for step, number in life:
        shop.take(step, number)
    met = set(OrderLine.objects.values_list("status", flat=True))
    assert {"refunded", "delivered"} <= met
    assert set(Hold.objects.values_list("status", flat=True)) == {"released", "refused"}
    assert set(PartRefund.objects.values_list("borne_by", flat=True)) == {"house", "plant"}
    assert Earning.objects.filter(kind="refund").exclude(settlement=None).exists()
    assert Payout.objects.filter(status__in=["sent", "paid"]).exists()
    for order in Order.objects.filter(payment_status="captured"):
        assert accounted_for(order) == order.total_minor
    assert list(differences({**payments.CHECKS, **reconciliation.CHECKS})) == []
