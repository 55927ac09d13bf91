"""The house as a legal entity: who invoices the commission."""

from typing import Any

from django.conf import settings


def house_identity() -> dict[str, Any]:
    """As an issuer's snapshot has it; the settings say who runs this installation."""
    return {
        "name": settings.HOUSE_NAME,
        "lines": settings.HOUSE_ADDRESS,
        "country": settings.MARKET_COUNTRY,
        "registration": settings.HOUSE_REGISTRATION,
        "vat_number": settings.HOUSE_VAT_NUMBER,
    }
