"""Accepting a bid: one page, one button; the courier's slots come first because they need the network."""

from uuid import UUID

import structlog
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from backmarket import timetravel
from backmarket.accounts.forms import AddressForm
from backmarket.accounts.models import User
from backmarket.errors import DomainError, GatewayError
from backmarket.forms import posted, refuse, status_of
from backmarket.shipping.services import Slot, available_slots
from buyback import access
from buyback.forms import AcceptForm
from buyback.guides import lock_guide
from buyback.models import Quote, Trade
from buyback.services.trades import accept_quote
from buyback.views import crumbs

CONDITIONS_VERSION = "2026-11"
ADDRESS = "address"
log = structlog.get_logger(__name__)


def slots_at(postcode: str, country: str) -> list[Slot]:
    """The courier's windows; none when it does not answer, as the parcel can still be dropped off."""
    try:
        return available_slots(postcode=postcode, country=country, at=timetravel.now())
    except GatewayError:
        log.warning("courier_slots_unavailable")
        return []


@login_required
def quote_accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    quote = access.quote_for_anyone(pk)
    if quote.status != Quote.Status.OPEN or quote.expires_at <= timetravel.now():
        return _after_the_fact(request, quote)
    address = AddressForm(posted(request), prefix=ADDRESS, initial=_last_address(request.user))
    form = AcceptForm(quote, posted(request), slots=_slots(request, address), initial=_known(request))
    if request.method == "POST" and all([form.is_valid(), address.is_valid()]):
        trade = _accept(request, quote, form, address)
        if trade is not None:
            messages.success(request, _("Your device is sold: all that is left is to hand it over."))
            return redirect("trade", trade.pk)
    return _page(request, quote, form, address)


def _after_the_fact(request: HttpRequest, quote: Quote) -> HttpResponse:
    """Pressed twice: the seller lands on the one trade; anybody else on the quote, which says what to do."""
    own = Trade.objects.filter(quote=quote, seller=request.user).first()
    return redirect("trade", own.pk) if own else redirect("quote", quote.pk)


def _accept(request: HttpRequest, quote: Quote, form: AcceptForm, address: AddressForm) -> Trade | None:
    data = form.cleaned_data
    try:
        return accept_quote(
            quote,
            plant=data["plant"],
            seller=request.user,
            identifier=data["identifier"],
            identity=form.identity(),
            address=address.save(commit=False),
            holder=data["holder"],
            iban=data["iban"],
            slot=data["slot"],
            conditions_version=CONDITIONS_VERSION,
            by=request.user,
            at=timetravel.now(),
        )
    except DomainError as refusal:
        refuse(form, refusal)
        return None


def _page(request: HttpRequest, quote: Quote, form: AcceptForm, address: AddressForm) -> HttpResponse:
    product = quote.variant.product
    bids = list(quote.bids.select_related("plant"))
    chosen = str(form["plant"].value() or "")
    context = {
        "quote": quote,
        "product": product,
        "form": form,
        "address": address,
        "bid": next((bid for bid in bids if str(bid.plant_id) == chosen), bids[0] if bids else None),
        "crumbs": crumbs.selling(product=product, here=_("Sell")),
        "guide": lock_guide(product.brand, product.category.slug),
    }
    return render(request, "buyback/accept.html", context, status=status_of(form, address))


def _known(request: HttpRequest) -> dict[str, str]:
    name = request.user.full_name
    return {"plant": request.GET.get("plant", ""), "full_name": name, "holder": name}


def _last_address(user: User) -> dict[str, str]:
    """What the seller's latest address held, to start from."""
    last = user.addresses.order_by("-pk").first()
    return forms.model_to_dict(last, exclude=["id", "user"]) if last else {"name": user.full_name}


def _slots(request: HttpRequest, address: AddressForm) -> list[Slot]:
    return slots_at(str(address["postcode"].value() or ""), str(address["country"].value() or "FR"))
