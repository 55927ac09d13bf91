"""Money out under many hands: a payout is in one file, sent once, settled once; a plant's transfer is booked once."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, Lock
from uuid import uuid4

import pytest
from django.db import IntegrityError

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.payments import services as payments
from backmarket.payments.gateways.base import Outcome, Transfer
from backmarket.payments.models import LedgerMovement, Payout, PayoutFile, PayoutFileItem, SandboxIntent
from backmarket.payments.selectors import balance, ledger_sum
from buyback.models import Trade
from buyback.services.payouts import order_payouts
from buyback.services.trades import CannotChangeIban, change_iban
from orders.models import Earning, Settlement
from orders.services.earnings import owe_for_device
from orders.services.settlement import receive_plant_transfer, settle_plants
from refurbishers.models import Refurbisher
from tests.buyback.steps import OTHER_IBAN, validated
from tests.ground.bank_steps import by_file, handed, order, report
from tests.ground.money_steps import eur
from tests.races.together import PATIENCE, at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

SOME = 6


def outcomes(results: list[object]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)


def test_files_made_at_once_never_share_a_payout(now: datetime, olga: User) -> None:
    """The due payouts are locked and marked: who comes second finds none. Without the lock the database's own
    `payout_in_one_live_file` stops the second file, as the control below shows."""
    payouts = [by_file(now, label=f"T{number}") for number in range(4)]

    results = at_once([partial(payments.make_payout_file, by=olga, at=now)] * SOME)

    assert outcomes(results) == {"PayoutFile": 1, "NothingToSend": SOME - 1}
    made = PayoutFile.objects.get()
    assert {item.payout_id for item in made.items.all()} == {payout.pk for payout in payouts}
    assert (made.transfers, made.total) == (4, eur(100_000))


def test_control_files_that_look_before_they_take_are_stopped_by_the_database_alone(now: datetime, olga: User) -> None:
    payout, looked = by_file(now), Barrier(SOME)

    def naive() -> PayoutFileItem:
        due = Payout.objects.filter(gateway="sepa", status="ordered", sending_at=None).get()
        looked.wait(timeout=PATIENCE)
        made = PayoutFile.objects.create(
            message_id=uuid4().hex, transfers=1, total_minor=1, currency="EUR", execution_date=now.date(), content="x",
            made_by=olga, created_at=now,
        )  # fmt: skip
        return PayoutFileItem.objects.create(file=made, payout=due)

    assert outcomes(at_once([naive] * SOME)) == {"PayoutFileItem": 1, "IntegrityError": SOME - 1}
    assert PayoutFile.objects.count() == SOME  # each of them would have paid it
    assert PayoutFileItem.objects.get().payout == payout


def test_control_workers_without_claim_key_and_swap_would_pay_six_times(now: datetime) -> None:
    """What test_two_workers_send_a_payout_once (test_money.py) would be without its protections."""
    payout, looked, bank, guard = order(now), Barrier(SOME), [], Lock()

    def naive() -> None:
        seen = Payout.objects.get(pk=payout.pk, status="ordered")
        looked.wait(timeout=PATIENCE)
        with guard:
            bank.append(seen.amount)
        Payout.objects.filter(pk=seen.pk).update(status="sent", sent_at=now)

    at_once([naive] * SOME)
    assert bank == [eur(25_000)] * SOME


def test_handed_over_or_withdrawn_but_never_both(now: datetime, olga: User) -> None:
    """One compare-and-swap decides: without it a withdrawn file's payouts would be sent, and go into the next file."""
    for _round in range(4):
        payout = by_file(now)
        made = payments.make_payout_file(by=olga, at=now)
        copies = [PayoutFile.objects.get(pk=made.pk) for _tab in range(2)]
        hand, withdraw = (
            partial(act, copy, by=olga, at=now)
            for act, copy in zip((payments.hand_payout_file, payments.withdraw_payout_file), copies, strict=True)
        )
        results = at_once([hand, withdraw])

        assert outcomes(results) == {"NoneType": 1, "IllegalMove": 1}
        made.refresh_from_db()
        payout.refresh_from_db()
        expected = ("sent", True) if made.status == "handed" else ("ordered", False)
        assert (payout.status, payout.sending_at is not None) == expected
        assert made.items.get().live == (made.status == "handed")
        Payout.objects.filter(pk=payout.pk, status="ordered").update(status="cancelled")


def test_cancelled_at_the_desk_or_in_a_file_but_never_both(now: datetime, olga: User) -> None:
    """Both lock the payout: without that a cancelled payout could be in a file that pays it."""
    for _round in range(4):
        payout = by_file(now)
        cancel = partial(payments.cancel_payout, Payout.objects.get(pk=payout.pk), by=olga, at=now)
        results = at_once([cancel, partial(payments.make_payout_file, by=olga, at=now)])

        payout.refresh_from_db()
        in_file = PayoutFileItem.objects.filter(payout=payout).exists()
        assert (payout.status, in_file) in {("cancelled", False), ("ordered", True)}
        assert len(outcomes(results) & Counter(["CannotCancelPayout", "NothingToSend"])) == 1


