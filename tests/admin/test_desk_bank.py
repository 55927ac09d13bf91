"""Finance at the desk: files made, read and handed over, the bank's report seen before it is applied, a plant's
transfer recorded; nobody else; and the plants' own statements."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.payments import services
from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN
from backmarket.payments.models import BankReport, LedgerMovement, Payout, PayoutFile
from backmarket.payments.selectors import balance
from backmarket.states import IllegalMove
from orders.models import Earning, Settlement
from orders.services.earnings import owe_for_device
from orders.services.settlement import settle_plants
from refurbishers.models import Refurbisher
from tests.admin.rows import act, role, url
from tests.admin.test_desk_steps import staff
from tests.ground.bank_steps import IBAN, by_file, handed, report, status_of, transaction
from tests.ground.money_steps import eur

ClientOf = Callable[[User], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_is")]


@pytest.fixture
def finance(client_of: ClientOf) -> Client:
    return staff(client_of, "finance")


def upload(client: Client, content: bytes) -> object:
    given = {"report": SimpleUploadedFile("report.xml", content, content_type="text/xml")}
    return client.post(url("desk", BankReport, "add"), given, follow=True)


# Files


def test_finance_makes_reads_and_hands_over_a_file(finance: Client, now: datetime) -> None:
    payouts = [by_file(now, label="T1"), by_file(now, label="T2", amount=eur(5))]
    by_file(now, label="T3", iban="TR330006100519786457841326")
    page = finance.get(url("desk", PayoutFile, "add")).content.decode()
    assert "2 payouts of €250.05 in all go into the file." in page
    assert "T3: The account is in a country outside the SEPA area. (not_sepa)" in page

    made_page = finance.post(url("desk", PayoutFile, "add"), {}, follow=True).content.decode()
    made = PayoutFile.objects.get()
    assert made.message_id in made_page
    assert "T1" in made_page
    assert IBAN not in made_page
    answer = act(finance, made, "download", "desk")
    assert answer["Content-Disposition"] == f'attachment; filename="{made.message_id}.xml"'
    assert "no-store" in answer["Cache-Control"]
    assert IBAN in answer.content.decode()
    assert Event.objects.filter(kind="payout_file.downloaded", subject_id=str(made.pk)).count() == 1
    act(finance, made, "hand", "desk")
    assert [status_of(payout) for payout in payouts] == ["sent", "sent"]
    late = finance.post(url("desk", made, "step", "withdraw"), follow=True).content.decode()
    assert "This cannot be done any more" in late


def test_handing_over_and_withdrawing_ask_first(finance: Client, now: datetime) -> None:
    payout = by_file(now)
    finance.post(url("desk", PayoutFile, "add"), {})
    made = PayoutFile.objects.get()
    for step in ("hand", "withdraw"):
        assert finance.get(url("desk", made, "step", step)).status_code == 200
        made.refresh_from_db()
        assert made.status == "made"
    act(finance, made, "withdraw", "desk")
    made.refresh_from_db()
    assert (made.status, status_of(payout)) == ("withdrawn", "ordered")


def test_a_file_that_was_downloaded_is_withdrawn_or_copied_only_after_a_second_look(
    finance: Client, now: datetime
) -> None:
    payout = by_file(now)
    finance.post(url("desk", PayoutFile, "add"), {})
    made = PayoutFile.objects.get()
    act(finance, made, "download", "desk")
    for step in ("withdraw", "again"):
        page = finance.get(url("desk", made, "step", step)).content.decode()
        assert "it may already be at the bank" in page
        assert finance.post(url("desk", made, "step", step), {}).status_code == 422
    assert (status_of(payout), Event.objects.filter(kind="payout_file.downloaded").count()) == ("ordered", 1)
    assert IBAN in act(finance, made, "again", "desk", sure="on").content.decode()
    act(finance, made, "withdraw", "desk", sure="on")
    made.refresh_from_db()
    assert (made.status, made.items.get().live) == ("withdrawn", False)
    gone = finance.post(url("desk", made, "step", "again"), {"sure": "on"}, follow=True).content.decode()
    assert ("cannot be done any more" in gone, IBAN in gone) == (True, False)


def test_whoever_withdraws_a_file_that_left_our_hands_meanwhile_is_stopped(olga: User, now: datetime) -> None:
    payout = by_file(now)
    made = services.make_payout_file(by=olga, at=now)
    services.download_payout_file(made, by=olga, at=now)
    with pytest.raises(services.MayBeAtTheBank):
        services.withdraw_payout_file(made, by=olga, at=now)
    assert (PayoutFile.objects.get().status, payout.file_items.get().live) == ("made", True)
    services.withdraw_payout_file(made, by=olga, at=now, sure=True)
    with pytest.raises(IllegalMove):
        services.download_payout_file(made, by=olga, at=now)


def test_nothing_due_is_said_and_makes_nothing(finance: Client) -> None:
    answer = finance.post(url("desk", PayoutFile, "add"), {})
    assert (answer.status_code, PayoutFile.objects.count()) == (422, 0)
    assert "No payout is due" in answer.content.decode()


@pytest.mark.parametrize("group", ["support", "quality"])
def test_nobody_else_sees_makes_reads_or_applies(client_of: ClientOf, olga: User, now: datetime, group: str) -> None:
    other = staff(client_of, group)
    payout = by_file(now)
    made = handed(now, olga, payout)
    kept = services.keep_bank_report(report(made.message_id, group=("ACSC", "")), by=olga, at=now)
    for model in (PayoutFile, BankReport):
        for page in ("changelist", "add"):
            assert other.get(url("desk", model, page)).status_code == 403
            assert other.post(url("desk", model, page), {}).status_code == 403
    for row, steps in ((made, ("download", "hand", "withdraw", "settle", "answer")), (kept, ("apply",))):
        assert other.get(url("desk", row)).status_code == 403
        assert {act(other, row, step, "desk").status_code for step in steps} == {403}
    assert act(other, payout, "return", "desk", reason="AC04").status_code == 403
    assert status_of(payout) == "sent"
    assert not Event.objects.filter(kind="payout_file.downloaded").exists()


def test_a_payouts_page_masks_the_account_and_says_why_it_came_back(finance: Client, olga: User, now: datetime) -> None:
    payout = by_file(now)
    handed(now, olga, payout)
    act(finance, payout, "return", "desk", reason="AC04")
    page = finance.get(url("desk", payout)).content.decode()
    assert "The account is closed. (AC04)" in page
    assert "…0189" in page
    assert IBAN not in page
    assert (status_of(payout), balance("consumer", "7")) == ("bounced", eur(0))


def test_the_rest_of_a_file_is_marked_as_paid_from_its_execution_date_on(
    finance: Client, olga: User, now: datetime
) -> None:
    payout = by_file(now)
    made = handed(now, olga, payout)
    early = act(finance, made, "settle", "desk")
    assert (early.status_code, status_of(payout)) == (422, "sent")
    assert "executes this file on a later day" in early.content.decode()
    timetravel.travel_to(now + timedelta(days=1))
    act(finance, made, "settle", "desk")
    assert status_of(payout) == "paid"


# Reports


def test_a_report_is_seen_before_it_is_applied_once(finance: Client, olga: User, now: datetime) -> None:
    paid, closed = by_file(now, label="T1"), by_file(now, label="T2")
    made = handed(now, olga, paid, closed)
    content = report(
        made.message_id, transaction(paid, "ACSC"), transaction(closed, "RJCT", "AC04"), transaction("X", "ACSC")
    )
    page = upload(finance, content).content.decode()  # type: ignore[attr-defined]
    for words in (
        "becomes: on the account",
        "becomes: returned",
        "The account is closed. (AC04)",
        "no payout of this file",
    ):
        assert words in page
    assert [status_of(payout) for payout in (paid, closed)] == ["sent", "sent"]

    kept = BankReport.objects.get()
    assert finance.get(url("desk", kept, "step", "apply")).status_code == 200
    act(finance, kept, "apply", "desk")
    assert [status_of(payout) for payout in (paid, closed)] == ["paid", "bounced"]
    after = finance.get(url("desk", kept)).content.decode()
    for words in ("became: on the account", "became: returned", "no payout of this file"):
        assert words in after
    assert (
        "This cannot be done any more" in finance.post(url("desk", kept, "step", "apply"), follow=True).content.decode()
    )
    again = upload(finance, content).content.decode()  # type: ignore[attr-defined]
    assert ("had been read and applied before" in again, "would do" in again) == (True, False)
    assert (BankReport.objects.count(), LedgerMovement.objects.filter(kind="payout-bounced").count()) == (1, 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"hello", "This is not an XML file."),
        (b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", "document type or entities"),
        (report("BM-1"), "answers a file that was not made here"),
        (b"<x>" + b" " * (5 * 1024 * 1024) + b"</x>", "larger than 5 MB"),
        (b"", "empty"),
    ],
)
def test_a_wrong_file_is_refused_beside_its_field(finance: Client, content: bytes, says: str) -> None:
    answer = upload(finance, content)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert says in str(answer.context["form"].errors["report"])  # type: ignore[attr-defined]
    assert not BankReport.objects.exists()


def test_the_sandbox_bank_answers_a_file_as_a_bank_would(finance: Client, olga: User, now: datetime) -> None:
    fine, closed = by_file(now), by_file(now, iban=EXAMPLE_BOUNCING_IBAN)
    made = handed(now, olga, fine, closed)
    upload(finance, act(finance, made, "answer", "desk").content)
    act(finance, BankReport.objects.get(), "apply", "desk")
    assert [status_of(payout) for payout in (fine, closed)] == ["paid", "bounced"]


def test_no_real_bank_is_played_where_sandboxes_are_not_allowed(
    finance: Client, olga: User, now: datetime, settings: object
) -> None:
    made = handed(now, olga, by_file(now))
    settings.ALLOW_SANDBOX = False  # type: ignore[attr-defined]
    assert "Sandbox" not in finance.get(url("desk", made)).content.decode()
    assert act(finance, made, "answer", "desk").status_code == 302


# Plants that owe


@pytest.fixture
def owed(plant: Refurbisher, bob: User, now: datetime) -> Settlement:
    owe_for_device(plant_id=plant.pk, trade_id=plant.pk, amount=eur(-25_000), label="T1042 · iPhone 13", at=now)
    settle_plants(now.replace(day=26))
    return Settlement.objects.get()


def test_finance_records_a_plants_transfer_once(finance: Client, owed: Settlement) -> None:
    assert f"{owed.plant}: €250.00" in finance.get(reverse("desk:index")).content.decode()
    assert finance.get(url("desk", Settlement, "changelist") + "?pile=owed").context["cl"].result_count == 1
    form = finance.get(url("desk", owed, "step", "receive")).content.decode()
    assert 'value="250.00"' in form
    act(finance, owed, "receive", "desk", amount="200.00", bank_reference="REF 1")
    again = act(finance, owed, "receive", "desk", amount="10.00", bank_reference="REF 1")
    assert list(again.context["form"].errors) == ["bank_reference"]
    much = act(finance, owed, "receive", "desk", amount="50.01", bank_reference="REF 2")
    assert list(much.context["form"].errors) == ["amount"]
    act(finance, owed, "receive", "desk", amount="50.00", bank_reference="REF 2")
    assert (balance("bank"), Earning.objects.filter(kind="received").count()) == (eur(-25_000), 2)
    page = finance.get(url("desk", owed)).content.decode()
    assert "paid by transfer" in page
    assert "has come" not in page
    assert finance.get(url("desk", Settlement, "changelist") + "?pile=owed").context["cl"].result_count == 0


def test_support_records_no_transfer(client_of: ClientOf, sam: User, owed: Settlement) -> None:
    data = {"amount": "1.00", "bank_reference": "R"}
    assert act(client_of(sam), owed, "receive", "desk", **data).status_code == 403
    assert not LedgerMovement.objects.filter(kind="received").exists()


def test_a_plant_reads_what_it_owes_and_how_to_pay(client_of: ClientOf, bob: User, owed: Settlement) -> None:
    page = client_of(bob).get(url("plant", owed)).content.decode()
    for words in (
        "To be paid by you",
        "€250.00",
        owed.number,
        "FR7630004000031234567890143",
        "BNPAFRPP",
        "Device bought",
    ):
        assert words in page


# Statements of plants


@pytest.fixture
def moved(plant: Refurbisher, now: datetime) -> None:
    sides = [("plant", str(plant.pk), eur(-25_000)), ("consumer", "7", eur(25_000))]
    services.book("trade:1", kind="trade", reference=plant.pk, entries=sides, at=now, label="T1042 · iPhone 13")


def lines_of(answer: object) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))  # type: ignore[attr-defined]


def test_a_settlements_statement_is_a_page_a_csv_and_a_pdf(
    client_of: ClientOf, bob: User, owed: Settlement, moved: None
) -> None:
    client = client_of(bob)
    page = client.get(url("plant", owed)).content.decode()
    for words in ("Opening balance", "Closing balance", "Device bought", "T1042 · iPhone 13", "-€250.00"):
        assert words in page
    where = f"{settings.SITE_URL}/plant/buyback/trade/{LedgerMovement.objects.get().reference}/change/"
    assert where.removeprefix(settings.SITE_URL) in page
    rows = lines_of(act(client, owed, "account"))
    assert rows == [
        ["Date", "What", "About", "Amount", "Balance", "Currency", "Page"],
        ["", "Opening balance", "", "", "0.00", "EUR", ""],
        ["2026-11-23 10:00:00", "Device bought", "T1042 · iPhone 13", "-250.00", "-250.00", "EUR", where],
        ["", "Closing balance", "", "", "-250.00", "EUR", ""],
    ]
    paper = act(client, owed, "pdf")
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")


def test_the_account_today_is_there_before_the_first_settlement(
    client_of: ClientOf, bob: User, moved: None, now: datetime
) -> None:
    client, where = client_of(bob), url("plant", Settlement, "changelist") + "account/"
    timetravel.travel_to(now + timedelta(hours=1))
    page = client.get(where).content.decode()
    assert "the beginning" in page
    assert "T1042 · iPhone 13" in page
    assert [row[4] for row in lines_of(client.get(where + "?as=csv"))] == ["Balance", "0.00", "-250.00", "-250.00"]
    assert client.get(where + "?as=pdf").content[:5] == b"%PDF-"


def test_only_a_plants_leaders_read_its_account(
    client_of: ClientOf, plant: Refurbisher, rival: User, owed: Settlement, moved: None
) -> None:
    where = url("plant", Settlement, "changelist") + "account/"
    for name in ("technician", "after_sales"):
        assert client_of(role(plant, name)).get(where).status_code == 403
    stranger = client_of(rival)
    assert "T1042" not in stranger.get(where).content.decode()
    for step in ("csv", "pdf"):
        assert act(stranger, owed, step).status_code == 404


def test_an_about_text_runs_nothing_in_a_spreadsheet(
    client_of: ClientOf, bob: User, plant: Refurbisher, now: datetime
) -> None:
    sides = [("plant", str(plant.pk), eur(1)), ("consumer", "7", eur(-1))]
    services.book("trade:2", kind="trade", reference=plant.pk, entries=sides, at=now, label="=HYPERLINK()")
    timetravel.travel_to(now + timedelta(hours=1))
    rows = lines_of(client_of(bob).get(url("plant", Settlement, "changelist") + "account/?as=csv"))
    assert rows[2][2] == "'=HYPERLINK()"


# Budgets


def test_lists_and_pages_cost_the_same_at_1_and_at_many_rows(
    finance: Client, olga: User, now: datetime, plant: Refurbisher
) -> None:
    def fill(number: int) -> None:
        made = handed(now, olga, by_file(now, label=f"T{number}"))
        services.keep_bank_report(report(made.message_id, number=f"R{number}"), by=olga, at=now)
        Settlement.objects.create(
            plant=plant, settled_date=now.date() - timedelta(days=number), total_minor=0, currency="EUR", created_at=now
        )

    def cost(where: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert finance.get(where).status_code == 200
        return len(queries)

    places = [
        url("desk", model, "changelist") for model in (PayoutFile, BankReport, Settlement, Payout, LedgerMovement)
    ]
    fill(0)
    for where in places:
        cost(where)  # the first request of a process fills caches
    alone = [cost(where) for where in places]
    for number in range(1, 15):
        fill(number)
    assert [cost(where) for where in places] == alone


def test_a_file_and_a_report_cost_the_same_however_many_transfers_they_hold(
    finance: Client, olga: User, now: datetime
) -> None:
    def cost(count: int) -> list[int]:
        payouts = [by_file(now, label=f"T{number}") for number in range(count)]
        made = handed(now, olga, *payouts)
        content = report(made.message_id, *[transaction(payout, "ACSC") for payout in payouts], number=f"R{count}")
        kept = services.keep_bank_report(content, by=olga, at=now)
        found = []
        for row in (made, kept):
            with CaptureQueriesContext(connection) as queries:
                assert finance.get(url("desk", row)).status_code == 200
            found.append(len(queries))
        return found

    cost(1)
    assert cost(2) == cost(20)
