"""A worker dies in the middle of the jobs about trades: the next run finishes them, and each is paid once.

The dying worker is a real process, killed inside the transaction of the second trade, or just after that was committed.
"""

import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments.models import LedgerMovement, Payout, SandboxIntent
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services import send_due_payouts
from backmarket.shipping.models import Parcel
from buyback.models import CounterOffer, Trade
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.payouts import order_payouts
from catalog.models import Unit
from refurbishers.models import Refurbisher
from tests.buyback import steps
from tests.journeys.test_crash import run

pytestmark = [pytest.mark.journey, pytest.mark.race, pytest.mark.django_db(transaction=True)]

DAY = timedelta(days=1)
KILL = (
    "from datetime import datetime; from itertools import count; from django.db import transaction\n"
    "from buyback.services import deadlines, payouts\n"
    "at, calls = datetime.fromisoformat(sys.argv[1]), count(1)\n"
    "kill = lambda: os.kill(os.getpid(), signal.SIGKILL)\n"
    "def dying(act):\n"
    "    def acting(*positional, **named):\n"
    "        act(*positional, **named)\n"
    "        if next(calls) == int(sys.argv[3]):\n"
    "            transaction.on_commit(kill) if sys.argv[2] == 'committed' else kill()\n"
    "    return acting\n"
)
ORDER = KILL + "payouts.order_trade_payout = dying(payouts.order_trade_payout); payouts.order_payouts(at)"
WATCH = (
    KILL + "deadlines.OVERDUE = {status: dying(act) for status, act in deadlines.OVERDUE.items()}\n"
    "deadlines.watch_trade_deadlines(at)"
)
# A worker whose payout and trade are written apart, and who dies between the two.
APART = KILL + (
    "from buyback.models import Trade\n"
    "Trade.save = lambda *positional, **named: kill()\n"
    "trade = Trade.objects.get()\n"
    "payouts.order_trade_payout(trade, by='system:test', at=at)"
)


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def die(code: str, at: datetime, *, moment: str, trade: int) -> None:
    assert run(code, at.isoformat(), moment, trade).returncode == -signal.SIGKILL


def assert_each_is_paid_once(trades: list[Trade], seller: User, at: datetime) -> None:
    """By the time that the bank has had them all, however often it is asked."""
    for days in (3, 4, 7, 8):
        send_due_payouts(at + days * DAY)
    assert sorted(Payout.objects.values_list("reference", "status")) == sorted((trade.pk, "paid") for trade in trades)
    assert SandboxIntent.objects.filter(kind="payout").count() == len(trades)
    assert LedgerMovement.objects.filter(kind="payout").count() == len(trades)
    assert (balance("consumer", str(seller.pk)), ledger_sum()) == (Money(0, "EUR"), {"EUR": 0})


@pytest.mark.parametrize(("moment", "ordered"), [("open", 1), ("committed", 2)])
def test_a_worker_killed_while_it_orders_payouts_leaves_none_out_and_none_twice(
    plant: Refurbisher, carol: User, now: datetime, moment: str, ordered: int
) -> None:
    trades = [steps.validated(plant, carol, now) for _trade in range(3)]

    die(ORDER, now + DAY, moment=moment, trade=2)

    assert (Payout.objects.count(), Trade.objects.exclude(payout=None).count()) == (ordered, ordered)
    assert order_payouts(now + DAY) == 3 - ordered
    assert order_payouts(now + DAY) == 0
    assert_each_is_paid_once(trades, carol, now)


def test_control_a_payout_written_apart_from_its_trade_would_be_stuck(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    """The trade would not know its payout, and only the database would keep the next run from paying twice."""
    steps.validated(plant, carol, now)

    die(APART, now + DAY, moment="open", trade=1)

    assert (Payout.objects.count(), Trade.objects.get().payout) == (1, None)
    other = steps.validated(plant, carol, now)
    assert (order_payouts(now + DAY), order_payouts(now + DAY)) == (1, 0)
    assert Trade.objects.get(payout=None).status == "validated"  # stuck, and only itself
    assert Payout.objects.filter(reference=other.pk).count() == 1


def overdue(plant: Refurbisher, seller: User, now: datetime) -> dict[str, Trade]:
    """A trade of each kind whose time is over, in the order in which the job takes them."""
    makers: dict[str, Callable[[Refurbisher, User, datetime], Trade]] = {
        "accepted": steps.accepted,
        "received": steps.received,
        "inspected": steps.graded,
        "countered": steps.countered,
    }
    return {status: make(plant, seller, now) for status, make in makers.items()}


@pytest.mark.parametrize(("moment", "trade"), [("open", 1), ("open", 3), ("committed", 3), ("open", 4)])
def test_a_worker_killed_while_it_watches_deadlines_leaves_nothing_stuck(
    plant: Refurbisher, carol: User, now: datetime, moment: str, trade: int
) -> None:
    found, late = overdue(plant, carol, now), now + 30 * DAY

    die(WATCH, late, moment=moment, trade=trade)

    moved = trade if moment == "committed" else trade - 1
    statuses = ["expired", "validated", "validated", "returning"]
    before = [each if place >= moved else statuses[place] for place, each in enumerate(found)]
    assert [Trade.objects.get(pk=each.pk).status for each in found.values()] == before
    assert LedgerMovement.objects.count() == min(max(moved - 1, 0), 2)

    assert (watch_trade_deadlines(late), watch_trade_deadlines(late)) == (4 - moved, 0)

    assert [Trade.objects.get(pk=each.pk).status for each in found.values()] == statuses
    assert (CounterOffer.objects.get().answer, Parcel.objects.filter(purpose="trade_return").count()) == ("silent", 1)
    paid = [found["received"], found["inspected"]]
    assert sorted(Unit.objects.values_list("identifier", flat=True)) == sorted(each.identifier for each in paid)
    assert order_payouts(late + DAY) == 2
    assert_each_is_paid_once(paid, carol, late)
