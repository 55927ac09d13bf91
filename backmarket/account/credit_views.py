"""A person's credit: what it is, how it came and went, and having it paid out."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backmarket.account.credit import credit_rows, credit_state, is_stoppable, leaving
from backmarket.account.forms import PayOutForm
from backmarket.accounts.models import User
from backmarket.accounts.proof import fresh_proof_required
from backmarket.contention import retried
from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.payments.selectors import credit_entries
from backmarket.payments.services import payouts_of_credit, stop_credit_payout
from backmarket.timetravel import now
from buyback.services.credit import known_account, pay_out_credit

PER_PAGE = 30


@login_required
@require_safe
def credit(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    page = Paginator(credit_entries(request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {"credit": credit_state(request.user, now()), "page_obj": page, "rows": credit_rows(page.object_list)}
    context["leaving"] = leaving(request.user)
    return render(request, "account_home/credit.html", context)


@login_required
@fresh_proof_required
@retried
def pay_out(request: HttpRequest) -> HttpResponse:
    person = request.user
    assert isinstance(person, User)  # noqa: S101 - login_required
    state, known = credit_state(person, now()), known_account(person)
    form = PayOutForm(posted(request), known=known, initial={"amount": state.free, "key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            pay_out_credit(person, **form.cleaned_data, by=person, at=now())
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request,
                _("Ordered. For an hour you can still stop it here; then the money leaves for your account."),
            )
            return redirect("account-credit")
    context = {"form": form, "credit": state}
    return render(request, "account_home/credit_payout.html", context, status=status_of(form))


@login_required
@retried
def stop_payout(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Asks first. No proof is asked for: the money stays where it is."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    payout = get_object_or_404(payouts_of_credit(request.user), pk=pk)
    if request.method == "POST":
        try:
            stop_credit_payout(payout, by=request.user, at=now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Stopped: the money is your credit, and nothing leaves for that account."))
        return redirect("account-credit")
    if not is_stoppable(payout):
        messages.info(request, _("This transfer cannot be stopped any more."))
        return redirect("account-credit")
    return render(request, "account_home/credit_stop.html", {"payout": payout})
