"""The shapes of what staff write as JSON: every page of a category reads it, so nothing of another shape is stored."""

from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
CODE: Schema = {"type": "string", "pattern": "^[a-z0-9_]+$"}
YES_OR_NO: Schema = {"type": "boolean"}
GRAMS: Schema = {"type": "integer", "minimum": 0}
GRADES = ["PREMIUM", "EXCELLENT", "GOOD", "FAIR"]
LOOKS: Schema = {"enum": ["flawless", "good", "used", "cracked"]}


def _object(required: Schema, **optional: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _list(of: Schema, least: int = 0) -> Schema:
    return {"type": "array", "minItems": least, "items": of}


def _when(kind: str | list[str], then: Schema) -> Schema:
    kinds = [kind] if isinstance(kind, str) else kind
    return {"if": {"properties": {"kind": {"enum": kinds}}}, "then": then}


EFFECT: Schema = {"grade": {"enum": [*GRADES, None]}, "functional": YES_OR_NO, "looks": LOOKS}
THRESHOLDS = _object({grade: {"type": "integer"} for grade in GRADES})
CHECK = _object(
    {"code": CODE, "chapter": CODE, "kind": {"enum": ["pass_fail", "scale", "number"]}, "text": TEXT},
    how={"type": "string"}, answer={"type": ["string", "null"]},
) | {
    "allOf": [
        _when(["pass_fail", "scale"], _object({"options": _list(_object({"value": TEXT, "text": TEXT, **EFFECT}), 2)})),
        _when("number", _object({
            "unit": {"type": "string"}, "better": {"enum": ["higher", "lower"]}, "thresholds": THRESHOLDS,
            "bands": _list(_object(EFFECT, bound={"type": ["integer", "null"]}), 1),
        })),
    ]
}  # fmt: skip
ANSWER = _object({"code": CODE, "text": TEXT, "functional": YES_OR_NO, "looks": LOOKS})
IMPLIED: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
SCHEMAS: dict[str, Schema] = {
    "attributes": _list(_object({"key": CODE, "label": TEXT, "kind": {"enum": ["number", "text", "choice"]}},
                                unit={"type": "string"}, facet=YES_OR_NO, choices=_list(TEXT))),
    "impact": {"anyOf": [
        {"type": "object", "maxProperties": 0},
        _object({"co2e_g": GRAMS, "co2e_low_g": GRAMS, "co2e_high_g": GRAMS, "source": TEXT,
                 "years_gained": {"type": "integer", "minimum": 1}},
                material_g=GRAMS, ewaste_g=GRAMS, measured=YES_OR_NO),
    ]},
    "box": _list(_object({"text": TEXT, "included": YES_OR_NO})),
    "questions": _list(_object({"code": CODE, "text": TEXT, "options": _list(ANSWER, 2)}), 1),
    "gates": _list(_object({"code": CODE, "text": TEXT,
                            "options": _list(_object({"code": CODE, "text": TEXT, "implies": IMPLIED}), 2)})),
    "checks": _list(CHECK, 1),
}  # fmt: skip


@deconstructible
class Shaped:
    """Validates a JSON field against one of SCHEMAS; no code (or key) stands twice in its list."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, value: Any) -> None:
        if error := best_match(Draft202012Validator(SCHEMAS[self.name]).iter_errors(value)):
            place = " › ".join(str(step) for step in error.absolute_path) or _("the whole")
            raise ValidationError(
                _("Wrong at %(place)s: %(problem)s"), params={"place": place, "problem": error.message}
            )
        rows = value if isinstance(value, list) else []
        codes = Counter(row.get("code") or row.get("key") for row in rows)
        if twice := [code for code, times in codes.items() if code and times > 1]:
            raise ValidationError(_("Stands twice: %(codes)s"), params={"codes": ", ".join(twice)})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shaped) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)
