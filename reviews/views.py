"""Rating a device or a sale, and the public fragments that product and plant pages show."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.throttle import throttled
from backmarket.timetravel import now
from buyback.models import Trade
from orders.models import OrderLine
from refurbishers.access import public_plant
from reviews import access, selectors, services
from reviews.forms import AnswerForm, LineRatingForm, QuestionForm, TradeRatingForm
from reviews.models import Review
from reviews.services.questions import CannotAnswer, CannotAsk, answer_question, ask_question

PER_PAGE = 10
WORDS_PER_PERSON_AND_HOUR = 10


@login_required
def rate_line(request: HttpRequest, pk: UUID) -> HttpResponse:
    line = access.line_for_buyer(request.user, pk)
    back = reverse("order", args=[line.order_id])
    ratable = selectors.is_ratable(line)
    return _rate(request, line, LineRatingForm, services.rate_line, ratable=ratable, back=back)


@login_required
def rate_trade(request: HttpRequest, pk: UUID) -> HttpResponse:
    trade = access.trade_for_seller(request.user, pk)
    back = reverse("trade", args=[trade.pk])
    ratable = trade.status == Trade.Status.PAID
    return _rate(request, trade, TradeRatingForm, services.rate_trade, ratable=ratable, back=back)


def _rate(
    request: HttpRequest,
    subject: OrderLine | Trade,
    form_class: type[TradeRatingForm],
    service: Callable[..., Review],
    *,
    ratable: bool,
    back: str,
) -> HttpResponse:
    form = form_class(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            service(subject, author=request.user, by=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Thank you: your rating is published."))
            return redirect(back)
    review = getattr(subject, "review", None)
    title = subject.title if isinstance(subject, OrderLine) else str(subject.variant)
    context = {"form": form, "subject": subject, "title": title, "review": review, "ratable": ratable, "back_url": back}
    return render(request, "reviews/rate.html", context, status=status_of(form))


def product_reviews(request: HttpRequest, slug: str) -> HttpResponse:
    product = access.rated_product(slug)
    context = {"title": str(product), "back_url": product.get_absolute_url(), "shows_device": False}
    return _reviews(request, selectors.reviews_of_product(slug), context)


@require_http_methods(["GET", "HEAD", "POST"])
def product_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """The questions about a product, alone for htmx; asking one takes an account."""
    product = access.rated_product(slug)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    form = QuestionForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            if throttled(f"ask:{request.user.pk}", limit=WORDS_PER_PERSON_AND_HOUR):
                raise CannotAsk(_("You have asked a lot within an hour: please come back later."))
            ask_question(product, author=request.user, text=form.cleaned_data["text"], by=request.user, at=now())
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(
                request,
                _("Thank you: we read your question first, then it stands here. Answers come to you by e-mail."),
            )
            return redirect("product-questions", slug)
    page = Paginator(selectors.questions_of(product), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "product": product, "page_obj": page, "form": form, "voice": selectors.voice_of(request.user, product),
        "back_url": product.get_absolute_url(), "waiting": selectors.questions_waiting(request.user, product),
    }  # fmt: skip
    template = "reviews/_questions.html" if request.htmx else "reviews/questions.html"
    return render(request, template, context, status=status_of(form))


@login_required
def question_answer(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    question, voice = access.question_to_answer(request.user, slug, pk)
    form = AnswerForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            if throttled(f"answer:{request.user.pk}", limit=WORDS_PER_PERSON_AND_HOUR):
                raise CannotAnswer(_("You have answered a lot within an hour: please come back later."))
            answer_question(
                question, voice=voice, author=request.user, text=form.cleaned_data["text"], by=request.user, at=now()
            )
        except DomainError as error:
            refuse(form, error)
        else:
            said = (
                _("Thank you: we read your answer first, then it stands here.")
                if voice.line
                else _("Your answer is published.")
            )
            messages.success(request, said)
            return redirect("product-questions", slug)
    context = {
        "question": question,
        "voice": voice,
        "form": form,
        "back_url": reverse("product-questions", args=[slug]),
    }
    return render(request, "reviews/answer.html", context, status=status_of(form))


def plant_reviews(request: HttpRequest, slug: str) -> HttpResponse:
    plant = public_plant(slug)
    context = {"title": plant.name, "back_url": reverse("plant", args=[slug]), "shows_device": True}
    return _reviews(request, selectors.reviews_of_plant(plant), context)


def _reviews(request: HttpRequest, reviews: QuerySet[Review], context: dict[str, object]) -> HttpResponse:
    """The list alone for htmx, else the same inside a page of its own."""
    page = Paginator(reviews, PER_PAGE).get_page(request.GET.get("page"))
    context |= {"page_obj": page, "distribution": selectors.distribution(reviews, at=now())}
    template = "reviews/_reviews.html" if request.htmx else "reviews/reviews.html"
    return render(request, template, context)


def method(request: HttpRequest) -> HttpResponse:
    return render(request, "reviews/method.html")
