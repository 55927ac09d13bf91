from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.selectors import balance, ledger_sum
from catalog.models import Listing
from orders.models import Order, OrderLine, Withdrawal
from orders.services.claims import open_claim
from orders.services.deadlines import watch_order_deadlines
from orders.services.returns import CannotWithdraw, confirm_withdrawal
from tests.ground.money_steps import at_provider
from tests.orders.conftest import carry

PARIS = ZoneInfo("Europe/Paris")
LAST = datetime(2026, 12, 25, 23, 59, tzinfo=PARIS)  # delivered on 25 November


def withdraw(line: OrderLine, at: datetime) -> Withdrawal:
    return confirm_withdrawal(line, name="Alice Martin", by="guest", at=at)


def test_a_line_can_be_withdrawn_from_for_thirty_days_after_delivery(delivered_line: OrderLine) -> None:
    with pytest.raises(CannotWithdraw):
        withdraw(delivered_line, LAST + timedelta(minutes=1))
    assert withdraw(delivered_line, LAST).parcel.purpose == "withdrawal"


def test_only_what_was_delivered_and_only_once(
    place: Callable[..., Order], pay: Callable[..., Order], listing: Listing, delivered_line: OrderLine, now: datetime
) -> None:
    with pytest.raises(CannotWithdraw):
        withdraw(pay(place((listing, 1))).lines.get(), now)
    withdraw(delivered_line, now + timedelta(days=3))
    with pytest.raises(CannotWithdraw):
        withdraw(delivered_line, now + timedelta(days=3))


def test_the_receipt_by_email_says_date_and_time(
    delivered_line: OrderLine, now: datetime, drain: Callable[[], None]
) -> None:
    withdraw(delivered_line, now + timedelta(days=3))
    drain()
    receipt = Notification.objects.get(template="withdrawal_receipt")
    assert receipt.recipient == "alice@example.com"
    assert "Nov. 26, 2026, 10 a.m." in receipt.text


def test_the_money_is_back_when_the_device_is(
    delivered_line: OrderLine, now: datetime, drain: Callable[[], None], settle_refunds: Callable[[datetime], None]
) -> None:
    withdrawal = withdraw(delivered_line, now + timedelta(days=3))
    carry(withdrawal.parcel, at=now + timedelta(days=5))
    drain()
    settle_refunds(now + timedelta(days=5))

    withdrawal.refresh_from_db()
    delivered_line.refresh_from_db()
    assert (withdrawal.status, delivered_line.status) == ("refunded", "refunded")
    assert delivered_line.guarantee.status == "void"
    assert balance("buyer") == at_provider() == Money(0, "EUR")
    assert ledger_sum() == {"EUR": 0}


def test_what_was_sent_is_refunded_on_the_fourteenth_day_at_the_latest(
    delivered_line: OrderLine, now: datetime
) -> None:
    withdrawal = withdraw(delivered_line, now + timedelta(days=3))
    late = withdrawal.refund_by
    assert watch_order_deadlines(late) == 0
    carry(withdrawal.parcel, at=now + timedelta(days=4), to="in_transit")
    assert watch_order_deadlines(late - timedelta(seconds=1)) == 0
    assert watch_order_deadlines(late) == 1
    assert watch_order_deadlines(late) == 0


def test_withdrawing_ends_an_open_claim(delivered_line: OrderLine, now: datetime) -> None:
    at = now + timedelta(days=3)
    claim = open_claim(delivered_line, issue="BATTERY", wish="REFUND", description="Empty by noon.", by="guest", at=at)
    withdraw(delivered_line, at)
    claim.refresh_from_db()
    assert claim.status == "withdrawn"
