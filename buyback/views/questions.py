"""One question after the other, each with its own address, so that the browser's back does what people expect.

What was said so far waits in the visitor's session, by SKU: no account, nothing personal, nothing in the address.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from backmarket import timetravel
from backmarket.forms import posted, status_of
from buyback import selectors
from buyback.forms import AnswerForm
from buyback.models import Quote
from buyback.services.quotes import make_quote
from buyback.views import crumbs
from buyback.views.quotes import actor
from catalog.access import variant_to_sell
from catalog.models import QuestionSet, Variant
from catalog.questions import Way, said_from, way_through

SESSION = "selling"
DEVICES_REMEMBERED = 4


@require_http_methods(["GET", "POST"])
def sell_questions(request: HttpRequest, sku: str) -> HttpResponseBase:
    """The way in: on to the first open question; once all is said, the answers to look over, or the quote they give."""
    variant, asked = _found(sku)
    if earlier := _earlier_quote(request, variant):
        _remember(request, sku, said_from(asked.gates, earlier.answers))
    way = _way(request, variant, asked)
    if way.open_step is not None:
        return redirect("sell-question", sku, way.open_step["code"])
    if request.method == "POST":
        return _to_offers(request, variant, way)
    context = {"variant": variant, "product": variant.product, "said": selectors.steps_in_words(way)}
    way_here = crumbs.selling(product=variant.product, here=_("Your answers"))
    return render(request, "buyback/answers.html", {**context, "crumbs": way_here})


@require_http_methods(["GET", "POST"])
def sell_question(request: HttpRequest, sku: str, code: str) -> HttpResponseBase:
    variant, asked = _found(sku)
    way = _way(request, variant, asked)
    place = way.place_of(code)
    if place is None:
        return redirect("sell-questions", sku)
    form = AnswerForm(way.steps[place], posted(request), initial={"answer": way.said.get(code)})
    if form.is_valid():
        _remember(request, sku, {**way.said, code: form.cleaned_data["answer"]})
        return _onwards(request, variant, asked, code)
    return _page(request, variant, way, place, form)


def _onwards(request: HttpRequest, variant: Variant, asked: QuestionSet, code: str) -> HttpResponseBase:
    """The question after this one; after the last, the first that is still open, or else the offers."""
    way = _way(request, variant, asked)
    after = way.steps[(way.place_of(code) or 0) + 1 :]
    following = after[0] if after else way.open_step
    if following is None:
        return _to_offers(request, variant, way)
    return redirect("sell-question", variant.sku, following["code"])


def _to_offers(request: HttpRequest, variant: Variant, way: Way) -> HttpResponseBase:
    quote = make_quote(variant, answers=way.answers, by=actor(request), at=timetravel.now())
    url = reverse("quote", args=[quote.pk])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _page(request: HttpRequest, variant: Variant, way: Way, place: int, form: AnswerForm) -> HttpResponse:
    product, sku = variant.product, variant.sku
    is_choice = product.variants.count() > 1
    before = (
        reverse("sell-question", args=[sku, way.steps[place - 1]["code"]])
        if place
        else reverse("sell-product", args=[product.slug])
        if is_choice
        else reverse("sell-category", args=[product.category.slug])
    )
    context = {
        "variant": variant,
        "product": product,
        "step": way.steps[place],
        "form": form,
        "number": place + 1,
        "total": len(way.steps),
        "before": before,
        "all_said": way.open_step is None,
        "crumbs": crumbs.selling(product=product, here=_("Questions")),
    }
    return render(request, "buyback/question.html", context, status=status_of(form))


def _found(sku: str) -> tuple[Variant, QuestionSet]:
    variant = variant_to_sell(sku)
    return variant, get_object_or_404(variant.product.category.question_sets.order_by("-version")[:1])


def _way(request: HttpRequest, variant: Variant, asked: QuestionSet) -> Way:
    said = request.session.get(SESSION, {}).get(variant.sku, {})
    return way_through(asked.gates, asked.questions, said)


def _remember(request: HttpRequest, sku: str, said: dict[str, str]) -> None:
    others = {key: value for key, value in request.session.get(SESSION, {}).items() if key != sku}
    latest = dict(list(others.items())[-(DEVICES_REMEMBERED - 1) :])
    request.session[SESSION] = {**latest, sku: said}


def _earlier_quote(request: HttpRequest, variant: Variant) -> Quote | None:
    """The quote (?quote=…) whose answers are to be looked at again."""
    try:
        return Quote.objects.filter(variant=variant, pk=UUID(request.GET.get("quote", ""))).first()
    except ValueError:
        return None
