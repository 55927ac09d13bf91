"""Names of countries."""

from babel import Locale
from django.utils.translation import get_language

from backmarket.markup import worded


@worded
def country_name(code: str) -> str:
    """A country (ISO 3166-1 alpha-2) in the reader's language; its code when unknown."""
    locale = Locale.parse(get_language() or "en", sep="-")
    return str(locale.territories.get(code, code))
