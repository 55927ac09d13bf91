"""What a plant sells and buys meets in one account: set off, paid by whoever owes, told line by line."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.models import LedgerMovement, Payout
from backmarket.payments.reconciliation import differences
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services import book, return_payout, send_due_payouts
from buyback.services.inspections import validate_trade
from buyback.services.parcels import collect_trade
from buyback.services.settling import lose_trade
from orders.models import Earning, OrderLine, Settlement
from orders.reconciliation import CHECKS
from orders.selectors import statement
from orders.services.refunds import refund_line
from orders.services.settlement import CannotReceive, receive_plant_transfer, settle_plants
from orders.statements import account_statement, statement_of, statement_until, still_owed
from refurbishers.models import Member, Refurbisher
from tests.buyback.steps import accepted, graded
from tests.orders.test_settlement import PARIS, SETTLED

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
BEFORE = datetime(2026, 12, 14, 10, tzinfo=PARIS)
NEXT = SETTLED + timedelta(days=10)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def buy(plant: Refurbisher, carol: User, drain: Drain) -> Callable[[datetime], object]:
    """The plant buys a phone for 250.00 €."""

    def bought(at: datetime) -> object:
        trade = graded(plant, carol, at - timedelta(hours=1))
        validate_trade(trade, by="system:test", at=at)
        drain()
        trade.refresh_from_db()
        return trade

    return bought


def rows(settlement: Settlement) -> list[tuple[str, int]]:
    return [(row.title, row.amount.minor) for row in statement(settlement).rows]


# Set off


def test_what_a_plant_bought_is_taken_off_what_it_sold(
    delivered_line: OrderLine, buy: Callable[[datetime], object], plant: Refurbisher
) -> None:
    trade = buy(BEFORE)
    assert settle_plants(SETTLED) == 1

    settlement = Settlement.objects.get()
    assert rows(settlement) == [("Sale", 26_890), ("Device bought", -25_000)]
    assert (settlement.total, settlement.payout.amount) == (eur(1_890), eur(1_890))
    assert statement(settlement).rows[1].detail == f"{trade} · {trade.variant}"  # type: ignore[attr-defined]
    send_due_payouts(SETTLED)
    # The buyer's money paid the plant, and the plant's debt pays the seller: nothing is left over, nothing is missing.
    assert (balance("plant", str(plant.pk)), balance("consumer", None)) == (eur(0), eur(25_000))
    assert ledger_sum() == {"EUR": 0}


def test_a_trade_is_owed_once_however_often_it_is_heard_of(
    buy: Callable[[datetime], object], plant: Refurbisher, drain: Drain
) -> None:
    from backmarket.events.models import Event
    from orders.handlers import set_off_trade

    buy(BEFORE)
    set_off_trade(Event.objects.get(kind="trade.validated"))
    earning = Earning.objects.get()
    assert (earning.kind, earning.amount, earning.plant, earning.due_at) == ("trade", eur(-25_000), plant, BEFORE)


def test_what_a_plant_will_hear_that_it_owes_is_no_difference_and_what_it_never_hears_of_is(
    buy: Callable[[datetime], object], plant: Refurbisher, drain: Drain
) -> None:
    """The ledger has it with the trade, the earning follows by an event: a moment later, or never where that failed."""
    from backmarket.events.models import Event, EventDelivery

    buy(BEFORE)
    event = Event.objects.get(kind="trade.validated")
    Earning.objects.all().delete()
    found = [each.check for each in differences(CHECKS)]
    assert found == ["plants_money"]
    mine = EventDelivery.objects.filter(event=event, handler="orders.handlers.set_off_trade")
    mine.update(handled_at=None)
    assert [*differences(CHECKS)] == []
    mine.update(attempts=10)
    assert [each.check for each in differences(CHECKS)] == found


def test_what_the_courier_lost_is_not_the_plants_to_pay(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    lost = accepted(plant, carol, now)
    collect_trade(lost, by="courier:sandbox", at=now)
    lose_trade(lost, by="courier:sandbox", at=now)
    drain()
    assert not Earning.objects.exists()
    assert (balance("plant", str(plant.pk)), balance("compensation")) == (eur(0), eur(-25_000))


# Paid by the plant


@pytest.fixture
def owed(buy: Callable[[datetime], object], plant: Refurbisher, bob: User, drain: Drain) -> Settlement:
    """Bob's plant bought a phone and sold nothing."""
    Member.objects.filter(user=bob).update(role=Member.Role.OWNER)
    buy(BEFORE)
    settle_plants(SETTLED)
    drain()
    return Settlement.objects.get()


def test_a_plant_that_only_buys_is_asked_to_pay(owed: Settlement, bob: User, plant: Refurbisher) -> None:
    assert (owed.total, owed.payout, still_owed(plant, "EUR")) == (eur(-25_000), None, eur(25_000))
    assert balance("plant", str(plant.pk)) == eur(-25_000)
    mail = Notification.objects.get(template="plant_owes")
    assert mail.recipient == bob.email
    for words in ("€250.00", owed.number, "FR7630004000031234567890143", "BNPAFRPP"):
        assert words in mail.text


