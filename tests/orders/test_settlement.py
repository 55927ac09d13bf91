from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN
from backmarket.payments.models import Payout
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services import CannotPayOut, cancel_payout, send_due_payouts
from orders.models import Earning, Guarantee, OrderLine, Settlement
from orders.selectors import statement
from orders.services.guarantees import expire_guarantees
from orders.services.refunds import refund_line
from orders.services.settlement import reorder_settlement_payout, settle_plants, settlement_date
from refurbishers.models import Member, Refurbisher

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


def test_less_than_ten_euros_wait_for_the_next_date(delivered_line: OrderLine, now: datetime) -> None:
    earned(delivered_line.plant, 999 - 26_890, now)
    assert settle_plants(SETTLED) == 0
    assert not Settlement.objects.exists()
    earned(delivered_line.plant, 1, now)
    assert settle_plants(SETTLED + timedelta(days=10)) == 1
    assert Settlement.objects.get().total == Money(1000, "EUR")


def earned(plant: Refurbisher, minor: int, at: datetime) -> None:
    """A device that the plant bought, or a transfer of its own."""
    Earning.objects.create(
        plant=plant, kind="received" if minor > 0 else "trade", reference=uuid4(), amount_minor=minor, currency="EUR",
        due_at=at, created_at=at,
    )  # fmt: skip


def test_a_plant_that_has_left_is_paid_the_last_cent(delivered_line: OrderLine, now: datetime) -> None:
    Refurbisher.objects.update(status="left")
    earned(delivered_line.plant, 1 - 26_890, now)
    assert settle_plants(SETTLED) == 1
    assert Settlement.objects.get().payout.amount == Money(1, "EUR")


@pytest.fixture
def bounced(delivered_line: OrderLine, bob: User, drain: Callable[[], None]) -> Settlement:
    """Settled on the 16th, and sent back by the bank: bob's plant owns an account that is closed."""
    Member.objects.filter(user=bob).update(role=Member.Role.OWNER)
    new_account(delivered_line.plant, EXAMPLE_BOUNCING_IBAN)
    settle_plants(SETTLED)
    for day in (0, 1):
        send_due_payouts(SETTLED + timedelta(days=day, hours=9))
    drain()
    return Settlement.objects.get()


def new_account(plant: Refurbisher, iban: str) -> None:
    plant.iban = iban
    plant.save(update_fields=["iban"])


def payouts() -> list[tuple[str, str]]:
    return list(Payout.objects.order_by("created_at").values_list("status", "iban_last4"))


def test_a_plants_owner_hears_that_the_bank_sent_its_money_back(bounced: Settlement, bob: User) -> None:
    mail = Notification.objects.get(template="plant_payout_bounced")
    assert mail.recipient == bob.email
    assert f"/plant/orders/settlement/{bounced.pk}/change/" in mail.text
    assert "account ending in 0296" in mail.text
    assert EXAMPLE_BOUNCING_IBAN not in mail.text
    assert not Notification.objects.filter(template="payout_bounced").exists()


def test_a_bounced_settlement_waits_for_another_account_and_is_then_paid(bounced: Settlement) -> None:
    plant = bounced.plant
    assert settle_plants(SETTLED + timedelta(days=2)) == 0
    new_account(plant, "FR14 2004 1010 0505 0001 3M02 606")
    assert settle_plants(SETTLED + timedelta(days=3)) == 1
    assert settle_plants(SETTLED + timedelta(days=3)) == 0
    assert payouts() == [("bounced", "0296"), ("ordered", "2606")]
    bounced.refresh_from_db()
    assert (bounced.payout, bounced.payout.amount) == (Payout.objects.get(status="ordered"), bounced.total)
    for day in (3, 5):
        send_due_payouts(SETTLED + timedelta(days=day, hours=9))
    assert balance("plant", str(plant.pk)) == Money(0, "EUR")
    assert (payouts()[1], ledger_sum()) == (("paid", "2606"), {"EUR": 0})


def test_a_suspended_plant_waits_for_what_bounced_too(bounced: Settlement) -> None:
    new_account(bounced.plant, "FR1420041010050500013M02606")
    Refurbisher.objects.update(status="suspended")
    assert settle_plants(SETTLED + timedelta(days=3)) == 0


def test_a_settlement_held_by_staff_is_paid_only_when_staff_order_it_again(
    delivered_line: OrderLine, olga: User
) -> None:
    settle_plants(SETTLED)
    settlement = Settlement.objects.get()
    with pytest.raises(CannotPayOut):
        reorder_settlement_payout(settlement, by=olga, at=SETTLED)
    cancel_payout(settlement.payout, by=olga, at=SETTLED)
    new_account(settlement.plant, "FR1420041010050500013M02606")
    assert settle_plants(SETTLED + timedelta(days=3)) == 0
    reorder_settlement_payout(settlement, by=olga, at=SETTLED + timedelta(days=4))
    assert payouts() == [("cancelled", "0189"), ("ordered", "2606")]
    assert settlement.payout == Payout.objects.get(status="ordered")
    with pytest.raises(CannotPayOut):
        reorder_settlement_payout(settlement, by=olga, at=SETTLED + timedelta(days=4))
    assert len(payouts()) == 2


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
