"""The register: printed by leaders without people, opened by the owner for an authority, and each opening is known."""

import base64
import csv
import io
import re
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.events.models import Event
from buyback.models import RegisterEntry
from buyback.services.register import enter_in_register, open_register
from refurbishers.models import Refurbisher
from tests.admin.rows import role, url
from tests.bad_input.cases import Bad, Form, check
from tests.buyback import steps

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
SECRETS = ("Carol", "19FV12345", "3 rue Basse", "1990-04-01", "passport")


@pytest.fixture(autouse=True)
def _now(time_is: None) -> None:
    pass


@pytest.fixture
def entries(plant: Refurbisher, carol: User, now: datetime) -> list[RegisterEntry]:
    """Friday's, Saturday's one minute after midnight, and Monday's."""
    midnight = (now - timedelta(days=2)).replace(hour=0, minute=1)
    times = [now - timedelta(days=3), midnight, now]
    return [enter_in_register(steps.validated(plant, carol, now), at) for at in times]


@pytest.fixture
def page(bob: User, client_of: ClientOf) -> Client:
    return client_of(bob)


def address(name: str) -> str:
    return reverse("plant:buyback_registerentry_changelist") + f"{name}/"


def asked(**changes: Any) -> dict[str, Any]:
    """What the owner fills in when the police ask."""
    return {"paper": "csv", "reason": "police", "reference": "PV-2026/118", "sure": "on"} | changes


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def text_of(pdf: bytes) -> list[str]:
    """The words of each page, as reportlab writes them."""
    pages = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        data = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))
        pages.append(" ".join(found.decode("latin-1") for found in re.findall(rb"\((.*?)\) Tj", data)))
    return pages


def test_a_period_is_whole_days_of_the_market_with_both_ends(entries: list[RegisterEntry], page: Client) -> None:
    def numbers(**period: str) -> list[str]:
        answer = page.post(address("export-period"), {"paper": "csv", **period})
        return [row["Number"] for row in rows_of(answer)]

    assert numbers() == ["1", "2", "3"]
    assert numbers(since="2026-11-20", until="2026-11-20") == ["1"]
    assert numbers(since="2026-11-21") == ["2", "3"]
    assert numbers(until="2026-11-21") == ["1", "2"]
    assert numbers(since="2026-12-01") == []


def test_the_csv_holds_the_goods_and_the_chain_and_nobodys_name(entries: list[RegisterEntry], page: Client) -> None:
    answer = page.post(address("export-period"), {"paper": "csv"})
    assert "no-store" in answer["Cache-Control"]
    rows = rows_of(answer)
    assert [row["Hash"] for row in rows] == [entry.hash for entry in entries]
    assert [row["Hash of the entry before"] for row in rows][1:] == [entry.hash for entry in entries][:-1]
    assert (rows[0]["Price"], rows[0]["IMEI or serial"]) == ("250.00", entries[0].identifier)
    assert [secret for secret in SECRETS if secret in str(rows)] == []
    assert not Event.objects.filter(kind="register.opened").exists()


def test_the_pdf_is_numbered_and_ends_with_the_verdict_on_the_chain(
    plant: Refurbisher, carol: User, now: datetime, page: Client
) -> None:
    for _ in range(14):
        enter_in_register(steps.validated(plant, carol, now), now)
    answer = page.post(address("export-period"), {"paper": "pdf"})
    assert (answer["Content-Type"], "no-store" in answer["Cache-Control"]) == ("application/pdf", True)
    pages = text_of(answer.content)
    assert len(pages) == 2
    for place, text in enumerate(pages, 1):
        assert f"Page {place} of 2" in text
    whole = " ".join(pages)
    for entry in RegisterEntry.objects.all():
        assert whole.count(f"entry {entry.hash}") == 1
        assert entry.identifier in whole
    assert "The chain of all 14 entries of the register was computed again: it holds." in pages[-1]
    assert [secret for secret in SECRETS if secret in whole] == []


def test_a_chain_that_was_broken_past_the_database_is_said_on_page_and_paper(
    entries: list[RegisterEntry], page: Client
) -> None:
    shown = page.get(url("plant", RegisterEntry, "changelist")).content.decode()
    assert "The chain of all 3 entries holds" in shown
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE buyback_registerentry DISABLE TRIGGER register_is_append_only")
        cursor.execute("UPDATE buyback_registerentry SET price_minor = 1 WHERE number = 3")
        cursor.execute("UPDATE buyback_registerentry SET hash = repeat('1', 64) WHERE number = 3")
        cursor.execute("ALTER TABLE buyback_registerentry ENABLE TRIGGER register_is_append_only")
    shown = page.get(url("plant", RegisterEntry, "changelist")).content.decode()
    assert "The chain breaks at entry 3" in shown
    paper = text_of(page.post(address("export-period"), {"paper": "pdf"}).content)
    assert "The chain breaks at entry 3: The entry was changed after it was written." in paper[-1]