def test_what_is_left_over_alone_makes_no_new_settlement(owed: Settlement) -> None:
    assert settle_plants(NEXT) == 0
    assert (Settlement.objects.count(), Earning.objects.filter(settlement=None).count()) == (1, 1)


def test_a_transfer_of_the_plant_is_booked_and_counted_next_time(
    owed: Settlement, olga: User, plant: Refurbisher, buy: Callable[[datetime], object]
) -> None:
    at = SETTLED + timedelta(days=2)
    receive_plant_transfer(owed, amount=eur(20_000), bank_reference=" bank  ref 1 ", by=olga, at=at)
    assert (still_owed(plant, "EUR"), balance("plant", str(plant.pk)), balance("bank")) == (
        eur(5_000),
        eur(-5_000),
        eur(-20_000),
    )
    receive_plant_transfer(owed, amount=eur(5_000), bank_reference="REF 2", by=olga, at=at)
    assert (still_owed(plant, "EUR"), balance("plant", str(plant.pk)), ledger_sum()) == (eur(0), eur(0), {"EUR": 0})
    assert settle_plants(NEXT) == 0

    buy(NEXT + timedelta(days=1))
    assert settle_plants(NEXT + timedelta(days=11)) == 1
    last = Settlement.objects.latest("settled_date")
    assert sorted(rows(last)) == [
        ("Carried over", -25_000),
        ("Device bought", -25_000),
        ("Transfer received", 5_000),
        ("Transfer received", 20_000),
    ]
    assert (last.total, last.payout) == (eur(-25_000), None)


def test_one_transfer_is_recorded_once(owed: Settlement, olga: User) -> None:
    receive_plant_transfer(owed, amount=eur(100), bank_reference="REF 1", by=olga, at=SETTLED)
    with pytest.raises(CannotReceive) as refusal:
        receive_plant_transfer(owed, amount=eur(200), bank_reference="ref  1", by=olga, at=SETTLED)
    assert refusal.value.field == "bank_reference"
    assert (Earning.objects.filter(kind="received").count(), balance("bank")) == (1, eur(-100))


@pytest.mark.parametrize("minor", [0, -1, 25_001])
def test_more_than_is_owed_is_not_taken(owed: Settlement, olga: User, minor: int) -> None:
    with pytest.raises(CannotReceive) as refusal:
        receive_plant_transfer(owed, amount=eur(minor), bank_reference="REF 1", by=olga, at=SETTLED)
    assert refusal.value.field == "amount"
    assert not LedgerMovement.objects.filter(kind="received").exists()


def test_who_has_sold_enough_is_not_asked_to_pay(
    delivered_line: OrderLine, buy: Callable[[datetime], object], plant: Refurbisher, drain: Drain
) -> None:
    """On the 6th the sale of 25 November is not due yet, but it will be."""
    buy(datetime(2026, 12, 4, 10, tzinfo=PARIS))
    assert settle_plants(datetime(2026, 12, 6, 3, tzinfo=PARIS)) == 1
    drain()
    assert (Settlement.objects.get().total, still_owed(plant, "EUR")) == (eur(-25_000), eur(0))
    assert not Notification.objects.filter(template="plant_owes").exists()
    assert settle_plants(SETTLED) == 1
    assert Settlement.objects.latest("settled_date").total == eur(1_890)


def test_a_plant_without_an_account_is_asked_to_pay_but_not_paid(
    delivered_line: OrderLine, buy: Callable[[datetime], object], plant: Refurbisher
) -> None:
    plant.iban = ""
    plant.save(update_fields=["iban"])
    assert settle_plants(SETTLED) == 0
    buy(BEFORE)
    buy(BEFORE + timedelta(hours=3))
    assert settle_plants(SETTLED) == 1
    assert Settlement.objects.get().total == eur(26_890 - 50_000)


# Frozen


