"""Money at the desk: read, exported; a payout that has not left can be cancelled."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import NOTHING, money_column, state_column
from backmarket.admin.panels import Panel, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.payments.admin.forms import RefundTransferForm, ReturnForm, ReverseForm
from backmarket.payments.models import LedgerMovement, Payment, Payout, Refund
from backmarket.payments.reasons import words
from backmarket.payments.selectors import is_unanswered, unanswered
from backmarket.payments.services import cancel_payout, record_refund_transfer, retry_refund, return_payout
from backmarket.payments.services.reversals import is_reversible, request_reversal
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now

# Of what the provider took; what credit has paid is back at once.
NOT_BACK = GreaterThan(Coalesce("received_minor", "amount_minor"), F("refunded_minor"))


class AmountColumns:
    shown_status = state_column()
    amount_shown = money_column("amount", _("amount"), ordering="amount_minor")


@admin.register(Payment, site=staff_site)
class PaymentAdmin(AmountColumns, StaffModelAdmin):
    list_display = ("id", "purpose", "shown_status", "amount_shown", "gateway", "created_at")
    list_filter = ("status", "purpose", "gateway")
    search_fields = ("id", "reference", "gateway_id")
    fields = (
        "id", "purpose", "reference", "shown_status", "amount_shown", "credit_shown", "received_shown",
        "refundable_shown", "gateway", "gateway_id", "capture", "failure_shown", "created_at", "authorised_at",
        "capturing_at", "captured_at", "failed_at", "cancelled_at", "stray_at", "closed_at",
    )  # fmt: skip
    piles = (
        Pile("stray", _("Came astray"), Q(status=Payment.Status.STRAY)),
        Pile("kept", _("Astray, not back yet"), Q(status=Payment.Status.STRAY) & Q(NOT_BACK)),
        Pile("authorised", _("Authorised"), Q(status=Payment.Status.AUTHORISED)),
    )
    credit_shown = money_column("credit", _("by credit"))
    received_shown = money_column("received", _("received"))
    refundable_shown = money_column("refundable", _("can still be refunded"))

    @admin.display(description=_("reason"), ordering="failure")
    def failure_shown(self, payment: Payment) -> str:
        return words(payment.failure) or NOTHING

    def panels(self, request: HttpRequest, obj: Payment) -> list[Panel]:
        refunds = list(obj.refunds.all())
        rows = [
            (refund.created_at, money(refund.total), refund.get_status_display(), refund.reason) for refund in refunds
        ]
        headers = (_("Date"), _("Amount"), _("Status"), _("Reason"))
        return [table(_("Refunds"), headers, rows), history(obj, *refunds, names=True)]


@admin.register(Refund, site=staff_site)
class RefundAdmin(AmountColumns, StaffModelAdmin):
    list_display = ("id", "reason", "shown_status", "amount_shown", "credit_shown", "created_at", "failure")
    list_filter = ("status", "reason")
    search_fields = ("id", "reference", "payment__reference")
    fields = (
        "id", "payment", "reference", "reason", "shown_status", "amount_shown", "credit_shown", "failure", "created_at",
        "succeeded_at", "failed_at",
    )  # fmt: skip
    credit_shown = money_column("credit", _("back on the credit"), ordering="credit_minor")
    piles = (
        Pile("pending", _("Pending"), Q(status=Refund.Status.PENDING)),
        Pile("failed", _("Failed"), unanswered),
    )
    steps = (
        Step(
            name="retry",
            title=_("Try again"),
            icon="currency_exchange",
            tone="primary",
            permission="refund",
            asks=True,
            explain=_(
                "The same amount is sent once more to the means the buyer paid with. What failed stays on record."
            ),
            when=is_unanswered,
            fixed=lambda refund: refund.amount,
            whole=lambda refund: refund.payment.reference,
            run=lambda request, refund, data: retry_refund(refund, by=cast(User, request.user), at=now()),
        ),
        Step(
            name="transfer",
            title=_("Paid by transfer"),
            icon="account_balance",
            permission="pay",
            form=RefundTransferForm,
            explain=_(
                "Where the bank refuses again: ask the buyer for an account in their name (the list of orders finds"
                " them by the reference), have the same amount transferred, then record it here. The buyer is told"
                " that it is on its way to their account."
            ),
            when=is_unanswered,
            fixed=lambda refund: refund.amount,
            whole=lambda refund: refund.payment.reference,
            run=lambda request, refund, data: record_refund_transfer(
                refund, **data, by=cast(User, request.user), at=now()
            ),
        ),
    )

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Money back asks for the right to refund, wherever it is asked for."""
        return request.user.has_perm("payments.add_refund")  # type: ignore[union-attr]


