"""Accepting a bid: the details on one page, all of it shown again on a second, and one last click."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from backmarket import timetravel
from backmarket.accounts.forms import AddressForm, postcode_in
from backmarket.accounts.models import Address, User
from backmarket.errors import DomainError, GatewayError
from backmarket.forms import JoinedForms, posted, refuse, status_of
from backmarket.shipping.models import Pickup
from backmarket.shipping.services import Slot, available_slots
from backmarket.throttle import throttled
from buyback import access, selectors
from buyback.conditions import CURRENT, VERSIONS
from buyback.details import Details, KnownSeller, seller_of, unsealed
from buyback.forms import AcceptForm, ConfirmForm
from buyback.guides import lock_guide, where_to_find
from buyback.models import AcceptanceDraft, Quote, Trade
from buyback.services.acceptance import confirm_acceptance, prepare_acceptance
from buyback.views import crumbs
from buyback.visits import Visit, devices_of_visit, visits_to_join

ADDRESS = "address"
SHOW_TIMES = "times"
WINDOW, FURTHEST = timedelta(hours=2), timedelta(days=60)
# Every try may ask the registry about another number: it is no place to look up what one has found.
TRIES_PER_HOUR = 30
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Times:
    """The courier's windows at a postcode ("" while none is known), and whether it gave no answer."""

    postcode: str
    slots: tuple[Slot, ...] = ()
    silent: bool = False


def courier_times(postcode: str, country: str) -> Times:
    """Asks the courier only about what can be a postcode there."""
    if not postcode_in(country, postcode):
        return Times("")
    try:
        return Times(postcode, tuple(available_slots(postcode=postcode, country=country, at=timetravel.now())))
    except GatewayError:
        log.warning("courier_slots_unavailable")
        return Times(postcode, silent=True)


def slots_at(postcode: str, country: str) -> list[Slot]:
    """The courier's windows; none when it does not answer, as the parcel can still be dropped off."""
    return list(courier_times(postcode, country).slots)


def _is_over(quote: Quote) -> bool:
    return quote.status != Quote.Status.OPEN or quote.expires_at <= timetravel.now()


def _own_trade(request: HttpRequest, quote: Quote) -> Trade | None:
    return Trade.objects.filter(quote=quote, seller=request.user).first()


def _after_the_fact(request: HttpRequest, quote: Quote) -> HttpResponse:
    """Pressed twice: the seller lands on the one trade; anybody else on the quote, which says what to do."""
    own = _own_trade(request, quote)
    return redirect("trade", own.pk) if own else redirect("quote", quote.pk)


# The details


@login_required
@never_cache
def quote_accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the plant and the law ask for. POST `times` only shows the courier's times for the postcode."""
    quote = access.quote_for_anyone(pk)
    if _is_over(quote):
        return _after_the_fact(request, quote)
    form, address, times = _forms(request, quote)
    if form.is_bound and all([form.is_valid(), address.is_valid()]) and _prepare(request, quote, form, address):
        return redirect("quote-review", quote.pk)
    return _page(request, quote, form, address, times)


def _forms(request: HttpRequest, quote: Quote) -> tuple[AcceptForm, AddressForm, Times]:
    draft = selectors.acceptance_draft(quote, request.user, timetravel.now())
    given = unsealed(draft.details) if draft else None
    shows_times = SHOW_TIMES in request.POST
    data = None if shows_times else posted(request)
    typed = request.POST.dict() if shows_times else {}
    address = AddressForm(data, prefix=ADDRESS, initial=_address(request.user, given) | _of_address(typed))
    times = courier_times(str(address["postcode"].value() or "").strip(), str(address["country"].value() or "FR"))
    # A wrong postcode is wrong enough: the time that was chosen stays until the courier can be asked again.
    slots = times.slots if times.postcode or data is None else _time_in(request.POST.get("slot", ""))
    form = AcceptForm(
        quote, data, slots=slots, known=_known(request.user, given), visits=_visits(request.user, times),
        initial=_initial(request, given, fresh=not shows_times) | typed,
    )  # fmt: skip
    return form, address, times


def _time_in(key: str) -> tuple[Slot, ...]:
    """The window that a choice of this page names, if it is one; without asking the courier."""
    try:
        start = datetime.fromisoformat(key)
    except ValueError:
        return ()
    today = timetravel.now()
    is_ahead = start.tzinfo is not None and today <= start <= today + FURTHEST
    return (Slot(start, start + WINDOW),) if is_ahead else ()


def _of_address(typed: dict[str, str]) -> dict[str, str]:
    start = f"{ADDRESS}-"
    return {name.removeprefix(start): value for name, value in typed.items() if name.startswith(start)}


def _address(user: User, given: Details | None) -> dict[str, Any]:
    """What was given for this quote, else the seller's latest address, to start from."""
    last = given.address if given else user.addresses.order_by("-pk").first()
    return {"name": user.full_name} if last is None else address_initial(last)


def address_initial(last: Address) -> dict[str, Any]:
    """What an AddressForm starts from."""
    # A number that no telephone has is not offered again: the form would refuse what it had filled in itself.
    unreachable = ["phone"] if last.phone and not last.phone.is_valid() else []
    return forms.model_to_dict(last, exclude=["id", "user", *unreachable])


def _known(user: User, given: Details | None) -> KnownSeller | None:
    if given:
        return given.seller
    trade = selectors.latest_trade(user)
    return seller_of(trade) if trade else None


def _visits(user: User, times: Times) -> list[Visit]:
    """The visits that come to the door's postcode."""
    ahead = visits_to_join(user, timetravel.now())
    return [visit for visit in ahead if visit.pickup.parcel.sender.postcode == times.postcode]


