"""The frame of a page: header and footer, the same on thousands of pages and rendered once for all of them."""

from html import escape
from typing import Any, NamedTuple

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from backmarket.markup import worded
from backmarket.pagecache import STRANGER, TOOLS, tools, tools_of

register = template.Library()
SEARCHED = "<!--searched-->"


class Link(NamedTuple):
    """A category in the header."""

    slug: str
    name: str


@register.simple_tag(takes_context=True)
def site_header(context: template.RequestContext) -> SafeString:
    """The header, with the words searched for and, unless the page is kept for everyone, the visitor's own tools."""
    request = context.get("request")
    links = tuple(Link(category.slug, category.name) for category in context.get("nav_categories") or ())
    path = request.path if request and request.path.startswith("/c/") else ""
    header = _header(str(context.get("site_name", "")), links, path)
    header = header.replace(escape(SEARCHED), escape(request.GET.get("q", "") if request else ""), 1)
    if not getattr(request, "keeps_page", False):
        header = header.replace(TOOLS, tools_of(request) if request else tools(*STRANGER), 1)
    return SafeString(header)


@register.simple_tag(takes_context=True)
def site_footer(context: template.RequestContext) -> SafeString:
    return _footer(str(context.get("site_name", "")), bool(context.get("demo")))


@worded
def _header(site_name: str, nav_categories: tuple[Link, ...], path: str) -> str:
    facts: dict[str, Any] = {"site_name": site_name, "nav_categories": nav_categories, "path": path}
    facts["searched"] = SEARCHED
    return render_to_string("components/_header.html", facts)


@worded
def _footer(site_name: str, demo: bool) -> SafeString:
    return render_to_string("components/_footer.html", {"site_name": site_name, "demo": demo})
