"""The bank's answers (pain.002): read with care, shown before anything changes, applied once."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.payments import services
from backmarket.payments.models import BankReport, LedgerMovement, Payout, PayoutFile
from backmarket.payments.reasons import HOUSE, PAYEE, is_payees, words
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services.bank_reports import PROBLEMS, Verdict
from backmarket.payments.status_reports import MOST_BYTES, UnreadableReport, Word, read_status_report
from tests.ground.bank_steps import by_file, handed, report, status_of, transaction
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db
TWO = "pain.002.001"


@pytest.fixture
def payouts(now: datetime) -> list[Payout]:
    return [by_file(now, party=str(number), label=f"T{number}") for number in range(3)]


@pytest.fixture
def made(now: datetime, olga: User, payouts: list[Payout]) -> PayoutFile:
    return handed(now, olga, *payouts)


def read(content: bytes, by: User, at: datetime) -> BankReport:
    return services.keep_bank_report(content, by=by, at=at)


def previewed(kept: BankReport) -> dict[str, tuple[Word, Verdict]]:
    return {
        row.payout.label if row.payout else row.end_to_end_id: (row.word, row.verdict)
        for row in services.preview_report(kept)
    }


# What is applied


@pytest.mark.parametrize("version", ["03", "10"])
def test_settled_is_paid_refused_is_returned_and_the_rest_stays(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime, version: str
) -> None:
    at = now + timedelta(days=1)
    kept = read(
        report(
            made.message_id,
            transaction(payouts[0], "ACSC", amount="250.00"),
            transaction(payouts[1], "RJCT", "AC04", amount="250"),
            transaction(payouts[2], "PDNG"),
            version=version,
            group=("PART", ""),
        ),
        olga,
        at,
    )
    assert previewed(kept) == {
        "T0": (Word("ACSC"), Verdict.PAID),
        "T1": (Word("RJCT", "AC04"), Verdict.BOUNCED),
        "T2": (Word("PDNG"), Verdict.STAYS),
    }
    assert [status_of(payout) for payout in payouts] == ["sent"] * 3  # nothing yet

    assert services.apply_bank_report(kept, by=olga, at=at) == 2
    assert [status_of(payout) for payout in payouts] == ["paid", "bounced", "sent"]
    back = Payout.objects.get(pk=payouts[1].pk)
    assert (back.failure, words(back.failure)) == ("AC04", "The account is closed. (AC04)")
    assert (balance("consumer", "1"), balance("consumer", "0")) == (eur(0), eur(-25_000))
    assert ledger_sum() == {"EUR": 0}
    event = Event.objects.get(kind="payout.bounced")
    assert (event.actor, event.data["fault"]) == (f"user:{olga.pk}", "payee")


@pytest.mark.parametrize("status", ["ACSC", "ACCC"])
def test_both_words_for_settled_are_paid(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime, status: str
) -> None:
    services.apply_bank_report(
        read(report(made.message_id, transaction(payouts[0], status)), olga, now), by=olga, at=now
    )
    assert [status_of(payout) for payout in payouts] == ["paid", "sent", "sent"]


@pytest.mark.parametrize("status", ["PDNG", "ACCP", "ACSP", "ACTC", "RCVD", "ACWC"])
def test_what_is_on_its_way_stays_so(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime, status: str
) -> None:
    kept = read(report(made.message_id, transaction(payouts[0], status)), olga, now)
    assert services.apply_bank_report(kept, by=olga, at=now) == 0
    assert [status_of(payout) for payout in payouts] == ["sent"] * 3


@pytest.mark.parametrize("code", ["AM05", "DU01", "DUPL"])
def test_a_file_that_the_bank_has_had_already_gives_no_money_back(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime, code: str
) -> None:
    kept = read(report(made.message_id, group=("RJCT", code)), olga, now)
    assert {row.verdict for row in services.preview_report(kept)} == {"had_already"}
    assert services.apply_bank_report(kept, by=olga, at=now) == 0
    assert [status_of(payout) for payout in payouts] == ["sent"] * 3


@pytest.mark.parametrize("level", ["group", "payment"])
def test_a_refusal_of_the_whole_file_is_one_of_every_transfer(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime, level: str
) -> None:
    refused = ("RJCT", "AM04")
    content = report(made.message_id, group=refused) if level == "group" else report(made.message_id, payment=refused)
    assert services.apply_bank_report(read(content, olga, now), by=olga, at=now) == 3
    assert [status_of(payout) for payout in payouts] == ["bounced"] * 3
    assert {event.data["fault"] for event in Event.objects.filter(kind="payout.bounced")} == {"house"}
    assert (balance("bank"), ledger_sum()) == (eur(0), {"EUR": 0})


def test_a_transfers_own_word_is_stronger_than_the_files(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime
) -> None:
    content = report(made.message_id, transaction(payouts[1], "ACSC"), payment=("RJCT", "FF01"))
    services.apply_bank_report(read(content, olga, now), by=olga, at=now)
    assert [status_of(payout) for payout in payouts] == ["bounced", "paid", "bounced"]


def test_a_reason_given_for_all_serves_each_that_is_refused(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime
) -> None:
    content = report(
        made.message_id,
        transaction(payouts[0], "RJCT"),
        transaction(payouts[1], "RJCT", "AC01"),
        payment=("RJCT", "AM04"),
    )
    services.apply_bank_report(read(content, olga, now), by=olga, at=now)
    assert [Payout.objects.get(pk=payout.pk).failure for payout in payouts] == ["AM04", "AC01", "AM04"]


def test_all_settled_in_one_word_is_all_paid(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime
) -> None:
    services.apply_bank_report(read(report(made.message_id, group=("ACSC", "")), olga, now), by=olga, at=now)
    assert [status_of(payout) for payout in payouts] == ["paid"] * 3


# What is flagged and never applied


def test_rows_with_a_problem_are_shown_and_left_alone(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime
) -> None:
    stranger = by_file(now, label="elsewhere")
    content = report(
        made.message_id,
        transaction("NOTPROVIDED", "ACSC"),
        transaction(stranger, "RJCT", "AC01"),
        transaction(payouts[0], "ACSC", amount="250.01"),
        transaction(payouts[1], "WHAT"),
        transaction(payouts[2], "ACSC"),
        transaction(payouts[2], "RJCT", "AC01"),
    )
    kept = read(content, olga, now)
    rows = services.preview_report(kept)
    assert sorted((row.verdict.value, row.payout.label if row.payout else "") for row in rows) == [
        ("not_understood", "T1"),
        ("other_amount", "T0"),
        ("twice", "T2"),
        ("twice", "T2"),
        ("unknown", ""),
        ("unknown", ""),
    ]
    assert {row.verdict for row in rows} <= set(PROBLEMS)
    assert services.apply_bank_report(kept, by=olga, at=now) == 0
    assert [status_of(payout) for payout in (*payouts, stranger)] == ["sent"] * 3 + ["ordered"]


def test_another_currency_is_another_amount(made: PayoutFile, payouts: list[Payout], olga: User, now: datetime) -> None:
    kept = read(report(made.message_id, transaction(payouts[0], "ACSC", amount="250.00", currency="USD")), olga, now)
    assert [row.verdict for row in services.preview_report(kept)] == [Verdict.OTHER_AMOUNT]


def test_what_was_settled_before_does_not_change(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime
) -> None:
    services.apply_bank_report(
        read(report(made.message_id, transaction(payouts[0], "ACSC")), olga, now), by=olga, at=now
    )
    kept = read(report(made.message_id, transaction(payouts[0], "RJCT", "AC01"), number="RPT-2"), olga, now)
    assert previewed(kept) == {"T0": (Word("RJCT", "AC01"), Verdict.NO_CHANGE)}
    assert services.apply_bank_report(kept, by=olga, at=now) == 0
    assert status_of(payouts[0]) == "paid"


def test_a_file_that_nobody_handed_over_is_not_settled(payouts: list[Payout], olga: User, now: datetime) -> None:
    made = services.make_payout_file(by=olga, at=now)
    kept = read(report(made.message_id, group=("ACSC", "")), olga, now)
    assert {row.verdict for row in services.preview_report(kept)} == {Verdict.NOT_SENT}
    assert services.apply_bank_report(kept, by=olga, at=now) == 0
    assert [status_of(payout) for payout in payouts] == ["ordered"] * 3


# Once


def test_the_same_file_is_kept_once_and_applied_once(
    made: PayoutFile, payouts: list[Payout], olga: User, now: datetime
) -> None:
    content = report(made.message_id, transaction(payouts[0], "RJCT", "AC04"))
    kept = read(content, olga, now)
    assert services.apply_bank_report(kept, by=olga, at=now) == 1
    again = read(content, olga, now + timedelta(days=1))
    assert again == kept
    with pytest.raises(services.CannotApply):
        services.apply_bank_report(again, by=olga, at=now)
    assert (BankReport.objects.count(), LedgerMovement.objects.filter(kind="payout-bounced").count()) == (1, 1)
    kept.refresh_from_db()
    assert kept.rows == [[payouts[0].pk.hex, "RJCT", "AC04", "bounced"]]


def test_what_the_bank_wrote_is_encrypted(made: PayoutFile, payouts: list[Payout], olga: User, now: datetime) -> None:
    kept = read(report(made.message_id, transaction(payouts[0], "ACSC")), olga, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM payments_bankreport WHERE id = %s", [kept.pk])
        (stored,) = cursor.fetchone()
    assert ".gAAAA" in stored[:16]
    assert payouts[0].pk.hex not in stored


# A wrong file

GOOD = report("BM-1", transaction("a" * 32, "ACSC"))
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
FILE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not an XML file"),
        (b"hello", "not an XML file"),
        (b"\xff\xfe\x00", "not an XML file"),
        (b"%PDF-1.7", "not an XML file"),
        (GOOD[:-20], "not an XML file"),
        (b'<?xml version="1.0" encoding="klingon"?><x/>', "not an XML file"),
        (BOMB, "document type or entities"),
        (FILE, "document type or entities"),
        (b"<!DOCTYPE x><x/>", "document type or entities"),
        (b" " * (MOST_BYTES + 1), "larger than 5 MB"),
        (b"<html/>", "no ISO 20022 message"),
        (GOOD.replace(b"pain.002.001.10", b"camt.053.001.08"), "camt.053.001.08"),
        (GOOD.replace(b"pain.002.001.10", b"pain.002.001.02"), "pain.002.001.02"),
        (GOOD.replace(b"<MsgId>RPT-1</MsgId>", b""), "GrpHdr/MsgId"),
        (GOOD.replace(b"<OrgnlMsgId>BM-1</OrgnlMsgId>", b""), "OrgnlMsgId"),
        (GOOD.replace(b"pain.001.001.09", b"pain.008.001.08"), "not about a file of transfers"),
        (GOOD.replace(b"OrgnlEndToEndId", b"OrgnlOther"), "OrgnlEndToEndId"),
        (GOOD.replace(b"<TxSts>ACSC</TxSts>", b""), "TxSts"),
        (report("BM-1", transaction("a", "ACSC", amount="1e9")), "no amount of money"),
        (report("BM-1", transaction("a", "ACSC", amount="1.234")), "no amount of money"),
        (report("BM-1", transaction("a", "ACSC", amount="-1.00")), "no amount of money"),
        (report("BM-1", transaction("a", "ACSC", amount="9" * 400)), "no amount of money"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "no ISO 20022 message"),
    ],
    ids=range(23),
)
def test_a_wrong_file_is_refused_in_words(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableReport, match=says):
        read_status_report(content)


def test_an_answer_to_somebody_elses_file_is_refused(olga: User, now: datetime) -> None:
    with pytest.raises(UnreadableReport, match="not made here"):
        read(GOOD, olga, now)
    assert not BankReport.objects.exists()


def test_every_reason_has_one_side_at_fault() -> None:
    assert not set(PAYEE) & set(HOUSE)
    assert [is_payees(code) for code in ("AC01", "AC04", "AM04", "FF01", "", "QQ99")] == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]
    assert words("QQ99") == "QQ99"
