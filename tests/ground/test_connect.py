"""Plants' own accounts at Stripe: opened once, asked about, paid by transfers, and what is taken back counts once."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from backmarket.events.models import IncomingWebhook
from backmarket.payments import reconciliation, services
from backmarket.payments.gateways import connect_gateway
from backmarket.payments.models import ConnectAccount, LedgerMovement, Payout, TransferReversal
from backmarket.payments.reasons import missing_words
from backmarket.payments.selectors import balance, ledger_sum, payable_account
from backmarket.payments.services import connect, reversals
from tests.ground.money_steps import eur
from tests.ground.stripe_server import StripeServer
from tests.ground.stripe_steps import interpret_all
from tests.races.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
BACK = {"return_url": "https://shop.example/back/", "refresh_url": "https://shop.example/again/"}
PARTY = "7c2f2a1e-0000-4000-8000-000000000001"


def opened(at: datetime) -> ConnectAccount:
    return connect.open_account(PARTY, country="FR", by="system:test", at=at)


def enabled(bank: StripeServer, at: datetime) -> ConnectAccount:
    account = opened(at)
    bank.fill_in(account.gateway_id)
    return connect.follow_account(account.pk, at=at)


def ordered(to: ConnectAccount | None, at: datetime, minor: int = 5_000) -> Payout:
    return services.order_payout(
        purpose="settlement", reference=uuid4(), label="BM261126", account="plant", party=PARTY, amount=eur(minor),
        holder="Atelier", iban="", due_at=at, by="system:test", at=at, to=to,
    )  # fmt: skip


def paid(bank: StripeServer, at: datetime) -> Payout:
    payout = ordered(enabled(bank, at), at)
    services.send_due_payouts(at)
    payout.refresh_from_db()
    assert payout.status == "paid"
    return payout


def books() -> tuple[int, int]:
    """What Stripe's balance and the plant's claim have lost, in cents; and the books are right."""
    assert ledger_sum() == {"EUR": 0}
    assert list(reconciliation.differences(reconciliation.CHECKS)) == []
    return balance("gateway").minor, -balance("plant", PARTY).minor


# Accounts


def test_an_account_is_opened_once_however_often_it_is_asked_for(bank: StripeServer, now: datetime) -> None:
    """Without the row first, each call has a key of its own, and the plant gets six accounts."""
    at_once([partial(opened, now)] * 6)
    account = ConnectAccount.objects.get()
    assert (list(bank.connected), account.gateway_id, account.status) == (["acct_1"], "acct_1", "pending")
    assert payable_account(PARTY) is None


def test_an_account_that_stripe_opened_and_did_not_own_up_to_is_found_again(bank: StripeServer, now: datetime) -> None:
    fault = bank.fault("POST /v1/accounts", status=0, after=True)
    with pytest.raises(connect.CannotConnect):
        opened(now)
    fault.times = 0
    assert (opened(now).gateway_id, len(bank.connected)) == ("acct_1", 1)


def test_each_visit_has_a_link_of_its_own_that_nobody_keeps(
    bank: StripeServer, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    account = opened(now)
    first, second = (connect.onboarding_link(account, **BACK) for _visit in range(2))
    assert [first, second] == bank.links
    assert first != second
    account.refresh_from_db()
    kept = [str(getattr(account, field.attname)) for field in account._meta.concrete_fields]
    assert not any("setup/e/" in text for text in [*kept, caplog.text])
    assert {key: form for key, form in bank.heard("POST /v1/account_links")[0].items() if key in BACK} == BACK


def test_what_is_missing_is_said_in_words_until_the_account_can_be_paid(
    bank: StripeServer, live_server: Any, now: datetime
) -> None:
    account = opened(now)
    bank.fill_in(account.gateway_id, missing=("company.tax_id", "external_account", "owners.email", "owners.name"))
    assert bank.deliver(bank.event("account.updated"), live_server.url) == 200
    assert interpret_all(now) == [True]
    account.refresh_from_db()
    assert (account.status, account.details_submitted) == ("pending", False)
    assert missing_words(account.missing) == ["the company's tax number", "a bank account", "who owns the company"]
    bank.fill_in(account.gateway_id)
    assert at_once([partial(bank.deliver, bank.event("account.updated"), live_server.url)] * 20) == [200] * 20
    assert interpret_all(now + timedelta(hours=1)) == [True]
    account.refresh_from_db()
    assert (account.status, account.missing, IncomingWebhook.objects.count()) == ("enabled", [], 2)
    assert payable_account(PARTY) == account


def test_an_account_that_stripe_restricts_is_paid_no_more(bank: StripeServer, now: datetime) -> None:
    account = enabled(bank, now)
    bank.fill_in(account.gateway_id, missing=("person.verification",))
    assert connect.follow_accounts(now + timedelta(hours=7)) == 1
    account.refresh_from_db()
    assert (account.status, payable_account(PARTY)) == ("restricted", None)


# Transfers


def test_a_settlement_is_a_transfer_made_once(bank: StripeServer, now: datetime) -> None:
    """Without the row's id as key and group, each of these workers and tries is another transfer."""
    payout = ordered(enabled(bank, now), now)
    bank.fault("POST /v1/transfers", status=200, seconds=1)  # so that all have looked before one is made
    at_once([partial(services.send_due_payouts, now)] * 4)
    services.send_due_payouts(now + timedelta(hours=1))
    payout.refresh_from_db()
    assert (payout.status, payout.gateway, payout.gateway_id) == ("paid", "stripe_connect", "tr_1")
    assert bank.transfers["tr_1"]["destination"] == "acct_1"
    assert (len(bank.transfers), books()) == (1, (5_000, 5_000))


