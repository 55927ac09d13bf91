"""The money of a sale left as credit: the seller's choice, its undoing, and the way out of credit."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.account.services import CannotCloseAccount, close_account, hand_out_data
from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.notifications.models import MailboxMessage
from backmarket.payments import reconciliation as payments_checks
from backmarket.payments.models import Payout
from backmarket.payments.reconciliation import differences
from backmarket.payments.selectors import available_credit, balance, credit_of
from backmarket.payments.services import (
    CannotCancelPayout,
    CannotPayOut,
    Credit,
    NotEnoughCredit,
    request_payment,
    send_due_payouts,
)
from buyback import reconciliation
from buyback.dac7 import sold_in
from buyback.identifiers import HolderIsNotSeller, InvalidIban
from buyback.models import TaxFile, Trade
from buyback.selectors import trade_timeline
from buyback.services.credit import (
    CannotKeepAsCredit,
    CannotUndoCredit,
    CreditIsUsed,
    keep_as_credit,
    may_keep_as_credit,
    pay_out_credit,
    undo_credit,
)
from buyback.services.payouts import TaxNumberMissing, order_payouts
from buyback.services.trades import cancel_trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import OTHER_IBAN, accepted, countered, validated

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def fresh(trade: Trade) -> Trade:
    return Trade.objects.select_related("payout").get(pk=trade.pk)


def in_order() -> bool:
    return not list(differences({**payments_checks.CHECKS, **reconciliation.CHECKS}))


def kept(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = validated(plant, seller, at)
    keep_as_credit(trade, by=seller, at=at)
    return fresh(trade)


def spend(person: User, minor: int, at: datetime) -> None:
    """Promised to an order that nobody has paid yet."""
    credit = Credit(person, eur(minor), at + timedelta(hours=1))
    request_payment(purpose="order", reference=uuid4(), amount=eur(1_000), by="guest", at=at, credit=credit)


def test_a_settled_price_becomes_credit_at_once_and_no_transfer(
    plant: Refurbisher, carol: User, now: datetime, drain: Callable[[], None]
) -> None:
    trade = kept(plant, carol, now)
    assert (trade.status, trade.paid_at, trade.credited_at, trade.payout, trade.due_at) == (
        "paid",
        now,
        now,
        None,
        None,
    )
    assert (credit_of(carol), balance("consumer", str(carol.pk))) == (eur(25_000), eur(0))
    assert (order_payouts(now), Payout.objects.count(), in_order()) == (0, 0, True)
    drain()
    assert "are on your credit with us" in MailboxMessage.objects.get(subject__contains="kept as credit").text
    assert "Paid: the money is kept as credit" in [str(moment.title) for moment in trade_timeline(trade)]
    assert sold_in(carol, 2026).total == eur(25_000)  # consideration is consideration


def test_a_transfer_that_is_ordered_and_has_not_left_is_cancelled(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = validated(plant, carol, now)
    assert order_payouts(now) == 1
    keep_as_credit(trade, by=carol, at=now)
    assert Payout.objects.get().status == "cancelled"
    assert send_due_payouts(now + timedelta(days=9)) == 0
    assert (credit_of(carol), fresh(trade).payout, in_order()) == (eur(25_000), None, True)


def test_what_the_bank_may_have_is_no_credit(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = validated(plant, carol, now)
    order_payouts(now)
    Payout.objects.update(sending_at=now)
    assert not may_keep_as_credit(fresh(trade))
    with pytest.raises(CannotKeepAsCredit):
        keep_as_credit(trade, by=carol, at=now)
    assert (credit_of(carol), fresh(trade).status, Payout.objects.get().status) == (eur(0), "validated", "ordered")
    assert CannotCancelPayout.code == "cannot_cancel_payout"


def test_chosen_before_the_price_is_settled_it_waits_for_it(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    keep_as_credit(trade, by=carol, at=now)
    assert (trade.status, credit_of(carol)) == ("accepted", eur(0))
    with pytest.raises(CannotKeepAsCredit):
        keep_as_credit(trade, by=carol, at=now)
    undo_credit(trade, by=carol, at=now)
    assert (fresh(trade).credit_chosen_at, in_order()) == (None, True)
    gone = accepted(plant, carol, now)
    cancel_trade(gone, by=carol, at=now)
    with pytest.raises(CannotKeepAsCredit):
        keep_as_credit(gone, by=carol, at=now)


def test_the_standing_choice_takes_the_price_that_was_agreed(plant: Refurbisher, carol: User, now: datetime) -> None:
    from buyback.services.inspections import answer_counter_offer

    trade = countered(plant, carol, now)
    keep_as_credit(trade, by=carol, at=now)
    answer_counter_offer(trade, accept=True, by=carol, at=now)
    assert order_payouts(now) == 1
    assert (fresh(trade).status, credit_of(carol), Payout.objects.count()) == ("paid", eur(18_000), 0)
    assert in_order()


def test_undone_it_is_transferred_and_may_be_left_again(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = kept(plant, carol, now)
    undo_credit(trade, by=carol, at=now)
    shown = fresh(trade)
    assert shown.payout is not None
    assert (shown.status, shown.credited_at, shown.payout.amount) == ("paid", None, eur(25_000))
    assert (credit_of(carol), balance("consumer", str(carol.pk)), in_order()) == (eur(0), eur(25_000), True)
    with pytest.raises(CannotUndoCredit):
        undo_credit(trade, by=carol, at=now)
    send_due_payouts(now + timedelta(days=3))
    assert (balance("consumer", str(carol.pk)), in_order()) == (eur(0), True)


def test_what_is_used_in_part_cannot_be_undone(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = kept(plant, carol, now)
    spend(carol, 1, now)
    with pytest.raises(CreditIsUsed):
        undo_credit(trade, by=carol, at=now)
    assert (fresh(trade).credited_at, credit_of(carol), Payout.objects.count()) == (now, eur(25_000), 0)


def test_who_owes_a_tax_number_gets_credit_no_sooner_than_a_transfer(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = validated(plant, carol, now)
    file = TaxFile.objects.create(user=carol, asked_at=now - timedelta(days=90), reminders=2)
    keep_as_credit(trade, by=carol, at=now)
    assert (fresh(trade).status, credit_of(carol)) == ("validated", eur(0))
    file.delete()
    assert order_payouts(now) == 1
    assert credit_of(carol) == eur(25_000)
    TaxFile.objects.create(user=carol, asked_at=now - timedelta(days=90), reminders=2)
    with pytest.raises(TaxNumberMissing):
        undo_credit(trade, by=carol, at=now)
    assert (credit_of(carol), in_order()) == (eur(25_000), True)


def test_credit_is_paid_out_in_part_to_the_known_account_or_another(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    kept(plant, carol, now)
    facts = {"by": carol, "at": now}
    key = uuid4()
    pay_out_credit(carol, amount=eur(5_000), holder="", iban="", key=key, **facts)
    with pytest.raises(CannotPayOut):  # the second click
        pay_out_credit(carol, amount=eur(5_000), holder="", iban="", key=key, **facts)
    pay_out_credit(carol, amount=eur(7_000), holder="PETIT Carol", iban=OTHER_IBAN, key=uuid4(), **facts)
    assert available_credit(carol, "EUR", now) == eur(13_000)
    with pytest.raises(NotEnoughCredit):
        pay_out_credit(carol, amount=eur(13_001), holder="", iban="", key=uuid4(), **facts)
    with pytest.raises(InvalidIban):
        pay_out_credit(carol, amount=eur(1), holder="Carol Petit", iban="FR00", key=uuid4(), **facts)
    with pytest.raises(HolderIsNotSeller):
        pay_out_credit(carol, amount=eur(1), holder="Mallory Stranger", iban=OTHER_IBAN, key=uuid4(), **facts)
    send_due_payouts(now + HOUR)
    assert (credit_of(carol), available_credit(carol, "EUR", now)) == (eur(13_000), eur(13_000))
    assert set(Payout.objects.values_list("status", "account", "iban_last4")) == {
        ("sent", "credit", "0189"), ("sent", "credit", "2606"),
    }  # fmt: skip
    assert in_order()


def test_a_transfer_of_credit_can_be_stopped_for_an_hour_and_is_then_credit_once(
    plant: Refurbisher, carol: User, alice: User, now: datetime, client_of: Callable[[User], Client],
    drain: Callable[[], None],
) -> None:  # fmt: skip
    """Nothing leaves before; a stranger finds nothing; and an old form orders nothing anew."""
    timetravel.travel_to(now)
    kept(plant, carol, now)
    client, page, out = client_of(carol), reverse("account-credit"), reverse("account-credit-payout")
    form = {"amount": "50", "holder": "", "iban": "", "key": str(client.get(out).context["form"].initial["key"])}
    assert client.post(out, form).url == page
    payout = Payout.objects.get()
    drain()
    mail = MailboxMessage.objects.get(to=carol.email, subject__contains="are being paid out")
    assert "0189" in mail.text
    stop = reverse("account-credit-stop", args=[payout.pk])
    assert stop in client.get(page).content.decode()
    assert "Stop this transfer?" in client.get(stop).content.decode()
    assert client_of(alice).post(stop).status_code == 404
    assert send_due_payouts(now + timedelta(minutes=59)) == 0
    assert available_credit(carol, "EUR", now) == eur(20_000)
    for _click in range(2):
        answer = client.post(stop, follow=True).content.decode()
        assert "Stopped: the money is your credit" in answer
        assert (credit_of(carol), available_credit(carol, "EUR", now)) == (eur(25_000), eur(25_000))
    assert stop not in client.get(page).content.decode()
    assert client.post(out, form).status_code == 422
    assert send_due_payouts(now + timedelta(days=9)) == 0
    assert (Payout.objects.get().status, in_order()) == ("cancelled", True)


def test_what_the_bank_may_have_is_not_stopped(
    plant: Refurbisher, carol: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    """Neither in a file that somebody may be taking to the bank, nor sent."""
    kept(plant, carol, now)
    payout = pay_out_credit(carol, amount=eur(5_000), holder="", iban="", key=uuid4(), by=carol, at=now)
    client, stop = client_of(carol), reverse("account-credit-stop", args=[payout.pk])
    Payout.objects.update(sending_at=now)
    assert stop not in client.get(reverse("account-credit")).content.decode()
    assert "cannot be stopped any more" in client.get(stop, follow=True).content.decode()
    assert "The bank is already working on this transfer." in client.post(stop, follow=True).content.decode()
    Payout.objects.update(sending_at=None)
    send_due_payouts(now + HOUR)
    assert "The bank is already working on this transfer." in client.post(stop, follow=True).content.decode()
    assert (Payout.objects.get().status, credit_of(carol), in_order()) == ("sent", eur(20_000), True)


def test_what_the_bank_sends_back_is_credit_again_and_its_owner_hears_of_it(
    plant: Refurbisher, carol: User, now: datetime, drain: Callable[[], None]
) -> None:
    from backmarket.payments.gateways.base import Outcome, Transfer
    from backmarket.payments.services import settle_payout

    kept(plant, carol, now)
    payout = pay_out_credit(carol, amount=eur(5_000), holder="", iban="", key=uuid4(), by=carol, at=now)
    send_due_payouts(now + HOUR)
    settle_payout(payout.pk, Transfer("x", Outcome.FAILED, "AC04"), by="system:test", at=now)
    drain()
    assert (credit_of(carol), in_order()) == (eur(25_000), True)
    assert MailboxMessage.objects.filter(to=carol.email, subject__contains="are back on your credit").count() == 1


def test_an_account_with_credit_is_not_closed(plant: Refurbisher, carol: User, now: datetime) -> None:
    kept(plant, carol, now)
    with pytest.raises(CannotCloseAccount) as refusal:
        close_account(carol, by=carol, at=now)
    assert any("credit" in reason for reason in refusal.value.reasons)
    pay_out_credit(carol, amount=eur(25_000), holder="", iban="", key=uuid4(), by=carol, at=now)
    with pytest.raises(CannotCloseAccount):
        close_account(carol, by=carol, at=now)
    send_due_payouts(now + HOUR)
    Payout.objects.update(status="paid", paid_at=now)
    close_account(carol, by=carol, at=now)
    carol.refresh_from_db()
    assert not carol.is_active


def test_everything_about_it_is_in_the_persons_data(plant: Refurbisher, carol: User, now: datetime) -> None:
    kept(plant, carol, now)
    pay_out_credit(carol, amount=eur(5_000), holder="", iban="", key=uuid4(), by=carol, at=now)
    send_due_payouts(now + HOUR)
    data = hand_out_data(carol, by=carol, at=now)["credit"]
    assert data["balance_minor"] == 20_000
    assert [row["amount_minor"] for row in data["movements"]] == [-5_000, 25_000]
    assert data["paid_out"][0]["holder"] == "Carol Petit"


def test_the_database_refuses_credit_that_is_also_transferred(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = kept(plant, carol, now)
    for change, name in (
        ({"status": "validated"}, "trade_credited_is_paid_without_payout"),
        ({"credit_chosen_at": None}, "trade_credited_is_paid_without_payout"),
        ({"credited_at": None}, "trade_paid_has_payout"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Trade.objects.filter(pk=trade.pk).update(**change)


def test_a_falsehood_about_a_kept_sale_is_found(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = kept(plant, carol, now)
    with transaction.atomic():
        Trade.objects.filter(pk=trade.pk).update(price_minor=24_999)
        assert {each.check for each in differences(reconciliation.CHECKS)} == {"trades", "kept_as_credit"}


# Pages


def test_the_choice_and_its_undoing_ask_first(
    plant: Refurbisher, carol: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    trade, client = validated(plant, carol, now), client_of(carol)
    page, keep, undo = (reverse(name, args=[trade.pk]) for name in ("trade", "trade-keep", "trade-keep-undo"))
    assert keep in client.get(page).content.decode()
    assert client.get(keep).status_code == 200
    assert fresh(trade).credit_chosen_at is None
    assert client.post(keep).url == page
    shown = client.get(page).content.decode()
    assert undo in shown
    assert "Kept as credit" in shown
    assert client.get(keep).url == page
    assert client.get(undo).status_code == 200
    assert client.post(undo).url == page
    assert fresh(trade).credited_at is None


def test_the_credit_page_shows_every_movement_and_pays_out(
    plant: Refurbisher, carol: User, now: datetime, client_of: Callable[[User], Client]
) -> None:
    trade, client = kept(plant, carol, now), client_of(carol)
    page = client.get(reverse("account-credit")).content.decode()
    assert f"Left of sale {trade}" in page
    assert reverse("trade", args=[trade.pk]) in page
    out = reverse("account-credit-payout")
    form = client.get(out).context["form"]
    sent = {"amount": "250.01", "holder": "", "iban": "", "key": str(form.initial["key"])}
    assert client.post(out, sent).status_code == 422
    assert client.post(out, {**sent, "amount": "-1"}).status_code == 422
    assert client.post(out, {**sent, "amount": "50"}).url == reverse("account-credit")
    payout = Payout.objects.get()
    assert (payout.amount, payout.iban_last4) == (eur(5_000), "0189")
    shown = client.get(reverse("account-credit")).content.decode().replace("\xa0", " ")
    assert "200.00" in shown
