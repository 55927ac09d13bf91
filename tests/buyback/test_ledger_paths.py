"""Every way that a sale of a device can go, to its end: the ledger sums to zero, and each cent is where it belongs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments import services as payments
from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN
from backmarket.payments.models import LedgerEntry, LedgerMovement, Payout
from backmarket.payments.selectors import balance, ledger_sum
from buyback.models import Trade
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.inspections import answer_counter_offer, validate_trade
from buyback.services.parcels import collect_trade
from buyback.services.payouts import order_payouts, reorder_trade_payout
from buyback.services.settling import lose_trade
from buyback.services.trades import cancel_trade, change_iban
from orders.models import Earning
from refurbishers.models import Refurbisher
from tests.buyback.steps import OTHER_IBAN, accepted, countered, graded, received
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Path = Callable[[Refurbisher, User, datetime], Trade]


def validate(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = graded(plant, seller, at)
    validate_trade(trade, by="system:test", at=at)
    return trade


def accept_the_counter_offer(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = countered(plant, seller, at)
    answer_counter_offer(trade, accept=True, by=seller, at=at + HOUR)
    return trade


def refuse_the_counter_offer(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = countered(plant, seller, at)
    answer_counter_offer(trade, accept=False, by=seller, at=at + HOUR)
    return trade


def say_nothing(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = countered(plant, seller, at)
    watch_trade_deadlines(at + 9 * DAY)
    return trade


def inspect_too_late(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = received(plant, seller, at)
    watch_trade_deadlines(at + 4 * DAY)
    return trade


def lose(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = accepted(plant, seller, at)
    collect_trade(trade, by="courier:sandbox", at=at)
    lose_trade(trade, by="courier:sandbox", at=at)
    return trade


def lose_on_the_way_back(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = refuse_the_counter_offer(plant, seller, at)
    trade.refresh_from_db()
    lose_trade(trade, by="courier:sandbox", at=at + DAY, way_back=True)
    return trade


def cancel(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = accepted(plant, seller, at)
    cancel_trade(trade, by=seller, at=at)
    return trade


def bounce_and_give_another_account(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = validate(plant, seller, at)
    change_iban(trade, iban=EXAMPLE_BOUNCING_IBAN, holder="Carol Petit", by=seller, at=at)
    order_payouts(at)
    for day in (2, 3):
        payments.send_due_payouts(at + day * DAY)
    assert Trade.objects.get(pk=trade.pk).payout.status == "bounced"  # type: ignore[union-attr]
    change_iban(trade, iban=OTHER_IBAN, holder="Carol Petit", by=seller, at=at + 4 * DAY)
    return trade


def change_the_account_while_it_waits(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = validate(plant, seller, at)
    order_payouts(at)
    change_iban(trade, iban=OTHER_IBAN, holder="Carol Petit", by=seller, at=at)
    return trade


def cancel_at_the_desk_and_order_again(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = validate(plant, seller, at)
    order_payouts(at)
    trade.refresh_from_db()
    payments.cancel_payout(trade.payout, by="system:test", at=at)  # type: ignore[arg-type]
    reorder_trade_payout(trade, by="system:test", at=at)
    return trade


def fail_for_a_reason_of_ours(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = validate(plant, seller, at)
    order_payouts(at)
    payments.send_due_payouts(at + 2 * DAY)
    payments.return_payout(Payout.objects.get(), reason="AM04", by="system:test", at=at + 2 * DAY)
    return trade


def come_back_after_it_had_arrived(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = validate(plant, seller, at)
    order_payouts(at)
    for day in (2, 3):
        payments.send_due_payouts(at + day * DAY)
    from tests.conftest import drain_events

    drain_events()
    assert Trade.objects.get(pk=trade.pk).status == "paid"
    payments.return_payout(Payout.objects.get(), reason="AC04", by="system:test", at=at + 4 * DAY)
    change_iban(trade, iban=OTHER_IBAN, holder="Carol Petit", by=seller, at=at + 5 * DAY)
    return trade


# The path, what the seller got, and who paid it; how many transfers were ordered.
PATHS: list[tuple[Path, int, str, int]] = [
    (validate, 25_000, "plant", 1),
    (accept_the_counter_offer, 18_000, "plant", 1),
    (inspect_too_late, 25_000, "plant", 1),
    (lose, 25_000, "compensation", 1),
    (lose_on_the_way_back, 25_000, "compensation", 1),
    (refuse_the_counter_offer, 0, "", 0),
    (say_nothing, 0, "", 0),
    (cancel, 0, "", 0),
    (bounce_and_give_another_account, 25_000, "plant", 2),
    (change_the_account_while_it_waits, 25_000, "plant", 2),
    (cancel_at_the_desk_and_order_again, 25_000, "plant", 2),
    (fail_for_a_reason_of_ours, 25_000, "plant", 2),
    (come_back_after_it_had_arrived, 25_000, "plant", 2),
]


@pytest.mark.parametrize(("path", "price", "payer", "ordered"), PATHS, ids=[path.__name__ for path, *_ in PATHS])
def test_every_cent_is_explained(
    plant: Refurbisher, carol: User, now: datetime, drain: Callable[[], None],
    path: Path, price: int, payer: str, ordered: int,
) -> None:  # fmt: skip
    trade = path(plant, carol, now)
    _zero_in_every_movement()
    drain()
    for day in range(1, 15):
        order_payouts(now + day * DAY)
        payments.send_due_payouts(now + day * DAY + 2 * HOUR)
        drain()
    _zero_in_every_movement()

    assert balance("consumer", None) == eur(0)
    assert (balance("bank"), balance("plant", str(plant.pk)), balance("compensation")) == (
        eur(price),
        eur(-price if payer == "plant" else 0),
        eur(-price if payer == "compensation" else 0),
    )
    assert [payout.amount_minor for payout in Payout.objects.filter(status="paid")] == ([price] if price else [])
    assert Payout.objects.count() == ordered
    assert sum(Earning.objects.values_list("amount_minor", flat=True)) == balance("plant", str(plant.pk)).minor
    assert Trade.objects.get(pk=trade.pk).status == ("paid" if price else trade_ends_as(path))


def trade_ends_as(path: Path) -> str:
    return "cancelled" if path is cancel else "returning"


def _zero_in_every_movement() -> None:
    assert set(ledger_sum().values()) <= {0}
    for movement in LedgerMovement.objects.prefetch_related("entries"):
        assert sum(entry.amount_minor for entry in movement.entries.all()) == 0, movement
    assert not LedgerEntry.objects.filter(amount_minor=0).exists()


# When it leaves


@pytest.mark.parametrize(
    ("validated", "leaves"),
    [
        ("2026-03-27T17:00", "2026-03-30T09:00+02:00"),  # the clocks go forward on Sunday, 29 March
        ("2026-03-29T03:30", "2026-03-30T09:00+02:00"),
        ("2026-10-23T17:00", "2026-10-26T09:00+01:00"),  # and back on Sunday, 25 October
        ("2026-10-25T02:30", "2026-10-26T09:00+01:00"),
        ("2026-12-24T12:00", "2026-12-28T09:00+01:00"),  # Christmas on a Friday
        ("2026-12-31T23:59", "2027-01-04T09:00+01:00"),
        ("2027-05-05T10:00", "2027-05-07T09:00+02:00"),  # Ascension
        ("2027-07-13T10:00", "2027-07-15T09:00+02:00"),  # Bastille Day
        ("2026-11-21T10:00", "2026-11-23T09:00+01:00"),  # Saturday
    ],
)
def test_a_payout_leaves_on_the_first_business_day_after_validation(
    plant: Refurbisher, carol: User, validated: str, leaves: str
) -> None:
    at = datetime.fromisoformat(validated).replace(tzinfo=PARIS)
    validate(plant, carol, at)
    order_payouts(at)
    due_at = Payout.objects.get().due_at
    assert due_at == datetime.fromisoformat(leaves)
    assert payments.send_due_payouts(due_at - timedelta(seconds=1)) == 0
    assert payments.send_due_payouts(due_at) == 1


def test_ordered_late_it_leaves_at_once(plant: Refurbisher, carol: User, now: datetime) -> None:
    validate(plant, carol, now)
    order_payouts(now + 5 * DAY)
    assert Payout.objects.get().due_at == now + 5 * DAY


def test_a_refused_account_asks_the_seller_and_ours_does_not(
    plant: Refurbisher, carol: User, now: datetime, drain: Callable[[], None]
) -> None:
    from backmarket.notifications.models import Notification

    fail_for_a_reason_of_ours(plant, carol, now)
    drain()
    assert not Notification.objects.filter(template="payout_bounced").exists()
    assert Payout.objects.get(status="ordered").amount == Money(25_000, "EUR")
    payments.send_due_payouts(now + 3 * DAY)
    payments.return_payout(Payout.objects.get(status="sent"), reason="AC01", by="system:test", at=now + 3 * DAY)
    drain()
    assert Notification.objects.get(template="payout_bounced").recipient == carol.email
    assert not Payout.objects.filter(status="ordered").exists()
