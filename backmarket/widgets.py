"""Inputs and selects of forms, printed in Python: byte by byte what Django's templates print, which take many times as
long. Every other widget is left to them.
"""

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.formats import localize
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeData, SafeString, mark_safe

WIDGETS = "django/forms/widgets/"
INPUTS = frozenset(
    f"{WIDGETS}{name}.html" for name in ("checkbox", "email", "hidden", "number", "password", "text", "url")
)
SELECT, OPTION = f"{WIDGETS}select.html", f"{WIDGETS}select_option.html"


class Renderer(DjangoTemplates):
    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> SafeString:
        if template_name in INPUTS:
            return _safe(_input(context["widget"]))
        if template_name == SELECT and _is_plain(context["widget"]):
            return _safe(_select(context["widget"]))
        return SafeString(super().render(template_name, context, request))


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    return f'<input type="{escape(widget["type"])}" name="{escape(widget["name"])}"{value}{_attributes(widget)}>'


def _is_plain(widget: Mapping[str, Any]) -> bool:
    return all(
        option["template_name"] == OPTION for _name, options, _index in widget["optgroups"] for option in options
    )


def _select(widget: Mapping[str, Any]) -> str:
    parts = [f'<select name="{escape(widget["name"])}"{_attributes(widget)}>']
    for name, options, _index in widget["optgroups"]:
        if name:
            parts.append(f'\n  <optgroup label="{conditional_escape(localize(name))}">')
        parts += [f"\n  {_option(option)}\n" for option in options]
        if name:
            parts.append("\n  </optgroup>")
    return "".join([*parts, "\n</select>"])


def _option(option: Mapping[str, Any]) -> str:
    label = conditional_escape(localize(option["label"]))
    return f'<option value="{_text(option["value"])}"{_attributes(option)}>{label}</option>'


def _attributes(widget: Mapping[str, Any]) -> str:
    return "".join(
        f" {escape(name)}" if value is True else f' {escape(name)}="{_text(value)}"'
        for name, value in widget["attrs"].items()
        if value is not False
    )


def _text(value: Any) -> str:
    return str(value) if isinstance(value, SafeData) else escape(str(value))


def _safe(markup: str) -> SafeString:
    return mark_safe(markup)  # noqa: S308 - as Django's templates, every text escaped
