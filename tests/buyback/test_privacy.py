"""What is sealed stays sealed, each reading is recorded, and what nothing asks for is erased."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.debug import ExceptionReporter

from backmarket.accounts.models import User
from backmarket.error_reports import SealedReports
from backmarket.events.inbox import forget_old_webhooks, receive
from backmarket.events.models import Event, IncomingWebhook
from backmarket.notifications.models import Notification
from backmarket.notifications.services import forget_old_mail
from backmarket.payments.services import send_due_payouts
from backmarket.privacy import readings
from buyback.duplicates import shared, trades_sharing
from buyback.models import Identity, RegisterEntry, Trade
from buyback.services.payouts import order_payouts
from buyback.services.register import enter_in_register
from buyback.services.retention import erase_expired
from buyback.services.trades import cancel_trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import IBAN, accepted, person, validated

Login = Callable[[User], Client]
DAY = timedelta(days=1)
SECRETS = (IBAN, "19FV12345", "1990-04-01")


def paid(trade: Trade, at: datetime, drain: Any) -> Trade:
    for days in range(1, 8):
        order_payouts(at + days * DAY)
        send_due_payouts(at + days * DAY)
        drain()
    trade.refresh_from_db()
    assert trade.status == "paid"
    return trade


def url(trade: Trade) -> str:
    return reverse("desk:buyback_trade_step", args=[trade.pk, "show"])


def test_a_whole_sale_leaves_nothing_readable_in_events_and_logs(
    plant: Refurbisher, carol: User, now: datetime, drain: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    paid(validated(plant, carol, now), now, drain)
    said = "".join(f"{e.kind} {e.subject_id} {e.actor} {e.data}" for e in Event.objects.all())
    said += "".join(capfd.readouterr())
    assert len(said) > 1000
    assert [secret for secret in SECRETS if secret in said] == []


def test_sending_money_is_recorded_as_a_reading(plant: Refurbisher, carol: User, now: datetime, drain: Any) -> None:
    trade = paid(validated(plant, carol, now), now, drain)
    (read,) = readings()
    assert (read.subject_id, read.actor) == (str(trade.payout_id), "gateway:sandbox")
    assert read.data == {"what": ["holder", "iban"], "why": "transfer"}


def test_the_desk_shows_a_seller_only_after_a_reason_and_records_it(
    plant: Refurbisher, carol: User, olga: User, now: datetime, client_of: Login
) -> None:
    trade, desk = accepted(plant, carol, now), client_of(olga)
    page = desk.get(reverse("desk:buyback_trade_change", args=[trade.pk])).content.decode()
    assert [secret for secret in SECRETS if secret in page] == []
    assert desk.post(url(trade), {"why": "", "reference": ""}).status_code == 422
    assert desk.post(url(trade), {"why": "fraud", "reference": IBAN}).status_code == 422
    assert not readings().exists()
    shown = desk.post(url(trade), {"why": "fraud", "reference": "CASE-12"})
    assert (shown.status_code, "no-store" in shown["Cache-Control"]) == (200, True)
    assert [secret for secret in SECRETS if secret not in shown.content.decode()] == []
    (read,) = readings()
    assert (read.actor, read.subject_id) == (f"user:{olga.pk}", str(trade.pk))
    assert (read.data["why"], read.data["reference"]) == ("fraud", "CASE-12")


def test_one_account_or_document_of_two_people_is_a_signal_for_support(
    plant: Refurbisher, carol: User, alice: User, mallory: User, now: datetime
) -> None:
    first = accepted(plant, carol, now)
    assert not Trade.objects.filter(shared()).exists()
    second = accepted(plant, alice, now)
    assert list(trades_sharing(first)) == [second]
    assert set(Trade.objects.filter(shared())) == {first, second}


def test_a_sale_that_came_to_nothing_is_forgotten_after_90_days(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = accepted(plant, carol, now)
    cancel_trade(trade, by=carol, at=now)
    assert erase_expired(now + 89 * DAY) == 0
    assert erase_expired(now + 90 * DAY) == 2
    trade.refresh_from_db()
    identity = Identity.objects.get()
    assert (trade.iban, trade.holder, trade.iban_index) == ("", "", "")
    assert (identity.full_name, identity.birth_date, identity.document_number, identity.number_index) == ("",) * 4
    assert erase_expired(now + 91 * DAY) == 0


def test_a_bought_device_is_kept_for_five_years_and_its_register_beyond(
    plant: Refurbisher, carol: User, now: datetime, drain: Any
) -> None:
    trade = paid(validated(plant, carol, now), now, drain)
    enter_in_register(trade, now)
    assert erase_expired(trade.paid_at.replace(year=trade.paid_at.year + 5) - DAY) == 0  # type: ignore[union-attr]
    assert erase_expired(now + 5 * 366 * DAY + 30 * DAY) == 2
    assert Identity.objects.get().document_number == ""
    assert "19FV12345" in RegisterEntry.objects.get().seller


def test_an_open_sale_is_never_forgotten(plant: Refurbisher, carol: User, now: datetime) -> None:
    accepted(plant, carol, now)
    assert erase_expired(now + 4000 * DAY) == 0


def test_error_reports_hold_names_and_no_values() -> None:
    request = RequestFactory().post("/", {"iban": IBAN})
    try:
        secret = IBAN
        raise ValueError(len(secret))
    except ValueError as error:
        reporter = ExceptionReporter(request, type(error), error, error.__traceback__)
        assert isinstance(reporter.filter, SealedReports)
        said = reporter.get_traceback_html() + reporter.get_traceback_text()
    assert "iban" in said
    assert "name = &#x27;FR" not in said
    assert IBAN not in said


def test_ones_own_data_asks_for_the_password_again(carol: User) -> None:
    browser = Client()
    browser.force_login(carol)
    answer = browser.get(reverse("account-data"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert "Your password, once more" in browser.get(answer["Location"]).content.decode()


def test_the_birth_date_of_the_cast_is_what_these_tests_look_for() -> None:
    assert (person().birth_date.isoformat(), person().document_number) == (SECRETS[2], SECRETS[1])


def test_a_sent_email_is_blanked_after_90_days_and_never_sent_again(
    plant: Refurbisher, carol: User, now: datetime, drain: Any
) -> None:
    accepted(plant, carol, now)
    drain()
    mails = Notification.objects.exclude(sent_at=None)
    sent, at = mails.count(), max(mails.values_list("sent_at", flat=True))
    Notification.objects.create(key="waiting", template="t", recipient=carol.email, language="en", created_at=now)
    assert (sent > 0, forget_old_mail(min(mails.values_list("sent_at", flat=True)) + 89 * DAY)) == (True, 0)
    assert forget_old_mail(at + 90 * DAY) == sent
    assert {(mail.recipient, mail.subject, mail.text, mail.html) for mail in mails} == {("",) * 4}
    assert Notification.objects.get(key="waiting").recipient == carol.email
    assert forget_old_mail(at + 90 * DAY) == 0


@pytest.mark.django_db
def test_a_handled_webhook_is_emptied_after_90_days_and_still_known(now: datetime) -> None:
    facts = {"provider": "payments.sandbox", "body": {"iban": IBAN}, "received_at": now}
    done = IncomingWebhook.objects.create(**facts, external_id="done", handled_at=now)
    waiting = IncomingWebhook.objects.create(**facts, external_id="waiting")
    assert [forget_old_webhooks(now + days * DAY) for days in (89, 90, 91)] == [0, 1, 0]
    done.refresh_from_db()
    waiting.refresh_from_db()
    assert (done.body, waiting.body) == ({}, {"iban": IBAN})
    assert receive("payments.sandbox", "done", {}) is None