def test_a_settled_row_and_a_settlements_sum_never_change(delivered_line: OrderLine) -> None:
    settle_plants(SETTLED)
    earning, settlement = Earning.objects.filter(kind="sale"), Settlement.objects.all()
    for change in (
        lambda: earning.update(due_at=SETTLED),
        lambda: earning.update(settlement=None),
        lambda: earning._raw_delete("default"),
        lambda: settlement.update(total_minor=1),
        lambda: settlement._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            change()
    assert settlement.update(payout=None) == 1


def test_an_amount_never_changes_settled_or_not(delivered_line: OrderLine) -> None:
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        Earning.objects.update(amount_minor=1)
    assert Earning.objects.update(due_at=SETTLED) == 1


def test_the_same_trade_is_never_owed_twice(buy: Callable[[datetime], object]) -> None:
    buy(BEFORE)
    earning = Earning.objects.get()
    earning.pk = None
    with pytest.raises(DatabaseError, match="earning_once_per_reference"), transaction.atomic():
        earning.save(force_insert=True)


# Whose fault


def test_money_sent_back_for_a_reason_of_ours_is_paid_again_to_the_same_account(
    delivered_line: OrderLine, olga: User, drain: Drain, plant: Refurbisher
) -> None:
    settle_plants(SETTLED)
    send_due_payouts(SETTLED)
    first = Payout.objects.get()
    return_payout(first, reason="AM04", by=olga, at=SETTLED + timedelta(hours=1))
    drain()
    again = Payout.objects.exclude(pk=first.pk).get()
    assert (again.status, again.amount, again.iban) == ("ordered", first.amount, first.iban)
    assert Settlement.objects.get().payout == again
    assert not Notification.objects.filter(template="plant_payout_bounced").exists()
    send_due_payouts(SETTLED + timedelta(hours=2))
    assert (balance("plant", str(plant.pk)), ledger_sum()) == (eur(0), {"EUR": 0})


# Told line by line


def test_a_statement_tells_a_plant_what_it_sold_bought_and_was_paid(
    delivered_line: OrderLine, buy: Callable[[datetime], object], plant: Refurbisher, drain: Drain
) -> None:
    trade = buy(BEFORE)
    settle_plants(SETTLED)
    send_due_payouts(SETTLED + timedelta(hours=6))
    refund_line(delivered_line, reason="goodwill", by="system:test", at=SETTLED + timedelta(days=1))
    line = f"{delivered_line.order.number} · {delivered_line.title}"

    first = statement_of(Settlement.objects.get())
    assert (first.start, first.end, first.opening) == (None, SETTLED, eur(0))
    assert [(str(row.what), row.about, row.amount.minor, row.balance.minor) for row in first.lines] == [
        ("Order line sold", line, 30_490, 30_490),
        ("Commission", line, -3_000, 27_490),
        ("VAT on commission", line, -600, 26_890),
        ("Device bought", f"{trade} · {trade.variant}", -25_000, 1_890),  # type: ignore[attr-defined]
    ]
    since = statement_until(plant, SETTLED + timedelta(days=2), "EUR")
    assert (since.start, since.opening, since.opening) == (SETTLED, first.closing, eur(1_890))
    assert [(str(row.what), row.amount.minor, row.balance.minor) for row in since.lines] == [
        ("Paid to your account", -1_890, 0),
        ("Refund to the customer", -30_490, -30_490),
        ("Commission given back", 3_000, -27_490),
        ("VAT on commission given back", 600, -26_890),
    ]
    assert since.closing == balance("plant", str(plant.pk))


def test_another_plants_movements_are_not_in_it(delivered_line: OrderLine, rival: User) -> None:
    other = statement_until(rival.membership.plant, SETTLED, "EUR")
    assert (other.lines, other.closing) == ([], eur(0))


SIDES = st.tuples(
    st.sampled_from(["sale", "unsale", "trade", "payout", "payout-bounced", "received", "unheard-of"]),
    st.lists(st.integers(-50_000, 50_000), min_size=1, max_size=4),
    st.booleans(),
    st.integers(0, 60),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(movements=st.lists(SIDES, max_size=12), cuts=st.lists(st.integers(0, 60), min_size=1, max_size=4))
def test_statements_join_without_a_gap_and_end_with_the_ledgers_sum(
    plant: Refurbisher, rival: User, now: datetime, movements: list[tuple[str, list[int], bool, int]], cuts: list[int]
) -> None:
    """Whatever is booked, and wherever the periods are cut."""
    others = ["buyer", "commission", "commission_vat", "bank"]
    with transaction.atomic():
        for kind, amounts, shared, day in movements:
            entries = [(account, "", eur(-minor)) for account, minor in zip(others, amounts, strict=False)]
            stranger = [("plant", str(rival.membership.plant.pk), eur(-7))] if shared else []
            mine = eur(sum(amounts) + (7 if shared else 0))
            at = now + timedelta(days=day)
            sides = [*entries, *stranger, ("plant", str(plant.pk), mine)]
            book(f"{kind}:{uuid.uuid4()}", kind=kind, reference=uuid.uuid4(), entries=sides, at=at)
        opening, start = eur(0), None
        for day in [*sorted(set(cuts)), 61]:
            end = now + timedelta(days=day)
            part = account_statement(plant, start=start, end=end, currency="EUR")
            assert part.opening == opening
            assert part.closing.minor == part.opening.minor + sum(line.amount.minor for line in part.lines)
            balances = [part.opening, *(line.balance for line in part.lines)]
            steps = [after - before for before, after in pairwise(balances)]
            assert steps == [line.amount for line in part.lines]
            opening, start = part.closing, end
        assert opening == balance("plant", str(plant.pk))
        transaction.set_rollback(True)


def test_a_statement_on_paper_is_the_same_each_time(delivered_line: OrderLine) -> None:
    from orders.documents import statement_pdf

    settle_plants(SETTLED)
    made = statement_of(Settlement.objects.get())
    first, second = statement_pdf(made, "Settlement"), statement_pdf(made, "Settlement")
    assert first.startswith(b"%PDF-")
    assert first == second
