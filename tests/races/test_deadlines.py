"""The clock of a trade against the people of it: whoever is first decides, and the money follows once.

Protected by the lock on the open counter-offer, by the look at the status under the trade's lock, and by the
compare-and-swap of `states.move`: each control shows what happens without.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import states, timetravel
from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.payments.models import LedgerMovement
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.shipping.models import Parcel
from backmarket.states import IllegalMove
from buyback.models import CounterOffer, Trade
from buyback.services import inspections, settling
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.inspections import CannotAnswer, answer_counter_offer, make_counter_offer
from refurbishers.models import Refurbisher
from tests.buyback import steps
from tests.races.together import PATIENCE, at_once, meanwhile

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
INSTANT = timedelta(microseconds=1)
Facts = tuple[str, str, int, int]


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def answer(trade: Trade, seller: User, *, accept: bool) -> partial[None]:
    """The seller's answer in the last instant, from a page of its own."""
    at = trade.counter_offer.answer_by - INSTANT
    copy = Trade.objects.select_related("plant", "variant", "address").get(pk=trade.pk)
    return partial(answer_counter_offer, copy, accept=accept, by=seller, at=at)


def facts(trade: Trade) -> Facts:
    """The trade's status, the counter-offer's answer, how often the price was owed, how many parcels go back."""
    return (
        Trade.objects.get(pk=trade.pk).status,
        CounterOffer.objects.get(trade=trade).answer,
        LedgerMovement.objects.filter(key=f"trade:{trade.pk}").count(),
        Parcel.objects.filter(purpose="trade_return", reference=trade.pk).count(),
    )


ACCEPTED, REFUSED, SILENT = (
    ("validated", "accepted", 1, 0), ("returning", "refused", 0, 1), ("returning", "silent", 0, 1),
)  # fmt: skip


@pytest.mark.parametrize(("accept", "expected", "owed"), [(True, ACCEPTED, 18_000), (False, REFUSED, 0)])
def test_an_answer_being_written_while_the_clock_runs_out_stands(
    plant: Refurbisher, carol: User, now: datetime, accept: bool, expected: Facts, owed: int
) -> None:
    trade = steps.countered(plant, carol, now)
    end = trade.counter_offer.answer_by

    assert meanwhile(answer(trade, carol, accept=accept), partial(watch_trade_deadlines, end)) == 0

    assert facts(trade) == expected
    assert (balance("consumer", str(carol.pk)), ledger_sum().get("EUR", 0)) == (Money(owed, "EUR"), 0)


@pytest.mark.parametrize("accept", [True, False])
def test_an_answer_sent_while_the_clock_decides_is_refused_in_words(
    plant: Refurbisher, carol: User, now: datetime, accept: bool
) -> None:
    trade = steps.countered(plant, carol, now)
    end = trade.counter_offer.answer_by

    refusal = meanwhile(partial(watch_trade_deadlines, end), answer(trade, carol, accept=accept))

    assert (type(refusal), str(refusal)) == (CannotAnswer, "There is no counter-offer to answer any more.")
    assert facts(trade) == SILENT
    assert ledger_sum() == {}


def test_let_go_together_the_seller_or_the_clock_decides_never_both(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    """Two workers of the clock and two tabs of the seller, which say the opposite."""
    for _round in range(4):
        trade = steps.countered(plant, carol, now)
        end = trade.counter_offer.answer_by
        clock = [partial(watch_trade_deadlines, end)] * 2
        said = [answer(trade, carol, accept=accept) for accept in (True, False)]

        *lapsed, yes, no = at_once([*clock, *said])

        assert [*lapsed, yes, no].count(None) + sum(lapsed) == 1
        assert facts(trade) == (ACCEPTED if yes is None else REFUSED if no is None else SILENT)


def test_the_sellers_page_says_so_kindly(
    plant: Refurbisher, carol: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    trade = steps.countered(plant, carol, now)
    end = trade.counter_offer.answer_by
    timetravel.travel_to(end - timedelta(minutes=1))
    browser = client_of(carol)
    page = reverse("trade-answer", args=[trade.pk])

    told = meanwhile(
        partial(watch_trade_deadlines, end), partial(browser.post, page, {"answer": "accept"}, follow=True)
    )

    assert told.status_code in {200, 422}
    assert "There is no counter-offer to answer any more." in told.content.decode()
    assert facts(trade) == SILENT


def careless(obj: Any, to: str, *, by: Any, at: datetime, data: Any = None, **columns: Any) -> None:
    """What `states.move` does to a trade, without its comparison."""
    if isinstance(obj, Trade):
        columns |= {"validated_at": at} if to == "validated" else {}
        Trade.objects.filter(pk=obj.pk).update(status=to, **columns)
        vars(obj).update(status=to, **columns)


def test_control_without_locks_and_swap_the_seller_is_paid_and_has_the_device_back(
    plant: Refurbisher, carol: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade, looked = steps.countered(plant, carol, now), Barrier(2)
    end = trade.counter_offer.answer_by

    def unlocked(trade: Trade) -> CounterOffer:
        found = CounterOffer.objects.get(trade_id=trade.pk, answer="")
        looked.wait(timeout=PATIENCE)
        return found

    monkeypatch.setattr(inspections, "_open_offer", unlocked)
    monkeypatch.setattr(settling, "_refuse_if_moved", lambda trade: None)
    monkeypatch.setattr(states, "move", careless)

    assert at_once([answer(trade, carol, accept=True), partial(watch_trade_deadlines, end)]) == [None, 1]

    assert facts(trade)[2:] == (1, 1)


# The plant


def test_a_counter_offer_made_while_the_clock_runs_out_is_not_overruled(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    """The job has seen an inspected trade, and from a countered one the way leads to validation too."""
    trade = steps.graded(plant, carol, now, screen_marks="cracked")
    offer = partial(make_counter_offer, trade, **steps.offer(), at=trade.due_at - INSTANT)

    assert meanwhile(offer, partial(watch_trade_deadlines, trade.due_at)) == 0

    assert facts(trade) == ("countered", "", 0, 0)


def test_control_without_the_look_under_the_lock_the_quoted_price_is_owed_beside_the_open_offer(
    plant: Refurbisher, carol: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_refuse_if_moved", lambda trade: None)
    trade = steps.graded(plant, carol, now, screen_marks="cracked")
    offer = partial(make_counter_offer, trade, **steps.offer(), at=trade.due_at - INSTANT)

    assert meanwhile(offer, partial(watch_trade_deadlines, trade.due_at)) == 1

    assert facts(trade) == ("validated", "", 1, 0)


def test_a_colleague_who_validates_what_is_being_countered_is_refused(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = steps.graded(plant, carol, now, screen_marks="cracked")
    one, other = (Trade.objects.select_related("inspection").get(pk=trade.pk) for _tab in range(2))
    validate = partial(settling.validate_trade, other, by="system:test", at=now)

    outcome = meanwhile(partial(make_counter_offer, one, **steps.offer(), at=now), validate)

    assert isinstance(outcome, IllegalMove)
    assert facts(trade) == ("countered", "", 0, 0)
