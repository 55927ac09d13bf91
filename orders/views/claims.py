"""A case under guarantee, from the customer's side."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backmarket import timetravel
from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.pagecache import never_cache
from orders.access import claim_for_buyer, line_for_buyer
from orders.forms import ClaimForm, MessageForm
from orders.models import Claim, ClaimMessage
from orders.pages import claim_page
from orders.services.claims import (
    ask_arbitration,
    open_claim,
    post_message,
    require_claimable,
    resolve_claim,
    wishes_for,
    withdraw_claim,
)
from orders.views.common import actor, label_response, opened, person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    line, now = line_for_buyer(request.user, opened(request), pk), timetravel.now()
    try:
        require_claimable(line, at=now)
    except DomainError as refusal:
        messages.warning(request, str(refusal))
        return redirect("order", line.order_id)
    form = ClaimForm(posted(request), line=line, wishes=wishes_for(line, at=now))
    if form.is_valid():
        try:
            claim = open_claim(line, by=actor(request), at=now, **form.cleaned_data)
            return redirect("claim", claim.pk)
        except DomainError as refusal:
            refuse(form, refusal)
    return render(request, "orders/claim_open.html", {"line": line, "form": form}, status=status_of(form))


@never_cache
@require_safe
def show_claim(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return _page(request, claim_for_buyer(request.user, opened(request), pk), MessageForm())


def _page(request: HttpRequest, claim: Claim, form: MessageForm) -> HttpResponse:
    context = {"page": claim_page(claim), "form": form}
    return render(request, "orders/claim.html", context, status=status_of(form))


@require_POST
def write(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A message; with `arbitrate` it also asks support to decide."""
    claim, now = claim_for_buyer(request.user, opened(request), pk), timetravel.now()
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, claim, form)
    text = form.cleaned_data["text"]
    try:
        if "arbitrate" in request.POST:
            ask_arbitration(claim, text=text, by=actor(request), at=now)
            messages.success(request, _("Support decides now, within one business day."))
        else:
            post_message(claim, role=ClaimMessage.Role.CUSTOMER, author=person(request), text=text, at=now)
    except DomainError as refusal:
        refuse(form, refusal)
        return _page(request, claim, form)
    return redirect("claim", pk)


@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The customer lets the case rest."""
    return _end(request, pk, withdraw_claim)


@require_POST
def accept(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The customer says that the problem is solved."""
    return _end(request, pk, resolve_claim)


def _end(request: HttpRequest, pk: uuid.UUID, act: Callable[..., None]) -> HttpResponse:
    claim = claim_for_buyer(request.user, opened(request), pk)
    try:
        act(claim, by=actor(request), at=timetravel.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("claim", pk)


@never_cache
@require_safe
def claim_label(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    claim = claim_for_buyer(request.user, opened(request), pk)
    if claim.parcel is None:
        raise Http404
    try:
        return label_response(claim.parcel)
    except DomainError as refusal:
        messages.info(request, str(refusal))
        return redirect("claim", pk)