@admin.register(Payout, site=staff_site)
class PayoutAdmin(AmountColumns, StaffModelAdmin):
    list_display = ("id", "purpose", "label", "shown_status", "amount_shown", "account_shown", "due_at", "reason_shown")
    list_filter = ("status", "purpose", "gateway")
    search_fields = ("id", "reference", "party", "gateway_id", "=label")
    fields = (
        "id", "purpose", "label", "reference", "account", "party", "shown_status", "amount_shown", "account_shown",
        "gateway", "reason_shown", "attempts", "due_at", "created_at", "sent_at", "paid_at", "bounced_at",
        "cancelled_at",
    )  # fmt: skip
    piles = (
        Pile("ordered", _("Ordered"), Q(status=Payout.Status.ORDERED)),
        Pile("sent", _("Sent"), Q(status=Payout.Status.SENT)),
        Pile("stuck", _("Refused, tried again"), Q(status=Payout.Status.ORDERED) & ~Q(failure="")),
        Pile("bounced", _("Returned by the bank"), Q(status=Payout.Status.BOUNCED)),
    )
    steps = (
        Step(
            name="cancel",
            title=_("Cancel"),
            icon="cancel",
            tone="danger",
            asks=True,
            explain=_(
                "The money stays owed, and is held: nothing is sent until somebody at the desk chooses “Order the"
                " payout again” on the page of the sale or settlement that it pays."
            ),
            when=lambda payout: payout.status == Payout.Status.ORDERED,
            run=lambda request, payout, data: cancel_payout(payout, by=cast(User, request.user), at=now()),
        ),
        Step(
            name="return",
            title=_("It came back from the bank"),
            icon="keyboard_return",
            tone="danger",
            form=ReturnForm,
            explain=_(
                "The bank's statement shows the money back on our account. It is owed again: where the account is at"
                " fault its holder is asked for another one, else it is paid again at once."
            ),
            when=lambda payout: payout.status in (Payout.Status.SENT, Payout.Status.PAID) and not payout.destination,
            fixed=lambda payout: payout.amount,
            run=lambda request, payout, data: return_payout(payout, **data, by=cast(User, request.user), at=now()),
        ),
        Step(
            name="reverse",
            title=_("Take back"),
            icon="undo",
            tone="danger",
            form=ReverseForm,
            explain=_(
                "The provider moves the money from the payee's account back to ours. It counts as a transfer of theirs:"
                " it pays what they owe, and their next settlement pays out what is left."
            ),
            done=_("Ordered: the provider is asked."),
            when=is_reversible,
            amount=lambda payout, data: data["amount"],
            run=lambda request, payout, data: request_reversal(payout, **data, by=cast(User, request.user), at=now()),
        ),
    )
    export_columns = (
        (_("Payout"), "id"), (_("Purpose"), "purpose"), (_("Reference"), "reference"), (_("Status"), "status"),
        (_("Amount"), "amount"), (_("Currency"), "currency"), (_("Due"), "due_at"), (_("Paid"), "paid_at"),
    )  # fmt: skip

    @admin.display(description=_("reason"), ordering="failure")
    def reason_shown(self, payout: Payout) -> str:
        return words(payout.failure) or NOTHING

    @admin.display(description=_("bank account"))
    def account_shown(self, payout: Payout) -> str:
        return payout.destination or f"…{payout.iban_last4}"

    def panels(self, request: HttpRequest, obj: Payout) -> list[Panel]:
        reversals = list(obj.reversals.all())
        rows = [
            (each.created_at, money(each.amount), each.get_status_display(), each.note, words(each.failure))
            for each in reversals
        ]
        headers = (_("Date"), _("Amount"), _("Status"), _("Why"), _("Reason"))
        taken_back = [table(_("Taken back"), headers, rows)] if rows else []
        return [*taken_back, history(obj, *reversals, names=True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payout]:
        return super().get_queryset(request).defer("holder", "iban")


@admin.register(LedgerMovement, site=staff_site)
class LedgerAdmin(StaffModelAdmin):
    list_display = ("key", "kind", "label", "entries_shown", "happened_at")
    list_filter = ("kind",)
    search_fields = ("key", "reference", "label")
    date_hierarchy = "happened_at"
    ordering = ("-id",)
    fields = ("key", "kind", "label", "reference", "happened_at")
    export_columns = (
        (_("Movement"), "key"), (_("Kind"), "kind"), (_("Reference"), "reference"), (_("Date"), "happened_at"),
        (_("Entries"), lambda movement: "; ".join(_entry(entry) for entry in movement.entries.all())),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("entries")

    @admin.display(description=_("entries"))
    def entries_shown(self, movement: LedgerMovement) -> str:
        return " · ".join(f"{entry.account} {money(entry.amount)}" for entry in movement.entries.all())

    def panels(self, request: HttpRequest, obj: LedgerMovement) -> list[Panel]:
        rows = [(entry.get_account_display(), entry.party, money(entry.amount)) for entry in obj.entries.all()]
        return [table(_("Entries, which sum to zero"), (_("Account"), _("Party"), _("Amount")), rows)]


def _entry(entry: Any) -> str:
    return f"{entry.account}/{entry.party} {entry.amount_minor} {entry.currency}"
