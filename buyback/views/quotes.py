"""From "what have you got?" to a price: category, model, variant, and after the questions the quote."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backmarket import timetravel
from backmarket.errors import DomainError
from backmarket.events.services import Actor
from backmarket.throttle import client_of, throttled
from buyback import access, selectors
from buyback.advice import ways_without_a_bid
from buyback.due import last_minute
from buyback.forms import EmailQuoteForm
from buyback.models import Quote
from buyback.offers import price_change, quoted_bids
from buyback.services.quotes import CannotSendQuote, renew_quote, send_quote
from buyback.views import crumbs
from catalog.grading import IncompleteAnswers
from catalog.impact import avoided
from catalog.models import Product

LONGEST_SEARCH = 80
QUOTES_PER_MAILBOX_AND_HOUR = 5
QUOTES_PER_CLIENT_AND_HOUR = 15


def actor(request: HttpRequest) -> Actor:
    return request.user if request.user.is_authenticated else "guest"


@require_GET
def sell(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    context = {
        "categories": selectors.sellable_categories(),
        "words": words,
        "found": selectors.products_named(words) if words else [],
        "popular": selectors.popular_products(),
    }
    return render(request, "buyback/sell.html", context)


@require_GET
def sell_category(request: HttpRequest, slug: str) -> HttpResponse:
    category = get_object_or_404(selectors.sellable_categories(), slug=slug)
    words = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    products = selectors.sellable_products(category).order_by("brand", "-released_year", "name")
    context = {
        "category": category,
        "words": words,
        "found": selectors.products_named(words, category) if words else [],
        "popular": selectors.popular_products(category),
        "products": selectors.with_best_bid(products),
        "crumbs": crumbs.selling(category=category),
    }
    return render(request, "buyback/category.html", context)


@require_GET
def sell_product(request: HttpRequest, slug: str) -> HttpResponse:
    """One tap picks the variant; a model that has only one needs none."""
    product = get_object_or_404(Product.objects.select_related("category"), slug=slug)
    variants = list(product.variants.order_by("id"))
    if len(variants) == 1:
        return redirect("sell-questions", variants[0].sku)
    context = {"product": product, "variants": selectors.with_best_bid(selectors.variants_with_bids(product))}
    return render(request, "buyback/product.html", {**context, "crumbs": crumbs.selling(product=product)})


@require_GET
def trade_credit(request: HttpRequest, slug: str) -> HttpResponse:
    """What a typical one of these brings today, as a fragment of its product page; elsewhere the way to its price."""
    product = get_object_or_404(Product.objects.select_related("category"), slug=slug)
    if not request.htmx:
        return redirect("sell-product", slug)
    context = {"product": product, "bid": selectors.typical_bid(product)}
    return render(request, "buyback/_credit.html", context)


@require_GET
def quote(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _quote_page(request, access.quote_for_anyone(pk), EmailQuoteForm(initial=_own_email(request)))


def _own_email(request: HttpRequest) -> dict[str, str]:
    return {"email": request.user.email} if request.user.is_authenticated else {}


def _quote_page(request: HttpRequest, shown: Quote, form: EmailQuoteForm, status: int = 200) -> HttpResponse:
    now = timetravel.now()
    product = shown.variant.product
    is_accepted = shown.status == Quote.Status.ACCEPTED
    is_open = shown.status == Quote.Status.OPEN and shown.expires_at > now
    context = {
        "quote": shown,
        "product": product,
        "bids": quoted_bids(shown),
        "change": price_change(shown),
        "saved": avoided(product.category.impact),
        "advice": ways_without_a_bid(product.category.slug),
        "answers": selectors.answers_in_words(shown),
        "is_open": is_open,
        "is_accepted": is_accepted,
        "is_over": not is_open and not is_accepted,
        "until": last_minute(shown.expires_at),
        "crumbs": crumbs.selling(product=product, here=_("Offers")),
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
    if throttled(f"quote-mail-from:{client_of(request)}", limit=QUOTES_PER_CLIENT_AND_HOUR):
        raise CannotSendQuote(_("You have sent many quotes in a short time. Try again in an hour."))
    if throttled(f"quote-mail:{email.lower()}", limit=QUOTES_PER_MAILBOX_AND_HOUR):
        raise CannotSendQuote(_("This mailbox has had enough of our e-mails for now. Try again in an hour."))
    send_quote(shown, to=email, by=actor(request), at=timetravel.now())
