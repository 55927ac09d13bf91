"""What templates and tags remember of words, they remember in each language."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.utils.timezone import override as in_zone
from django.utils.translation import gettext, override

from backmarket import markup
from backmarket.templatetags.pieces import moment

TEMPLATES = [
    '{% load i18n %}{% translate "Yes" %}',
    '{% load i18n %}{% trans "Yes" %}',
    '{% load i18n %}{% translate "Yes" as word %}{{ word }}',
    "{% load i18n %}{% translate word %}",
    "{% load i18n %}{% blocktranslate %}Yes{% endblocktranslate %}",
    "{% load i18n %}{% blocktranslate asvar said %}Yes{% endblocktranslate %}{{ said }}",
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


def test_sentences_escape_their_values_and_keep_percent_signs() -> None:
    source = (
        "{% load i18n %}{% blocktranslate with word=word|upper %}100 % {{ word }} of {{ other }}{% endblocktranslate %}"
    )
    context = Context({"word": "<b>", "other": 1.5})
    assert Template(source).render(context) == "100 % &lt;B&gt; of 1.5"
    assert Template(source).render(Context({"word": "x"})) == "100 % X of "
    assert context.get("word") == "<b>"


def test_one_is_not_true_and_markup_is_not_text() -> None:
    seen: list[object] = []

    @markup.worded
    def kind(value: object) -> str:
        seen.append(value)
        return type(value).__name__

    assert [kind(1), kind(True), kind(1)] == ["int", "bool", "int"]
    assert len(seen) == 2


def test_days_are_said_in_the_reader_s_language() -> None:
    template = Template('{% load i18n %}{{ day|date:"j F" }}')
    said = []
    for language in ("fr", "de", "fr"):
        with override(language):
            said.append(template.render(Context({"day": date(2026, 3, 2)})))
    assert said == ["2 mars", "2 März", "2 mars"]
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert Template('{% load i18n %}{{ at|date:"j H:i" }}').render(Context({"at": at})) == "2 00:30"


def test_a_moment_is_shown_in_the_zone_at_hand() -> None:
    at = datetime(2026, 3, 1, 22, 30, 59, tzinfo=UTC)
    shown = []
    for zone in ("Europe/Paris", "UTC", "Europe/Paris"):
        with in_zone(zone):
            shown.append(moment(at, "H:i"))
    assert [text[-12:-7] for text in shown] == ["23:30", "22:30", "23:30"]