def test_the_owner_opens_it_for_an_authority_and_that_is_an_event_without_what_was_read(
    entries: list[RegisterEntry], bob: User, plant: Refurbisher, page: Client, now: datetime
) -> None:
    (row,) = rows_of(page.post(address("open"), asked(since="2026-11-23")))
    assert (row["Name"], row["Identity document"], row["Its number"]) == ("Carol Petit", "passport", "19FV12345")
    assert "3 rue Basse" in row["Address"]
    assert "1990" not in str(row)
    event = Event.objects.get(kind="register.opened")
    assert (event.subject_id, event.actor) == (str(plant.pk), f"user:{bob.pk}")
    assert now <= event.happened_at < now + timedelta(minutes=1)
    assert event.data == {"reason": "police", "reference": "PV-2026/118", "entries": 1, "first": 3, "last": 3}


def test_the_opened_paper_says_for_whom_it_is(entries: list[RegisterEntry], page: Client) -> None:
    pages = text_of(page.post(address("open"), asked(paper="pdf")).content)
    assert "With the sellers' identity: for the authority only" in pages[0]
    assert pages[0].count("Carol Petit") == 3
    assert pages[0].count("passport 19FV12345") == 3


@pytest.mark.parametrize(
    "wrong",
    [{"sure": ""}, {"reason": ""}, {"reason": "curiosity"}, {"reference": ""}, {"reference": "Carol Petit"},
     {"reference": "x" * 41}, {"since": "2026-11-23", "until": "2026-11-20"}, {"paper": "xml"}],
)  # fmt: skip
def test_without_a_reason_that_counts_nothing_is_opened(
    entries: list[RegisterEntry], page: Client, wrong: dict[str, str]
) -> None:
    answer = page.post(address("open"), asked(**wrong))
    assert answer.status_code == 422
    assert [secret for secret in SECRETS[:3] if secret in answer.content.decode().replace("Carol Petit", "")] == []
    assert not Event.objects.filter(kind="register.opened").exists()


@pytest.mark.parametrize(
    ("who", "list_status", "export_status", "open_status"),
    [
        ("owner", 200, 200, 200),
        ("manager", 200, 200, 403),
        ("technician", 403, 403, 403),
        ("after_sales", 403, 403, 403),
    ],
)
def test_leaders_print_and_the_owner_alone_opens(
    entries: list[RegisterEntry], plant: Refurbisher, client_of: ClientOf,
    who: str, list_status: int, export_status: int, open_status: int,
) -> None:  # fmt: skip
    client = client_of(role(plant, who))
    assert client.get(url("plant", RegisterEntry, "changelist")).status_code == list_status
    assert client.get(address("export-period")).status_code == export_status
    assert client.post(address("export-period"), {"paper": "csv"}).status_code == export_status
    assert client.get(address("open")).status_code == open_status
    assert client.post(address("open"), asked()).status_code == open_status
    assert Event.objects.filter(kind="register.opened").count() == (1 if open_status == 200 else 0)


def test_the_button_to_open_shows_to_the_owner_alone(
    entries: list[RegisterEntry], plant: Refurbisher, page: Client, client_of: ClientOf
) -> None:
    listed = url("plant", RegisterEntry, "changelist")
    assert address("open") in page.get(listed).content.decode()
    manager = client_of(role(plant, "manager")).get(listed).content.decode()
    assert (address("open") in manager, address("export-period") in manager) == (False, True)


def test_a_stranger_plants_register_is_in_no_paper(
    entries: list[RegisterEntry], rival: User, carol: User, client_of: ClientOf, now: datetime
) -> None:
    theirs = rows_of(client_of(rival).post(address("open"), asked()))
    assert theirs == []
    with pytest.raises(ValueError, match="its own plant"):
        open_register(rival.membership.plant, entries, reason="police", reference="1", by=rival, at=now)


def test_wrong_periods_are_answered_beside_their_field(entries: list[RegisterEntry], page: Client) -> None:
    good = {"since": "2026-11-20", "until": "2026-11-23", "paper": "csv"}
    before = Bad("until", "2026-11-19", "before the first day")
    optional = frozenset({"since", "until"})
    check(Form("export", address("export-period"), good, (before,), optional=optional, done=200), page)
    opening = good | {"reason": "police", "reference": "PV-1", "sure": "on"}
    check(Form("open", address("open"), opening, (before,), optional=optional, done=200), page)


def test_the_scanner_is_answered_beside_its_field(entries: list[RegisterEntry], page: Client) -> None:
    code = entries[0].identifier
    check(Form("scan", reverse("plant:arrivals"), {"code": code}, (Bad("code", "NOSUCH", "No trade of your"),)), page)
