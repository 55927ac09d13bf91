"""Standard rates of VAT in the European Union, in basis points, each with the day from which it holds.

Source: European Commission, Taxes in Europe Database (TEDB) for what changed since 2017, and DG TAXUD, "VAT rates
applied in the Member States", section VIII, for what did not, as transcribed with dates in eu-vat-rates-history of
2026-09-23 and read on 2026-11-27. The changes since 2024 agree with what was written of them elsewhere: Estonia 22 %
from 2024-01-01 and 24 % from 2025-07-01 (its tax office), Finland 25.5 % from 2024-09-01 (its own), Slovakia 23 %
from 2025-01-01, Romania 21 % from 2025-08-01 (Legea 141/2025). In 2026 reduced rates changed, no standard rate did.

Devices are taxed at the standard rate everywhere. Parts of a country with rates of their own (overseas departments, the
Canary Islands, Åland, Madeira) are not told apart. A new rate is a new line below the old one, which stays.
"""

from collections.abc import Mapping
from datetime import date

SINCE_ALWAYS = date(2024, 1, 1)

_EVERYWHERE = {
    "AT": 2000, "BE": 2100, "BG": 2000, "CY": 1900, "CZ": 2100, "DE": 1900, "DK": 2500, "EE": 2200, "ES": 2100,
    "FI": 2400, "FR": 2000, "GR": 2400, "HR": 2500, "HU": 2700, "IE": 2300, "IT": 2200, "LT": 2100, "LU": 1700,
    "LV": 2100, "MT": 1800, "NL": 2100, "PL": 2300, "PT": 2300, "RO": 1900, "SE": 2500, "SI": 2200, "SK": 2000,
}  # fmt: skip
_CHANGES = (
    ("FI", date(2024, 9, 1), 2550),
    ("SK", date(2025, 1, 1), 2300),
    ("EE", date(2025, 7, 1), 2400),
    ("RO", date(2025, 8, 1), 2100),
)
# Country → its rates with their first days, oldest first.
RATES: Mapping[str, tuple[tuple[date, int], ...]] = {
    country: ((SINCE_ALWAYS, bps), *((since, new) for where, since, new in _CHANGES if where == country))
    for country, bps in _EVERYWHERE.items()
}


class UnknownRate(LookupError):
    """The table has no rate of this country on this day."""


def in_union(country: str) -> bool:
    """Is it one of the 27 whose VAT is common?"""
    return country in RATES


def vat_rate(country: str, on: date) -> int:
    """The standard rate of a country (ISO 3166-1 alpha-2) on a day of its own, in basis points.

    Raises UnknownRate outside the Union, and for days before 2024.
    """
    for since, bps in reversed(RATES.get(country, ())):
        if since <= on:
            return bps
    raise UnknownRate(f"no rate of VAT in {country!r} on {on}")
