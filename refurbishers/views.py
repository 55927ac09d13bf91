"""The public list of plants and each plant's page."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from backmarket.countries import country_name
from refurbishers import access, selectors, words
from refurbishers.forms import PlantFilterForm
from refurbishers.models import Refurbisher

PER_PAGE = 24


def plants(request: HttpRequest) -> HttpResponse:
    form = PlantFilterForm(request.GET)
    found = Paginator(selectors.public_plants(**form.wanted), PER_PAGE)
    page = found.get_page(request.GET.get("page"))
    cards = [{"plant": plant, "country": country_name(plant.country)} for plant in page]
    return render(request, "refurbishers/plants.html", {"form": form, "page_obj": page, "cards": cards})


def plant(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.public_plant(slug)
    context = {
        "plant": found,
        "country": country_name(found.country),
        "standing": words.STANDING[found.status],
        "answered_within": _answered_within(found),
        "signature": selectors.last_signature(found),
        "promises": selectors.promises(found),
        "chapters": selectors.documented_chapters(found),
        "score_parts": selectors.score_parts(),
        "crumbs": [{"title": _("Plants"), "url": reverse("plants")}, {"title": found.name}],
    }
    return render(request, "refurbishers/plant.html", context)


def _answered_within(plant: Refurbisher) -> str:
    """The median first human answer in words; empty while too few are known."""
    minutes = plant.median_answer_minutes
    return "" if minutes is None else words.duration_words(minutes)