def test_a_report_applied_in_two_tabs_is_applied_once(now: datetime, olga: User) -> None:
    """The report is locked: without that both would settle its rows, and only each payout's own move would stop it."""
    made = handed(now, olga, *[by_file(now) for _one in range(3)])
    content = report(made.message_id, group=("RJCT", "AC01"))
    kept = at_once([partial(payments.keep_bank_report, content, by=olga, at=now)] * SOME)
    assert len({one.pk for one in kept}) == 1

    results = at_once([partial(payments.apply_bank_report, kept[0], by=olga, at=now)] * SOME)

    assert outcomes(results) == {"int": 1, "CannotApply": SOME - 1}
    assert Event.objects.filter(kind="payout.bounced").count() == 3
    assert (balance("consumer", "7"), ledger_sum()) == (eur(0), {"EUR": 0})


def test_opposite_news_of_a_payout_settles_it_one_way(now: datetime) -> None:
    """The row is locked and its move judged then: paid and bounced may follow one another, and are booked once each."""
    for _round in range(4):
        payout = order(now)
        payments.send_due_payouts(now)
        news = [Transfer("x", outcome, "") for outcome in (Outcome.DONE, Outcome.FAILED, Outcome.DONE, Outcome.FAILED)]
        settle = [
            partial(payments.settle_payout, payout.pk, each, by="gateway:sandbox", at=now + timedelta(days=1))
            for each in news
        ]
        results = at_once(settle)

        payout.refresh_from_db()
        assert payout.status == "bounced"  # a return is the last word
        assert sum(results) in (1, 2)
        assert LedgerMovement.objects.filter(key=f"payout-bounced:{payout.pk}").count() == 1
        assert ledger_sum() == {"EUR": 0}


def test_a_new_account_and_the_sending_of_the_old_payout_never_both(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    """Cancelling and claiming lock the payout: without that the old account is paid and a second payout ordered."""
    at = now + timedelta(days=2)
    for _round in range(4):
        trade = validated(plant, carol, now)
        order_payouts(now)
        trade.refresh_from_db()
        change = partial(change_iban, trade, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=at)
        results = at_once([change, partial(payments.send_due_payouts, at)])

        sent = Payout.objects.filter(reference=trade.pk, status="sent")
        latest = Trade.objects.select_related("payout").get(pk=trade.pk).payout
        assert latest is not None
        if sent.filter(iban_last4="0189").exists():
            refused = isinstance(results[0], CannotChangeIban | payments.CannotCancelPayout)
            assert (refused, latest.iban_last4) == (True, "0189")
        else:
            assert (results[0], latest.iban_last4) == (None, "2606")
        assert Payout.objects.filter(reference=trade.pk, status__in=["ordered", "sent", "paid"]).count() == 1
        payments.send_due_payouts(at + timedelta(hours=1))
        assert (
            SandboxIntent.objects.filter(id__in=[f"out_{pk.hex}" for pk in sent.values_list("pk", flat=True)]).count()
            == 1
        )


def test_one_transfer_of_a_plant_typed_in_twice_is_booked_once(plant: Refurbisher, olga: User, now: datetime) -> None:
    """The plant is locked; behind that stand `earning_once_per_reference` and the ledger's key."""
    owed = _owing(plant, now)
    receive = partial(receive_plant_transfer, owed, amount=eur(25_000), bank_reference="REF 1", by=olga, at=now)

    assert outcomes(at_once([receive] * SOME)) == {"Earning": 1, "CannotReceive": SOME - 1}
    assert (balance("bank"), Earning.objects.filter(kind="received").count()) == (eur(-25_000), 1)


def test_two_transfers_at_once_never_pay_more_than_is_owed(plant: Refurbisher, olga: User, now: datetime) -> None:
    """Each alone is fine; without the lock on the plant both would pass the same look at what is owed."""
    owed = _owing(plant, now)
    receive = [
        partial(receive_plant_transfer, owed, amount=eur(20_000), bank_reference=f"REF {number}", by=olga, at=now)
        for number in range(2)
    ]
    assert outcomes(at_once(receive)) == {"Earning": 1, "CannotReceive": 1}
    assert balance("bank") == eur(-20_000)


def test_a_device_bought_while_the_plant_is_settled_is_owed_later_and_not_lost(
    plant: Refurbisher, now: datetime
) -> None:
    _owe(plant, now)
    late = partial(_owe, plant, now)
    assert (
        meanwhile(partial(settle_plants, now.replace(day=26)), partial(settle_plants, now.replace(day=26)), late) == 0
    )
    settled = sum(Settlement.objects.values_list("total_minor", flat=True))
    waiting = sum(Earning.objects.filter(settlement=None, kind="trade").values_list("amount_minor", flat=True))
    assert (settled, waiting) == (-25_000, -25_000)


def _owe(plant: Refurbisher, at: datetime) -> None:
    owe_for_device(plant_id=plant.pk, trade_id=uuid4(), amount=eur(-25_000), label="T1", at=at)


def _owing(plant: Refurbisher, at: datetime) -> Settlement:
    _owe(plant, at)
    settle_plants(at.replace(day=26))
    return Settlement.objects.get()


def test_the_database_refuses_what_all_locks_together_would_have_to_miss(plant: Refurbisher, now: datetime) -> None:
    _owe(plant, now)
    earning = Earning.objects.get()
    earning.pk = None
    with pytest.raises(IntegrityError, match="earning_once_per_reference"):
        earning.save(force_insert=True)
