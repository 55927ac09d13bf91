from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.models import Payout
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services import send_due_payouts
from orders.models import Earning, Guarantee, OrderLine, Settlement
from orders.selectors import statement
from orders.services.guarantees import expire_guarantees
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants, settlement_date
from refurbishers.models import Refurbisher

PARIS = ZoneInfo("Europe/Paris")
# Delivered on 25 November, due on 9 December: settled on the 16th.
SETTLED = datetime(2026, 12, 16, 3, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("today", "expected"),
    [("2026-12-05", "2026-11-26"), ("2026-12-06", "2026-12-06"), ("2026-12-31", "2026-12-26")],
)
def test_plants_are_settled_on_the_6th_the_16th_and_the_26th(today: str, expected: str) -> None:
    assert str(settlement_date(date.fromisoformat(today))) == expected


def test_proceeds_due_are_paid_out_once(delivered_line: OrderLine) -> None:
    assert settle_plants(datetime(2026, 12, 6, 3, tzinfo=PARIS)) == 0
    assert settle_plants(SETTLED) == 1
    assert settle_plants(SETTLED + timedelta(days=3)) == 0

    settlement = Settlement.objects.get()
    assert (str(settlement.settled_date), settlement.total) == ("2026-12-16", Money(26890, "EUR"))
    assert (settlement.payout.amount, settlement.payout.purpose) == (Money(26890, "EUR"), "settlement")
    assert [row.amount.minor for row in statement(settlement).rows] == [26890]
    send_due_payouts(SETTLED)
    assert balance("plant", str(delivered_line.plant_id)) == Money(0, "EUR")
    assert ledger_sum() == {"EUR": 0}


def test_a_missed_date_is_caught_up(delivered_line: OrderLine) -> None:
    assert settle_plants(SETTLED + timedelta(days=4)) == 1
    assert str(Settlement.objects.get().settled_date) == "2026-12-16"


def test_a_suspended_plant_is_held_and_paid_once_it_is_back(delivered_line: OrderLine) -> None:
    plant = Refurbisher.objects.filter(pk=delivered_line.plant_id)
    plant.update(status="suspended")
    assert settle_plants(SETTLED) == 0
    plant.update(status="watch")
    assert settle_plants(SETTLED + timedelta(days=10)) == 1


def test_a_refund_after_the_settlement_is_carried_until_it_is_earned(delivered_line: OrderLine) -> None:
    settle_plants(SETTLED)
    refund_line(delivered_line, reason="goodwill", by="system:test", at=SETTLED + timedelta(days=1))
    assert settle_plants(SETTLED + timedelta(days=10)) == 1

    settlement = Settlement.objects.first()
    assert (settlement.total, settlement.payout) == (Money(-26890, "EUR"), None)
    carried = Earning.objects.get(kind="carried")
    assert (carried.amount_minor, carried.carried_from, carried.settlement) == (-26890, settlement, None)
    assert Payout.objects.count() == 1


def test_a_refund_before_the_settlement_cancels_the_sale_out(delivered_line: OrderLine) -> None:
    refund_line(delivered_line, reason="goodwill", by="system:test", at=SETTLED - timedelta(days=12))
    assert settle_plants(SETTLED - timedelta(days=10)) == 1
    assert Settlement.objects.get().total == Money(0, "EUR")
    assert not Payout.objects.exists()


def test_the_customer_is_warned_thirty_days_before_the_plants_guarantee_ends_and_told_when_it_has(
    delivered_line: OrderLine, drain: Callable[[], None]
) -> None:
    guarantee = Guarantee.objects.get()  # until 25 November 2027
    for day, done, status in (
        (datetime(2027, 10, 25, 3, tzinfo=PARIS), 0, "running"),
        (datetime(2027, 10, 26, 3, tzinfo=PARIS), 1, "warned"),
        (datetime(2027, 11, 25, 3, tzinfo=PARIS), 0, "warned"),
        (datetime(2027, 11, 26, 3, tzinfo=PARIS), 1, "expired"),
        (datetime(2027, 11, 27, 3, tzinfo=PARIS), 0, "expired"),
    ):
        assert expire_guarantees(day) == done
        guarantee.refresh_from_db()
        assert guarantee.status == status
    drain()
    mails = Notification.objects.filter(template__startswith="guarantee").values_list("template", flat=True)
    assert sorted(mails) == ["guarantee_ended", "guarantee_ending"]
