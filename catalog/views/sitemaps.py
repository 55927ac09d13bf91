"""What search engines ask for: the index of the sitemap, its parts, and what they should leave alone."""

from django.conf import settings
from django.contrib.sitemaps.views import sitemap
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.sitemaps import sitemap_part, sitemap_parts

# Private pages, and endless combinations of filters and choices, are no use to a search engine.
CLOSED = (
    "/cart/", "/checkout/", "/account/", "/accounts/", "/orders/", "/search/suggest/", "/sell/quotes/", "/lists/",
    "/gifts/", "/alerts/", "/compare/?", "/recent/", "/desk/", "/plant/", "/api/", "/webhooks/", "/*/answer/", "/c/*?*",
    "/p/*?*listing=", "/search/?*", "/search/?q=*&",
)  # fmt: skip
OPEN = ("/c/*?page=", "/search/?page=", "/search/?q=", "/search/?q=*&page=")


@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The parts by name. Nothing of them is read: a catalogue of any size costs one look at its highest key."""
    found = [{"location": f"{settings.SITE_URL}{reverse('sitemap-part', args=[part])}"} for part in sitemap_parts()]
    return TemplateResponse(request, "sitemap_index.xml", {"sitemaps": found}, content_type="application/xml")


@require_safe
def sitemap_section(request: HttpRequest, section: str) -> HttpResponse:
    part = sitemap_part(section)
    if part is None:
        raise Http404
    return sitemap(request, sitemaps={section: part}, section=section)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED), *(f"Allow: {path}" for path in OPEN)]
    lines.append(f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")
