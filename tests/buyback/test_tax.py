"""DAC7: who is asked, when, what happens without a number, and what finance exports."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.market import calendar
from backmarket.notifications.models import Notification
from backmarket.payments import services as payments
from backmarket.payments.models import Payout
from backmarket.payments.selectors import balance
from backmarket.privacy import readings
from buyback import dac7
from buyback.models import TaxFile, Trade
from buyback.next_steps import next_step
from buyback.services.payouts import order_payouts, order_trade_payout, reorder_trade_payout
from buyback.services.retention import SOLD, erase_expired
from buyback.services.tax import ask_if_near_threshold, give_tax_number, watch_tax_numbers
from buyback.services.trades import change_iban
from buyback.tax_numbers import InvalidTaxNumber, UnknownCountry, checked_tax_number
from refurbishers.models import Refurbisher
from tests.buyback.steps import OTHER_IBAN, accepted, validated

Login = Callable[[User], Client]
DAY = timedelta(days=1)
NUMBER = "3023217600053"


def priced(trade: Trade, minor: int) -> Trade:
    Trade.objects.filter(pk=trade.pk).update(quoted_minor=minor, price_minor=minor)
    trade.refresh_from_db()
    return trade


def paid(plant: Refurbisher, seller: User, at: datetime, minor: int, paid_at: datetime) -> Trade:
    """A paid trade as the desk finds it years later: its payout stands for the bank's work."""
    trade = priced(validated(plant, seller, at), minor)
    order_trade_payout(trade, by="system:test", at=at)
    Trade.objects.filter(pk=trade.pk).update(status="paid", paid_at=paid_at, due_at=None)
    trade.refresh_from_db()
    return trade


def test_the_number_is_asked_once_before_the_threshold_is_passed(
    plant: Refurbisher, carol: User, now: datetime, drain: Any
) -> None:
    small = priced(accepted(plant, carol, now), 159_999)
    assert ask_if_near_threshold(carol, at=now) is False
    priced(small, 160_000)
    assert ask_if_near_threshold(carol, at=now) is True
    assert ask_if_near_threshold(carol, at=now) is False
    assert Event.objects.filter(kind="tax_number.asked").count() == 1
    assert Notification.objects.filter(template="tax_number_asked").count() == 1


def test_accepting_the_sale_that_comes_near_asks(plant: Refurbisher, carol: User, now: datetime, drain: Any) -> None:
    priced(accepted(plant, carol, now), 170_000)
    drain()
    file = TaxFile.objects.get()
    trade = validated(plant, carol, now)
    step = next_step(trade, None)
    assert (step.url, file.user) == (reverse("tax-number"), carol)
    give_tax_number(carol, country="FR", number=NUMBER, by=carol, at=now)
    assert next_step(trade, None).url == ""


