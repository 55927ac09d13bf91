"""A person's credit: what it is, how it came and went, and having it paid out."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backmarket.account.credit import credit_rows, credit_state, leaving
from backmarket.account.forms import PayOutForm
from backmarket.accounts.models import User
from backmarket.accounts.proof import fresh_proof_required
from backmarket.contention import retried
from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.payments.selectors import credit_entries
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
                request, _("Ordered: the money leaves for your account on the next business day at the latest.")
            )
            return redirect("account-credit")
    context = {"form": form, "credit": state}
    return render(request, "account_home/credit_payout.html", context, status=status_of(form))
