"""E-mails: written once with what they tell of, sent afterwards, readable in the mailbox."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backmarket.notifications import services
from backmarket.notifications.models import MailboxMessage, Notification

pytestmark = pytest.mark.django_db

FILES = {
    "subject.txt": "{% load i18n %}{% translate 'English' %}\n for {{ name }}\n",
    "body.txt": "Dear {{ name }}, see {{ site_url }} or write to {{ support_email }}.",
    "body.html": (
        '{% extends "emails/base.html" %}{% block title %}Dear {{ name }}{% endblock %}{% block content %}'
        '{% include "emails/_button.html" with url=site_url label="Open" %}{% endblock %}'
    ),
}


@pytest.fixture(autouse=True)
def _templates(tmp_path: Path, settings: Any) -> Iterator[None]:
    """A template of the tests' own, "greeting", and the demo's mailbox to send to."""
    settings.EMAIL_BACKEND = "backmarket.notifications.mailbox.MailboxBackend"
    folder = tmp_path / "emails/greeting"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path]}]
    return


def send(at: datetime, key: str = "k1", **changes: Any) -> None:
    facts: dict[str, Any] = {"to": "alice@example.com", "context": {"name": "O'Brien & <i>"}, "language": "en"}
    services.send("greeting", **facts | changes, key=key, at=at)


class Failing(BaseEmailBackend):
    """A mail server that refuses everything."""

    def send_messages(self, email_messages: object) -> int:
        raise ConnectionRefusedError


def test_an_email_is_written_once_per_key(now: datetime) -> None:
    send(now)
    send(now, to="other@example.com")
    assert Notification.objects.get().recipient == "alice@example.com"


def test_text_is_plain_html_is_escaped_and_the_subject_is_one_line(now: datetime) -> None:
    send(now)
    mail = Notification.objects.get()
    assert mail.subject == "English for O'Brien & <i>"
    assert mail.text.startswith("Dear O'Brien & <i>, see http")
    assert "Dear O&#x27;Brien &amp; &lt;i&gt;" in mail.html
    assert "<i>" not in mail.html


def test_an_email_speaks_its_readers_language(now: datetime) -> None:
    send(now, language="fr")
    mail = Notification.objects.get()
    assert '<html lang="fr"' in mail.html


def test_what_is_rolled_back_is_never_sent(now: datetime) -> None:
    with transaction.atomic():
        send(now)
        transaction.set_rollback(True)
    assert services.send_pending_mail(now) == 0
    assert MailboxMessage.objects.count() == 0


def test_waiting_mail_is_sent_once_in_html_and_text(now: datetime) -> None:
    send(now)
    assert (services.send_pending_mail(now), services.send_pending_mail(now)) == (1, 0)
    message = MailboxMessage.objects.get()
    assert message.to == "alice@example.com"
    assert message.text.startswith("Dear O'Brien")
    assert message.html.startswith("<!doctype html>")
    assert Notification.objects.get().sent_at == now


def test_a_refused_email_is_tried_again_later_five_times_at_most(now: datetime, settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.ground.test_notifications.Failing"
    send(now)
    for _attempt in range(services.MAX_ATTEMPTS + 2):
        assert services.send_pending_mail(now) == 0
        Notification.objects.update(claimed_at=timezone.now() - services.RETRY_AFTER - timedelta(seconds=1))
    mail = Notification.objects.get()
    assert (mail.attempts, mail.last_error, mail.sent_at) == (5, "ConnectionRefusedError", None)


def test_one_refused_email_does_not_stop_the_others(now: datetime, settings: Any) -> None:
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "tests.ground.test_notifications.Failing"
    send(now)
    services.send_pending_mail(now)
    settings.EMAIL_BACKEND = backend
    send(now, key="k2")
    assert services.send_pending_mail(now) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_simultaneous_senders_send_each_email_once(now: datetime) -> None:
    for number in range(12):
        send(now, key=f"k{number}")

    def run() -> None:
        try:
            services.send_pending_mail(now)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert MailboxMessage.objects.count() == 12


# The mailbox


def filled(now: datetime, count: int = 3) -> MailboxMessage:
    for number in range(count):
        send(now, key=f"m{number}", to=f"person{number}@example.com")
    services.send_pending_mail(now)
    return MailboxMessage.objects.get(to="person0@example.com")


def test_the_mailbox_shows_every_email_and_filters_by_recipient(now: datetime) -> None:
    filled(now)
    assert Client().get("/mailbox/").content.count(b"mail-list__subject") == 3
    filtered = Client().get("/mailbox/", {"to": "PERSON1@example.com"}).content
    assert filtered.count(b"mail-list__subject") == 1
    nobody = Client().get("/mailbox/", {"to": "<nobody>"}).content
    assert b"Nothing has been sent to &lt;nobody&gt;" in nobody


def queries_of(url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(url).status_code == 200
    return len(queries)


def test_the_mailbox_asks_as_many_questions_for_one_email_as_for_many(now: datetime) -> None:
    filled(now, 1)
    queries_of("/mailbox/")  # what every page asks once and then remembers
    one = queries_of("/mailbox/")
    filled(now, 50)
    assert one == queries_of("/mailbox/") <= 4


def test_an_emails_html_is_framed_by_its_page_alone_and_runs_nothing(now: datetime) -> None:
    message = filled(now)
    page = Client().get(f"/mailbox/{message.pk}/")
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert f'src="/mailbox/{message.pk}/html/"'.encode() in page.content
    html = Client().get(f"/mailbox/{message.pk}/html/")
    policy = html["Content-Security-Policy"]
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert b'<base target="_top">' in html.content


def test_an_unknown_email_is_404() -> None:
    assert Client().get("/mailbox/00000000-0000-0000-0000-000000000000/").status_code == 404
