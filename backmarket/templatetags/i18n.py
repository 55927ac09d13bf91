"""Django's tags for translations, with the fixed words of a template remembered in each language.

A page says dozens of them, and looking one up walks through the catalogues of every application.
"""

from datetime import date
from typing import Any

from django.template import Context, Library, Node, defaultfilters
from django.template.base import Parser, Token
from django.template.base import render_value_in_context as shown
from django.templatetags import i18n
from django.utils.safestring import SafeString

from backmarket.markup import day_format, gettext, worded

register = Library()
register.tags, register.filters = dict(i18n.register.tags), dict(i18n.register.filters)


class Words(Node):
    """`{% translate "Words" %}`: text of a template, which is safe as it stands."""

    def __init__(self, words: SafeString) -> None:
        self.words = words

    def render(self, context: Context) -> SafeString:
        return _said(self.words)


@worded
def _said(words: SafeString) -> SafeString:
    # As Django does: a percent sign in the words is no place for a value.
    return SafeString(gettext(words.replace("%", "%%")).replace("%%", "%"))


@register.filter("date", expects_localtime=True, is_safe=False)
def formatted(value: Any, form: str | None = None) -> str:
    """Django's filter of that name, with days remembered: many things happen on the same."""
    return day_format(value, form) if type(value) is date else defaultfilters.date(value, form)


class Sentence(i18n.BlockTranslateNode):
    """`{% blocktranslate with name=value %}`, of one number: its words are put together once, and not for each page."""

    def __init__(self, node: i18n.BlockTranslateNode) -> None:
        self.__dict__.update(node.__dict__)
        self.words, self.names = self.render_token_list(self.singular)

    def render(self, context: Context, nested: bool = False) -> str:
        if nested:
            return super().render(context, nested)
        given = {name: value.resolve(context) for name, value in self.extra_context.items()}
        try:
            values = {name: shown(given[name] if name in given else context[name], context) for name in self.names}
            said = gettext(self.words) % values
        except (KeyError, ValueError):
            # A value that is missing, or a translation that is malformed: Django knows what to say.
            return super().render(context, nested)
        if not self.asvar:
            return said
        context[self.asvar] = SafeString(said)
        return ""


@register.tag("blocktrans")
@register.tag("blocktranslate")
def blocktranslate(parser: Parser, token: Token) -> Node:
    node = i18n.do_block_translate(parser, token)
    return node if node.plural or node.message_context else Sentence(node)


@register.tag("trans")
@register.tag("translate")
def translate(parser: Parser, token: Token) -> Any:
    node = i18n.do_translate(parser, token)
    if not isinstance(node, i18n.TranslateNode) or node.noop or node.asvar or node.message_context:
        return node
    expression = node.filter_expression
    words = getattr(expression.var, "literal", None)
    return Words(words) if isinstance(words, SafeString) and not expression.filters else node
