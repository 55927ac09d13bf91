"""A whole sale through HTTP leaves no account, document or birth date readable anywhere but where its owner looks."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from backmarket import jobs, timetravel
from backmarket.accounts.models import User
from backmarket.events import services as events
from backmarket.events.models import EventDelivery
from backmarket.notifications.models import Notification
from backmarket.payments.models import BankReport, PayoutFile
from backmarket.sites import plant_site, staff_site
from buyback.models import Quote, Trade
from refurbishers.models import Refurbisher
from tests.admin.rows import act, url
from tests.buyback.steps import IBAN, OTHER_IBAN, buying, sheet
from tests.buyback.test_pages import confirm, form, tapped

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[User], Client]

DOCUMENT = "19FV12345"
GAP = r"[\s\-./_+]*"
DAY, MONTH, BETWEEN = "0?1", r"(?:0?4|apr(?:il|\.)?|avr(?:il|\.)?)", r"(?:[\s\-./_,+]|%2F|%20|T)+"
# 1 April 1990, the seller's birth date, and the account and document numbers, in whatever spelling.
SPELLINGS = {
    "iban": "|".join(GAP.join(text) for text in (IBAN, OTHER_IBAN, IBAN[4:], OTHER_IBAN[4:])),
    "document": GAP.join(DOCUMENT),
    "birth date": (
        rf"(?<!\d)(?:19900401|01041990|1990{BETWEEN}{MONTH}{BETWEEN}{DAY}|{DAY}{BETWEEN}{MONTH}{BETWEEN}(?:19)?90"
        rf"|{MONTH}{BETWEEN}{DAY}{BETWEEN}1990)(?!\d)"
    ),
}


def leaks(text: str) -> list[str]:
    return [what for what, spelling in SPELLINGS.items() if re.search(spelling, text, re.IGNORECASE)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FR76 3000 6000 0112 3456 7890 189", ["iban"]),
        ("fr14-2004-1010-0505-0001-3m02-606", ["iban"]),
        ("?q=30006+00001+12345678901+89", ["iban"]),
        ("FR•• •••• 0189, ••••345, born in 1990", []),
        ("19 fv 12345", ["document"]),
        ("1990-04-01T00:00", ["birth date"]),
        ("01/04/1990", ["birth date"]),
        ("1.4.90", ["birth date"]),
        ("birth=01%2F04%2F1990", ["birth date"]),
        ("1 April 1990", ["birth date"]),
        ("April 1, 1990", ["birth date"]),
        ("datetime.date(1990, 4, 1)", ["birth date"]),
        ("19900401", ["birth date"]),
        ("21990-04-01; 1990-04-011", []),
    ],
)
def test_every_usual_spelling_is_known(text: str, found: list[str]) -> None:
    assert leaks(text) == found


class Heard(logging.Handler):
    """What goes through this process's log, queue and addresses, as the code gave it and before anything is masked."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.records: list[str] = []
        self.messages: list[str] = []
        self.addresses: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(f"{record.__dict__} {record.getMessage()} {record.exc_info}")

    def queued(self, sender: Any = None, body: Any = None, headers: Any = None, **more: Any) -> None:
        self.messages.append(f"{sender} {body} {headers}")


class Watched(Client):
    """A browser whose every address, asked for or sent to, and every cookie is written down."""

    heard: Heard

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        sent = f"{request['PATH_INFO']}?{request.get('QUERY_STRING', '')}"
        self.heard.addresses.append(f"{sent} {answer.headers.get('Location', '')} {answer.cookies}")
        return answer


@contextmanager
def listening() -> Iterator[Heard]:
    heard, root = Heard(), logging.getLogger()
    before_task_publish.connect(heard.queued)
    root.addHandler(heard)
    try:
        yield heard
    finally:
        root.removeHandler(heard)
        before_task_publish.disconnect(heard.queued)


def watched(browser: Client, heard: Heard) -> Watched:
    own = Watched()
    own.cookies, own.heard = browser.cookies, heard
    return own


def settle() -> None:
    """Every event is published to the queue, and every handler run."""
    while events.publish_pending():
        for delivery in EventDelivery.objects.waiting():
            events.deliver(delivery.pk)
    jobs.run("send_mail", at=timetravel.now())


def travel(at: datetime, *names: str) -> None:
    timetravel.travel_to(at)
    for name in names:
        jobs.run(name, at=at)
    settle()


