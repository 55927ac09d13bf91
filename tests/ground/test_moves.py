"""Every pair of states: allowed moves happen, all others are refused and change nothing; docs/states.md says so."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.management import move_words, states_page
from backmarket.payments.models import ConnectAccount, Dispute, Payment, Payout, Refund, TransferReversal
from backmarket.shipping.models import Parcel, Pickup
from backmarket.states import IllegalMove, move
from buyback.models import Trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted
from tests.ground.bank_steps import order

MONEY = (Payment, Refund, Payout, Dispute, ConnectAccount, TransferReversal)
MODELS = {model.NOUN: model for model in (Trade, Pickup, Parcel, *MONEY)}
SOURCES = [(noun, status) for noun, model in MODELS.items() for status in model.Status.values]


def in_status(noun: str, status: str, plant: Refurbisher, seller: User, at: datetime) -> Any:
    """A row that holds every fact which its states ask for, so that only the move itself can be refused."""
    trade, payout = accepted(plant, seller, at), order(at)
    Parcel.objects.filter(pk=trade.parcel_id).update(tracking_number="BM1", delivered_at=at)
    facts = {"validated_at": at, "payout": payout, "return_parcel": trade.parcel}
    Trade.objects.filter(pk=trade.pk).update(**facts)
    money = {"reference": uuid4(), "amount_minor": 100, "currency": "EUR", "created_at": at}
    payment = Payment.objects.create(purpose="order", status="captured", captured_at=at, gateway="sandbox", **money)
    refund = Refund.objects.create(payment=payment, reason="claim", **money)
    dispute = Dispute.objects.create(
        payment=payment, gateway_id="dp_1", reason="general", amount_minor=1, currency="EUR", created_at=at
    )
    account = ConnectAccount.objects.create(
        party="x", country="FR", gateway="sandbox_connect", gateway_id="acct_1", payouts_enabled=True,
        transfers_enabled=True, created_at=at,
    )  # fmt: skip
    reversal = TransferReversal.objects.create(payout=payout, amount_minor=1, currency="EUR", note="x", created_at=at)
    row = {
        "dispute": dispute, "connect": account, "reversal": reversal,
        "trade": trade, "pickup": trade.parcel.pickups.get(), "parcel": trade.parcel, "payment": payment,
        "refund": refund, "payout": payout,
    }[noun]  # fmt: skip
    MODELS[noun].objects.filter(pk=row.pk).update(status=status)
    return MODELS[noun].objects.get(pk=row.pk)


def stored(row: Any) -> dict[str, Any]:
    return type(row).objects.filter(pk=row.pk).values().get()


@pytest.mark.django_db
@pytest.mark.parametrize(("noun", "source"), SOURCES)
def test_from_each_state_exactly_the_moves_of_the_table_happen(
    noun: str, source: str, plant: Refurbisher, carol: User, now: datetime
) -> None:
    row = in_status(noun, source, plant, carol, now)
    before, events = stored(row), Event.objects.count()
    for target in row.Status.values:
        row.status = source
        with transaction.atomic():
            if target in row.MOVES.get(source, set()):
                move(row, target, by="system:test", at=now)
                assert (stored(row)["status"], row.status) == (target, target)
                assert Event.objects.latest("id").kind == f"{noun}.{target}"
                assert Event.objects.count() == events + 1
            else:
                with pytest.raises(IllegalMove):
                    move(row, target, by="system:test", at=now)
                assert (stored(row), row.status, Event.objects.count()) == (before, source, events)
            transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("noun", MODELS)
def test_the_database_refuses_a_state_that_is_not_in_the_table(
    noun: str, plant: Refurbisher, carol: User, now: datetime
) -> None:
    row = in_status(noun, MODELS[noun].Status.values[0], plant, carol, now)
    with pytest.raises(IntegrityError, match=f"{noun}_status_known"), transaction.atomic():
        MODELS[noun].objects.filter(pk=row.pk).update(status="vanished")
    with pytest.raises(IllegalMove):
        move(row, "vanished", by="system:test", at=now)


# The page that draws them


def test_the_page_of_states_is_up_to_date() -> None:
    call_command("draw_states", "--check")


def test_a_page_that_says_something_else_is_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    page = tmp_path / "states.md"
    monkeypatch.setattr(states_page, "PAGE", page)
    with pytest.raises(CommandError, match="out of date"):
        call_command("draw_states", "--check")
    assert not page.exists()
    call_command("draw_states")
    call_command("draw_states", "--check")
    page.write_text(page.read_text().replace("accepted --> cancelled", "accepted --> paid"))
    with pytest.raises(CommandError, match="out of date"):
        call_command("draw_states", "--check")


def test_a_move_without_words_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(move_words.WORDS, "buyback.Trade", {"accepted": {"paid": "never"}})
    with pytest.raises(CommandError, match="moves and words differ"):
        call_command("draw_states", "--check")
