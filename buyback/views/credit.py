"""Leaving the money of a sale as credit, and having it transferred after all. Both ask first."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from backmarket import timetravel
from backmarket.contention import retried
from backmarket.errors import DomainError
from buyback import access
from buyback.services.credit import (
    CannotKeepAsCredit,
    CannotUndoCredit,
    keep_as_credit,
    may_keep_as_credit,
    undo_credit,
)
from buyback.views import crumbs


@login_required
@retried
def trade_keep(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.trade_for_seller(request.user, pk)
    if request.method == "POST":
        try:
            keep_as_credit(shown, by=request.user, at=timetravel.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            said = _("The money is on your credit.") if shown.credited_at else _("Chosen: the money becomes credit.")
            messages.success(request, said)
        return redirect("trade", pk)
    if not may_keep_as_credit(shown):
        messages.info(request, str(CannotKeepAsCredit.default_message))
        return redirect("trade", pk)
    here = crumbs.account(shown, _("Credit"))
    return render(request, "buyback/keep.html", {"trade": shown, "crumbs": here})


@login_required
@retried
def trade_keep_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.trade_for_seller(request.user, pk)
    if request.method == "POST":
        try:
            undo_credit(shown, by=request.user, at=timetravel.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The money goes to your bank account."))
        return redirect("trade", pk)
    if shown.credit_chosen_at is None:
        messages.info(request, str(CannotUndoCredit.default_message))
        return redirect("trade", pk)
    here = crumbs.account(shown, _("Credit"))
    return render(request, "buyback/keep_undo.html", {"trade": shown, "crumbs": here})