@pytest.mark.parametrize("status", [500, 0])
def test_a_transfer_that_stripe_made_and_did_not_own_up_to_is_made_once(
    bank: StripeServer, now: datetime, status: int
) -> None:
    payout = ordered(enabled(bank, now), now)
    fault = bank.fault("POST /v1/transfers", status=status, after=True)
    services.send_due_payouts(now)
    fault.times = 0
    services.send_due_payouts(now + timedelta(minutes=10))
    payout.refresh_from_db()
    assert (payout.status, payout.gateway_id, len(bank.transfers)) == ("paid", "tr_1", 1)


def test_a_transfer_that_found_the_balance_empty_is_shown_and_tried_again(bank: StripeServer, now: datetime) -> None:
    """Under the same key Stripe would repeat its refusal for a day."""
    payout = ordered(enabled(bank, now), now)
    bank.funds = 100
    services.send_due_payouts(now)
    payout.refresh_from_db()
    assert (payout.status, payout.failure) == ("ordered", "balance_insufficient")
    bank.funds = 5_000
    services.send_due_payouts(now + timedelta(minutes=10))
    payout.refresh_from_db()
    assert (payout.status, payout.failure, bank.funds, books()) == ("paid", "", 0, (5_000, 5_000))


def test_a_plant_without_an_account_is_paid_as_before(bank: StripeServer, now: datetime) -> None:
    payout = ordered(payable_account(PARTY), now)
    assert (payout.gateway, payout.destination) == ("sandbox", "")


# Reversals


def take_back(payout: Payout, minor: int, at: datetime) -> TransferReversal:
    return reversals.request_reversal(payout, amount=eur(minor), note="paid twice", by="system:test", at=at)


def test_what_is_taken_back_is_booked_once(bank: StripeServer, live_server: Any, now: datetime) -> None:
    payout = paid(bank, now)
    reversal = take_back(payout, 2_000, now)
    at_once([partial(reversals.send_reversal, reversal.pk, at=now)] * 6)
    assert at_once([partial(bank.deliver, bank.event("transfer.reversed"), live_server.url)] * 20) == [200] * 20
    assert bank.deliver(bank.event("transfer.created"), live_server.url) == 200
    assert interpret_all(now) == [True, True]
    payout.refresh_from_db()
    assert (payout.status, payout.reversed_minor, TransferReversal.objects.count()) == ("paid", 2_000, 1)
    assert (bank.transfers["tr_1"]["amount_reversed"], books()) == (2_000, (3_000, 3_000))
    assert LedgerMovement.objects.filter(kind="reversed").count() == 1


