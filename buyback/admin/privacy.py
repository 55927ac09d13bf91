"""Showing what is masked, after saying why; and what several people have in common."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backmarket.admin.forms import StepForm
from backmarket.admin.panels import Panel, table
from backmarket.admin.steps import Step
from backmarket.payments.admin.bank import link
from backmarket.privacy import PEOPLES
from backmarket.sites import staff_site
from backmarket.timetravel import now
from buyback.duplicates import trades_sharing
from buyback.models import Trade
from buyback.services.tax import SellerData, show_seller_data

SHARING_SHOWN = 20


class WhyForm(StepForm):
    why = forms.ChoiceField(
        label=_("Why do you need to see it?"),
        choices=[("", "---------"), *((why.value, why.label) for why in PEOPLES)],
    )
    reference = forms.CharField(
        label=_("Number of the case or letter"),
        max_length=40,
        required=False,
        help_text=_("It is recorded with your name: no names, account or telephone numbers."),
    )


def show_seller(request: HttpRequest, trade: Trade, data: dict[str, Any]) -> HttpResponse:
    shown = show_seller_data(trade, **data, by=request.user, at=now())  # type: ignore[arg-type]
    request.current_app = staff_site.name  # type: ignore[attr-defined]
    context = {
        **staff_site.each_context(request),
        "title": _("Seller of %(trade)s") % {"trade": trade},
        "pairs": _pairs(shown),
        "back_url": reverse("desk:buyback_trade_change", args=[trade.pk]),
    }
    return TemplateResponse(request, "admin/shown.html", context, headers={"Cache-Control": "no-store"})


def _pairs(shown: SellerData) -> list[tuple[Any, str]]:
    return [
        (_("Account holder"), shown.holder),
        (_("IBAN"), shown.iban),
        (_("Name"), shown.full_name),
        (_("Born"), shown.birth_date),
        (_("Document"), shown.document),
        (_("Number"), shown.document_number),
    ]


SHOW = Step(
    name="show",
    title=_("Show identity and account"),
    icon="visibility",
    form=WhyForm,
    permission="show",
    explain=_("Names, birth date, document and bank account in full. That you read them, and why, is recorded."),
    run=show_seller,
)


def sharing_panel(trade: Trade) -> list[Panel]:
    """Other people's sales with the same account or document: a signal, nothing more."""
    rows = []
    for other in trades_sharing(trade)[:SHARING_SHOWN]:
        same_account = bool(trade.iban_index) and other.iban_index == trade.iban_index
        same_document = bool(trade.identity.number_index) and (
            other.identity.number_index == trade.identity.number_index
        )
        said = [word for word, is_so in ((_("bank account"), same_account), (_("document"), same_document)) if is_so]
        rows.append((link(other, other), other.seller, ", ".join(map(str, said))))
    headers = (_("Sale"), _("Seller"), _("The same"))
    return [table(_("Also used by other accounts"), headers, rows)] if rows else []
