"""Money that a dispute moves in parts: each part booked once, whenever and however often it is told."""

import itertools
from datetime import datetime, timedelta
from functools import partial
from threading import Event as Flag
from typing import Any

import pytest
from django.db.models import F

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.payments import reconciliation, services
from backmarket.payments.models import Dispute, LedgerEntry, Payment
from backmarket.payments.selectors import balance
from tests.ground.money_steps import eur
from tests.ground.stripe_account import fee
from tests.ground.stripe_connect_account import DISPUTE_FEE
from tests.ground.stripe_server import StripeServer
from tests.ground.stripe_steps import captured, interpret_all
from tests.ground.test_disputes import books, heard
from tests.races.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
KEPT = fee(10_000)
OURS = 10_000 - KEPT - DISPUTE_FEE


@pytest.fixture
def payment(bank: StripeServer, now: datetime) -> Payment:
    return captured(bank, now)


@pytest.fixture
def dispute(bank: StripeServer, payment: Payment, now: datetime) -> Dispute:
    """All of 100 euros are with the buyer's bank."""
    return heard(bank, payment, now)


def booked(kind: str) -> list[tuple[str, int]]:
    """What each part's key names as booked before it, and what the part did to what the provider owes us."""
    entries = LedgerEntry.objects.filter(movement__kind=kind, account="gateway").order_by("movement")
    return [(key.split(":")[-1], minor) for key, minor in entries.values_list("movement__key", "amount_minor")]


def told() -> int:
    """How often the rest of the shop hears that money is back."""
    return Event.objects.filter(kind="dispute.reinstated").count()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_parts_that_come_back_are_booked_as_they_come_however_they_are_told(
    bank: StripeServer, dispute: Dispute, live_server: Any, now: datetime, order: tuple[int, ...]
) -> None:
    bank.decide(dispute.gateway_id, "won", back=4_001)
    for _time in range(3):
        services.record_dispute("stripe", dispute.gateway_id, at=now)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.lost, books()) == ("won", eur(5_999), (OURS - 5_999, 5_999, KEPT + DISPUTE_FEE))
    bank.move_funds(dispute.gateway_id, 5_000)
    bank.move_funds(dispute.gateway_id, 999)
    news = [event for event in bank.events if event["type"] == "charge.dispute.funds_reinstated"]
    for number in order:
        assert [bank.deliver(news[number], live_server.url) for _time in range(2)] == [200, 200]
        interpret_all(now)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.lost, books()) == ("won", eur(0), (OURS, 0, KEPT + DISPUTE_FEE))
    assert (booked("dispute-back"), told()) == ([("0", -4_001), ("4001", -5_999)], 2)


def test_parts_that_are_withdrawn_are_booked_as_they_go(bank: StripeServer, payment: Payment, now: datetime) -> None:
    """And so is what goes in a second round, after all had come back."""
    dispute = heard(bank, payment, now, withdrawn=2_500)
    assert (dispute.lost, books()) == (eur(2_500), (OURS - 2_500, 2_500, KEPT + DISPUTE_FEE))
    bank.move_funds(dispute.gateway_id, -7_500)
    for _time in range(3):
        services.record_dispute("stripe", dispute.gateway_id, at=now)
    assert books() == (OURS - 10_000, 10_000, KEPT + DISPUTE_FEE)
    bank.decide(dispute.gateway_id, "won")
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    assert books() == (OURS, 0, KEPT + DISPUTE_FEE)
    bank.decide(dispute.gateway_id, "needs_response")
    bank.move_funds(dispute.gateway_id, -10_000)
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.lost) == ("needs_response", eur(10_000))
    assert books() == (OURS - 10_000, 10_000, KEPT + DISPUTE_FEE)
    assert [key for key, _minor in booked("dispute")] == ["0", "2500", "10000"]


def test_an_answer_that_was_overtaken_changes_nothing(bank: StripeServer, dispute: Dispute, now: datetime) -> None:
    """A slow worker writes down what was true before another has heard of the money: without that protection the
    dispute would be lost again."""
    bank.decide(dispute.gateway_id, "lost")
    asked, go_on = Flag(), Flag()

    def hold_the_first(call: str) -> None:
        if call.startswith("GET /v1/disputes") and not asked.is_set():
            asked.set()
            assert go_on.wait(timeout=60)

    def be_quicker() -> None:
        assert asked.wait(timeout=60)
        bank.decide(dispute.gateway_id, "won", back=4_000)
        services.record_dispute("stripe", dispute.gateway_id, at=now)
        go_on.set()

    bank.before_answer = hold_the_first
    slow = partial(services.record_dispute, "stripe", dispute.gateway_id, at=now)
    assert at_once([slow, be_quicker]) == [True, None]
    dispute.refresh_from_db()
    assert (dispute.status, dispute.returned_minor, booked("dispute-back")) == ("won", 4_000, [("0", -4_000)])
    books()


