"""The shapes of what an invoice keeps as JSON: papers are drawn from it years later, so nothing else is stored."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
WORDS: Schema = {"type": "string", "minLength": 1}
DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
COUNTRY: Schema = {"type": "string", "pattern": "^[A-Z]{2}$"}
MINOR: Schema = {"type": "integer"}


def _object(required: Schema, **optional: Schema) -> Schema:
    properties = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


ISSUER = _object(
    {"name": WORDS, "lines": {"type": "array", "items": WORDS}, "registration": TEXT, "vat_number": TEXT},
    country=COUNTRY, on_behalf=WORDS,
)  # fmt: skip
# `subject` is the order line; `gross_minor` includes `vat_minor` and `shipping_minor`, and that one `express_minor`.
# `bps` is the rate shown.
LINES: Schema = {
    "type": "array",
    "minItems": 1,
    "items": _object(
        {
            "subject": WORDS, "what": WORDS, "number": TEXT, "gross_minor": MINOR, "vat_minor": MINOR, "bps": MINOR,
            "country": COUNTRY, "scheme": {"enum": ["regular", "margin", "export", "reverse", "outside"]},
        },
        shipping_minor=MINOR, express_minor=MINOR, guarantee_months={"type": "integer"},
    ),
}  # fmt: skip
FACTS = _object(
    {},
    order={"type": "integer"}, sent_date=DAY, paid_date=DAY, guarantee_months={"type": "integer"},
    credit_minor=MINOR, card_minor=MINOR,
    settlement=WORDS, settlement_date=DAY, corrected=WORDS, corrected_date=DAY,
    # Of commissions that are given back: every paper that had invoiced one of them.
    corrects={"type": "array", "minItems": 1, "items": _object({"number": WORDS, "date": DAY})},
)  # fmt: skip


VALIDATORS = {
    name: Draft202012Validator(schema) for name, schema in (("issuer", ISSUER), ("lines", LINES), ("facts", FACTS))
}


@deconstructible
class Shape:
    """A validator: JSON of the schema with this name, or ValidationError with the first thing that is wrong."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, value: Any) -> None:
        if error := best_match(VALIDATORS[self.name].iter_errors(value)):
            raise ValidationError(f"{self.name}, {error.json_path}: {error.message}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)
