"""SEPA files: what is in them, what never is, and that each payout is in one at most."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.payments import sepa, services
from backmarket.payments.models import LedgerMovement, Payout, PayoutFile, PayoutFileItem
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.states import IllegalMove
from tests.ground.bank_steps import IBAN, OTHER_IBAN, by_file, handed, order, status_of
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db
NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


def texts(content: str, path: str) -> list[str | None]:
    root = ET.fromstring(content.encode())  # noqa: S314 - our own
    return [node.text for node in root.findall("p:CstmrCdtTrfInitn/" + "/".join(f"p:{n}" for n in path.split("/")), NS)]


# What is in the file


def test_a_file_orders_every_due_payout_from_our_account(now: datetime, olga: User) -> None:
    first = by_file(now)
    second = by_file(now, amount=eur(7), iban=OTHER_IBAN, holder="Zoë Brûlé-Müller", label="T1043")
    later = by_file(now, due_at=now + timedelta(minutes=1))
    elsewhere = order(now)
    made = services.make_payout_file(by=olga, at=now)

    assert {item.payout_id for item in made.items.all()} == {first.pk, second.pk}
    assert (made.transfers, made.total, made.execution_date, made.made_by) == (2, eur(25_007), date(2026, 11, 24), olga)
    content = made.content
    assert texts(content, "GrpHdr/MsgId") == texts(content, "PmtInf/PmtInfId") == [made.message_id]
    assert texts(content, "GrpHdr/CreDtTm") == ["2026-11-23T10:00:00+01:00"]
    assert texts(content, "GrpHdr/NbOfTxs") == texts(content, "PmtInf/NbOfTxs") == ["2"]
    assert texts(content, "GrpHdr/CtrlSum") == ["250.07"]
    assert texts(content, "PmtInf/ReqdExctnDt/Dt") == ["2026-11-24"]
    assert texts(content, "PmtInf/Dbtr/Nm") == ["Back Market"]
    assert texts(content, "PmtInf/DbtrAcct/Id/IBAN") == ["FR7630004000031234567890143"]
    assert texts(content, "PmtInf/DbtrAgt/FinInstnId/BICFI") == ["BNPAFRPP"]
    transfers = sorted(
        zip(
            texts(content, "PmtInf/CdtTrfTxInf/PmtId/EndToEndId"),
            texts(content, "PmtInf/CdtTrfTxInf/Amt/InstdAmt"),
            texts(content, "PmtInf/CdtTrfTxInf/Cdtr/Nm"),
            texts(content, "PmtInf/CdtTrfTxInf/CdtrAcct/Id/IBAN"),
            texts(content, "PmtInf/CdtTrfTxInf/RmtInf/Ustrd"),
            strict=True,
        )
    )
    assert transfers == sorted(
        [
            (first.pk.hex, "250.00", "Carol Petit", IBAN, "Back Market trade T1042"),
            (second.pk.hex, "0.07", "Zoe Brule-Muller", OTHER_IBAN, "Back Market trade T1043"),
        ]
    )
    assert [status_of(payout) for payout in (first, second, later, elsewhere)] == ["ordered"] * 4
    assert ledger_sum() == {}


def test_the_same_rows_make_the_same_file(now: datetime) -> None:
    payouts = [by_file(now), by_file(now, label="T2")]
    made = [sepa.transfer_file(payouts, message_id="BM-1", execution=date(2026, 11, 24), at=now) for _time in range(2)]
    assert made[0] == made[1]


def test_what_the_schema_refuses_is_never_handed_out(now: datetime, olga: User, settings: Any) -> None:
    payout = by_file(now)
    settings.SEPA_DEBTOR_BIC = "nonsense"
    with pytest.raises(services.CannotMakeFile):
        services.make_payout_file(by=olga, at=now)
    assert (PayoutFile.objects.count(), PayoutFileItem.objects.count()) == (0, 0)
    payout.refresh_from_db()
    assert payout.sending_at is None


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("Zoë Brûlé", "Zoe Brule"),
        ("Łukasz Żak", "Lukasz Zak"),
        ("Straße & Söhne", "Strasse Sohne"),
        ("O’Neill", "O'Neill"),
        ("Ærø <b>\x00\n", "AEro b"),
        ("Γιώργος", "Giorgos"),
        ("😀 Carol 😀", "Carol"),
        ("a" * 80, "a" * 70),
    ],
)
def test_names_are_spelt_with_the_letters_that_every_bank_reads(text: str, spelt: str) -> None:
    assert sepa.in_bank_letters(text, sepa.NAME_LENGTH) == spelt


def test_the_end_to_end_id_is_the_payouts_own_and_leads_back_to_it(now: datetime) -> None:
    payout = by_file(now)
    name = sepa.end_to_end_id(payout)
    assert len(name) <= 35
    assert name.isalnum()
    assert sepa.payout_id(name) == sepa.payout_id(f" {name.upper()} ") == payout.pk
    assert sepa.payout_id("NOTPROVIDED") is None


@pytest.mark.parametrize(
    ("today", "day"),
    [
        ("2026-11-23", "2026-11-24"),
        ("2026-11-27", "2026-11-30"),  # Friday
        ("2026-12-24", "2026-12-28"),  # Christmas, Boxing Day, Sunday
        ("2026-12-31", "2027-01-04"),
        ("2027-03-25", "2027-03-30"),  # Good Friday to Easter Monday
        ("2027-03-26", "2027-03-30"),
        ("2027-04-30", "2027-05-03"),
        ("2027-05-05", "2027-05-06"),  # Ascension is no holiday of the banks
        ("2027-07-13", "2027-07-14"),  # nor is the French national day
    ],
)
def test_the_banks_execute_on_their_next_business_day(today: str, day: str) -> None:
    assert sepa.execution_date(date.fromisoformat(today)) == date.fromisoformat(day)


# What is not


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iban": "FR7630006000011234567890180"}, "bad_iban"),
        ({"iban": "US123"}, "bad_iban"),
        ({"iban": "TR330006100519786457841326"}, "not_sepa"),
        ({"iban": "GB33BUKB20201555555555", "holder": "Li"}, ""),
        ({"iban": "CH9300762011623852957"}, "no_bic"),
        ({"holder": "😀"}, "bad_name"),
        ({"holder": "---"}, "bad_name"),
        ({"amount": eur(99_999_999_999)}, ""),
        ({"amount": eur(100_000_000_000)}, "bad_amount"),
        ({}, ""),
    ],
)
def test_what_a_transfer_cannot_carry_is_told_apart(now: datetime, changes: dict[str, Any], code: str) -> None:
    assert sepa.problem(by_file(now, **changes)) == code


def test_another_currency_is_no_sepa_transfer(now: datetime) -> None:
    from backmarket.money import Money

    assert sepa.problem(by_file(now, amount=Money(100, "USD"))) == "bad_currency"


def test_outside_the_economic_area_the_payees_bank_is_named_too(now: datetime) -> None:
    inside, outside = by_file(now), by_file(now, iban="GB33BUKB20201555555555")
    content = sepa.transfer_file([inside, outside], message_id="BM-1", execution=date(2026, 11, 24), at=now).decode()
    assert texts(content, "PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId/BICFI") == ["BUKBGB22"]


def test_an_account_that_no_transfer_reaches_is_refused_and_the_rest_goes(now: datetime, olga: User) -> None:
    far, ours, fine = by_file(now, iban="TR330006100519786457841326"), by_file(now), by_file(now)
    Payout.objects.filter(pk=ours.pk).update(currency="USD")
    made = services.make_payout_file(by=olga, at=now)

    assert [item.payout_id for item in made.items.all()] == [fine.pk]
    far.refresh_from_db()
    ours.refresh_from_db()
    assert (far.status, far.failure) == ("bounced", "not_sepa")
    assert (ours.status, ours.failure, ours.sending_at) == ("ordered", "bad_currency", None)
    assert Event.objects.get(kind="payout.bounced").data["fault"] == "payee"
    assert not LedgerMovement.objects.exists()  # it had never left


def test_nothing_due_makes_no_file(now: datetime, olga: User) -> None:
    by_file(now, due_at=now + timedelta(hours=1))
    with pytest.raises(services.NothingToSend):
        services.make_payout_file(by=olga, at=now)


# In one file at most


def test_a_payout_in_a_file_is_in_no_other_and_cannot_be_cancelled(now: datetime, olga: User) -> None:
    payout = by_file(now)
    services.make_payout_file(by=olga, at=now)
    with pytest.raises(services.NothingToSend):
        services.make_payout_file(by=olga, at=now)
    with pytest.raises(services.CannotCancelPayout):
        services.cancel_payout(payout, by=olga, at=now)


def test_the_database_refuses_a_second_live_file(now: datetime, olga: User) -> None:
    payout = by_file(now)
    made = services.make_payout_file(by=olga, at=now)
    other = PayoutFile.objects.create(
        message_id="BM-2", transfers=1, total_minor=1, currency="EUR", execution_date=now.date(), content="x",
        made_by=olga, created_at=now,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="payout_in_one_live_file"), transaction.atomic():
        PayoutFileItem.objects.create(file=other, payout=payout)
    made.items.update(live=False)
    PayoutFileItem.objects.create(file=other, payout=payout)


def test_a_withdrawn_file_gives_its_payouts_back(now: datetime, olga: User) -> None:
    payout = by_file(now)
    made = services.make_payout_file(by=olga, at=now)
    services.withdraw_payout_file(made, by=olga, at=now + timedelta(hours=1))
    again = services.make_payout_file(by=olga, at=now + timedelta(hours=2))

    assert (made.status, made.withdrawn_at) == ("withdrawn", now + timedelta(hours=1))
    assert list(PayoutFileItem.objects.order_by("pk").values_list("file", "payout", "live")) == [
        (made.pk, payout.pk, False),
        (again.pk, payout.pk, True),
    ]
    for late in (services.hand_payout_file, services.withdraw_payout_file):
        with pytest.raises(IllegalMove):
            late(made, by=olga, at=now)
    assert status_of(payout) == "ordered"


# With the bank


def test_handing_it_over_sends_its_payouts_and_books_them(now: datetime, olga: User) -> None:
    payout, other = by_file(now), by_file(now, party="8", amount=eur(100))
    made = handed(now, olga, payout, other)
    payout.refresh_from_db()

    assert (payout.status, payout.sent_at, payout.gateway, payout.gateway_id) == ("sent", now, "sepa", made.message_id)
    assert (balance("consumer", "7"), balance("consumer", "8"), balance("bank")) == (
        eur(-25_000),
        eur(-100),
        eur(25_100),
    )
    assert ledger_sum() == {"EUR": 0}
    with pytest.raises(IllegalMove):
        services.withdraw_payout_file(made, by=olga, at=now)
    assert services.send_due_payouts(now + timedelta(days=9)) == 0  # no job asks anybody about it


def test_the_rest_is_paid_when_the_banks_statement_shows_the_sum(now: datetime, olga: User) -> None:
    payout, back = by_file(now), by_file(now)
    made = handed(now, olga, payout, back)
    services.return_payout(back, reason="AC04", by=olga, at=now)
    with pytest.raises(services.TooEarly):
        services.settle_payout_file(made, by=olga, at=now)
    assert services.settle_payout_file(made, by=olga, at=now + timedelta(days=1)) == 1
    assert services.settle_payout_file(made, by=olga, at=now + timedelta(days=1)) == 0
    assert (status_of(payout), status_of(back)) == ("paid", "bounced")


def test_a_file_that_the_bank_has_not_got_is_not_settled(now: datetime, olga: User) -> None:
    by_file(now)
    made = services.make_payout_file(by=olga, at=now)
    with pytest.raises(IllegalMove):
        services.settle_payout_file(made, by=olga, at=now + timedelta(days=1))


# Who reads it


def test_names_and_accounts_are_encrypted_and_each_reading_is_recorded(now: datetime, olga: User) -> None:
    by_file(now)
    made = services.make_payout_file(by=olga, at=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM payments_payoutfile")
        (stored,) = cursor.fetchone()
    assert IBAN not in stored
    assert "Carol" not in stored
    content = services.download_payout_file(made, by=olga, at=now)
    assert IBAN in content
    event = Event.objects.get(kind="payout_file.downloaded")
    assert (event.actor, event.subject_id, event.data) == (f"user:{olga.pk}", str(made.pk), {})


def test_no_event_of_a_file_holds_a_name_or_an_account(now: datetime, olga: User, drain: Callable[[], None]) -> None:
    payout = by_file(now)
    made = handed(now, olga, payout)
    services.download_payout_file(made, by=olga, at=now)
    said = str(list(Event.objects.values_list("kind", "data", "actor")))
    assert "Carol" not in said
    assert IBAN not in said
