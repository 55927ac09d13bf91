from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments import services as payments
from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN
from backmarket.payments.models import LedgerMovement, Payout
from backmarket.payments.selectors import balance, ledger_sum
from buyback.identifiers import HolderIsNotSeller, InvalidIban
from buyback.models import RegisterEntry, TaxFile, Trade
from buyback.selectors import RegisterCheck, verify_register
from buyback.services.payouts import order_payouts, reorder_trade_payout
from buyback.services.register import FIRST, enter_in_register
from buyback.services.trades import CannotChangeIban, cancel_trade, change_iban
from refurbishers.models import Refurbisher
from tests.buyback.steps import IBAN, OTHER_IBAN, accepted, validated

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def fresh(trade: Trade) -> Trade:
    return Trade.objects.select_related("payout").get(pk=trade.pk)


def ordered(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = validated(plant, seller, at)
    assert order_payouts(at) == 1
    return fresh(trade)


def test_the_payout_is_ordered_once_and_leaves_on_the_next_business_day(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    payout = ordered(plant, carol, now).payout
    assert payout is not None
    assert order_payouts(now) == 0
    assert (payout.amount, payout.iban, payout.holder, payout.due_at) == (
        Money(25_000, "EUR"),
        IBAN,
        "Carol Petit",
        datetime(2026, 11, 24, 9, tzinfo=PARIS),
    )


def test_validated_on_friday_leaves_on_monday(plant: Refurbisher, carol: User) -> None:
    payout = ordered(plant, carol, datetime(2026, 11, 27, 17, tzinfo=PARIS)).payout
    assert payout is not None
    assert payout.due_at == datetime(2026, 11, 30, 9, tzinfo=PARIS)


def test_paid_closes_the_trade_and_owes_nobody(plant: Refurbisher, carol: User, now: datetime, drain: object) -> None:
    trade = ordered(plant, carol, now)
    for day in (24, 25):
        payments.send_due_payouts(datetime(2026, 11, day, 12, tzinfo=PARIS))
        drain()  # type: ignore[operator]
    assert (fresh(trade).status, fresh(trade).due_at) == ("paid", None)
    assert balance("consumer", str(carol.pk)) == Money(0, "EUR")
    assert balance("plant", str(plant.pk)) == Money(-25_000, "EUR")
    assert ledger_sum() == {"EUR": 0}


def test_a_new_iban_cancels_the_waiting_payout_and_orders_another(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = ordered(plant, carol, now)
    change_iban(trade, iban=OTHER_IBAN, holder="PETIT Carol", by=carol, at=now + timedelta(hours=1))
    statuses = list(Payout.objects.order_by("created_at").values_list("status", "iban_last4"))
    assert statuses == [("cancelled", "0189"), ("ordered", "2606")]
    assert (fresh(trade).iban_last4, fresh(trade).payout) == ("2606", Payout.objects.get(status="ordered"))


def test_before_validation_a_new_iban_orders_nothing(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    change_iban(trade, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=now)
    assert (fresh(trade).iban, Payout.objects.count()) == (OTHER_IBAN, 0)


def test_a_wrong_iban_or_holder_changes_nothing(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = ordered(plant, carol, now)
    with pytest.raises(InvalidIban):
        change_iban(trade, iban="FR00", holder="Carol Petit", by=carol, at=now)
    with pytest.raises(HolderIsNotSeller):
        change_iban(trade, iban=OTHER_IBAN, holder="Mallory Stranger", by=carol, at=now)
    assert (fresh(trade).iban_last4, Payout.objects.get().status) == ("0189", "ordered")


def test_money_that_has_left_or_will_never_leave_has_no_new_iban(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = ordered(plant, carol, now)
    payments.send_due_payouts(now + timedelta(days=2))
    with pytest.raises(CannotChangeIban) as refusal:
        change_iban(trade, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=now)
    assert refusal.value.field == "iban"
    gone = accepted(plant, carol, now)
    cancel_trade(gone, by=carol, at=now)
    with pytest.raises(CannotChangeIban):
        change_iban(gone, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=now)


def test_a_bounced_payout_waits_for_another_account_and_is_then_paid(
    plant: Refurbisher, carol: User, now: datetime, drain: object
) -> None:
    trade = validated(plant, carol, now)
    change_iban(trade, iban=EXAMPLE_BOUNCING_IBAN, holder="Carol Petit", by=carol, at=now)
    order_payouts(now)
    for day in (24, 25):
        payments.send_due_payouts(datetime(2026, 11, day, 12, tzinfo=PARIS))
        drain()  # type: ignore[operator]
    assert (fresh(trade).status, fresh(trade).payout.status) == ("validated", "bounced")  # type: ignore[union-attr]
    assert order_payouts(now + timedelta(days=3)) == 0
    assert balance("consumer", str(carol.pk)) == Money(25_000, "EUR")
    change_iban(fresh(trade), iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=now + timedelta(days=3))
    for day in (26, 27):
        payments.send_due_payouts(datetime(2026, 11, day, 12, tzinfo=PARIS))
        drain()  # type: ignore[operator]
    assert (fresh(trade).status, balance("consumer", str(carol.pk)), ledger_sum()) == (
        "paid",
        Money(0, "EUR"),
        {"EUR": 0},
    )


@pytest.mark.parametrize(("reason", "iban"), [("MS03", IBAN), ("AC04", OTHER_IBAN)])
def test_what_comes_back_while_the_tax_number_is_missing_is_paid_again_once_it_is_given(
    plant: Refurbisher, carol: User, now: datetime, drain: object, reason: str, iban: str
) -> None:
    trade, later = ordered(plant, carol, now), datetime(2026, 11, 26, 12, tzinfo=PARIS)
    for day in (24, 25):
        payments.send_due_payouts(datetime(2026, 11, day, 12, tzinfo=PARIS))
        drain()  # type: ignore[operator]
    file = TaxFile.objects.create(user=carol, asked_at=now - timedelta(days=90), reminders=2)
    back = fresh(trade).payout
    payments.return_payout(back, reason=reason, by="system:test", at=later)  # type: ignore[arg-type]
    drain()  # type: ignore[operator]
    if iban != IBAN:
        change_iban(fresh(trade), iban=iban, holder="Carol Petit", by=carol, at=later)
    assert (fresh(trade).status, fresh(trade).payout, order_payouts(later)) == ("paid", back, 0)
    file.delete()
    assert (order_payouts(later), order_payouts(later)) == (1, 0)
    again = fresh(trade).payout
    assert again is not None
    assert (again.status, again.iban, again.amount) == ("ordered", iban, Money(25_000, "EUR"))
    assert ledger_sum() == {"EUR": 0}


def test_a_payout_held_by_staff_is_ordered_again_by_staff_only(
    plant: Refurbisher, carol: User, olga: User, now: datetime
) -> None:
    trade, later = ordered(plant, carol, now), now + timedelta(days=4)
    with pytest.raises(payments.CannotPayOut):
        reorder_trade_payout(trade, by=olga, at=now)
    payments.cancel_payout(trade.payout, by=olga, at=now)  # type: ignore[arg-type]
    assert order_payouts(later) == 0
    change_iban(fresh(trade), iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=later)
    assert Payout.objects.get().status == "cancelled"

    reorder_trade_payout(trade, by=olga, at=later)

    payout = fresh(trade).payout
    assert payout is not None
    assert (payout.status, payout.iban, payout.due_at, payout.amount) == (
        "ordered",
        OTHER_IBAN,
        later,
        Money(25_000, "EUR"),
    )
    with pytest.raises(payments.CannotPayOut):
        reorder_trade_payout(trade, by=olga, at=later)
    assert Payout.objects.count() == 2


def test_a_trade_is_booked_once_under_its_key(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = validated(plant, carol, now)
    assert list(LedgerMovement.objects.values_list("key", flat=True)) == [f"trade:{trade.pk}"]


def registered(plant: Refurbisher, seller: User, at: datetime, count: int) -> list[RegisterEntry]:
    return [enter_in_register(validated(plant, seller, at), at) for _ in range(count)]


def test_the_register_is_numbered_and_chained(plant: Refurbisher, carol: User, now: datetime) -> None:
    first, second, third = registered(plant, carol, now, 3)
    assert [entry.number for entry in (first, second, third)] == [1, 2, 3]
    assert [first.previous_hash, second.previous_hash, third.previous_hash] == [FIRST, first.hash, second.hash]
    assert "19FV12345" in first.seller
    assert verify_register(plant) == RegisterCheck(3, None, "")


def test_a_trade_is_entered_once(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = validated(plant, carol, now)
    assert enter_in_register(trade, now) == enter_in_register(trade, now + timedelta(days=1))
    assert RegisterEntry.objects.count() == 1


def test_the_database_refuses_to_change_an_entry(plant: Refurbisher, carol: User, now: datetime) -> None:
    registered(plant, carol, now, 1)
    for change in (lambda: RegisterEntry.objects.update(price_minor=1), lambda: RegisterEntry.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("forgery", "broken_at"),
    [
        ("UPDATE buyback_registerentry SET price_minor = 1 WHERE number = 2", 2),
        ("UPDATE buyback_registerentry SET previous_hash = repeat('0', 64) WHERE number = 3", 3),
        ("DELETE FROM buyback_registerentry WHERE number = 2", 3),
    ],
)
def test_whoever_forges_the_register_past_the_database_is_found(
    plant: Refurbisher, carol: User, now: datetime, forgery: str, broken_at: int
) -> None:
    registered(plant, carol, now, 3)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE buyback_registerentry DISABLE TRIGGER register_is_append_only")
        cursor.execute(forgery)
        cursor.execute("ALTER TABLE buyback_registerentry ENABLE TRIGGER register_is_append_only")
    assert verify_register(plant).broken_at == broken_at