def test_each_part_heard_of_twenty_times_at_once_is_booked_once(
    bank: StripeServer, dispute: Dispute, now: datetime
) -> None:
    bank.decide(dispute.gateway_id, "won", back=0)
    for part in (4_001, 5_999):
        bank.move_funds(dispute.gateway_id, part)
        calls = [partial(services.record_dispute, "stripe", dispute.gateway_id, at=now)] * 20
        assert at_once(calls) == [True] * 20
    assert (booked("dispute-back"), told()) == ([("0", -4_001), ("4001", -5_999)], 2)
    assert books() == (OURS, 0, KEPT + DISPUTE_FEE)


def test_what_is_won_and_not_all_back_is_asked_about_every_night(
    bank: StripeServer, dispute: Dispute, now: datetime
) -> None:
    """However late: it is our money. What is all back is left alone."""
    bank.decide(dispute.gateway_id, "won", back=4_000)
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    assert services.follow_decided_disputes(now + timedelta(days=1)) == 0
    bank.move_funds(dispute.gateway_id, 6_000)
    assert services.follow_decided_disputes(now + timedelta(days=400)) == 1
    assert books() == (OURS, 0, KEPT + DISPUTE_FEE)
    calls = len(bank.heard("GET /v1/disputes"))
    assert services.follow_decided_disputes(now + timedelta(days=401)) == 0
    assert len(bank.heard("GET /v1/disputes")) == calls


@pytest.mark.parametrize(
    ("field", "more", "check"),
    [
        ("taken_minor", 1, "disputes"),
        ("returned_minor", 1, "disputes_back"),
        ("regained_minor", -1, "disputes_regained"),
    ],
)
def test_parts_that_do_not_add_up_are_found(
    bank: StripeServer, payment: Payment, now: datetime, sam: User, field: str, more: int, check: str
) -> None:
    dispute = heard(bank, payment, now, withdrawn=3_000)
    bank.move_funds(dispute.gateway_id, -7_000)
    bank.decide(dispute.gateway_id, "lost")
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    dispute.refresh_from_db()
    bearers = [("compensation", "", dispute.lost)]
    services.bear_loss(dispute, borne_by="house", bearers=bearers, reason="Ours.", by=sam, at=now)
    bank.decide(dispute.gateway_id, "won", back=4_000)
    for part in (0, 5_000):
        if part:
            bank.move_funds(dispute.gateway_id, part)
        services.record_dispute("stripe", dispute.gateway_id, at=now)
        assert services.give_back_loss(dispute, by="system:test", at=now) is not None
        assert services.give_back_loss(dispute, by="system:test", at=now) is None
    assert (balance("dispute"), balance("compensation")) == (eur(0), eur(-1_000))
    Dispute.objects.update(**{field: F(field) + more})
    assert [found.check for found in reconciliation.differences(reconciliation.CHECKS)] == [check]


def test_what_is_withdrawn_after_somebody_bore_a_lost_dispute_is_told_of(
    bank: StripeServer, payment: Payment, now: datetime, sam: User
) -> None:
    dispute = heard(bank, payment, now, withdrawn=3_000)
    bank.decide(dispute.gateway_id, "lost")
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    dispute.refresh_from_db()
    bearers = [("compensation", "", eur(3_000))]
    services.bear_loss(dispute, borne_by="house", bearers=bearers, reason="Ours.", by=sam, at=now)
    books()
    bank.move_funds(dispute.gateway_id, -7_000)
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    found = list(reconciliation.differences(reconciliation.CHECKS))
    assert [(each.check, each.expected, each.found) for each in found] == [("disputes_unborne", 10_000, 3_000)]


def test_three_who_bore_it_have_every_cent_again_and_never_more_than_they_bore(
    bank: StripeServer, dispute: Dispute, now: datetime, sam: User
) -> None:
    bank.decide(dispute.gateway_id, "lost")
    services.record_dispute("stripe", dispute.gateway_id, at=now)
    dispute.refresh_from_db()
    bore = {("compensation", ""): 3_331, ("plant", "a"): 6_667, ("plant", "b"): 2}
    bearers = [(account, party, eur(minor)) for (account, party), minor in bore.items()]
    services.bear_loss(dispute, borne_by="plant", bearers=bearers, reason="Theirs.", by=sam, at=now)
    parts = [1, 1, 1, 2, 3, 2_499, 2_500, 4_992, 1]
    bank.decide(dispute.gateway_id, "won", back=0)
    for number, part in enumerate(parts, start=1):
        bank.move_funds(dispute.gateway_id, part)
        services.record_dispute("stripe", dispute.gateway_id, at=now)
        assert services.give_back_loss(dispute, by="system:test", at=now) is not None
        have = {who: minor + balance(*who).minor for who, minor in bore.items()}
        assert sum(have.values()) == sum(parts[:number])
        assert all(0 <= have[who] <= minor for who, minor in bore.items())
    assert (have, balance("dispute"), sum(parts)) == (bore, eur(0), 10_000)
    books()
