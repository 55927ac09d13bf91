"""SEPA credit transfers as a file for the bank (ISO 20022, pain.001.001.09). Pure: rows in, XML out."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID

import holidays
from django.conf import settings
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError, try_valid_xml
from text_unidecode import unidecode

from backmarket.payments.models import Payout

SCHEMA = "pain.001.001.09"
NAMESPACE = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"
# What every bank of the area can read (EPC217-08); the rest is spelt with it, or becomes a space.
FOREIGN = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]+")
NAME_LENGTH, TEXT_LENGTH = 70, 140
LEAST, MOST = 1, 99_999_999_999  # minor units
# Payees elsewhere in the SEPA area (CH, GB, MC, SM, …) are found by the BIC of their bank as well.
EEA = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    )
)  # fmt: skip


class InvalidFile(Exception):
    """The file would not be what the schema asks for."""


@dataclass(frozen=True)
class Debtor:
    """Whose account pays."""

    name: str
    iban: str
    bic: str


def debtor() -> Debtor:
    """The house, as the settings name it."""
    return Debtor(settings.SEPA_DEBTOR_NAME, settings.SEPA_DEBTOR_IBAN, settings.SEPA_DEBTOR_BIC)


def in_bank_letters(text: str, length: int) -> str:
    """The text in the letters that banks can read, at most so long, without doubled spaces."""
    return " ".join(FOREIGN.sub(" ", unidecode(text)).split())[:length].strip()


def transfer_text(payout: Payout) -> str:
    """What the payee reads on the account: who pays, and for what."""
    what = payout.label or payout.reference.hex[:8]
    return in_bank_letters(f"{settings.SITE_NAME} {payout.purpose} {what}", TEXT_LENGTH)


def end_to_end_id(payout: Payout) -> str:
    """Our payout's id in the 35 letters that a bank carries from end to end."""
    return payout.pk.hex


def payout_id(text: str) -> UUID | None:
    """The payout that an end-to-end id names; None when it is none of ours."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def problem(payout: Payout) -> str:
    """Why this payout cannot go into a file, as a code of reasons.py; empty when it can."""
    try:
        iban = IBAN(payout.iban)
    except SchwiftyException:
        return "bad_iban"
    checks = (
        ("bad_currency", payout.currency == "EUR"),
        ("bad_amount", LEAST <= payout.amount_minor <= MOST),
        ("not_sepa", bool(iban.in_sepa_zone)),
        ("no_bic", iban.country_code in EEA or iban.bic is not None),
        ("bad_name", bool(re.search("[A-Za-z]", in_bank_letters(payout.holder, NAME_LENGTH)))),
    )
    return next((code for code, fine in checks if not fine), "")


@cache
def _closing_days() -> holidays.HolidayBase:
    return holidays.financial_holidays("ECB")


def execution_date(today: date) -> date:
    """The first day after `today` on which the banks of the euro area settle (TARGET)."""
    day = today + timedelta(days=1)
    while day.weekday() >= 5 or day in _closing_days():
        day += timedelta(days=1)
    return day


def transfer_file(payouts: Sequence[Payout], *, message_id: str, execution: date, at: datetime) -> bytes:
    """One order of all these payouts, booked as one sum on our side. Raises InvalidFile.

    The library names messages and asks the clock by itself; here both are given, so that the same rows make the same
    file, and the bank's answers name what we know.
    """
    payer = debtor()
    config = {"name": in_bank_letters(payer.name, NAME_LENGTH), "IBAN": payer.iban, "BIC": payer.bic}
    order = SepaTransfer(config | {"batch": True, "currency": "EUR"}, schema=SCHEMA, clean=False)
    for payout in payouts:
        order.add_payment(_transfer(payout, execution))
    root = ET.fromstring(order.export(validate=False))  # noqa: S314 - written by the line before
    for path, text in (
        ("GrpHdr/MsgId", message_id),
        ("GrpHdr/CreDtTm", at.isoformat(timespec="seconds")),
        ("PmtInf/PmtInfId", message_id),
    ):
        _set(root, path, text)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    try:
        try_valid_xml(content, SCHEMA)
    except ValidationError as error:
        raise InvalidFile(str(error)) from error
    return content


def _transfer(payout: Payout, execution: date) -> dict[str, object]:
    iban = IBAN(payout.iban)
    facts: dict[str, object] = {
        "name": in_bank_letters(payout.holder, NAME_LENGTH),
        "IBAN": iban.compact,
        "amount": payout.amount_minor,
        "execution_date": execution,
        "description": transfer_text(payout),
        "endtoend_id": end_to_end_id(payout),
    }
    return facts if iban.country_code in EEA or iban.bic is None else facts | {"BIC": str(iban.bic)}


def _set(root: ET.Element, path: str, text: str) -> None:
    found = root.find("/".join(NAMESPACE + name for name in f"CstmrCdtTrfInitn/{path}".split("/")))
    if found is None:
        raise InvalidFile(path)
    found.text = text
