"""The words that the law wants on an invoice, in the language of who reads it and of the country that taxes it.

Source: directive 2006/112, art. 226 (11a) and (14), in its versions by language and as national law repeats them (CGI,
ann. II, art. 242 nonies A; UStG § 14a; RD 1619/2012, art. 6; DPR 633/72, art. 21). They are quoted, not translated.
"""

from collections.abc import Iterator, Mapping

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from backmarket.invoices.models import Invoice, Kind
from backmarket.market import LEGAL_GUARANTEE_MONTHS, PRESUMPTION_MONTHS

STATUTORY: Mapping[str, Mapping[str, str]] = {
    "margin": {
        "cs": "Zvláštní režim – použité zboží",
        "da": "Fortjenstmargenordning – brugte genstande",
        "de": "Gebrauchtgegenstände/Sonderregelung",
        "en": "Margin scheme – Second-hand goods",
        "es": "Régimen especial de los bienes usados",
        "fr": "Régime particulier – Biens d'occasion",
        "it": "Regime del margine – Beni usati",
        "nl": "Bijzondere regeling – gebruikte goederen",
        "pl": "Procedura marży – towary używane",
        "pt": "Regime da margem de lucro – Bens em segunda mão",
        "sv": "Vinstmarginalbeskattning – Begagnade varor",
    },
    "reverse": {
        "cs": "Daň odvede zákazník",
        "da": "Omvendt betalingspligt",
        "de": "Steuerschuldnerschaft des Leistungsempfängers",
        "en": "Reverse charge",
        "es": "Inversión del sujeto pasivo",
        "fr": "Autoliquidation",
        "it": "Inversione contabile",
        "nl": "Btw verlegd",
        "pl": "Odwrotne obciążenie",
        "pt": "IVA – autoliquidação",
        "sv": "Omvänd betalningsskyldighet",
    },
}
# The language of a country's tax office; English elsewhere.
SPOKEN = {
    "AT": "de", "BE": "fr", "CZ": "cs", "DE": "de", "DK": "da", "ES": "es", "FR": "fr", "IT": "it", "LU": "fr",
    "NL": "nl", "PL": "pl", "PT": "pt", "SE": "sv",
}  # fmt: skip


def statutory(what: str, *, country: str) -> str:
    """The reader's words, and those of the country where they differ: "Margin scheme … / Régime particulier …"."""
    reader = (get_language() or "en").partition("-")[0]
    words = STATUTORY[what]
    said = words.get(reader, words["en"])
    own = words[SPOKEN.get(country, "en")]
    return said if own == said else f"{said} / {own}"


def mentions(invoice: Invoice) -> Iterator[str]:
    """Everything the law wants said beneath the amounts, in the active language."""
    schemes = {line["scheme"] for line in invoice.lines}
    country = invoice.issuer["country"]
    if "margin" in schemes:
        yield _("%(words)s: the VAT is in the price and is not shown.") % {
            "words": statutory("margin", country=country)
        }
    if "reverse" in schemes:
        yield _("%(words)s: the VAT is owed by the customer (directive 2006/112, art. 196).") % {
            "words": statutory("reverse", country=country)
        }
    if "export" in schemes:
        yield _("Export out of the European Union, exempt from VAT (directive 2006/112, art. 146).")
    if "outside" in schemes:
        yield _("Service to a business outside the European Union, without its VAT (directive 2006/112, art. 44).")
    if any(line["scheme"] == "regular" and line["country"] != country for line in invoice.lines):
        yield _("VAT of the country that the devices were sent to, declared in the one-stop shop.")
    yield from _of_kind(invoice)


def _of_kind(invoice: Invoice) -> Iterator[str]:
    if invoice.kind == Kind.INVOICE:
        yield _(
            "Legal guarantee of conformity: %(legal)d months from delivery; a defect that shows within %(presumed)d"
            " months is presumed to have been there."
        ) % {"legal": LEGAL_GUARANTEE_MONTHS, "presumed": PRESUMPTION_MONTHS}
        yield from _guarantees(invoice)
    if on_behalf := invoice.issuer.get("on_behalf"):
        yield _("Issued by %(house)s in the name and on behalf of the seller.") % {"house": on_behalf}


def _guarantees(invoice: Invoice) -> Iterator[str]:
    """One sentence where all devices have the same, else one for each that differs."""
    # An invoice from before each line had its own says the shortest of them all.
    own = {(line["what"], line.get("guarantee_months") or invoice.facts["guarantee_months"]) for line in invoice.lines}
    if len({months for _what, months in own}) == 1:
        own = {("", months) for _what, months in own}
    for what, months in sorted(own):
        of = _("the seller for %(what)s") % {"what": what} if what else _("the seller")
        yield ngettext(
            "Commercial guarantee of %(of)s: %(count)s month from delivery.",
            "Commercial guarantee of %(of)s: %(count)s months from delivery.",
            months,
        ) % {"of": of, "count": months}
