from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from backmarket import crypto
from backmarket.notifications.models import Notification


def test_what_is_encrypted_comes_back() -> None:
    assert crypto.decrypt(crypto.encrypt("FR76 3000")) == "FR76 3000"
    assert crypto.encrypt("same") != crypto.encrypt("same")


def test_an_older_key_still_reads_after_a_rotation(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    token = crypto.encrypt("secret")
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert crypto.decrypt(token) == "secret"


@pytest.mark.django_db
def test_the_database_never_sees_the_text(now: object) -> None:
    mail = Notification.objects.create(key="k", template="t", recipient="a@example.com", language="en", created_at=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient, subject FROM notifications_notification")
        stored, empty = cursor.fetchone()
    assert "example" not in stored
    assert empty == ""
    mail.refresh_from_db()
    assert mail.recipient == "a@example.com"
