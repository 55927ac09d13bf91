"""What templates and tags remember of words, they remember in each language."""

import pytest
from django.template import Context, Template
from django.utils.translation import gettext, override

TEMPLATES = [
    '{% load i18n %}{% translate "Yes" %}',
    '{% load i18n %}{% trans "Yes" %}',
    '{% load i18n %}{% translate "Yes" as word %}{{ word }}',
    "{% load i18n %}{% translate word %}",
    '{% load i18n %}{% translate "Yes"|lower %}',
]


@pytest.mark.parametrize("source", TEMPLATES)
def test_fixed_words_are_said_in_the_reader_s_language(source: str) -> None:
    template = Template(source)
    said = []
    for language in ("fr", "de", "fr"):
        with override(language):
            said.append((template.render(Context({"word": "Yes"})), gettext("Yes")))
    assert [words.lower() for words, _ in said] == [right.lower() for _, right in said] == ["oui", "ja", "oui"]


def test_fixed_words_are_markup_and_percent_signs_are_kept() -> None:
    source = '{% load i18n %}{% translate "<b>100 % & more</b>" %}{% translate "<b>" noop %}'
    assert Template(source).render(Context()) == "<b>100 % & more</b><b>"
