"""Collections: all of them, one of them, and one as the desk sees it before the public does."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_safe

from backmarket.timetravel import now
from catalog.access import collection_to_curate, public_collection
from catalog.models import Collection
from catalog.selectors.collections import shelf_of, shelves


@require_safe
@conditional_page
def collections(request: HttpRequest) -> HttpResponse:
    shown = [shelf for shelf in shelves(now()) if shelf.picks]
    return render(request, "catalog/collections.html", {"shelves": shown, "crumbs": [{"title": _("Collections")}]})


@require_safe
@conditional_page
def collection(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, public_collection(slug, at=now()))


@never_cache
@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """As the public will see it, for those who may curate it."""
    return _page(request, collection_to_curate(request.user, slug), preview=True)


def _page(request: HttpRequest, found: Collection, *, preview: bool = False) -> HttpResponse:
    crumbs = [{"title": _("Collections"), "url": reverse("collections")}, {"title": found.title}]
    context = {"shelf": shelf_of(found), "crumbs": crumbs, "preview": preview}
    return render(request, "catalog/collection.html", context)