def _initial(request: HttpRequest, given: Details | None, *, fresh: bool) -> dict[str, Any]:
    """`fresh` is false when the page was sent only to see other times: boxes that were empty stay empty."""
    name = request.user.full_name
    facts: dict[str, Any] = {"plant": request.GET.get("plant", ""), "full_name": name, "holder": name}
    if fresh:
        facts |= {"same_person": True, "same_account": True}
    if given and fresh:
        facts |= {"identifier": given.identifier, "locks_removed": True, "slot": _slot_key(given)}
        facts["plant"] = facts["plant"] or str(given.plant.pk)
    return facts


def _slot_key(given: Details) -> str:
    if given.visit:
        return f"visit-{given.visit.pk}"
    return given.slot.start.isoformat() if given.slot else "drop-off"


def _prepare(request: HttpRequest, quote: Quote, form: AcceptForm, address: AddressForm) -> AcceptanceDraft | None:
    if throttled(f"accept:{request.user.pk}", limit=TRIES_PER_HOUR):
        form.add_error(None, _("That was often within an hour. Your details stay in the page: try again later."))
        return None
    facts = {"seller": request.user, "by": request.user, "at": timetravel.now()}
    try:
        return prepare_acceptance(quote, details=_details(form, address), **facts)
    except DomainError as refusal:
        refusal.field = form.where(refusal.field)
        refuse(form, refusal)
        return None


def _details(form: AcceptForm, address: AddressForm) -> Details:
    data = form.cleaned_data
    chosen = data["slot"]
    return Details(
        plant=data["plant"],
        identifier=data["identifier"],
        seller=form.seller(),
        address=address.save(commit=False),
        slot=chosen if isinstance(chosen, Slot) else None,
        visit=chosen if isinstance(chosen, Pickup) else None,
    )


def _page(request: HttpRequest, quote: Quote, form: AcceptForm, address: AddressForm, times: Times) -> HttpResponse:
    product = quote.variant.product
    facts = (product.brand, product.category.slug, product.name)
    context = {
        **_deal(quote, str(form["plant"].value() or "")),
        "form": form,
        "address": address,
        "both": JoinedForms(form, address),
        "times": times,
        "crumbs": crumbs.selling(product=product, here=_("Your details")),
        "guide": lock_guide(*facts),
        "places": where_to_find(*facts),
    }
    return render(request, "buyback/accept.html", context, status=status_of(form, address))


def _deal(quote: Quote, plant: str) -> dict[str, Any]:
    """What is sold to whom; the best bid while no plant is chosen."""
    bids = list(quote.bids.select_related("plant"))
    bid = next((bid for bid in bids if str(bid.plant_id) == plant), bids[0] if bids else None)
    return {"quote": quote, "product": quote.variant.product, "bid": bid}


@login_required
@require_GET
def quote_times(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The courier's times for the postcode in the address form: a piece of the page above."""
    quote = access.quote_for_anyone(pk)
    asked = _of_address(request.GET.dict())
    times = courier_times(asked.get("postcode", "").strip(), asked.get("country", "FR"))
    chosen = {"slot": request.GET.get("slot", "")}
    form = AcceptForm(quote, slots=times.slots, visits=_visits(request.user, times), initial=chosen)
    return render(request, "buyback/_times.html", {"form": form, "times": times})


# The last look


@login_required
@never_cache
def quote_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everything on one page, and the button that sells."""
    quote = access.quote_for_anyone(pk)
    if _is_over(quote):
        return _after_the_fact(request, quote)
    draft = selectors.acceptance_draft(quote, request.user, timetravel.now())
    if draft is None:
        own = _own_trade(request, quote)
        return redirect("trade", own.pk) if own else redirect("quote-accept", quote.pk)
    form, wrong = ConfirmForm(posted(request)), None
    if form.is_bound and form.is_valid():
        try:
            trade = _confirm(request, draft, form)
        except DomainError as refusal:
            if own := _own_trade(request, quote):
                return redirect("trade", own.pk)
            wrong = refusal.field
            refuse(form, refusal)
        else:
            messages.success(request, _("Your device is sold: all that is left is to hand it over."))
            return redirect("trade", trade.pk)
    return _review_page(request, quote, draft, form, wrong)


def _confirm(request: HttpRequest, draft: AcceptanceDraft, form: ConfirmForm) -> Trade:
    shown = {"revision": form.cleaned_data["revision"], "conditions_version": form.cleaned_data["version"]}
    return confirm_acceptance(draft, **shown, by=request.user, at=timetravel.now())


def _review_page(
    request: HttpRequest, quote: Quote, draft: AcceptanceDraft, form: ConfirmForm, wrong: str | None
) -> HttpResponse:
    details = unsealed(draft.details)
    context = {
        **_deal(quote, str(details.plant.pk)),
        "draft": draft,
        "details": details,
        "together": devices_of_visit(details.visit, request.user),
        "form": form,
        "wrong": wrong,
        "version": CURRENT,
        "crumbs": crumbs.selling(product=quote.variant.product, here=_("Check and sell")),
    }
    return render(request, "buyback/review.html", context, status=status_of(form))


@require_GET
def sale_conditions(request: HttpRequest, version: str = CURRENT) -> HttpResponse:
    """The conditions of sale, any version that was ever in force."""
    if version not in VERSIONS:
        raise Http404
    context = {
        "version": version,
        "since": VERSIONS[version],
        "is_current": version == CURRENT,
        "versions": VERSIONS.items(),
        "words": f"buyback/conditions/{version}.html",
    }
    return render(request, "buyback/conditions.html", context)