def test_no_more_is_taken_back_than_was_sent(bank: StripeServer, now: datetime) -> None:
    payout = paid(bank, now)
    for minor in (0, 5_001):
        with pytest.raises(reversals.CannotReverse):
            take_back(payout, minor, now)
    take_back(payout, 3_000, now)
    with pytest.raises(reversals.CannotReverse, match="just being"):
        take_back(payout, 1_000, now)
    assert reversals.send_reversals(now) == 1
    with pytest.raises(reversals.CannotReverse):
        take_back(payout, 2_001, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(reversed_minor=5_001)
    assert books() == (2_000, 2_000)


def test_the_database_lets_no_reversals_be_more_than_their_transfer(bank: StripeServer, now: datetime) -> None:
    """Whoever writes them, one after the other or at once; what was refused does not count."""
    payout = paid(bank, now)

    def naive(minor: int, status: str = "succeeded", currency: str = "EUR") -> None:
        facts = {"created_at": now, "note": "x", "currency": currency, "status": status}
        TransferReversal.objects.create(payout=payout, amount_minor=minor, **facts)

    naive(5_001, "failed")
    for row in ((5_001,), (5_001, "pending"), (1, "succeeded", "USD")):
        with pytest.raises(IntegrityError, match="more would be taken back"):
            naive(*row)
    answers = at_once([partial(naive, 2_000)] * 6)
    assert sorted(type(answer).__name__ for answer in answers) == ["IntegrityError"] * 4 + ["NoneType"] * 2
    for change in ({"amount_minor": 3_001}, {"status": "pending", "amount_minor": 3_001}):
        with pytest.raises(IntegrityError, match="more would be taken back"):
            TransferReversal.objects.filter(pk=TransferReversal.objects.filter(status="succeeded")[0].pk).update(
                **change
            )


def test_what_we_took_for_refused_and_stripe_has_done_is_written(bank: StripeServer, now: datetime) -> None:
    payout = paid(bank, now)
    reversal = take_back(payout, 2_000, now)
    TransferReversal.objects.update(status="failed", failed_at=now)
    connect_gateway("stripe_connect").reverse(reversal)
    for _time in range(2):
        assert reversals.record_reversals(payout, at=now)
    assert sorted(TransferReversal.objects.values_list("status", "note")) == [
        ("failed", "paid twice"), ("succeeded", "provider"),
    ]  # fmt: skip
    assert books() == (3_000, 3_000)


def test_a_reversal_that_stripe_refuses_fails_and_books_nothing(bank: StripeServer, now: datetime) -> None:
    payout = paid(bank, now)
    bank.reverse_at_dashboard("tr_1", 4_000)
    reversal = take_back(payout, 5_000, now)
    assert reversals.send_reversal(reversal.pk, at=now)
    reversal.refresh_from_db()
    assert (reversal.status, books()) == ("failed", (5_000, 5_000))


def test_what_somebody_took_back_at_stripe_is_written_once(bank: StripeServer, live_server: Any, now: datetime) -> None:
    payout = paid(bank, now)
    bank.reverse_at_dashboard("tr_1", 1_500)
    for _time in range(2):
        assert bank.deliver(bank.event("transfer.reversed"), live_server.url) == 200
    interpret_all(now)
    assert at_once([partial(reversals.record_reversals, payout, at=now)] * 4) == [True] * 4
    assert TransferReversal.objects.get().note == "provider"
    assert books() == (3_500, 3_500)


def test_a_reversal_whose_answer_was_lost_is_finished_by_the_clock(bank: StripeServer, now: datetime) -> None:
    payout = paid(bank, now)
    reversal = take_back(payout, 2_000, now)
    fault = bank.fault("POST /v1/transfers/tr_1/reversals", status=0, after=True)
    assert reversals.send_reversals(now) == 0
    fault.times = 0
    assert reversals.send_reversals(now) == 1
    reversal.refresh_from_db()
    assert (reversal.status, bank.transfers["tr_1"]["amount_reversed"]) == ("succeeded", 2_000)


def found() -> list[str]:
    return [each.check for each in reconciliation.differences(reconciliation.CHECKS)]


def test_a_transfer_that_says_something_else_than_the_books_is_found(bank: StripeServer, now: datetime) -> None:
    payout = paid(bank, now)
    Payout.objects.filter(pk=payout.pk).update(destination="")
    assert found() == ["transfers"]
    Payout.objects.filter(pk=payout.pk).update(destination="acct_1", reversed_minor=1)
    assert found() == ["reversed"]
    Payout.objects.filter(pk=payout.pk).update(reversed_minor=0)
    reversal = take_back(payout, 2_000, now)
    reversals.send_reversals(now)
    assert found() == []
    TransferReversal.objects.filter(pk=reversal.pk).update(amount_minor=2_001)
    assert found() == ["reversals", "reversed"]
