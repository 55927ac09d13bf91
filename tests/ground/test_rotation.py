"""Keys are rotated whole, or the command says what is left."""

from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from backmarket import crypto, rotation
from backmarket.accounts.models import User
from buyback.models import Identity, RegisterEntry, Trade
from buyback.selectors import verify_register
from buyback.services.register import enter_in_register
from refurbishers.models import Refurbisher
from tests.buyback.steps import IBAN, validated

NEW = Fernet.generate_key().decode()


def stored(table: str, column: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")  # noqa: S608
        return str(cursor.fetchone()[0])


def rotating_update(change: dict[str, str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(rotation.ROTATING)
        RegisterEntry.objects.update(**change)


def run(**options: Any) -> str:
    said = StringIO()
    call_command("rotate_keys", stdout=said, stderr=said, **options)
    return said.getvalue()


@pytest.fixture
def trade(plant: Refurbisher, carol: User, now: datetime) -> Trade:
    trade = validated(plant, carol, now)
    enter_in_register(trade, now)
    return trade


def test_a_value_says_which_key_reads_it_and_one_without_an_id_is_still_read(settings: Any) -> None:
    key = settings.FIELD_ENCRYPTION_KEYS[0]
    assert crypto.key_of(crypto.encrypt("x")) == crypto.key_id(key)
    older = MultiFernet([Fernet(key)]).encrypt(b"FR76").decode()
    assert (crypto.key_of(older), crypto.decrypt(older)) == ("", "FR76")


def test_a_missing_key_is_named_and_the_value_is_not(settings: Any) -> None:
    old, token = settings.FIELD_ENCRYPTION_KEYS[0], crypto.encrypt("FR76 3000")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(crypto.UnreadableValue, match=crypto.key_id(old)):
        crypto.decrypt(token)


def test_everything_moves_under_the_newest_key_and_the_old_one_may_go(trade: Trade, settings: Any) -> None:
    old = settings.FIELD_ENCRYPTION_KEYS[0]
    settings.FIELD_ENCRYPTION_KEYS = [NEW, old]
    said = run(batch=1)
    assert f"Key {crypto.key_id(old)}: nothing needs it" in said
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    trade.refresh_from_db()
    assert trade.iban == IBAN
    assert trade.iban_index == crypto.blind_index(IBAN, "iban")
    assert Identity.objects.get().number_index.startswith(crypto.key_id(NEW))
    assert verify_register(trade.plant).broken_at is None
    assert run().count(" 0 moved") == len(rotation.columns()) + 1


def test_a_dry_run_counts_and_changes_nothing(trade: Trade, settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, *settings.FIELD_ENCRYPTION_KEYS]
    before = stored("buyback_trade", "iban")
    assert "buyback.Trade.iban: 1 to move" in run(dry_run=True)
    assert stored("buyback_trade", "iban") == before


def test_values_that_no_key_reads_stay_and_the_command_fails(trade: Trade, settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    before = stored("buyback_trade", "iban")
    with pytest.raises(CommandError, match="keep every key"):
        run()
    assert stored("buyback_trade", "iban") == before


def test_the_register_lets_a_rotation_change_the_key_and_nothing_else(trade: Trade) -> None:
    for change in ({"device": "Another"}, {"seller": ""}):
        with pytest.raises(DatabaseError, match="append-only"):
            rotating_update(change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        RegisterEntry.objects.update(seller="{}")


def test_no_encrypted_field_is_forgotten() -> None:
    names = {str(column) for column in rotation.columns()}
    assert {"buyback.Trade.iban", "buyback.Trade.iban_index", "buyback.Identity.document_number"} <= names
    assert {"buyback.TaxFile.number", "payments.Payout.iban", "refurbishers.Refurbisher.iban"} <= names
