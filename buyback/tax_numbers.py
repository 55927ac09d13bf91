"""Tax numbers of people (TIN), by the country that gave them: their shape and, where there are any, check digits."""

import re
from importlib import import_module

from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError

# Country → the table of python-stdnum that knows its number; where there is none, only the shape is checked.
KNOWN = {
    "AT": "at.tin", "BE": "be.nn", "DE": "de.idnr", "ES": "es.nif", "FR": "fr.nif", "IE": "ie.pps",
    "IT": "it.codicefiscale", "NL": "nl.bsn", "PL": "pl.pesel", "PT": "pt.nif", "SE": "se.personnummer",
}  # fmt: skip
# Member states, whose tax authorities exchange the reports.
COUNTRIES = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
SHAPE = re.compile(r"[A-Z0-9]{8,14}")


class InvalidTaxNumber(DomainError):
    code = "invalid_tax_number"
    default_message = _("This is not a tax number of that country: compare it with your tax notice.")


class UnknownCountry(DomainError):
    code = "unknown_tax_country"
    default_message = _("Choose the country where you pay your taxes.")


def checked_tax_number(country: str, text: str) -> str:
    """The number without spaces and signs. Raises UnknownCountry on `country`, InvalidTaxNumber on `number`."""
    if country not in COUNTRIES:
        raise UnknownCountry(field="country")
    number = re.sub(r"[\s./-]", "", text).upper()
    if not SHAPE.fullmatch(number) or len(set(number)) == 1:
        raise InvalidTaxNumber(field="number")
    if country in KNOWN and not import_module(f"stdnum.{KNOWN[country]}").is_valid(number):
        raise InvalidTaxNumber(field="number")
    return number
