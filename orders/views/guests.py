"""The way back to an order without an account: a link by e-mail, then the postcode."""

import re
import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backmarket import timetravel
from backmarket.forms import posted, status_of
from backmarket.pagecache import never_cache
from backmarket.throttle import throttled
from orders.emails import send_guest_link
from orders.forms import FindOrderForm, PostcodeForm
from orders.links import order_of_token
from orders.models import Order
from orders.views.common import remember_guest_order

LINKS_PER_HOUR = 5
TRIES_PER_HOUR = 5


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find_order(request: HttpRequest) -> HttpResponse:
    """Ask for the link. The answer is the same whether or not there is such an order."""
    form = FindOrderForm(posted(request))
    if form.is_valid():
        number, email = form.cleaned_data["number"], form.cleaned_data["email"].lower()
        _send_link(number, email)
        return render(request, "orders/guest_sent.html", {"email": email})
    return render(request, "orders/guest_find.html", {"form": form}, status=status_of(form))


def _send_link(number: int, email: str) -> None:
    order = Order.objects.filter(number=number, email__iexact=email, buyer=None).first()
    if order and not throttled(f"link:{order.pk}", limit=LINKS_PER_HOUR):
        send_guest_link(order, key=uuid.uuid4().hex, at=timetravel.now())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_order(request: HttpRequest, token: str) -> HttpResponse:
    """The e-mailed link and the postcode together open the order in this session."""
    pk = order_of_token(token)
    order = Order.objects.select_related("address").filter(pk=pk, buyer=None).first() if pk else None
    if order is None:
        raise Http404
    form = PostcodeForm(posted(request))
    if form.is_valid():
        if throttled(f"postcode:{order.pk}", limit=TRIES_PER_HOUR):
            form.add_error("postcode", _("Too many tries. Wait an hour, then use the link again."))
        elif _plain(form.cleaned_data["postcode"]) != _plain(order.address.postcode):
            form.add_error("postcode", _("This is not the postcode of the order's address."))
        else:
            remember_guest_order(request, order)
            return redirect("order", order.pk)
    context: dict[str, Any] = {"form": form, "order": order}
    return render(request, "orders/guest_open.html", context, status=status_of(form))


def _plain(postcode: str) -> str:
    return re.sub(r"[\s-]", "", postcode).upper()
