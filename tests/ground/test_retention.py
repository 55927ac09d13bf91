"""Names and accounts of transfers, the bank's papers and the demo's mailbox: kept as long as they are needed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from backmarket.accounts.models import User
from backmarket.notifications.mailbox import forget_old_messages
from backmarket.notifications.models import MailboxMessage
from backmarket.payments import services
from backmarket.payments.models import BankReport, LedgerEntry, Payout, PayoutFile
from backmarket.payments.services.payout_files import FileErased
from backmarket.payments.services.retention import DISPUTED_UNTIL
from backmarket.privacy import readings
from tests.admin.rows import act, url
from tests.ground.bank_steps import by_file, handed, order, report, transaction

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def applied(made: PayoutFile, payout: Payout, status: str, by: User, at: datetime) -> BankReport:
    content = report(made.message_id, transaction(payout, status), number=f"RPT-{status}-{payout.label}")
    kept = services.keep_bank_report(content, by=by, at=at)
    services.apply_bank_report(kept, by=by, at=at)
    return kept


def accounts() -> set[tuple[str, str, str]]:
    return {(each.label, each.holder, each.iban[-4:]) for each in Payout.objects.all()}


@pytest.fixture
def world(now: datetime, olga: User) -> dict[str, Any]:
    """A transfer that arrived, one that came back, one that was given up, one on its way and one to be sent."""
    paid, bounced = by_file(now, label="paid"), by_file(now, label="bounced")
    made = handed(now, olga, paid, bounced)
    reports = [applied(made, paid, "ACSC", olga, now), applied(made, bounced, "RJCT", olga, now)]
    order(now, label="ordered")
    services.cancel_payout(order(now, label="cancelled"), by=olga, at=now)
    travelling = handed(now, olga, by_file(now, label="sent"))
    unread = services.keep_bank_report(report(travelling.message_id, group=("ACSC", "")), by=olga, at=now)
    return {"made": made, "reports": reports, "travelling": travelling, "unread": unread}


def test_names_and_accounts_of_a_transfer_go_when_nobody_can_dispute_it(world: dict[str, Any], now: datetime) -> None:
    amounts = list(LedgerEntry.objects.order_by("pk").values_list("account", "party", "amount_minor"))
    assert services.forget_transfers(now + DISPUTED_UNTIL - timedelta(seconds=1)) == 0
    assert services.forget_transfers(now + DISPUTED_UNTIL) == 6  # three payouts, a file, two reports
    ended = {(label, "", "") for label in ("paid", "bounced", "cancelled")}
    assert accounts() == ended | {(label, "Carol Petit", "0189") for label in ("ordered", "sent")}
    assert set(Payout.objects.values_list("iban_last4", flat=True)) == {"0189"}
    assert list(LedgerEntry.objects.order_by("pk").values_list("account", "party", "amount_minor")) == amounts
    assert services.forget_transfers(now + DISPUTED_UNTIL + DAY) == 0


def test_a_file_and_its_reports_go_together_and_what_travels_keeps_its_own(
    world: dict[str, Any], now: datetime, olga: User
) -> None:
    services.forget_transfers(now + DISPUTED_UNTIL)
    contents = {row.pk: row.content for model in (PayoutFile, BankReport) for row in model.objects.all()}
    erased = [world["made"], *world["reports"]]
    assert [contents[row.pk] for row in erased] == ["", "", ""]
    assert all(contents[row.pk] for row in (world["travelling"], world["unread"]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM payments_payoutfile WHERE erased_at IS NOT NULL")
        assert cursor.fetchall() == [("",)]
    again = services.keep_bank_report(
        report(world["made"].message_id, transaction(Payout.objects.get(label="paid"), "ACSC"), number="RPT-ACSC-paid"),
        by=olga,
        at=now,
    )
    assert again == world["reports"][0]


def test_what_is_erased_is_said_and_neither_downloaded_nor_applied(
    world: dict[str, Any], now: datetime, olga: User, client_of: Callable[[User], Client]
) -> None:
    services.settle_payout_file(world["travelling"], by=olga, at=now + 10 * DAY)
    late = now + 10 * DAY + DISPUTED_UNTIL
    services.forget_transfers(late)
    made, unread = PayoutFile.objects.get(pk=world["travelling"].pk), BankReport.objects.get(pk=world["unread"].pk)
    before = readings().count()
    with pytest.raises(FileErased):
        services.download_payout_file(made, by=olga, at=late)
    with pytest.raises(services.CannotApply):
        services.apply_bank_report(unread, by=olga, at=late)
    desk = client_of(olga)
    for row, step in ((made, "download"), (made, "answer"), (unread, "apply")):
        assert "ontent erased" in desk.get(url("desk", row)).content.decode()
        assert act(desk, row, step, "desk").status_code == 302
    assert readings().count() == before


def test_a_withdrawn_file_goes_too_and_one_that_may_still_be_handed_over_stays(now: datetime, olga: User) -> None:
    payout = by_file(now)
    withdrawn = services.make_payout_file(by=olga, at=now)
    services.withdraw_payout_file(withdrawn, by=olga, at=now)
    waiting = services.make_payout_file(by=olga, at=now)
    assert waiting.items.get().payout == payout
    assert services.forget_transfers(now + 2 * DISPUTED_UNTIL) == 1
    assert set(PayoutFile.objects.filter(erased_at=None)) == {waiting}


def test_the_mailbox_of_a_demonstration_is_emptied_after_90_days(db: None, now: datetime) -> None:
    for days in (0, 1):
        MailboxMessage.objects.create(to="a@example.com", subject=f"{days}", text="t", received_at=now + days * DAY)
    assert [forget_old_messages(now + days * DAY) for days in (89, 90, 90)] == [0, 1, 0]
    assert MailboxMessage.objects.get().subject == "1"