def sold(guest: Client, seller: Client, plant: Refurbisher, at: datetime) -> Trade:
    """From the questions to the last click; one try is wrong, and the account is changed afterwards."""
    tapped(guest, buying(plant).sku, ["fine", "light", "good"])
    quote = Quote.objects.get()
    guest.post(reverse("quote-send", args=[quote.pk]), {"email": "carol@example.com"})
    accept = reverse("quote-accept", args=[quote.pk])
    spelt = {"iban": "FR76 3000 6000 0112 3456 7890 189", "birth_date": "1990-04-01", "document_number": DOCUMENT}
    assert seller.post(accept, form(at, plant, **spelt, holder="Mallory Stranger")).status_code == 422
    assert seller.post(accept, form(at, plant, **spelt)).status_code == 302
    assert confirm(seller, quote).status_code == 302
    trade = Trade.objects.get()
    seller.post(
        reverse("trade-iban", args=[trade.pk]), {"holder": "Carol Petit", "iban": "FR14 2004 1010 0505 0001 3M02 606"}
    )
    settle()
    return trade


def bought(page: Client, trade: Trade, at: datetime) -> None:
    """Received, inspected, graded, validated at the plant, and its register opened for the police."""
    travel(at + timedelta(days=2))
    assert act(page, trade, "receive").status_code == 302
    assert act(page, trade, "inspect", **sheet(), note="As described.", hand_in="yes").status_code == 302
    travel(at + timedelta(days=2, hours=1), "grade_devices")
    assert act(page, trade, "validate").status_code == 302
    settle()
    asked = {"paper": "csv", "reason": "police", "reference": "PV-2026/118", "sure": "on"}
    opened = page.post(reverse("plant:buyback_registerentry_changelist") + "open/", asked)
    assert DOCUMENT in opened.getvalue().decode()


def paid(finance: Client, trade: Trade, at: datetime) -> None:
    """By a file that is made, read, handed over and answered; before, the desk has looked at the seller."""
    travel(at + timedelta(days=4), "order_payouts")
    shown = act(finance, trade, "show", "desk", why="fraud", reference="CASE-12").content.decode()
    assert leaks(shown) == ["iban", "document", "birth date"]
    finance.post(url("desk", PayoutFile, "add"), {})
    made = PayoutFile.objects.get()
    assert OTHER_IBAN in act(finance, made, "download", "desk").content.decode()
    act(finance, made, "hand", "desk")
    answer = SimpleUploadedFile("report.xml", act(finance, made, "answer", "desk").content, content_type="text/xml")
    finance.post(url("desk", BankReport, "add"), {"report": answer})
    act(finance, BankReport.objects.get(), "apply", "desk")
    settle()
    trade.refresh_from_db()
    assert trade.status == "paid"


def stored() -> dict[str, str]:
    """Every row of every table, as the database holds it."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {}
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(each::text, chr(10)), '') FROM \"{table}\" AS each")  # noqa: S608
            found[f"table {table}"] = cursor.fetchone()[0]
    return found


def screens(page: Client, site: Any) -> dict[str, str]:
    """Every list and the page of every row of an admin site, as far as this person may open them."""
    found = {}
    for model in site._registry:
        where = url(site.name, model, "changelist")
        found[where] = page.get(where).content.decode()
        for row in model._default_manager.all()[:20]:
            found[url(site.name, row)] = page.get(url(site.name, row)).content.decode()
    return found


def test_a_whole_sale_leaves_no_secret_readable(
    plant: Refurbisher,
    carol: User,
    bob: User,
    olga: User,
    now: datetime,
    client_of: ClientOf,
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.PRIVATE_ROOT, settings.PAYOUT_GATEWAY = tmp_path, "sepa"
    timetravel.travel_to(now)
    with listening() as heard:
        seller, owner, desk = (watched(client_of(user), heard) for user in (carol, bob, olga))
        trade = sold(watched(Client(), heard), seller, plant, now)
        bought(owner, trade, now)
        paid(desk, trade, now)
        pages = screens(desk, staff_site) | screens(owner, plant_site)
    places = stored() | pages
    places["log"] = "\n".join(heard.records)
    places["queue"] = "\n".join(heard.messages)
    places["addresses"] = "\n".join(heard.addresses)
    places["sessions"] = "\n".join(str(session.get_decoded()) for session in Session.objects.all())
    places["e-mails"] = "\n".join(f"{mail.subject} {mail.text} {mail.html}" for mail in Notification.objects.all())
    heard_of = ("log", "queue", "addresses", "sessions", "e-mails", "table events_event", "table payments_payoutfile")
    assert [place for place in heard_of if not places[place]] == []
    assert {place: leaks(text) for place, text in places.items() if leaks(text)} == {}
