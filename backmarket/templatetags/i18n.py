"""Django's tags for translations, with the fixed words of a template remembered in each language.

A page says dozens of them, and looking one up walks through the catalogues of every application.
"""

from typing import Any

from django.template import Context, Library, Node
from django.template.base import Parser, Token
from django.templatetags import i18n
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from backmarket.markup import worded

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


@register.tag("trans")
@register.tag("translate")
def translate(parser: Parser, token: Token) -> Any:
    node = i18n.do_translate(parser, token)
    if not isinstance(node, i18n.TranslateNode) or node.noop or node.asvar or node.message_context:
        return node
    expression = node.filter_expression
    words = getattr(expression.var, "literal", None)
    return Words(words) if isinstance(words, SafeString) and not expression.filters else node
