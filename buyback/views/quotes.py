"""From "what have you got?" to a price: category, model, variant, questions, quote. Nobody has to log in for this."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backmarket import timetravel
from backmarket.errors import DomainError
from backmarket.events.services import Actor
from backmarket.forms import posted, status_of
from backmarket.throttle import throttled
from buyback import access, selectors
from buyback.due import last_minute
from buyback.forms import EmailQuoteForm, QuestionsForm
from buyback.models import Quote
from buyback.services.quotes import CannotSendQuote, make_quote, renew_quote, send_quote
from buyback.views import crumbs
from catalog.grading import IncompleteAnswers
from catalog.models import Category, Product, Variant

QUOTES_PER_MAILBOX_AND_HOUR = 5


def actor(request: HttpRequest) -> Actor:
    return request.user if request.user.is_authenticated else "guest"


@require_GET
def sell(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:80]
    found = selectors.products_named(words) if words else []
    context = {"categories": selectors.sellable_categories(), "words": words, "found": found}
    return render(request, "buyback/sell.html", {**context, "popular": selectors.popular_products()})


@require_GET
def sell_category(request: HttpRequest, slug: str) -> HttpResponse:
    category = get_object_or_404(selectors.sellable_categories(), slug=slug)
    products = selectors.sellable_products(category).order_by("brand", "-released_year", "name")
    return render(
        request,
        "buyback/category.html",
        {
            "category": category,
            "products": selectors.with_best_bid(products),
            "crumbs": crumbs.selling(category=category),
        },
    )


@require_GET
def sell_product(request: HttpRequest, slug: str) -> HttpResponse:
    product = get_object_or_404(Product.objects.select_related("category"), slug=slug)
    context = {"product": product, "variants": product.variants.order_by("id")}
    return render(request, "buyback/product.html", {**context, "crumbs": crumbs.selling(product=product)})


def sell_questions(request: HttpRequest, sku: str) -> HttpResponse:
    """The questions on one page; coming back from a quote (?quote=…) finds its answers kept."""
    variant = get_object_or_404(Variant.objects.select_related("product__category"), sku=sku)
    question_set = get_object_or_404(_questions(variant.product.category))
    form = QuestionsForm(question_set, posted(request), initial=_earlier_answers(request))
    if request.method == "POST" and form.is_valid():
        quote = make_quote(variant, answers=form.cleaned_data, by=actor(request), at=timetravel.now())
        return redirect("quote", quote.pk)
    way = crumbs.selling(product=variant.product, here=_("Questions"))
    context = {"variant": variant, "product": variant.product, "form": form, "crumbs": way}
    return render(request, "buyback/questions.html", context, status=status_of(form))


def _questions(category: Category):  # type: ignore[no-untyped-def]
    return category.question_sets.order_by("-version")[:1]


def _earlier_answers(request: HttpRequest) -> dict[str, str]:
    try:
        return Quote.objects.get(pk=UUID(request.GET.get("quote", ""))).answers
    except (ValueError, Quote.DoesNotExist):
        return {}


@require_GET
def quote(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _quote_page(request, access.quote_for_anyone(pk), EmailQuoteForm(initial=_own_email(request)))


def _own_email(request: HttpRequest) -> dict[str, str]:
    return {"email": request.user.email} if request.user.is_authenticated else {}


def _quote_page(request: HttpRequest, shown: Quote, form: EmailQuoteForm, status: int = 200) -> HttpResponse:
    now = timetravel.now()
    context = {
        "quote": shown,
        "product": shown.variant.product,
        "bids": shown.bids.select_related("plant"),
        "answers": selectors.answers_in_words(shown),
        "is_open": shown.status == Quote.Status.OPEN and shown.expires_at > now,
        "is_accepted": shown.status == Quote.Status.ACCEPTED,
        "until": last_minute(shown.expires_at),
        "crumbs": crumbs.selling(product=shown.variant.product, here=_("Offers")),
        "form": form,
    }
    return render(request, "buyback/quote.html", context, status=status)


@require_POST
def quote_renew(request: HttpRequest, pk: UUID) -> HttpResponse:
    old = access.quote_for_anyone(pk)
    try:
        return redirect("quote", renew_quote(old, by=actor(request), at=timetravel.now()).pk)
    except IncompleteAnswers:
        messages.info(request, _("We ask a little more today: please look at the questions again."))
        return redirect("sell-questions", old.variant.sku)


@require_POST
def quote_send(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.quote_for_anyone(pk)
    form = EmailQuoteForm(request.POST)
    if form.is_valid():
        try:
            _send(request, shown, form.cleaned_data["email"])
        except DomainError as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("The quote is on its way to your mailbox."))
            return redirect("quote", pk)
    return _quote_page(request, shown, form, status=422)


def _send(request: HttpRequest, shown: Quote, email: str) -> None:
    """A quote costs nothing to make, so the limit per quote alone would fill a stranger's mailbox."""
    if throttled(f"quote-mail:{email.lower()}", limit=QUOTES_PER_MAILBOX_AND_HOUR):
        raise CannotSendQuote(_("This mailbox has had enough of our e-mails for now. Try again in an hour."))
    send_quote(shown, to=email, by=actor(request), at=timetravel.now())
