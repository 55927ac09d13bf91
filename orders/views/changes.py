"""What a buyer changes after ordering: calling it off, and where it goes."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backmarket import timetravel
from backmarket.accounts.services import save_address
from backmarket.contention import retried
from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.pagecache import never_cache
from orders.access import consignment_for_buyer, line_for_buyer, order_for_buyer
from orders.forms import RedirectForm
from orders.models import Consignment, Hold, Order, OrderLine
from orders.pages.changes import calling_off, cancelled_words
from orders.selectors import is_disputed
from orders.services.cancelling import (
    ask_to_cancel,
    call_off_consignment,
    call_off_order,
    cancel_line,
    require_cancellable,
    require_held,
    take_back_request,
)
from orders.services.redirecting import redirect_consignment, require_redirectable
from orders.views.common import actor, opened, person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@retried
def cancel_order(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The whole order: one that waits for its money is given up, and one that is looked at is cancelled."""
    order = order_for_buyer(request.user, opened(request), pk)
    waits = order.payment_status == Order.PaymentStatus.PENDING
    if request.method != "POST":
        return redirect("order", pk) if waits else _confirm(request, pk, list(order.lines.all()), whole=True)
    try:
        call_off_order(order, by=actor(request), at=timetravel.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _order_cancelled(order, waits=waits))
    return redirect("order", pk)


def _order_cancelled(order: Order, *, waits: bool) -> str:
    if waits:
        return _("You have given this order up. Nothing was charged, your cart is as it was.")
    return cancelled_words(order)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@retried
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One device: cancelled at once or, with `ask`, by the plant, which `keep` takes back. What was not confirmed here
    is not done."""
    line, now = line_for_buyer(request.user, opened(request), pk), timetravel.now()
    if request.method != "POST":
        return _confirm(request, line.order_id, [line])
    try:
        if "keep" in request.POST:
            take_back_request(line, by=actor(request), at=now)
            messages.success(request, _("You keep it: the plant sends it as ordered."))
        elif "ask" in request.POST:
            ask_to_cancel(line, by=actor(request), at=now)
            messages.success(request, _("The plant has your request. Its answer comes here and by e-mail."))
        else:
            cancel_line(line, by=actor(request), at=now)
            messages.success(request, cancelled_words(line.order))
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    return redirect("order", line.order_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@retried
def cancel_parcel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """All that is left of a parcel: some of it perhaps at once, the rest by the plant."""
    consignment = consignment_for_buyer(request.user, opened(request), pk)
    if request.method != "POST":
        return _confirm(request, consignment.order_id, list(consignment.lines.all()))
    try:
        done = call_off_consignment(consignment, by=actor(request), at=timetravel.now())
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    else:
        if done.cancelled:
            messages.success(request, cancelled_words(consignment.order))
        if done.asked:
            messages.success(request, _("The plant has your request. Its answer comes here and by e-mail."))
    return redirect("order", consignment.order_id)


def _confirm(request: HttpRequest, order_id: uuid.UUID, lines: list[OrderLine], *, whole: bool = False) -> HttpResponse:
    """What would be called off, when the money would be back, and one button; no page when nothing can be."""
    try:
        (require_held if whole else require_cancellable)(lines)
    except DomainError as refusal:
        messages.warning(request, str(refusal))
        return redirect("order", order_id)
    return render(request, "orders/cancel.html", {"page": calling_off(order_id, lines, timetravel.now())})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@retried
def change_address(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Another address in the same country, until the plant accepts."""
    consignment = consignment_for_buyer(request.user, opened(request), pk)
    hold, disputed = Hold.objects.filter(order=consignment.order_id).first(), is_disputed(consignment.order_id)
    try:
        require_redirectable(list(consignment.lines.all()), hold, disputed=disputed)
    except DomainError as refusal:
        messages.warning(request, str(refusal))
        return redirect("order", consignment.order_id)
    form = RedirectForm(posted(request), instance=consignment.destination)
    if form.is_valid() and _redirected(request, consignment, form):
        return redirect("order", consignment.order_id)
    context = {"consignment": consignment, "form": form}
    return render(request, "orders/address.html", context, status=status_of(form))


def _redirected(request: HttpRequest, consignment: Consignment, form: RedirectForm) -> bool:
    """A refused address is not kept."""
    user = person(request)
    try:
        with transaction.atomic():
            to = save_address(user, form.cleaned_data)
            redirect_consignment(consignment, to=to, by=actor(request), at=timetravel.now())
    except DomainError as refusal:
        refuse(form, refusal)
        return False
    told = _("The plant has been told.") if consignment.ship_by else _("Whoever looks at your order sees it.")
    messages.success(request, f"{_('The parcel goes to your new address.')} {told}")
    return True
