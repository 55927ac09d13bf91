"""A buyer's orders, and withdrawing from one of their lines."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backmarket import timetravel
from backmarket.errors import DomainError
from backmarket.forms import refuse, status_of
from backmarket.invoices.services import PaperChanged
from backmarket.invoices.views import pdf_response
from backmarket.pagecache import never_cache
from orders.access import line_for_buyer, order_for_buyer, paper_for_buyer, withdrawal_for_buyer
from orders.forms import WithdrawForm
from orders.models import OrderLine, Withdrawal
from orders.pages import device_page, order_page
from orders.pages.held import state_of
from orders.pages.papers import papers_of
from orders.selectors import orders_of
from orders.services.returns import confirm_withdrawal, require_withdrawable
from orders.views.common import actor, label_response, opened, person

PAGE_SIZE = 20


@login_required
@never_cache
@require_safe
def list_orders(request: HttpRequest) -> HttpResponse:
    user = person(request)
    assert user is not None  # noqa: S101 - login_required
    page = Paginator(orders_of(user), PAGE_SIZE).get_page(request.GET.get("page"))
    orders = [(order, state_of(order)) for order in page]
    return render(request, "orders/orders.html", {"orders": orders, "page_obj": page})


@never_cache
@require_safe
def show_order(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    order = order_for_buyer(request.user, opened(request), pk)
    page = order_page(order, timetravel.now())
    return render(request, "orders/order.html", {"page": page, "papers": papers_of(page)})


@never_cache
@require_safe
def show_paper(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """An invoice or a credit note, as it was archived."""
    paper = paper_for_buyer(request.user, opened(request), pk)
    try:
        return pdf_response(paper, at=timetravel.now())
    except PaperChanged as refusal:
        messages.error(request, str(refusal))
        return redirect("order", paper.reference)


@never_cache
@require_safe
def show_device(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The passport of a device that has left its plant."""
    line = line_for_buyer(request.user, opened(request), pk)
    if line.shipped_at is None:
        messages.info(request, _("A device has its passport once the plant has sent it."))
        return redirect("order", line.order_id)
    return render(request, "orders/device.html", {"page": device_page(line)})


@never_cache
@require_safe
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Step one: withdraw from the contract."""
    line = line_for_buyer(request.user, opened(request), pk)
    return _ask(request, line, "orders/withdraw.html", WithdrawForm(initial={"name": _name(line)}))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_confirm(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Step two: the statement is shown as it will be made, and confirmed."""
    line = line_for_buyer(request.user, opened(request), pk)
    if request.method != "POST":
        return redirect("line-withdraw", pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _ask(request, line, "orders/withdraw.html", form)
    if "confirm" not in request.POST:
        return _ask(request, line, "orders/withdraw_confirm.html", form)
    try:
        withdrawal = confirm_withdrawal(line, name=form.cleaned_data["name"], by=actor(request), at=timetravel.now())
    except DomainError as refusal:
        refuse(form, refusal)
        return _ask(request, line, "orders/withdraw.html", form)
    return redirect("withdrawal", withdrawal.pk)


def _ask(request: HttpRequest, line: OrderLine, template: str, form: WithdrawForm) -> HttpResponse:
    """One of the two steps; a line that cannot be withdrawn from goes back to its order, with the reason."""
    made = Withdrawal.objects.filter(line=line).first()
    if made:
        return redirect("withdrawal", made.pk)
    try:
        require_withdrawable(line, at=timetravel.now())
    except DomainError as refusal:
        messages.warning(request, str(refusal))
        return redirect("order", line.order_id)
    return render(request, template, {"line": line, "form": form}, status=status_of(form))


def _name(line: OrderLine) -> str:
    return line.order.address.name


@never_cache
@require_safe
def show_withdrawal(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    withdrawal = withdrawal_for_buyer(request.user, opened(request), pk)
    return render(request, "orders/withdrawal.html", {"withdrawal": withdrawal, "line": withdrawal.line})


@never_cache
@require_safe
def withdrawal_label(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    withdrawal = withdrawal_for_buyer(request.user, opened(request), pk)
    try:
        assert withdrawal.parcel is not None  # noqa: S101 - made with it
        return label_response(withdrawal.parcel)
    except DomainError as refusal:
        messages.info(request, str(refusal))
        return redirect(reverse("withdrawal", args=[pk]))
