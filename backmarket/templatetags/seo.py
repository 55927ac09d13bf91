"""What a page tells search engines of its other languages."""

from django import template
from django.conf import settings
from django.urls import translate_url
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def alternate_links(path: str) -> SafeString:
    """The same page in every language that has an address of its own, and the one for everybody else.

    Nothing while there is one language, and nothing while languages share their addresses: an alternate that is the
    same page would be a lie.
    """
    if len(settings.LANGUAGES) < 2:
        return SafeString("")
    found = [(code, translate_url(path, code)) for code, _name in settings.LANGUAGES]
    if len({url for _code, url in found}) < 2:
        return SafeString("")
    default = dict(found).get(settings.LANGUAGE_CODE, path)
    links = [(code, settings.SITE_URL, url) for code, url in [*found, ("x-default", default)]]
    return format_html_join("", '<link rel="alternate" hreflang="{}" href="{}{}">', links)
