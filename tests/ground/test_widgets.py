"""Widgets printed in Python are those that Django's templates print."""

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from backmarket.widgets import Renderer

CHOICES = [
    ("", "---------"), (1, "One & only"), (1234, 5678), ("<b>", gettext_lazy("Country")),
    ("Group <1>", [("a", "A"), ("b", mark_safe("<i>B</i>"))]),
]  # fmt: skip
WIDGETS = [
    forms.TextInput, forms.EmailInput, forms.NumberInput, forms.HiddenInput, forms.PasswordInput, forms.URLInput,
    forms.CheckboxInput, forms.Textarea, forms.DateInput, forms.ClearableFileInput,
]  # fmt: skip
ATTRS: dict[str, Any] = {
    "id": "id_x", "required": True, "disabled": False, "data-words": gettext_lazy("Written like %(example)s"),
    "data-json": '{"a": "<&>"}', "max": 1234, "title": mark_safe("&amp;"), "class": "a'b",
}  # fmt: skip


@pytest.mark.parametrize("language", ["en-gb", "fr"])
@pytest.mark.parametrize("value", [None, "", "plain", "a\"b<c>&'d", 1234, 12.5, True, False, mark_safe("&eacute;")])
def test_inputs(value: Any, language: str) -> None:
    with override(language):
        for widget in WIDGETS:
            made = widget(attrs=ATTRS)
            ours, theirs = (made.render("a<b", value, renderer=each()) for each in (Renderer, DjangoTemplates))
            assert ours == theirs


@pytest.mark.parametrize("language", ["en-gb", "fr"])
@pytest.mark.parametrize("value", [None, "", 1, "1", 1234, "<b>", "b", ["a", "b"]])
def test_selects(value: Any, language: str) -> None:
    with override(language):
        for widget in (forms.Select, forms.SelectMultiple, forms.RadioSelect):
            made = widget(attrs=ATTRS, choices=CHOICES)
            ours, theirs = (made.render("name", value, renderer=each()) for each in (Renderer, DjangoTemplates))
            assert ours == theirs
