"""Words that no description of a refurbished device may carry, and those for why a listing is taken off. Pure.

Source: decree FR 2022-190 (a refurbished product is never "like new" or "as new"), and Directive (EU) 2024/825
(no blanket environmental claims).
"""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

FORBIDDEN = (
    "like new", "as new", "as good as new", "good as new", "brand new", "same as new", "mint condition",
    "comme neuf", "comme neuve", "etat neuf", "etat du neuf", "a neuf", "quasi neuf", "quasi neuve", "aspect neuf",
    "neuwertig", "wie neu", "fast neu",
    "como nuevo", "como nueva", "como novo", "come nuovo", "pari al nuovo", "als nieuw", "zo goed als nieuw",
    "climate neutral", "carbon neutral", "co2 neutral", "neutre en carbone", "klimaneutral",
)  # fmt: skip
_PATTERN = re.compile(r"\b(" + "|".join(FORBIDDEN) + r")\b")


def plain(text: str) -> str:
    """Lower case, without accents, every run of other signs one space: the form in which texts are compared."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", kept))


def forbidden_word(text: str) -> str | None:
    """The first forbidden expression in `text` in its plain form, whatever its accents, case and hyphens."""
    found = _PATTERN.search(plain(text))
    return found.group(1) if found else None


# The chapters of a grading specification, in the words of a shopper.
CHAPTERS = {
    "identity": _("Identity"),
    "security": _("Security and data"),
    "functions": _("Functions"),
    "screen": _("Screen"),
    "body": _("Body"),
    "battery": _("Battery"),
    "accessories": _("Accessories"),
}

# Why the house takes a listing off, as the desk chooses it and the plant reads it.
BLOCK_REASONS = {
    "misleading": _("says something that is not so"),
    "wrong_price": _("price is clearly a mistake"),
    "safety": _("device is not safe"),
    "law": _("against the law"),
}
