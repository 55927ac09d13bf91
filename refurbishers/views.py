"""The public list of plants, each plant's page, and the way in for who is invited to work there."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from backmarket.accounts.models import User
from backmarket.countries import country_name
from backmarket.timetravel import now
from refurbishers import access, selectors, words
from refurbishers.forms import PlantFilterForm
from refurbishers.models import Refurbisher
from refurbishers.services.members import CannotJoin, accept_invitation

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
        "promises": selectors.promises(found.pk),
        "chapters": selectors.documented_chapters(found),
        "score_parts": selectors.score_parts(),
        "crumbs": [{"title": _("Plants"), "url": reverse("plants")}, {"title": found.name}],
    }
    return render(request, "refurbishers/plant.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation to work at a plant, accepted by the person whose e-mail it names."""
    invitation, at = access.invitation_of_link(token), now()
    person = request.user if isinstance(request.user, User) else None
    refusal = ""
    if request.method == "POST":
        if person is None:
            return redirect_to_login(request.path)
        try:
            accept_invitation(invitation, user=person, at=at)
        except CannotJoin as error:
            refusal = str(error)
        else:
            messages.success(request, _("Welcome to %(plant)s.") % {"plant": invitation.plant.name})
            return redirect("plant:index")
    context = {
        "invitation": invitation,
        "is_over": invitation.expires_at <= at,
        "is_mine": person is not None and person.email.lower() == invitation.email,
        "refusal": refusal,
    }
    return render(request, "refurbishers/join.html", context, status=422 if refusal else 200)


def _answered_within(plant: Refurbisher) -> str:
    """The median first human answer in words; empty while too few are known."""
    minutes = plant.median_answer_minutes
    return "" if minutes is None else words.duration_words(minutes)