def test_without_a_number_payments_wait_after_two_reminders_and_sixty_days(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = validated(plant, carol, now)
    TaxFile.objects.create(user=carol, asked_at=now)
    sent = [watch_tax_numbers(now + days * DAY) for days in (19, 20, 20, 39, 40, 59, 90)]
    assert sent == [0, 1, 0, 0, 1, 0, 0]
    late = now + 60 * DAY
    assert order_payouts(late) == 0
    give_tax_number(carol, country="FR", number=NUMBER, by=carol, at=late)
    assert order_payouts(late) == 1
    trade.refresh_from_db()
    assert trade.payout is not None


def test_before_sixty_days_nothing_is_held(plant: Refurbisher, carol: User, now: datetime) -> None:
    validated(plant, carol, now)
    TaxFile.objects.create(user=carol, asked_at=now, reminders=2)
    assert order_payouts(now + 59 * DAY) == 1


def owing(person: User, now: datetime) -> datetime:
    """The person was asked and reminded in vain; returns the first instant at which payments wait."""
    TaxFile.objects.create(user=person, asked_at=now - 60 * DAY, reminders=2)
    return now


def payouts_of(trade: Trade) -> list[str]:
    return list(
        Payout.objects.filter(reference=trade.pk).order_by("created_at", "status").values_list("status", flat=True)
    )


def give_and_order(carol: User, trade: Trade, at: datetime) -> str:
    """The number is given: the job orders what waited, to the account of now."""
    give_tax_number(carol, country="FR", number=NUMBER, by=carol, at=at)
    assert order_payouts(at) == 1
    return Trade.objects.select_related("payout").get(pk=trade.pk).payout.iban  # type: ignore[union-attr]


def test_staff_cannot_release_what_waits_for_a_number(
    plant: Refurbisher, carol: User, olga: User, now: datetime
) -> None:
    trade = validated(plant, carol, now)
    order_payouts(now)
    trade.refresh_from_db()
    payments.cancel_payout(trade.payout, by=olga, at=now)  # type: ignore[arg-type]
    late = owing(carol, now)
    with pytest.raises(payments.CannotPayOut, match="tax number"):
        reorder_trade_payout(trade, by=olga, at=late)
    assert payouts_of(trade) == ["cancelled"]
    assert order_payouts(late) == 0  # it is still staff who hold it
    give_tax_number(carol, country="FR", number=NUMBER, by=carol, at=late)
    reorder_trade_payout(trade, by=olga, at=late)
    assert payouts_of(trade) == ["cancelled", "ordered"]


def test_another_account_does_not_release_it(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = validated(plant, carol, now)
    order_payouts(now)
    late = owing(carol, now)
    change_iban(trade, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=late)
    assert (payouts_of(trade), order_payouts(late)) == (["cancelled"], 0)
    assert give_and_order(carol, trade, late) == OTHER_IBAN


@pytest.mark.parametrize("reason", ["AC01", "MS03"])
def test_money_that_came_back_waits_too(
    plant: Refurbisher, carol: User, now: datetime, drain: Any, reason: str
) -> None:
    trade = validated(plant, carol, now)
    order_payouts(now)
    payments.send_due_payouts(now + 3 * DAY)
    late = owing(carol, now + 3 * DAY)
    payments.return_payout(Payout.objects.get(), reason=reason, by="system:test", at=late)
    drain()
    if reason == "AC01":
        change_iban(trade, iban=OTHER_IBAN, holder="Carol Petit", by=carol, at=late)
    assert (payouts_of(trade), order_payouts(late)) == (["bounced"], 0)
    assert give_and_order(carol, trade, late) == (OTHER_IBAN if reason == "AC01" else trade.iban)
    assert balance("consumer", str(carol.pk)) == trade.price


def test_the_count_is_exact_by_quarter_in_market_time(plant: Refurbisher, carol: User, now: datetime) -> None:
    # 23:30 UTC on 31 March is April in Paris; 23:30 UTC on 31 December is the next year.
    paid(plant, carol, now, 10_000, datetime(2027, 3, 31, 21, 30, tzinfo=UTC))
    paid(plant, carol, now, 20_000, datetime(2027, 3, 31, 22, 30, tzinfo=UTC))
    paid(plant, carol, now, 40_000, datetime(2027, 12, 31, 23, 30, tzinfo=UTC))
    accepted(plant, carol, now)
    assert (dac7.sold_in(carol, 2027).sales, dac7.sold_in(carol, 2027).total.minor) == (2, 30_000)
    found = dac7.quarters([carol], 2027)[carol.pk]
    assert {q: (sold.sales, sold.total.minor) for q, sold in found.items()} == {1: (1, 10_000), 2: (1, 20_000)}
    assert dac7.sold_in(carol, 2028).total.minor == 40_000


def test_two_thousand_is_not_reported_and_a_cent_more_is(plant: Refurbisher, carol: User, now: datetime) -> None:
    at = datetime(2027, 6, 1, tzinfo=UTC)
    trade = paid(plant, carol, now, 200_000, at)
    assert list(dac7.reportable(2027)) == []
    priced(trade, 200_001)
    assert list(dac7.reportable(2027)) == [carol]


def test_finance_exports_the_year_and_each_person_read_is_recorded(
    plant: Refurbisher, carol: User, olga: User, now: datetime, client_of: Login
) -> None:
    paid(plant, carol, now, 200_001, now)
    give_tax_number(carol, country="FR", number=NUMBER, by=carol, at=now)
    year = dac7.year_of(now)
    desk = client_of(olga)
    listed = desk.get(reverse("desk:buyback_taxfile_changelist")).content.decode()
    assert NUMBER not in listed
    assert "…053" in listed
    answer = desk.post("/desk/buyback/taxfile/report/", {"year": year})
    text = b"".join(answer).decode().lstrip("\ufeff")  # type: ignore[call-overload]
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["Tax number"], row["Born"], row["Sales"], row["Total"]) == (NUMBER, "1990-04-01", "1", "2000.01")
    (read,) = readings()
    assert (read.subject_id, read.actor, read.data["why"]) == (str(carol.pk), f"user:{olga.pk}", "tax")


def test_the_page_keeps_the_number_sealed_and_says_what_is_wrong_beside_the_field(
    carol: User, client_of: Login
) -> None:
    browser, url = client_of(carol), reverse("tax-number")
    wrong = browser.post(url, {"country": "FR", "number": "3023217600054"})
    assert (wrong.status_code, "not a tax number" in wrong.content.decode()) == (422, True)
    assert browser.post(url, {"country": "FR", "number": "30 23 217 600 053"}).status_code == 302
    page = browser.get(url).content.decode()
    assert "053" in page
    assert NUMBER not in page
    assert TaxFile.objects.get().number == NUMBER
    assert not Event.objects.filter(data__icontains=NUMBER).exists()


@pytest.mark.parametrize(
    ("country", "number"), [("FR", "3023217600054"), ("DE", "36574261808"), ("FR", "😀"), ("LU", "11111111111")]
)
def test_wrong_numbers_are_refused(country: str, number: str) -> None:
    with pytest.raises(InvalidTaxNumber):
        checked_tax_number(country, number)
    with pytest.raises(UnknownCountry):
        checked_tax_number("US", number)


def test_the_database_refuses_half_a_number(carol: User, now: datetime) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TaxFile.objects.create(user=carol, asked_at=now, number=NUMBER)


def test_the_number_is_asked_once_on_the_list_and_the_home_page(
    plant: Refurbisher, carol: User, now: datetime, client_of: Login
) -> None:
    for _number in range(3):
        validated(plant, carol, now)
    TaxFile.objects.create(user=carol, asked_at=now)
    browser, link = client_of(carol), f'href="{reverse("tax-number")}"'
    for page in (reverse("trades"), reverse("account")):
        assert browser.get(page).content.decode().count(link) == 1
    give_tax_number(carol, country="FR", number=NUMBER, by=carol, at=now)
    assert link not in browser.get(reverse("trades")).content.decode()


def test_money_that_came_back_is_said_on_the_home_page(
    plant: Refurbisher, carol: User, now: datetime, client_of: Login
) -> None:
    trade = validated(plant, carol, now)
    order_payouts(now)
    payments.send_due_payouts(now + 3 * DAY)
    payments.return_payout(Payout.objects.get(), reason="AC04", by="system:test", at=now + 3 * DAY)
    browser = client_of(carol)
    page = browser.get(reverse("account")).content.decode()
    assert (page.count(reverse("trade-iban", args=[trade.pk])), "Payment came back" in page) == (1, True)
    Payout.objects.update(failure="RR04")  # for staff to look into: nothing that the seller could do
    assert reverse("trade-iban", args=[trade.pk]) not in browser.get(reverse("account")).content.decode()


# How long it is kept


def test_who_is_reported_is_kept_for_five_years_after_the_end_of_the_last_year_with_a_sale(
    plant: Refurbisher, carol: User, alice: User, now: datetime
) -> None:
    for seller in (carol, alice):
        paid(plant, seller, now, 170_000, now)
        assert ask_if_near_threshold(seller, at=now)
    give_tax_number(carol, country="FR", number=NUMBER, by=carol, at=now)
    later = paid(plant, alice, now, 1_000, now.replace(year=2028))
    end = datetime(2032, 1, 1, tzinfo=calendar().zone)
    assert erase_expired(end - timedelta(seconds=1)) == 0
    assert erase_expired(end) == 5  # carol's file; her account and identity; those of alice's first sale
    assert set(TaxFile.objects.values_list("user", flat=True)) == {alice.pk}
    assert set(Trade.objects.exclude(iban="")) == {later}
    assert Event.objects.get(kind="tax_number.erased").data == {}
    assert erase_expired(end) == 0
    assert erase_expired(end.replace(year=2034)) == 3
    assert not TaxFile.objects.exists()


def test_a_number_of_somebody_who_sells_again_stays(plant: Refurbisher, carol: User, now: datetime) -> None:
    paid(plant, carol, now, 170_000, now)
    ask_if_near_threshold(carol, at=now)
    validated(plant, carol, now.replace(year=2033))
    erase_expired(datetime(2034, 1, 1, tzinfo=UTC))
    assert TaxFile.objects.count() == 1


def test_who_was_never_asked_is_forgotten_five_years_after_the_sale(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    paid(plant, carol, now, 1_000, now)
    assert erase_expired(now + SOLD) == 2
