"""What a seller writes that can be wrong: a device's number, a bank account, the name on it. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import (
    InvalidBBANChecksum,
    InvalidChecksumDigits,
    InvalidCountryCode,
    InvalidLength,
    SchwiftyException,
)
from stdnum import imei

from backmarket.countries import country_name
from backmarket.errors import DomainError

SERIAL = re.compile(r"[0-9A-Z]{5,20}")
# What Apple prints beside the serial number, and people copy instead.
MODEL = re.compile(r"A\d{4}")
DOCUMENT = re.compile(r"[0-9A-Z]{5,20}")
TITLES = frozenset({"m", "mr", "mrs", "ms", "mme", "mlle", "monsieur", "madame", "dr"})


class InvalidIdentifier(DomainError):
    code = "invalid_identifier"


class InvalidIban(DomainError):
    code = "invalid_iban"
    default_message = _("This is not a valid IBAN: compare it with the one on your bank statement.")


class HolderIsNotSeller(DomainError):
    code = "holder_is_not_seller"
    default_message = _(
        "The account must be in the name on your identity document: we may pay nobody but the seller. "
        "Write the holder as your bank does, or choose an account of your own."
    )


class InvalidDocument(DomainError):
    code = "invalid_document"
    default_message = _("Copy the document's number: 5 to 20 letters and digits.")


def checked_identifier(kind: str, text: str) -> str:
    """The IMEI (15 digits, Luhn, not all alike) or serial number (5 to 20 letters and digits) without separators.

    Raises InvalidIdentifier on the field `identifier`, saying what is wrong with it.
    """
    compact = re.sub(r"[\s./-]", "", text).upper()
    wrong = _wrong_imei(compact) if kind == "imei" else _wrong_serial(compact)
    if wrong:
        raise InvalidIdentifier(wrong, field="identifier")
    return compact


def _wrong_imei(compact: str) -> str:
    """What is wrong with an IMEI, in a sentence that begins alike; empty when nothing is."""
    because = ""
    if not re.fullmatch(r"[0-9]+", compact):
        because = gettext("it has digits only. Dial *#06# on the device and copy them.")
    elif len(compact) == 16:
        because = gettext("these are 16 digits, the IMEISV. The IMEI has 15: dial *#06# on the device.")
    elif len(compact) != 15:
        because = ngettext(
            "it has 15 digits, and this is %(n)s. Dial *#06# on the device and copy them.",
            "it has 15 digits, and these are %(n)s. Dial *#06# on the device and copy them.",
            len(compact),
        ) % {"n": len(compact)}
    elif len(set(compact)) == 1:
        because = gettext("all its digits are the same. Dial *#06# on the device and copy the real ones.")
    elif not imei.is_valid(compact):
        because = gettext("one digit is wrong or two are swapped. Compare it with what *#06# shows.")
    return gettext("This is not a valid IMEI: %(because)s") % {"because": because} if because else ""


def _wrong_serial(compact: str) -> str:
    if not SERIAL.fullmatch(compact):
        return gettext("A serial number has 5 to 20 letters and digits.")
    if len(set(compact)) == 1:
        return gettext("This serial number has one character only, again and again. Look for the real one.")
    if MODEL.fullmatch(compact):
        return gettext("This is the number of the model, which all of them share. Look for “Serial” beside it.")
    return ""


def checked_iban(text: str) -> str:
    """The IBAN without spaces: length, check digits and bank format valid, in a country that SEPA transfers reach.

    Raises InvalidIban on `iban`, saying what is wrong with it.
    """
    try:
        account = IBAN(text, validate_bban=True)
    except SchwiftyException as error:
        raise InvalidIban(_wrong_iban(text, error), field="iban") from error
    if not account.in_sepa_zone:
        raise InvalidIban(_("We can pay to accounts of the SEPA area only. Choose an account there."), field="iban")
    return str(account.compact)


def _wrong_iban(text: str, error: SchwiftyException) -> str:
    """The cause in a sentence that begins alike; only lengths and countries are named, never the number."""
    compact = re.sub(r"\s", "", text)
    because = gettext("compare it with the one on your bank statement.")
    if isinstance(error, InvalidCountryCode):
        because = gettext("it begins with the two letters of a country, as in FR76.")
    elif isinstance(error, InvalidLength):
        country = compact[:2].upper()
        facts = {
            "country": country_name(country),
            "right": IBAN(text, allow_invalid=True).spec.iban_length,
            "n": len(compact),
        }
        because = gettext("in %(country)s it has %(right)s characters, and this has %(n)s.") % facts
    elif isinstance(error, InvalidChecksumDigits | InvalidBBANChecksum):
        because = gettext("a character is wrong or two are swapped. Compare it with your bank statement.")
    return gettext("This is not a valid IBAN: %(because)s") % {"because": because}


@dataclass(frozen=True)
class BankAccount:
    """What an account's owner is shown of it: `masked` keeps the country's letters and the last four characters."""

    bank: str
    country: str
    masked: str


def bank_account(iban: str) -> BankAccount:
    """Of a valid IBAN; `bank` is empty where the country's register of banks is not public."""
    account = IBAN(iban)
    return BankAccount(account.bank_name or "", country_name(account.country_code), f"{iban[:2]}•• •••• {iban[-4:]}")


def masked_number(text: str, shown: int = 3) -> str:
    """A document's number, of which only the end can be read."""
    return "••••" + text[-shown:]


def checked_document(text: str) -> str:
    compact = re.sub(r"[\s./-]", "", text).upper()
    if not DOCUMENT.fullmatch(compact):
        raise InvalidDocument(field="document_number")
    return compact


def check_holder(holder: str, full_name: str) -> None:
    """The account holder is the person: the same names in any order, case or accents; second first names may lack.

    Raises HolderIsNotSeller on `holder`.
    """
    on_account, on_document = _names(holder), _names(full_name)
    shorter, longer = sorted((on_account, on_document), key=len)
    if on_account != on_document and (len(shorter) < 2 or not shorter <= longer):
        raise HolderIsNotSeller(field="holder")


def _names(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return frozenset(re.findall(r"\w+", letters)) - TITLES
