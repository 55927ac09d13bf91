"""Money at the desk: read, exported; a payout that has not left can be cancelled."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import NOTHING, moment, money_column, state_column
from backmarket.admin.panels import Panel, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.admin.subjects import SubjectColumn, plant_key, words_about
from backmarket.payments.admin.forms import RefundTransferForm, ReturnForm, ReverseForm
from backmarket.payments.limits import taken_back_lately
from backmarket.payments.models import LedgerEntry, LedgerMovement, Payment, Payout, Refund
from backmarket.payments.reasons import reversal_words, words
from backmarket.payments.selectors import is_unanswered, not_taken_back, unanswered
from backmarket.payments.services import cancel_payout, record_refund_transfer, retry_refund, return_payout
from backmarket.payments.services.reversals import is_reversible, request_reversal
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now

# Of what the provider took; what credit has paid is back at once.
NOT_BACK = GreaterThan(Coalesce("received_minor", "amount_minor"), F("refunded_minor"))


def _about(row: Any) -> str:
    return words_about(row, row.reference) or getattr(row, "label", "") or str(row.reference)


def about_column() -> tuple[Any, Callable[[Any], str]]:
    """What a row is for, in an export."""
    return _("About"), _about


def _account(payout: Payout) -> str:
    return payout.destination or f"…{payout.iban_last4}"


def _cancel_words(payout: Payout) -> Any:
    if payout.account == LedgerEntry.Account.CREDIT:
        return _("The money stays its owner's credit, who may have it paid out again, to another account too.")
    return _(
        "The money stays owed, and is held: nothing is sent until somebody at the desk chooses “Order the payout again”"
        " on the page of the sale or settlement that it pays."
    )


def _link(row: Payment | Refund, words: str) -> str:
    url = reverse(f"desk:payments_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, words)


class AmountColumns:
    shown_status = state_column()
    amount_shown = money_column("amount", _("amount"), ordering="amount_minor")


@admin.register(Payment, site=staff_site)
class PaymentAdmin(AmountColumns, SubjectColumn, StaffModelAdmin):
    list_display = ("created_at", "subject_shown", "purpose", "shown_status", "amount_shown", "gateway")
    list_filter = ("status", "purpose", "gateway")
    search_fields = ("id", "reference", "gateway_id")
    fields = (
        "id", "purpose", "subject_shown", "shown_status", "amount_shown", "credit_shown", "received_shown",
        "refundable_shown", "gateway", "gateway_id", "capture", "failure_shown", "created_at", "authorised_at",
        "capturing_at", "captured_at", "failed_at", "cancelled_at", "stray_at", "closed_at",
    )  # fmt: skip
    piles = (
        Pile("stray", _("Came astray"), Q(status=Payment.Status.STRAY)),
        Pile("kept", _("Astray, not back yet"), Q(status=Payment.Status.STRAY) & Q(NOT_BACK)),
        Pile("authorised", _("Authorised"), Q(status=Payment.Status.AUTHORISED)),
    )
    export_columns = (
        (_("Payment"), "id"), (_("For"), "purpose"), about_column(), (_("Status"), "get_status_display"),
        (_("Amount"), "amount"), (_("By credit"), "credit"), (_("Received"), "received"),
        (_("Can still be refunded"), "refundable"), (_("Currency"), "currency"), (_("Provider"), "gateway"),
        (_("Reference there"), "gateway_id"), (_("Created"), "created_at"), (_("Captured"), "captured_at"),
    )  # fmt: skip
    credit_shown = money_column("credit", _("by credit"))
    received_shown = money_column("received", _("received"))
    refundable_shown = money_column("refundable", _("can still be refunded"))

    @admin.display(description=_("reason"), ordering="failure")
    def failure_shown(self, payment: Payment) -> str:
        return words(payment.failure) or NOTHING

    def panels(self, request: HttpRequest, obj: Payment) -> list[Panel]:
        refunds = list(obj.refunds.all())
        rows = [
            (
                _link(refund, moment(refund.created_at)),
                money(refund.total),
                refund.get_status_display(),
                refund.reason,
            )
            for refund in refunds
        ]
        headers = (_("Date"), _("Amount"), _("Status"), _("Reason"))
        return [table(_("Refunds"), headers, rows), history(obj, *refunds, names=True)]


@admin.register(Refund, site=staff_site)
class RefundAdmin(AmountColumns, SubjectColumn, StaffModelAdmin):
    list_display = (
        "created_at", "subject_shown", "reason", "shown_status", "amount_shown", "credit_shown", "failure_shown",
    )  # fmt: skip
    list_filter = ("status", "reason")
    search_fields = ("id", "reference", "payment__reference")
    fields = (
        "id", "payment_shown", "subject_shown", "reason", "shown_status", "amount_shown", "credit_shown",
        "failure_shown", "created_at", "succeeded_at", "failed_at",
    )  # fmt: skip
    list_select_related = ("payment",)
    export_columns = (
        (_("Refund"), "id"), about_column(), (_("Reason"), "reason"), (_("Status"), "get_status_display"),
        (_("Amount"), "amount"), (_("Back on the credit"), "credit"), (_("Currency"), "currency"),
        (_("Refused because"), lambda refund: words(refund.failure)), (_("Reference there"), "gateway_id"),
        (_("Created"), "created_at"), (_("Succeeded"), "succeeded_at"),
    )  # fmt: skip
    credit_shown = money_column("credit", _("back on the credit"), ordering="credit_minor")

    @admin.display(description=_("not paid because"), ordering="failure")
    def failure_shown(self, refund: Refund) -> str:
        return words(refund.failure) or NOTHING

    @admin.display(description=_("payment"))
    def payment_shown(self, refund: Refund) -> str:
        return _link(refund.payment, money(refund.payment.received))

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
class PayoutAdmin(AmountColumns, SubjectColumn, StaffModelAdmin):
    list_display = (
        "label", "subject_shown", "purpose", "shown_status", "amount_shown", "account_shown", "due_at", "reason_shown",
    )  # fmt: skip
    list_filter = ("status", "purpose", "gateway")
    search_fields = ("id", "reference", "party", "gateway_id", "=label")
    fields = (
        "id", "purpose", "label", "subject_shown", "account", "party_shown", "shown_status", "amount_shown",
        "account_shown",
        "gateway", "reason_shown", "attempts", "due_at", "created_at", "sent_at", "paid_at", "bounced_at",
        "cancelled_at",
    )  # fmt: skip
    piles = (
        Pile("ordered", _("Ordered"), Q(status=Payout.Status.ORDERED)),
        Pile("sent", _("Sent"), Q(status=Payout.Status.SENT)),
        Pile("stuck", _("Refused, tried again"), Q(status=Payout.Status.ORDERED) & ~Q(failure="")),
        Pile("bounced", _("Returned by the bank"), Q(status=Payout.Status.BOUNCED)),
        Pile("not_taken", _("Not taken back"), not_taken_back),
    )
    steps = (
        Step(
            name="cancel",
            title=_("Cancel"),
            icon="cancel",
            tone="danger",
            asks=True,
            explain=_cancel_words,
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
            lately=taken_back_lately,
            run=lambda request, payout, data: request_reversal(payout, **data, by=cast(User, request.user), at=now()),
        ),
    )
    export_columns = (
        (_("Payout"), "id"), (_("Purpose"), "purpose"), (_("Number"), "label"), about_column(),
        (_("Plant"), lambda payout: words_about(payout, plant_key(payout.party))),
        (_("Status"), "get_status_display"), (_("Amount"), "amount"), (_("Currency"), "currency"),
        (_("Account"), lambda payout: _account(payout)), (_("Due"), "due_at"), (_("Sent"), "sent_at"),
        (_("Paid"), "paid_at"),
    )  # fmt: skip

    def keys_of(self, row: Payout) -> list[UUID | None]:
        return [row.reference, plant_key(row.party)]

    @admin.display(description=_("party"))
    def party_shown(self, payout: Payout) -> str:
        return words_about(payout, plant_key(payout.party)) or payout.party

    @admin.display(description=_("reason"), ordering="failure")
    def reason_shown(self, payout: Payout) -> str:
        return words(payout.failure) or NOTHING

    @admin.display(description=_("bank account"))
    def account_shown(self, payout: Payout) -> str:
        return _account(payout)

    def panels(self, request: HttpRequest, obj: Payout) -> list[Panel]:
        reversals = list(obj.reversals.all())
        rows = [
            (each.created_at, money(each.amount), each.get_status_display(), each.note, reversal_words(each.failure))
            for each in reversals
        ]
        headers = (_("Date"), _("Amount"), _("Status"), _("Why"), _("Reason"))
        taken_back = [table(_("Taken back"), headers, rows)] if rows else []
        return [*taken_back, history(obj, *reversals, names=True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payout]:
        return super().get_queryset(request).defer("holder", "iban")


@admin.register(LedgerMovement, site=staff_site)
class LedgerAdmin(SubjectColumn, StaffModelAdmin):
    list_display = ("happened_at", "kind", "subject_shown", "entries_shown")
    list_filter = ("kind",)
    search_fields = ("key", "reference", "label")
    date_hierarchy = "happened_at"
    ordering = ("-id",)
    fields = ("key", "kind", "subject_shown", "label", "happened_at")
    # A line for each entry: those of one movement sum to zero.
    export_columns = (
        (_("Movement"), "movement.key"), (_("Kind"), "movement.kind"),
        (_("About"), lambda entry: _about(entry.movement)), (_("Date"), "movement.happened_at"),
        (_("Account"), "get_account_display"), (_("Party"), lambda entry: _party(entry.movement, entry)),
        (_("Amount"), "amount"), (_("Currency"), "currency"),
    )  # fmt: skip

    def keys_of(self, row: LedgerMovement) -> list[UUID | None]:
        return [row.reference, *(plant_key(entry.party) for entry in row.entries.all())]

    def export_lines(self, rows: list[LedgerMovement]) -> list[LedgerEntry]:
        return [entry for movement in rows for entry in movement.entries.all()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("entries")

    @admin.display(description=_("entries"))
    def entries_shown(self, movement: LedgerMovement) -> str:
        return " · ".join(f"{entry.account} {money(entry.amount)}" for entry in movement.entries.all())

    def panels(self, request: HttpRequest, obj: LedgerMovement) -> list[Panel]:
        rows = [(entry.get_account_display(), _party(obj, entry), money(entry.amount)) for entry in obj.entries.all()]
        return [table(_("Entries, which sum to zero"), (_("Account"), _("Party"), _("Amount")), rows)]


def _party(movement: LedgerMovement, entry: LedgerEntry) -> str:
    return words_about(movement, plant_key(entry.party)) or entry.party
