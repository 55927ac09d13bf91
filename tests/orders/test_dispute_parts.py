"""A dispute that is won after all, and whose money comes back in parts: each part to whoever bore the loss, to the
cent; to a buyer only once all of it is here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.payments.models import Dispute, LedgerEntry, LedgerMovement, Payment, Refund
from backmarket.payments.selectors import balance
from backmarket.payments.services import follow_decided_disputes, record_dispute
from catalog.models import Listing
from orders.models import Earning, Order, Settlement
from orders.services.disputes import bear_dispute, regain_dispute
from orders.services.settlement import settle_plants
from tests.ground.money_steps import eur
from tests.ground.stripe_server import StripeServer
from tests.orders.at_stripe import pay_at
from tests.orders.test_dispute_turned import MINE, OTHERS, rows
from tests.races.together import at_once

pytestmark = pytest.mark.django_db
Place, Drain = Callable[..., Order], Callable[[], None]
ALL = MINE + OTHERS


@pytest.fixture
def order(
    bank: StripeServer, place: Place, listing: Listing, other_listing: Listing, drain: Drain, now: datetime
) -> Order:
    """One device of each plant, paid at Stripe."""
    timetravel.travel_to(now)
    order = place((listing, 1), (other_listing, 1))
    pay_at(bank, order, at=now)
    drain()
    return order


@pytest.fixture
def hear(drain: Drain, now: datetime) -> Callable[..., Dispute]:
    """The same word of the provider again and again, and everything reacts."""

    def heard(times: int = 3, at: datetime = now) -> Dispute:
        for _time in range(times):
            record_dispute("stripe", "dp_1", at=at)
            drain()
        dispute = Dispute.objects.get()
        regain_dispute(dispute, at=at)
        return dispute

    return heard


def lose(bank: StripeServer, order: Order, hear: Any, **facts: Any) -> Dispute:
    bank.dispute(Payment.objects.get(reference=order.pk).gateway_id, **facts)
    bank.decide("dp_1", "lost")
    return hear()


def compared() -> str:
    """What `manage.py reconcile` says, the provider asked."""
    told = StringIO()
    call_command("reconcile", days=400, stdout=told)
    return told.getvalue()


def regained() -> list[tuple[str, int]]:
    """By account, in the order in which it was booked."""
    entries = LedgerEntry.objects.filter(movement__kind="dispute-regained").exclude(account="dispute")
    return [*entries.order_by("movement", "account").values_list("account", "amount_minor")]


def test_each_part_goes_to_those_who_bore_it_and_all_of_them_are_what_they_bore(
    bank: StripeServer, order: Order, deliver: Any, hear: Any, listing: Listing, fiona: User, now: datetime
) -> None:
    deliver(order)
    bear_dispute(lose(bank, order, hear), plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=now)
    bank.decide("dp_1", "won", back=10_001)
    dispute = hear()
    assert (dispute.regained, balance("dispute")) == (eur(10_001), eur(0))
    assert regained() == [("compensation", 3_961), ("plant", 6_040)]
    assert compared() == "No difference.\n"
    bank.move_funds("dp_1", 1)
    hear()
    bank.move_funds("dp_1", ALL - 10_002)
    dispute = hear()
    assert (dispute.regained, dispute.lost, balance("dispute"), balance("compensation")) == (
        eur(ALL), eur(0), eur(0), eur(0),
    )  # fmt: skip
    assert rows(listing.plant)[0] == ("dispute", -MINE)
    assert [kind for kind, _minor in rows(listing.plant)].count("regained") == 3
    assert sum(minor for _kind, minor in rows(listing.plant)) == 0
    keys = LedgerMovement.objects.filter(kind="dispute-regained").order_by("pk").values_list("key", flat=True)
    assert [key.split(":")[-1] for key in keys] == ["0", "10001", "10002"]
    assert compared() == "No difference.\n"


def test_a_part_is_settled_while_the_other_is_still_out(
    bank: StripeServer, order: Order, deliver: Any, hear: Any, listing: Listing, fiona: User, now: datetime
) -> None:
    deliver(order)
    bear_dispute(lose(bank, order, hear), plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=now)
    bank.decide("dp_1", "won", back=20_000)
    hear()
    settle_plants(now + timedelta(days=40))
    bank.move_funds("dp_1", ALL - 20_000)
    hear(at=now + timedelta(days=41))
    settle_plants(now + timedelta(days=80))
    made = Settlement.objects.filter(plant=listing.plant).order_by("settled_date")
    parts = [[*each.earnings.filter(kind="regained").values_list("amount_minor", flat=True)] for each in made]
    assert [len(part) for part in parts] == [1, 1]
    assert sum(sum(part) for part in parts) == MINE
    assert compared() == "No difference.\n"


def test_a_buyer_is_paid_by_us_once_all_of_it_is_here_and_the_night_asks_for_it(
    bank: StripeServer, order: Order, deliver: Any, hear: Any, listing: Listing, other_listing: Listing, fiona: User,
    client_of: Callable[[User], Client], drain: Drain, now: datetime, settle_refunds: Callable[[datetime], None],
) -> None:  # fmt: skip
    """One device was not sent, and the bank had given its money back. No webhook tells of the last part; until then
    finance sees what waits."""
    deliver(order, of=listing.plant)
    dispute = lose(bank, order, hear)
    assert order.lines.get(listing=other_listing).status == "refunded"
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=now)
    bank.decide("dp_1", "won", back=20_000)
    dispute = hear()
    # The plant bore its own device alone; the buyer's part of what is back waits with us.
    assert (dispute.regained, balance("dispute")) == (eur(12_078), eur(20_000 - 12_078))
    assert [refund.status for refund in Refund.objects.all()] == ["succeeded"]
    assert compared() == "No difference.\n"
    page = client_of(fiona).get("/desk/payments/dispute/?pile=still_out").content.decode()
    assert "dp_1" in page
    bank.move_funds("dp_1", ALL - 20_000)
    assert follow_decided_disputes(now + timedelta(days=2)) == 1
    drain()
    settle_refunds(now + timedelta(days=2))
    dispute.refresh_from_db()
    assert sorted(refund.status for refund in Refund.objects.all()) == ["failed", "succeeded"]
    assert (dispute.regained, dispute.covered_minor, balance("dispute"), balance("buyer")) == (
        eur(MINE), 0, eur(0), eur(0),
    )  # fmt: skip
    assert sum(minor for _kind, minor in rows(listing.plant)) == 0
    assert compared() == "No difference.\n"


def test_what_was_not_sent_ends_when_the_rest_of_a_lost_dispute_is_withdrawn(
    bank: StripeServer, order: Order, deliver: Any, hear: Any, listing: Listing, other_listing: Listing
) -> None:
    deliver(order, of=listing.plant)
    dispute = lose(bank, order, hear, withdrawn=OTHERS - 1)
    line = order.lines.get(listing=other_listing)
    assert (line.status, dispute.lost) == ("paid", eur(OTHERS - 1))
    bank.move_funds("dp_1", -(ALL - OTHERS + 1))
    dispute = hear()
    line.refresh_from_db()
    assert (line.status, line.cancel_reason, dispute.lost) == ("refunded", "disputed", eur(MINE))
    assert compared() == "No difference.\n"


def test_the_database_refuses_the_same_part_twice(
    bank: StripeServer, order: Order, deliver: Any, hear: Any, listing: Listing, fiona: User, now: datetime
) -> None:
    """Also a row of before there were parts."""
    deliver(order)
    bear_dispute(lose(bank, order, hear), plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=now)
    bank.decide("dp_1", "won", back=20_000)
    hear()
    earning = Earning.objects.get(kind="regained")
    for movement in (earning.movement, None):
        Earning.objects.filter(pk=earning.pk).update(movement=movement)
        earning.refresh_from_db()
        earning.pk = None
        with pytest.raises(IntegrityError, match="earning_regained_once_per_part"), transaction.atomic():
            earning.save(force_insert=True)
        earning = Earning.objects.get(kind="regained")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_each_part_given_back_twenty_times_at_once_is_given_back_once(
    bank: StripeServer, order: Order, deliver: Any, hear: Any, listing: Listing, fiona: User, now: datetime
) -> None:
    deliver(order)
    dispute = lose(bank, order, hear)
    bear_dispute(dispute, plant=listing.plant, reason="Sent elsewhere.", by=fiona, at=now)
    bank.decide("dp_1", "won", back=0)
    for part in (20_000, ALL - 20_000):
        bank.move_funds("dp_1", part)
        record_dispute("stripe", "dp_1", at=now)
        copies = [Dispute.objects.get() for _worker in range(20)]
        assert at_once([partial(regain_dispute, copy, at=now) for copy in copies]) == [None] * 20
    assert [kind for kind, _minor in rows(listing.plant)] == ["dispute", "regained", "regained"]
    assert sum(minor for _kind, minor in rows(listing.plant)) == 0
    assert Event.objects.filter(kind="dispute.regained").count() == 2
    assert (balance("dispute"), balance("compensation")) == (eur(0), eur(0))
    assert compared() == "No difference.\n"
