"""What a seller writes that can be wrong: a device's number, a bank account, the name on it. Pure."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum import imei

from backmarket.errors import DomainError

SERIAL = re.compile(r"[0-9A-Z]{5,20}")
DOCUMENT = re.compile(r"[0-9A-Z]{5,20}")
TITLES = frozenset({"m", "mr", "mrs", "ms", "mme", "mlle", "monsieur", "madame", "dr"})


class InvalidIdentifier(DomainError):
    code = "invalid_identifier"


class InvalidIban(DomainError):
    code = "invalid_iban"
    default_message = _("This is not a valid IBAN: compare it with the one on your bank statement.")


class HolderIsNotSeller(DomainError):
    code = "holder_is_not_seller"
    default_message = _("The account must be in the name on your identity document.")


class InvalidDocument(DomainError):
    code = "invalid_document"
    default_message = _("Copy the document's number: 5 to 20 letters and digits.")


def checked_identifier(kind: str, text: str) -> str:
    """The IMEI (15 digits, Luhn, not all zeros) or serial number (5 to 20 letters and digits) without separators.

    Raises InvalidIdentifier on the field `identifier`.
    """
    compact = re.sub(r"[\s./-]", "", text).upper()
    if kind == "imei":
        if len(compact) == 15 and imei.is_valid(compact) and compact.strip("0"):
            return compact
        message = _("This is not a valid IMEI: dial *#06# and copy the 15 digits.")
        raise InvalidIdentifier(message, field="identifier")
    if not SERIAL.fullmatch(compact) or not compact.strip("0"):
        raise InvalidIdentifier(_("A serial number has 5 to 20 letters and digits."), field="identifier")
    return compact


def checked_iban(text: str) -> str:
    """The IBAN without spaces, its length, check digits and bank format valid. Raises InvalidIban on `iban`."""
    try:
        return str(IBAN(text, validate_bban=True).compact)
    except SchwiftyException as error:
        raise InvalidIban(field="iban") from error


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
