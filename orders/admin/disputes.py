"""Disputes at the desk: answered with what we can prove, followed, and borne by somebody when lost."""

import json
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import NOTHING, deadline_column, moment, money_column, state_column
from backmarket.admin.panels import Panel, facts, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.admin.subjects import SubjectColumn, words_about
from backmarket.payments.models import Dispute
from backmarket.payments.reasons import dispute_words, words
from backmarket.payments.services import papers_in
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from orders.admin.forms import AnswerDisputeForm, BearDisputeForm
from orders.admin.parts import lines_panel, link
from orders.services.disputes import UNSENT, answer_for_order, bear_dispute, evidence_of, order_of
from refurbishers.models import Refurbisher

Status = Dispute.Status
FIELDS = {
    "customer_name": _("Customer"),
    "customer_email_address": _("E-mail"),
    "product_description": _("What was sold"),
    "shipping_address": _("Sent to"),
    "shipping_carrier": _("Courier"),
    "shipping_tracking_number": _("Tracking number"),
    "shipping_date": _("Sent on"),
    "refund_policy_disclosure": _("Conditions"),
    "customer_communication": _("Correspondence"),
    "uncategorized_text": _("Delivery, papers and notes"),
    "receipt": _("Invoices"),
    "uncategorized_file": _("Second invoice"),
}


UNDECIDED = Q(status=Status.LOST, borne_by="", taken_minor__gt=F("returned_minor") + F("covered_minor"))


def _waits(dispute: Dispute) -> bool:
    return dispute.status == Status.NEEDS_RESPONSE and dispute.answered_at is None


def _is_undecided(dispute: Dispute) -> bool:
    return dispute.status == Status.LOST and not dispute.borne_by and dispute.lost.minor > 0


@admin.register(Dispute, site=staff_site)
class DisputeAdmin(SubjectColumn, StaffModelAdmin):
    list_display = (
        "gateway_id",
        "subject_shown",
        "reason_shown",
        "shown_status",
        "amount_shown",
        "deadline_shown",
        "created_at",
    )
    list_filter = ("status", "inquiry", "borne_by")
    search_fields = ("gateway_id", "id", "payment__gateway_id", "payment__reference")
    fields = (
        "gateway_id", "subject_shown", "shown_status", "amount_shown", "reason_shown", "inquiry", "payment_shown",
        "created_at", "due_at", "answered_at", "submitted_at", "failure_shown", "won_at", "lost_at",
        "lost_shown", "borne_by", "decision", "decided_at", "regained_shown",
    )  # fmt: skip
    export_columns = (
        (_("Dispute"), "gateway_id"), (_("About"), lambda dispute: words_about(dispute, dispute.payment.reference)),
        (_("Status"), "get_status_display"), (_("Reason"), lambda dispute: dispute_words(dispute.reason)),
        (_("Amount"), "amount"), (_("Has left us"), "lost"), (_("Currency"), "currency"), (_("Opened"), "created_at"),
        (_("Answer until"), "due_at"), (_("Borne by"), "borne_by"), (_("Came back to who bore it"), "regained"),
    )  # fmt: skip
    shown_status = state_column()
    deadline_shown = deadline_column("due_at", _("answer until"))
    amount_shown = money_column("amount", _("amount"), ordering="amount_minor")
    lost_shown = money_column("lost", _("has left us"))
    regained_shown = money_column("regained", _("came back to who bore it"))
    piles = (
        Pile("to_answer", _("To answer"), Q(status=Status.NEEDS_RESPONSE, answered_at=None)),
        Pile("with_bank", _("With the bank"), Q(status=Status.UNDER_REVIEW)),
        Pile("to_decide", _("Lost, to decide"), UNDECIDED),
        Pile("lost", _("Lost"), Q(status=Status.LOST)),
        Pile("won", _("Won"), Q(status=Status.WON)),
        Pile("still_out", _("Won, not all back"), Q(status=Status.WON, returned_minor__lt=F("taken_minor"))),
        Pile("turned", _("Won after all"), Q(status=Status.WON, lost_at__isnull=False)),
    )
    steps = (
        Step(
            name="answer",
            title=_("Answer"),
            icon="gavel",
            tone="primary",
            form=AnswerDisputeForm,
            explain=_(
                "What this page shows under “Our side of it” goes to the buyer's bank, once and for good, with what you"
                " add. It names the buyer: only their bank reads it."
            ),
            done=_("Kept, and on its way to the buyer's bank."),
            when=_waits,
            run=lambda request, dispute, data: answer_for_order(dispute, **data, by=cast(User, request.user), at=now()),
        ),
        Step(
            name="bear",
            title=_("Who bears it"),
            icon="balance",
            tone="danger",
            permission="pay",
            form=BearDisputeForm,
            explain=_("The house, or the plant whose fault it is: its next settlement counts its part of the order."),
            done=_("Decided, and in the ledger."),
            when=_is_undecided,
            fixed=lambda dispute: dispute.lost,
            run=lambda request, dispute, data: _bear(request, dispute, data),
        ),
    )

    def key_of(self, row: Dispute) -> UUID:
        """The order that was paid."""
        return row.payment.reference

    def name_of(self, obj: Dispute) -> str:
        return str(obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        late = Q(status=Status.NEEDS_RESPONSE, answered_at=None, due_at__lte=now())
        return super().get_queryset(request).select_related("payment").annotate(late=late)

    @admin.display(description=_("reason"), ordering="reason")
    def reason_shown(self, dispute: Dispute) -> Any:
        return dispute_words(dispute.reason)

    @admin.display(description=_("not handed in"))
    def failure_shown(self, dispute: Dispute) -> str:
        return words(dispute.failure) or NOTHING

    @admin.display(description=_("payment"))
    def payment_shown(self, dispute: Dispute) -> Any:
        return link("desk", dispute.payment, money(dispute.payment.amount))

    def panels(self, request: HttpRequest, obj: Dispute) -> list[Panel]:
        order = order_of(obj)
        said = json.loads(obj.evidence) if obj.evidence else {} if obj.answered_at else evidence_of(obj)
        ours = facts(_("Our side of it"), [(FIELDS.get(name, name), _said(text)) for name, text in said.items()])
        if order is None:
            return [ours, history(obj, obj.payment, names=True)]
        lines = list(order.lines.all())
        unsent = [line for line in lines if line.status in UNSENT] if obj.status in Dispute.OPEN else []
        rows = [(link("desk", line, line.title), line.get_status_display(), line.plant) for line in unsent]
        headers = (_("Device"), _("Status"), _("Plant"))
        keep = [table(_("Not sent yet: ask the plant to wait"), headers, rows)] if rows else []
        about = facts(
            _("Order"), [(_("Order"), link("desk", order, order.number)), (_("Placed"), moment(order.placed_at))]
        )
        return [*keep, ours, about, lines_panel("desk", lines), history(obj, names=True)]


def _said(text: str) -> str:
    """Papers by their numbers until they are handed over, then by the provider's."""
    return ", ".join(f"{paper}.pdf" for paper in papers_in(text)) or text


def _bear(request: HttpRequest, dispute: Dispute, data: dict[str, Any]) -> None:
    plant = Refurbisher.objects.get(pk=data["bearer"]) if data["bearer"] != BearDisputeForm.HOUSE else None
    bear_dispute(dispute, plant=plant, reason=data["reason"], by=cast(User, request.user), at=now())
